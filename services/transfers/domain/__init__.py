"""The rules of clearing: plain values and decisions, no input or output."""
