"""The ledger service: accounts, journals, holds, and everything about money."""
