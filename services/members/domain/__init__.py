"""The rules of membership and savings accounts: standard library only, no database."""
