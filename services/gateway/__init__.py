"""The one HTTP API in front of every service."""
