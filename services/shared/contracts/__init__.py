"""What services say to each other: one file per service, owned by that service."""
