"""What the insurance service does; one module per area, each step one transaction."""
