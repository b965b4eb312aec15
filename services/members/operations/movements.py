"""How money reaches a savings account and leaves it: at the counter or by bank.

The journal's id is made from the idempotency key, so the ledger's own memory of
journals is what makes a repeated request harmless. What is wanted is stored first and
gets its slip at the end (`slips`).
"""

from __future__ import annotations

from typing import Any

from services.members import store
from services.members.domain import movements
from services.members.domain import savings as states
from services.members.domain.movements import Movement
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.operations import savings, slips
from services.shared import identifiers
from services.shared.contracts import answers
from services.shared.contracts import members as contract
from services.shared.errors import NotFound
from services.shared.identity import Identity
from services.shared.persistence.database import Database, retrying


def deposit(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
    by: Identity | None = None,
) -> dict[str, Any]:
    """Money that a member brings; cash goes into the drawer that ``by`` has open.

    Raises what the ledger and the counter (`slips.begin`) refuse.
    """
    return _move(movements.DEPOSIT, database, ledger, cooperative_id, command, by)


def withdraw(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
    by: Identity | None = None,
) -> dict[str, Any]:
    """Money that a member takes; cash comes out of the drawer that ``by`` has open.

    Raises what the ledger and the counter refuse: InsufficientFunds, DrawerShort.
    """
    return _move(movements.WITHDRAWAL, database, ledger, cooperative_id, command, by)


def _move(
    kind: str,
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
    by: Identity | None,
) -> dict[str, Any]:
    journal_id = _begin(
        database,
        ledger,
        cooperative_id,
        _movement(kind, cooperative_id, command),
        command["idempotency"],
        by,
    )
    slip, is_replayed = slips.finish(database, ledger, cooperative_id, journal_id)
    answer = answers.one(
        contract.MovementResult(),
        {
            "journal_id": journal_id,
            "balance": slip.balance,
            "slip_number": slip.number,
        },
    )
    return answer | {"replayed": True} if is_replayed else answer


def _movement(kind: str, cooperative_id: str, command: dict[str, Any]) -> Movement:
    return Movement(
        kind=kind,
        cooperative_id=cooperative_id,
        number=command["number"],
        amount=command["amount"],
        channel=command["channel"],
        reference=command.get("reference"),
    )


@retrying
def _begin(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    movement: Movement,
    part: dict[str, str],
    by: Identity | None,
) -> str:
    """Store the movement; the id of its journal.

    Whose account it is is decided here, whether it takes money by the ledger: only
    there a repeated request is recognised after the account has been closed.
    """
    draft = Draft(
        journal_id=_journal_id(cooperative_id, part),
        kind=movement.kind,
        description=movement.description,
        account=movement.number,
        channel=movement.channel,
        posting=movement.posting,
        reference=movement.reference,
    )
    with database.tenant(cooperative_id) as session:
        account = store.find_account(session, movement.number)
        if account is None:
            raise NotFound("There is no such account.")
        if account.status != states.OPENING:
            slips.begin(session, cooperative_id, draft, by)
            return draft.journal_id
    products = {account.number: account.product}
    savings.finish_opening(database, ledger, cooperative_id, products)
    with database.tenant(cooperative_id) as session:
        slips.begin(session, cooperative_id, draft, by)
    return draft.journal_id


def _journal_id(cooperative_id: str, part: dict[str, str]) -> str:
    return identifiers.derived("jrn", cooperative_id, part["operation"], part["key"])
