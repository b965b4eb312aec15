"""How the insurance service speaks to the world outside of the hub."""
