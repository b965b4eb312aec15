"""How the members service speaks with what is not part of the hub."""
