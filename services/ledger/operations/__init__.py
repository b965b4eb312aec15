"""Use cases of the ledger: each opens its transactions by the Database it is given."""
