"""How the kyc service speaks to the world outside of the hub."""
