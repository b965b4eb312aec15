"""How services keep data: PostgreSQL, and nothing here knows the bus."""
