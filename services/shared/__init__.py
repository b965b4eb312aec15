"""What at least three services use: plumbing without business rules."""
