"""What stands outside of the hub, as real servers for demonstrations and tests."""
