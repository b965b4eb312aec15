"""How imports are read and written, from the uploaded bytes to the members' rows."""
