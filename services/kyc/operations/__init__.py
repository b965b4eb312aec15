"""What the kyc service does; one module per area, each step one transaction."""
