"""How clearing reaches what is outside: the ledger."""
