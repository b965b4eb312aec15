"""The use cases of the transfers service.

Each function opens its own transactions on the `Database` it is given and returns what
travels: dicts of JSON primitives in the shape of the contract. The other services are
arguments, typed by the protocols of `domain/peers.py`.
"""
