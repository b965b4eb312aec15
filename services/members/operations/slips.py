"""How one movement at the counter is made certain: stored, posted, numbered.

What is to be posted is stored first. From then on the movement has an outcome or
somebody who will see to it (`finish_due`), a drawer cannot be counted past it, and a
repeated request posts the same journal again, which the ledger recognises. The slip's
number is given when the journal is known to be posted, so that numbers have no gaps.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import branches, cash, slips
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.models import Slip
from services.members.operations import papers
from services.members.store import cash as cash_store
from services.members.store import slips as store
from services.shared import access, clock
from services.shared.contracts import answers, files
from services.shared.contracts.ledger import InsufficientFunds, JournalIdReused
from services.shared.contracts.members import cash as contract
from services.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    RefusedError,
    ServiceError,
    UnavailableError,
)
from services.shared.identity import Identity
from services.shared.persistence import numbering, sweeping
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import formats, pdf

CASH: Final = "cash"
PATIENCE: Final = timedelta(seconds=60)
"""How long a movement may be under way before somebody else finishes it."""

SWEEP_SIZE: Final = 50

LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


def begin(
    session: Session, cooperative_id: str, draft: Draft, by: Identity | None = None
) -> Slip:
    """Store what is to be posted, in the caller's transaction; then `finish` it.

    Cash of a person who has a drawer open goes through that drawer: in the posting the
    vault is replaced by it. Raises DrawerNotOpen where drawers are required,
    StepUpRequired above the cooperative's amount, and IdempotencyKeyReused when the
    journal was begun with another body.
    """
    known = store.lock(session, draft.journal_id)
    if known is None:
        made = _add(session, cooperative_id, draft, by)
        if made is not None:
            return made
        # Somebody else has just begun it: the same request, come twice.
        known = store.lock(session, draft.journal_id)
    if known is None:
        raise IdempotencyKeyReused
    return _begun_before(session, known, draft, by)


def finish(
    database: Database, ledger: Ledger, cooperative_id: str, journal_id: str
) -> tuple[Slip, bool]:
    """Post the journal of a slip and number it; also whether that was done before.

    Safe to repeat. Raises what the ledger refuses, DrawerShort when it is the cash of
    the drawer that is missing. When the ledger cannot be reached by the first attempt,
    nothing was done and nobody does it later, unless the request is repeated. Raises
    OutcomeUnknown when another attempt may have reached it: then it is done later.
    """
    try:
        slip = _find(database, cooperative_id, journal_id)
        return _post(database, ledger, slip)
    except UnavailableError as error:
        if _is_given_up(database, cooperative_id, journal_id):
            raise
        raise OutcomeUnknown from error


def finish_recorded(
    database: Database, ledger: Ledger, cooperative_id: str, journal_id: str
) -> Slip:
    """As `finish`, for a movement that somebody keeps account of and will carry on.

    Raises OutcomeUnknown when the ledger cannot be reached: it is done later.
    """
    try:
        slip = _find(database, cooperative_id, journal_id)
        return _post(database, ledger, slip)[0]
    except UnavailableError as error:
        raise OutcomeUnknown from error


def find(database: Database, cooperative_id: str, journal_id: str) -> Slip:
    """A slip that was begun. Raises LookupError."""
    return _find(database, cooperative_id, journal_id)


def record_posted(
    database: Database, cooperative_id: str, journal_id: str, balance: int
) -> Slip:
    """Number a slip whose journal another service has posted; safe to repeat."""
    return _number(database, cooperative_id, journal_id, balance)


def record_refused(database: Database, slip: Slip) -> None:
    """Keep that the journal of a slip was refused for good."""
    _settle(database, slip, slips.REFUSED)


def record_void(database: Database, slip: Slip) -> None:
    """Keep that nothing of a slip was ever posted, unless more than one tried to."""
    _give_up(database, slip.cooperative_id, slip.journal_id)


def end_void(database: Database, cooperative_id: str, journal_id: str) -> None:
    """Keep that nothing of a slip was posted, and that nobody tries to any more."""
    _settle(database, _find(database, cooperative_id, journal_id), slips.VOID)


def finish_due(database: Database, ledger_of: LedgerOf) -> int:
    """Finish what was begun and left behind, and nobody else sees to; how many."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def finish(cooperative_id: str, journal_id: str) -> None:
        ledger = ledger_of(cooperative_id)
        finish_recorded(database, ledger, cooperative_id, journal_id)

    return sweeping.one_by_one(_log, "slip of journal", due, finish)


def is_begun(session: Session, journal_id: str) -> bool:
    """Whether the movement was begun before and not given up; so until the commit."""
    slip = store.lock(session, journal_id)
    return slip is not None and slip.status != slips.VOID


def number_of(session: Session, journal_id: str) -> str | None:
    """The number of the slip with this journal, None before it is posted."""
    slip = store.find(session, journal_id)
    return slip.number if slip else None


def is_shift_busy(session: Session, shift_id: str) -> bool:
    """Whether a movement of the shift is still under way."""
    return store.is_shift_busy(session, shift_id)


def get_slip(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The slip of a posted movement, as JSON or on paper.

    With a ``number`` only if the movement was one of this account.
    """
    number = command["number"]
    with database.tenant(cooperative_id) as session:
        slip = store.find(session, command["journal_id"])
        if slip is None or slip.status != slips.POSTED:
            raise NotFound("There is no such slip.")
        if number not in {None, slip.account, slip.debit_account, slip.credit_account}:
            raise NotFound("There is no such slip.")
        owner_name = store.find_owner_name(session, number or slip.account)
        cooperative = members_store.find_cooperative(session, cooperative_id)
        zone = store.find_time_zone(session, slip.branch_code)
    if command["format"] == files.JSON or cooperative is None:
        return answer(slip, owner_name)
    name = f"{(slip.number or '').replace('/', '-')}.pdf"
    paper = papers.slip(cooperative, slip, owner_name, _zone(zone))
    return files.file_of(name, pdf.MEDIA_TYPE, paper)


def _zone(name: str | None) -> ZoneInfo:
    """The zone of a branch, by the name people use; Jakarta's without a branch."""
    return ZoneInfo(branches.TIME_ZONES[name]) if name else clock.JAKARTA


def answer(slip: Slip, owner_name: str | None) -> dict[str, Any]:
    """A posted slip in the shape of the contract."""
    columns = {name: getattr(slip, name) for name in _ANSWERED}
    extra = {"owner_name": owner_name, "terbilang": formats.terbilang(slip.amount)}
    return answers.one(contract.Slip(), columns | extra)


_ANSWERED: Final = (
    "number",
    "kind",
    "journal_id",
    "account",
    "amount",
    "description",
    "channel",
    "reference",
    "balance",
    "teller",
    "posted_at",
)


def _add(
    session: Session, cooperative_id: str, draft: Draft, by: Identity | None
) -> Slip | None:
    _require_fresh_factor(session, cooperative_id, draft, by)
    now = clock.now()
    return store.add(
        session,
        journal_id=draft.journal_id,
        cooperative_id=cooperative_id,
        kind=draft.kind,
        description=draft.description,
        account=draft.account,
        amount=draft.posting[2],
        channel=draft.channel,
        reference=draft.reference,
        created_at=now,
        due_at=now + PATIENCE,
        **_route(session, cooperative_id, draft, by),
    )


def _require_fresh_factor(
    session: Session, cooperative_id: str, draft: Draft, by: Identity | None
) -> None:
    if by is None:
        return
    found = cash_store.find_settings(session, cooperative_id)
    limit = found.step_up_amount if found else None
    if limit is not None and draft.posting[2] >= limit:
        access.require_strong(by, clock.now().timestamp())


def _route(
    session: Session, cooperative_id: str, draft: Draft, by: Identity | None
) -> dict[str, Any]:
    """Through which drawer the money goes, and between which accounts."""
    debit, credit, _amount = draft.posting
    subject = by.subject if by else ""
    plain = {
        "debit_account": debit,
        "credit_account": credit,
        "teller": subject,
        "shift_id": draft.shift_id,
        "branch_code": draft.branch_code,
    }
    vault = cash.vault_key(cooperative_id)
    if draft.channel != CASH or by is None or vault not in {debit, credit}:
        return plain
    drawer = cash_store.hold_open_drawer(session, subject)
    if drawer is None:
        found = cash_store.find_settings(session, cooperative_id)
        if by.is_person and found is not None and found.drawer_required:
            raise contract.DrawerNotOpen
        return plain
    key = cash.drawer_key(cooperative_id, drawer.drawer_id)
    return plain | {
        "debit_account": key if debit == vault else debit,
        "credit_account": key if credit == vault else credit,
        "shift_id": drawer.shift_id,
        "branch_code": drawer.branch_code,
    }


def _begun_before(
    session: Session, slip: Slip, draft: Draft, by: Identity | None
) -> Slip:
    """The slip of an earlier request with the same key, which must be the same wish."""
    if _wish(slip) != (
        draft.kind,
        draft.account,
        draft.posting[2],
        draft.channel,
        draft.reference,
    ):
        raise IdempotencyKeyReused
    if slip.status == slips.PENDING:
        slip.attempts += 1
    elif slip.status == slips.VOID:
        _begin_anew(session, slip, draft, by)
    return slip


def _begin_anew(
    session: Session, slip: Slip, draft: Draft, by: Identity | None
) -> None:
    _require_fresh_factor(session, slip.cooperative_id, draft, by)
    for name, value in _route(session, slip.cooperative_id, draft, by).items():
        setattr(slip, name, value)
    slip.status, slip.due_at = slips.PENDING, clock.now() + PATIENCE
    slip.attempts = 1


def _wish(slip: Slip) -> tuple[str, str, int, str, str | None]:
    return slip.kind, slip.account, slip.amount, slip.channel, slip.reference


@retrying
def _find(database: Database, cooperative_id: str, journal_id: str) -> Slip:
    with database.tenant(cooperative_id) as session:
        slip = store.find(session, journal_id)
    if slip is None:
        raise LookupError(journal_id)
    return slip


def _journal(slip: Slip) -> dict[str, Any]:
    return {
        "id": slip.journal_id,
        "kind": slip.kind,
        "description": slip.description,
        "business_date": clock.business_date().isoformat(),
        "reference": slip.reference,
        "postings": [[slip.debit_account, slip.credit_account, slip.amount]],
    }


def _explained(error: RefusedError, slip: Slip) -> ServiceError:
    """Say that it is the drawer which is short, not the member's account."""
    drawers = f"{cash.vault_key(slip.cooperative_id)}:"
    short = error.details.get("account", "")
    if isinstance(error, InsufficientFunds) and short.startswith(drawers):
        replayed = {"replayed": True} if error.details.get("replayed") else {}
        return contract.DrawerShort(details=replayed)
    return error


def _post(database: Database, ledger: Ledger, slip: Slip) -> tuple[Slip, bool]:
    """The slip, posted and numbered, and whether that was done before."""
    if slip.status == slips.POSTED:
        return slip, True
    try:
        posted = ledger.post_journal(_journal(slip))
    except JournalIdReused as error:
        raise IdempotencyKeyReused from error
    except RefusedError as error:
        _settle(database, slip, slips.REFUSED)
        raise _explained(error, slip) from error
    balance = posted["balances"][slip.account]
    try:
        numbered = _number(database, slip.cooperative_id, slip.journal_id, balance)
    except UnavailableError as error:
        # It is posted and will be numbered: not "nothing was done".
        raise OutcomeUnknown from error
    return numbered, bool(posted.get("replayed"))


def _is_given_up(database: Database, cooperative_id: str, journal_id: str) -> bool:
    """Whether nobody will post the movement, since nothing of it was ever sent."""
    try:
        return _give_up(database, cooperative_id, journal_id)
    except ServiceError:
        return False


@retrying
def _give_up(database: Database, cooperative_id: str, journal_id: str) -> bool:
    with database.tenant(cooperative_id) as session:
        return store.give_up(session, journal_id)


@retrying
def _settle(database: Database, slip: Slip, status: str) -> None:
    with database.tenant(slip.cooperative_id) as session:
        store.settle(session, slip.journal_id, status)


@retrying
def _number(
    database: Database, cooperative_id: str, journal_id: str, balance: int
) -> Slip:
    """Give a posted slip its number, once."""
    with database.tenant(cooperative_id) as session:
        slip = store.lock(session, journal_id)
        if slip is None:
            raise LookupError(journal_id)
        if slip.status != slips.POSTED:
            slip.number = numbering.next_document(
                session,
                cooperative_id,
                slips.PREFIX,
                clock.business_date(),
                branch_code=slip.branch_code,
            )
            slip.status, slip.balance = slips.POSTED, balance
            slip.posted_at = clock.now()
        return slip
