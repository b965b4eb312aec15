"""How the members service reads and writes its tables: functions of a session.

One module per area; the older areas are also found here by name.
"""

from __future__ import annotations

from services.members.store.accounts import (
    activate_accounts,
    add_account,
    close_account,
    count_openings,
    find_account,
    find_owner,
    list_accounts,
)
from services.members.store.clients import (
    SignIn,
    add_client,
    add_operator_client,
    find_sign_in,
    list_clients,
    renew_operator_client,
    revoke_client,
    revoke_other_operator_clients,
)
from services.members.store.cooperatives import (
    add_cooperative,
    find_cooperative,
    find_cooperative_by_code,
    list_cooperatives,
    lock_cooperative,
)
from services.members.store.membership import (
    add_member,
    find_member,
    list_members,
)

__all__ = [
    "SignIn",
    "activate_accounts",
    "add_account",
    "add_client",
    "add_cooperative",
    "add_member",
    "add_operator_client",
    "close_account",
    "count_openings",
    "find_account",
    "find_cooperative",
    "find_cooperative_by_code",
    "find_member",
    "find_owner",
    "find_sign_in",
    "list_accounts",
    "list_clients",
    "list_cooperatives",
    "list_members",
    "lock_cooperative",
    "renew_operator_client",
    "revoke_client",
    "revoke_other_operator_clients",
]
