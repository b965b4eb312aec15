"""Queries and row locks of the ledger: functions that take a Session."""
