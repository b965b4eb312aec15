"""What may be asked of the loans service; one module per area."""
