"""The story that `hub demo` tells, through the public HTTP API only."""
