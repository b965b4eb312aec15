"""The use cases of the members service.

Each function opens its own transactions on the `Database` it is given, in the tenant's
role wherever one cooperative is concerned, and returns what travels: a dict of JSON
primitives in the shape of the contract.
"""

from services.members.operations.clients import (
    authenticate_client,
    bootstrap_operator,
    create_client,
    list_clients,
    revoke_client,
)
from services.members.operations.cooperatives import (
    activate_cooperative,
    deactivate_cooperative,
    get_cooperative,
    list_cooperatives,
    register_cooperative,
)
from services.members.operations.directory import get_member, list_members
from services.members.operations.health import get_health
from services.members.operations.membership import activate_member, register_member
from services.members.operations.movements import deposit, withdraw
from services.members.operations.savings import (
    close_account,
    get_account,
    inquire_account,
    list_accounts,
    open_account,
)

__all__ = [
    "activate_cooperative",
    "activate_member",
    "authenticate_client",
    "bootstrap_operator",
    "close_account",
    "create_client",
    "deactivate_cooperative",
    "deposit",
    "get_account",
    "get_cooperative",
    "get_health",
    "get_member",
    "inquire_account",
    "list_accounts",
    "list_clients",
    "list_cooperatives",
    "list_members",
    "open_account",
    "register_cooperative",
    "register_member",
    "revoke_client",
    "withdraw",
]
