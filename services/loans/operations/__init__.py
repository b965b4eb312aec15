"""What the loans service does; one module per area, each step one transaction."""
