"""What may be asked of the insurance service; one module per area."""
