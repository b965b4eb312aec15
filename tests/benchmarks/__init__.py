"""`make bench`: the real stack under load, next to pgbench on the same PostgreSQL."""
