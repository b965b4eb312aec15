"""How money reaches a savings account and leaves it: at the counter or by bank.

Nothing is written here. The journal's id is made from the idempotency key, so the
ledger's own memory of journals is what makes a repeated request harmless.
"""

from __future__ import annotations

from typing import Any

from services.members.domain import movements
from services.members.domain.movements import Movement
from services.members.domain.peers import Ledger
from services.members.operations import answers, savings
from services.shared import clock, identifiers
from services.shared.contracts import members as contract
from services.shared.contracts.ledger import JournalIdReused
from services.shared.errors import IdempotencyKeyReused
from services.shared.persistence.database import Database


def deposit(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """Money that a member brings. Raises what the ledger refuses."""
    return _move(movements.DEPOSIT, database, ledger, cooperative_id, command)


def withdraw(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """Money that a member takes. Raises what the ledger refuses: InsufficientFunds."""
    return _move(movements.WITHDRAWAL, database, ledger, cooperative_id, command)


def _move(
    kind: str,
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    number = command["number"]
    # Whose account it is is decided here, whether it takes money by the ledger: only
    # there a repeated request is recognised after the account has been closed.
    savings.find_opened(database, ledger, cooperative_id, number)
    movement = Movement(
        kind=kind,
        cooperative_id=cooperative_id,
        number=number,
        amount=command["amount"],
        channel=command["channel"],
        reference=command.get("reference"),
    )
    try:
        posted = ledger.post_journal(
            {
                "id": _journal_id(cooperative_id, command["idempotency"]),
                "kind": movement.kind,
                "description": movement.description,
                "business_date": clock.business_date().isoformat(),
                "reference": movement.reference,
                "postings": [list(movement.posting)],
            }
        )
    except JournalIdReused as error:
        raise IdempotencyKeyReused from error
    answer = answers.one(
        contract.MovementResult(),
        {"journal_id": posted["journal_id"], "balance": posted["balances"][number]},
    )
    return answer | {"replayed": True} if posted.get("replayed") else answer


def _journal_id(cooperative_id: str, part: dict[str, str]) -> str:
    return identifiers.derived("jrn", cooperative_id, part["operation"], part["key"])
