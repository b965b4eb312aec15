"""The runner: the command line, the embedded hub and the demo."""
