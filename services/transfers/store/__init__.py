"""Queries and row locks, one file per kind of row; functions taking a Session.

Locks are always taken in this order, so that no two processes wait for each other in a
circle: requests, the open window, transfers by id, running nets by cooperative, usage
of agreements by id.
"""
