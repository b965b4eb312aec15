"""How clearing reaches what is outside: the ledger, and cooperatives' systems."""
