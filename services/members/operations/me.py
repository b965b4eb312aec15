"""What a member sees and does for itself: only what is the member's own."""

from __future__ import annotations

from typing import Any

from services.members.domain.peers import Ledger
from services.members.operations import savings
from services.shared.errors import NotFound
from services.shared.identity import Identity
from services.shared.persistence.database import Database


def own_member(caller: Identity) -> str:
    """The membership of the caller. Raises NotFound for who is no member."""
    if not caller.member_id:
        raise NotFound("You are no member of this cooperative.")
    return caller.member_id


def list_accounts(
    database: Database, ledger: Ledger, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """The caller's own savings accounts with their balances."""
    own = {**command, "member_id": own_member(caller)}
    return savings.list_accounts(database, ledger, caller.cooperative_id, own)


def get_statement(
    database: Database, ledger: Ledger, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """What happened on an account of the caller's own.

    ``command`` is as it came: the ledger reads the period. An account of somebody else
    is not found.
    """
    number = command["number"]
    account = savings.find_opened(database, ledger, caller.cooperative_id, number)
    if account.member_id != own_member(caller):
        raise NotFound("There is no such account.")
    asked = {name: value for name, value in command.items() if name != "number"}
    return ledger.get_statement({**asked, "key": number})
