"""The HTTP edge: connections, routes and their declarations, problems, idempotency."""
