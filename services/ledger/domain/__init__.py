"""The rules of the books, free of any library."""
