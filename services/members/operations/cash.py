"""Cash drawers: a teller takes one, pays in and out through it, and has it counted.

A shift rests in `open`, `counted` or `closed`. On its way into `open` and into
`closed` money moves, as slips; whoever finds it in between takes it further
(`finish_moving`), which is safe to repeat.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import branches, cash, duties
from services.members.domain import slips as slip_domain
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.models import CashDrawer, CashShift
from services.members.operations import audit, papers, slips
from services.members.store import cash as store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers, files
from services.shared.contracts.members import cash as contract
from services.shared.errors import NotFound, RefusedError
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, sweeping
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.presentation import pdf

PATIENCE: Final = timedelta(seconds=60)
SWEEP_SIZE: Final = 50
SWEEPER: Final = "service:members"

LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


# Settings and drawers


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """How the cooperative's counter works; nothing is required by default."""
    with database.tenant(cooperative_id) as session:
        found = store.find_settings(session, cooperative_id)
    defaults = {"drawer_required": False, "step_up_amount": None}
    return answers.one(contract.CounterSettings(), found or defaults)


@retrying
def put_settings(
    database: Database, actor: Actor, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """New settings of the counter."""
    before = get_settings(database, cooperative_id)
    with database.tenant(cooperative_id) as session:
        store.keep_settings(session, cooperative_id, **command)
        audit.record(
            session,
            actor,
            "counter_settings.changed",
            cooperative_id,
            before=before,
            after=command,
        )
    return answers.one(contract.CounterSettings(), command)


def create_drawer(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """A drawer with an account of its own. Raises DrawerNameTaken, BranchNotOpen."""

    def create() -> dict[str, Any]:
        branch_id = command["branch_id"]
        if branch_id is not None:
            _require_open_branch(session, branch_id)
        drawer = store.add_drawer(
            session,
            id=identifiers.new("drw"),
            cooperative_id=cooperative_id,
            name=command["name"],
            branch_id=branch_id,
            created_at=clock.now(),
        )
        if drawer is None:
            raise contract.DrawerNameTaken
        audit.record(session, actor, "cash_drawer.created", drawer.id)
        return _drawer_answer(drawer, 0)

    with database.tenant(cooperative_id) as session:
        answer = idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=create,
        )
    _open_ledger_account(ledger, cooperative_id, answer["id"], answer["name"])
    return answer


def list_drawers(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The drawers, with what the books say is in them."""
    owner, limit = f"cash drawers {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_drawers(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    balances = _balances(ledger, cooperative_id, [drawer.id for drawer in shown])
    items = [_drawer_answer(drawer, balances[drawer.id]) for drawer in shown]
    return {"items": items, "next_cursor": next_cursor}


# Shifts


def open_shift(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
    by: Identity,
) -> dict[str, Any]:
    """A shift of the caller, whose float comes out of the vault.

    Raises DrawerInUse, TellerHasShift, and what the ledger refuses of the float.
    """

    def begin() -> dict[str, Any]:
        return {"shift_id": _add_shift(session, drawer, amount, by).id}

    amount = command["float_amount"]
    with database.tenant(cooperative_id) as session:
        drawer = _found_drawer(session, command["drawer_id"])
    _open_ledger_account(ledger, cooperative_id, drawer.id, drawer.name)
    with database.tenant(cooperative_id) as session:
        begun = idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=begin,
        )
    shift = _come_to_rest(database, ledger, cooperative_id, begun["shift_id"])
    answer = _as_opened(shift)
    return answer | {"replayed": True} if begun.get("replayed") else answer


@retrying
def move_cash(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
    by: Identity,
) -> dict[str, Any]:
    """Cash between vault and drawer in the middle of a shift, with its slip."""
    part = command["idempotency"]
    journal_id = identifiers.derived(
        "jrn", cooperative_id, part["operation"], part["key"]
    )
    kind = (
        slip_domain.DRAWER_IN
        if command["direction"] == "in"
        else slip_domain.DRAWER_OUT
    )
    with database.tenant(cooperative_id) as session:
        shift = _found_shift(store.find_shift(session, command["shift_id"]))
        _require_teller(shift, by)
        draft = _draft(session, shift, kind, command["amount"], journal_id)
        if not slips.is_begun(session, journal_id):
            opened = store.hold_open_drawer(session, by.subject)
            if opened is None or opened.shift_id != shift.id:
                raise contract.ShiftNotOpen
        slips.begin(session, cooperative_id, draft, by)
    slip, is_replayed = slips.finish(database, ledger, cooperative_id, journal_id)
    answer = slips.answer(slip, None)
    return answer | {"replayed": True} if is_replayed else answer


@retrying
def count_shift(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """What the teller has counted; from now on nothing goes through the drawer.

    May be corrected until somebody has decided. Raises CountMismatch, NotYourShift,
    ShiftNotOpen, and ShiftBusy while a movement is under way.
    """
    counted, notes = command["counted_amount"], _notes(command["denominations"])
    if notes and cash.counted_total(notes) != counted:
        raise contract.CountMismatch
    with database.tenant(cooperative_id) as session:
        shift = _found_shift(store.lock_shift(session, command["shift_id"]))
        if shift.teller != actor.subject:
            raise contract.NotYourShift
        if shift.status not in {cash.OPEN, cash.COUNTED}:
            raise contract.ShiftNotOpen
        if slips.is_shift_busy(session, shift.id):
            raise contract.ShiftBusy
        shift.status, shift.counted_amount = cash.COUNTED, counted
        shift.denominations = {str(value): pieces for value, pieces in notes.items()}
        shift.note, shift.counted_at = command["note"], clock.now()
        session.flush()
        after = {"counted_amount": counted}
        audit.record(session, actor, "cash_shift.counted", shift.id, after=after)
    return _shift_answer(shift, _expected(ledger, shift))


@retrying
def accept_count(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    shift_id: str,
    by: Identity,
) -> dict[str, Any]:
    """The cash was compared and taken over: variance is posted, the vault gets it.

    Raises SameProposer for the teller, StepUpRequired, ShiftNotOpen, and what the
    ledger refuses; then the teller counts again.
    """
    access.require_strong(by, clock.now().timestamp())
    cooperative_id = actor.cooperative_id
    with database.tenant(cooperative_id) as session:
        shift = _found_shift(store.find_shift(session, shift_id))
    duties.refuse_same(shift.teller, by.subject)
    if shift.status == cash.COUNTED:
        expected = _expected(ledger, shift)
        with database.tenant(cooperative_id) as session:
            _accept(session, actor, shift, expected, by)
    elif shift.approver != by.subject:
        raise contract.ShiftNotOpen
    return _shift_answer(_come_to_rest(database, ledger, cooperative_id, shift_id))


@retrying
def return_count(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The count is sent back with a reason, and the teller goes on.

    Raises SameProposer for the teller, ShiftNotOpen when nothing was counted.
    """
    with database.tenant(actor.cooperative_id) as session:
        shift = _found_shift(store.find_shift(session, command["shift_id"]))
        duties.refuse_same(shift.teller, actor.subject)
        returned = store.change_shift(
            session,
            shift.id,
            was=cash.COUNTED,
            status=cash.OPEN,
            counted_amount=None,
            counted_at=None,
            denominations=None,
            note=command["reason"],
        )
        if returned is None:
            raise contract.ShiftNotOpen
        audit.record(session, actor, "cash_shift.returned", shift.id)
    return _shift_answer(returned)


def get_shift(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """One shift; as a file, the record of its count. Raises ShiftNotOpen uncounted."""
    with database.tenant(cooperative_id) as session:
        shift = _found_shift(store.find_shift(session, command["shift_id"]))
        drawer = _found_drawer(session, shift.drawer_id)
        cooperative = members_store.find_cooperative(session, cooperative_id)
    expected = _expected_if_counted(ledger, shift)
    if command["format"] == files.JSON:
        return _shift_answer(shift, expected)
    if cooperative is None or expected is None:
        raise contract.ShiftNotOpen("The shift has not been counted yet.")
    paper = papers.cash_count(cooperative, drawer, shift, expected)
    return files.file_of(f"kas-{shift.id}.pdf", pdf.MEDIA_TYPE, paper)


def list_shifts(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The shifts of the cooperative, the newest first."""
    status, limit = command["status"], command["limit"]
    owner = f"cash shifts {cooperative_id} {status or ''}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_shifts(
            session,
            status=status,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    drawers = [one.drawer_id for one in shown if one.status == cash.COUNTED]
    balances = _balances(ledger, cooperative_id, drawers)
    items = [_shift_answer(one, balances.get(one.drawer_id)) for one in shown]
    return {"items": items, "next_cursor": next_cursor}


def finish_moving(database: Database, ledger_of: LedgerOf) -> int:
    """Bring shifts to rest that were left on their way; how many were."""
    with database.hub() as session:
        moving = store.list_moving(
            session, before=clock.now() - PATIENCE, limit=SWEEP_SIZE
        )

    def finish(cooperative_id: str, shift_id: str) -> None:
        _come_to_rest(database, ledger_of(cooperative_id), cooperative_id, shift_id)

    return sweeping.one_by_one(_log, "shift", moving, finish)


def _add_shift(
    session: Session, drawer: CashDrawer, float_amount: int, by: Identity
) -> CashShift:
    shift = store.add_shift(
        session,
        id=identifiers.new("shf"),
        cooperative_id=drawer.cooperative_id,
        drawer_id=drawer.id,
        teller=by.subject,
        float_amount=float_amount,
        opened_at=clock.now(),
    )
    if shift is None:
        if store.unfinished_of(session, by.subject) is not None:
            raise contract.TellerHasShift
        raise contract.DrawerInUse
    if float_amount:
        _begin_step(session, shift, slip_domain.DRAWER_IN, float_amount, by)
    return shift


def _accept(
    session: Session, actor: Actor, shift: CashShift, expected: int, by: Identity
) -> None:
    """Decide the closing: from here on its journals are only a matter of time."""
    accepted = store.change_shift(
        session,
        shift.id,
        was=cash.COUNTED,
        status=cash.CLOSING,
        approver=by.subject,
        expected_amount=expected,
    )
    # Another count is another decision, even if it comes to the same sum.
    if accepted is None or accepted.counted_at != shift.counted_at:
        raise contract.ShiftNotOpen
    counted = accepted.counted_amount or 0
    if counted != expected:
        _begin_step(
            session, accepted, slip_domain.DRAWER_VARIANCE, counted - expected, by
        )
    if counted:
        _begin_step(session, accepted, slip_domain.DRAWER_OUT, counted, by)
    amounts = {"counted_amount": counted, "expected_amount": expected}
    audit.record(session, actor, "cash_shift.accepted", shift.id, after=amounts)


def _come_to_rest(
    database: Database, ledger: Ledger, cooperative_id: str, shift_id: str
) -> CashShift:
    """Post what moves with the shift and let it rest; safe to repeat."""
    with database.tenant(cooperative_id) as session:
        shift = _found_shift(store.find_shift(session, shift_id))
    if shift.status in {cash.OPENING, cash.REFUSED}:
        return _finish_opening(database, ledger, shift)
    if shift.status == cash.CLOSING:
        return _finish_closing(database, ledger, shift)
    return shift


def _finish_opening(database: Database, ledger: Ledger, shift: CashShift) -> CashShift:
    try:
        if shift.float_amount:
            step = _step_id(shift, slip_domain.DRAWER_IN)
            slips.finish_recorded(database, ledger, shift.cooperative_id, step)
    except RefusedError:
        _change(database, shift, was=cash.OPENING, status=cash.REFUSED)
        raise
    return _change(database, shift, was=cash.OPENING, status=cash.OPEN)


def _finish_closing(database: Database, ledger: Ledger, shift: CashShift) -> CashShift:
    kinds = []
    if shift.counted_amount != shift.expected_amount:
        kinds.append(slip_domain.DRAWER_VARIANCE)
    if shift.counted_amount:
        kinds.append(slip_domain.DRAWER_OUT)
    try:
        for kind in kinds:
            step = _step_id(shift, kind)
            slips.finish_recorded(database, ledger, shift.cooperative_id, step)
    except RefusedError:
        _give_back(database, shift)
        raise
    return _change(
        database, shift, was=cash.CLOSING, status=cash.CLOSED, closed_at=clock.now()
    )


@retrying
def _give_back(database: Database, shift: CashShift) -> None:
    """Let the teller count again: what the ledger refused it refuses for ever.

    What was posted before the refusal, the next count finds in the books.
    """
    with database.tenant(shift.cooperative_id) as session:
        found = _found_shift(store.lock_shift(session, shift.id))
        if found.status != cash.CLOSING or found.counted_at != shift.counted_at:
            return
        store.change_shift(
            session,
            shift.id,
            was=cash.CLOSING,
            status=cash.OPEN,
            approver=None,
            expected_amount=None,
            counted_amount=None,
            counted_at=None,
            denominations=None,
        )
        actor = Actor(cooperative_id=shift.cooperative_id, subject=SWEEPER)
        audit.record(session, actor, "cash_shift.refused", shift.id)


@retrying
def _change(
    database: Database, shift: CashShift, *, was: str, **columns: Any
) -> CashShift:
    with database.tenant(shift.cooperative_id) as session:
        changed = store.change_shift(session, shift.id, was=was, **columns)
        return changed or _found_shift(store.find_shift(session, shift.id))


def _begin_step(
    session: Session, shift: CashShift, kind: str, amount: int, by: Identity
) -> None:
    draft = _draft(session, shift, kind, amount, _step_id(shift, kind))
    slips.begin(session, shift.cooperative_id, draft, by)


def _step_id(shift: CashShift, kind: str) -> str:
    """The journal of a step that a shift takes once; of the closing, once a count."""
    counted = shift.counted_at.isoformat() if shift.counted_at else ""
    return identifiers.derived("jrn", shift.cooperative_id, shift.id, kind, counted)


def _draft(
    session: Session, shift: CashShift, kind: str, amount: int, journal_id: str
) -> Draft:
    drawer = cash.drawer_key(shift.cooperative_id, shift.drawer_id)
    vault = cash.vault_key(shift.cooperative_id)
    if kind == slip_domain.DRAWER_VARIANCE:
        posting = cash.variance_posting(shift.cooperative_id, shift.drawer_id, amount)
    elif kind == slip_domain.DRAWER_IN:
        posting = drawer, vault, amount
    else:
        posting = vault, drawer, amount
    return Draft(
        journal_id=journal_id,
        kind=kind,
        description=slip_domain.DESCRIPTIONS[kind],
        account=drawer,
        channel=slip_domain.VAULT,
        posting=posting,
        shift_id=shift.id,
        branch_code=store.branch_code_of(session, shift.drawer_id),
    )


def _open_ledger_account(
    ledger: Ledger, cooperative_id: str, drawer_id: str, name: str
) -> None:
    """Let the ledger know the drawer; once more changes nothing."""
    account = {
        "key": cash.drawer_key(cooperative_id, drawer_id),
        "code": cash.VAULT_CODE,
        "name": f"Kas {name}"[:200],
        "minimum_balance": 0,
    }
    ledger.open_accounts({"accounts": [account]})


def _require_open_branch(session: Session, branch_id: str) -> None:
    branch = store.find_branch(session, branch_id)
    if branch is None or branch.status != branches.OPEN:
        raise contract.BranchNotOpen


def _require_teller(shift: CashShift, by: Identity) -> None:
    if shift.teller != by.subject:
        raise contract.NotYourShift


def _notes(given: Sequence[dict[str, int]]) -> Counter[int]:
    notes: Counter[int] = Counter()
    for one in given:
        notes[one["value"]] += one["pieces"]
    return notes


def _expected_if_counted(ledger: Ledger, shift: CashShift) -> int | None:
    if shift.expected_amount is not None:
        return shift.expected_amount
    return _expected(ledger, shift) if shift.status == cash.COUNTED else None


def _expected(ledger: Ledger, shift: CashShift) -> int:
    balances = _balances(ledger, shift.cooperative_id, [shift.drawer_id])
    return balances[shift.drawer_id]


def _balances(
    ledger: Ledger, cooperative_id: str, drawers: Sequence[str]
) -> dict[str, int]:
    """What the books say is in each drawer; 0 where the ledger knows none yet."""
    if not drawers:
        return {}
    keys = {drawer: cash.drawer_key(cooperative_id, drawer) for drawer in drawers}
    found = ledger.get_balances({"keys": list(keys.values())})
    return {
        drawer: found[key]["balance"] if key in found else 0
        for drawer, key in keys.items()
    }


def _drawer_answer(drawer: CashDrawer, balance: int) -> dict[str, Any]:
    return answers.one(
        contract.Drawer(),
        {
            "id": drawer.id,
            "name": drawer.name,
            "branch_id": drawer.branch_id,
            "balance": balance,
        },
    )


def _shift_answer(shift: CashShift, expected: int | None = None) -> dict[str, Any]:
    """A shift; what is expected is what was decided, else what the ledger says now."""
    counted = shift.counted_amount
    if shift.expected_amount is not None:
        expected = shift.expected_amount
    if counted is None:
        expected = None
    variance = None if counted is None or expected is None else counted - expected
    notes = sorted(
        ((int(value), pieces) for value, pieces in (shift.denominations or {}).items()),
        reverse=True,
    )
    columns = {name: getattr(shift, name) for name in _SHIFT_COLUMNS}
    return answers.one(
        contract.Shift(),
        columns
        | {
            "expected_amount": expected,
            "variance": variance,
            "denominations": [
                {"value": value, "pieces": pieces} for value, pieces in notes
            ],
        },
    )


_SHIFT_COLUMNS: Final = (
    "id",
    "drawer_id",
    "teller",
    "status",
    "float_amount",
    "counted_amount",
    "note",
    "approver",
    "opened_at",
    "counted_at",
    "closed_at",
)


def _as_opened(shift: CashShift) -> dict[str, Any]:
    """The shift as it was when it began, whatever has happened since."""
    return _shift_answer(shift) | {
        "status": cash.OPEN,
        "counted_amount": None,
        "expected_amount": None,
        "variance": None,
        "denominations": [],
        "note": None,
        "approver": None,
        "counted_at": None,
        "closed_at": None,
    }


def _found_drawer(session: Session, drawer_id: str) -> CashDrawer:
    drawer = store.find_drawer(session, drawer_id)
    if drawer is None:
        raise NotFound("There is no such drawer.")
    return drawer


def _found_shift(shift: CashShift | None) -> CashShift:
    if shift is None:
        raise NotFound("There is no such shift.")
    return shift
