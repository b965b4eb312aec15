"""What may be asked of the kyc service; one module per area."""
