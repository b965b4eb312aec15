"""What a transfer is, which states it passes, and which postings it becomes.

The money of a transfer is moved by one journal (or hold) of the ledger whose id is the
transfer's id, and whose content follows from the stored transfer alone. So submitting
it again, by whomever and however late, can only replay the first outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

RECEIVED: Final = "received"
RESERVED: Final = "reserved"
COMMITTED: Final = "committed"
ABORTED: Final = "aborted"

TRANSFER: Final = "transfer"
RETURN: Final = "return"

HOSTED: Final = "hosted"
CONNECTED: Final = "connected"

ACCEPT: Final = "accept"
REJECT: Final = "reject"
EXPIRE: Final = "expire"

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    RECEIVED: frozenset({RESERVED, COMMITTED, ABORTED}),
    RESERVED: frozenset({COMMITTED, ABORTED}),
    COMMITTED: frozenset(),
    ABORTED: frozenset(),
}
"""Which state may follow which; a trigger in PostgreSQL holds the same table."""

OWED_TO_HUB: Final = "2-1200"
OWED_BY_HUB: Final = "1-1300"
CODE_LENGTH: Final = 4

CODE_OF_DECISION: Final = {REJECT: "payee_rejected", EXPIRE: "expired"}


@dataclass(slots=True, kw_only=True)
class Transfer:
    """One transfer as stored: enough to drive it on from any state."""

    id: str
    kind: str
    state: str
    cooperative_id: str
    payer_account: str
    payee_account: str
    payer_cooperative_id: str
    payee_cooperative_id: str | None
    payer_mode: str
    payee_mode: str
    amount: int
    description: str | None
    business_date: date
    created_at: datetime
    code: str | None = None
    reason: str | None = None
    original_id: str | None = None
    agreement_id: str | None = None
    bulk_id: str | None = None
    reference: str | None = None
    returned_amount: int = 0
    attempts: int = 1
    decision: str | None = None
    reserved_at: datetime | None = None
    expires_at: datetime | None = None
    finished_at: datetime | None = None
    window_id: str | None = None
    sequence: int | None = None
    request_id: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can change the outcome any more."""
        return not TRANSITIONS[self.state]

    @property
    def subject_id(self) -> str:
        """What its request is remembered by: its own id, or that of its bulk."""
        return self.bulk_id or self.id

    @property
    def is_cleared(self) -> bool:
        """Whether two cooperatives are involved, so that a window counts it."""
        return self.payer_cooperative_id != self.payee_cooperative_id

    @property
    def needs_answer(self) -> bool:
        """Whether the payee's own system has to accept it first."""
        return self.is_cleared and self.payee_mode == CONNECTED


def cooperative_code(account: str) -> str:
    """The code of the cooperative that an account number starts with."""
    return account[:CODE_LENGTH]


def position(cooperative_id: str) -> str:
    """The account of a cooperative's position in the hub's book."""
    return f"hub:position:{cooperative_id}"


def liquidity(cooperative_id: str) -> str:
    """The account of a cooperative's liquidity in the hub's book."""
    return f"hub:liquidity:{cooperative_id}"


def chart_account(cooperative_id: str, code: str) -> str:
    """An account of a cooperative's own chart of accounts."""
    return f"{cooperative_id}:{code}"


def postings(transfer: Transfer) -> list[list[Any]]:
    """Debit, credit and amount of each posting (architecture.md section 4).

    The payer's savings come first, then the position, then the payee's book: the
    ledger refuses for the first limit that is passed, in this order. A connected
    cooperative keeps its members' accounts itself, so its book has no posting here.
    """
    payer, payee = transfer.payer_cooperative_id, transfer.payee_cooperative_id
    if payer == payee:
        return [[transfer.payer_account, transfer.payee_account, transfer.amount]]
    assert payee is not None  # a transfer without a payee is refused before this  # noqa: S101
    pairs = [(position(payer), position(payee))]
    if transfer.payer_mode == HOSTED:
        pairs.insert(0, (transfer.payer_account, chart_account(payer, OWED_TO_HUB)))
    if transfer.payee_mode == HOSTED:
        pairs.append((chart_account(payee, OWED_BY_HUB), transfer.payee_account))
    return [[debit, credit, transfer.amount] for debit, credit in pairs]


def journal(transfer: Transfer) -> dict[str, Any]:
    """The journal, or the hold, that moves the money of ``transfer``."""
    return {
        "id": transfer.id,
        "kind": transfer.kind,
        "description": transfer.description or _default_description(transfer),
        "business_date": transfer.business_date.isoformat(),
        "postings": postings(transfer),
    }


def _default_description(transfer: Transfer) -> str:
    word = "Return" if transfer.kind == RETURN else "Transfer"
    return f"{word} {transfer.payer_account} to {transfer.payee_account}"
