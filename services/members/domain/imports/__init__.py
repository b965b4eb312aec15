"""Taking over the books of another system: sheets, rows, and what must agree (R27)."""
