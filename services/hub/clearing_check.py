"""Do the clearing and the ledger tell the same story? Compared payment by payment.

Two databases are read, the clearing's first: whatever it calls committed must be in
the ledger, which is read later and can only have more. What the ledger has more is in
flight or newer, and is asked about once more at the end: a hub at work can be checked.
Memory does not grow with the number of payments, as both sides are read in one order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.hub.comparing import FETCH_ROWS, Difference, reading, stream
from services.hub.rupiah import format_number, format_rupiah
from services.shared.contracts import ledger as ledger_contract
from services.shared.persistence.database import Database

COOPERATIVES_AT_ONCE: Final = 200
ABORTED: Final = "aborted"
COMMITTED: Final = "committed"

_PAYMENTS: Final = """
SELECT id, state, amount, payer_account, payee_account, payer_cooperative_id,
       payee_cooperative_id, payer_mode, payee_mode
FROM transfers ORDER BY id COLLATE "C"
"""

# A payment's line in the hub's book names the two positions; a payment inside one
# cooperative has only its one line.
_JOURNALS: Final = """
SELECT j.id, d.key AS debit, c.key AS credit, p.amount
FROM journals AS j
JOIN postings AS p ON p.journal_serial = j.serial
    AND (p.cooperative_id = 'hub' OR NOT 'hub' = ANY (j.books))
JOIN accounts AS d ON d.id = p.debit_account
JOIN accounts AS c ON c.id = p.credit_account
WHERE j.kind IN ('transfer', 'return') AND j.refusal IS NULL
ORDER BY j.id COLLATE "C"
"""

_SETTLEMENT_LINES: Final = """
SELECT j.id, j.reference, d.key AS debit, c.key AS credit, p.amount
FROM journals AS j
JOIN postings AS p ON p.journal_serial = j.serial AND p.cooperative_id = 'hub'
JOIN accounts AS d ON d.id = p.debit_account
JOIN accounts AS c ON c.id = p.credit_account
WHERE j.kind = 'settlement' AND j.refusal IS NULL
"""

_BALANCES: Final = """
SELECT key, CASE normal_side WHEN 'debit' THEN debits_posted - credits_posted
            ELSE credits_posted - debits_posted END AS balance
FROM accounts WHERE key = ANY (:keys)
"""

_WINDOWS_THAT_DIFFER: Final = """
SELECT coalesce(n.window_id, e.window_id), coalesce(n.cooperative_id, e.cooperative_id),
       coalesce(n.net, 0), coalesce(e.net, 0)
FROM window_nets AS n
FULL JOIN (
    SELECT window_id, cooperative_id, sum(net) AS net FROM (
        SELECT window_id, payer_cooperative_id AS cooperative_id, amount AS net
        FROM window_entries
        UNION ALL
        SELECT window_id, payee_cooperative_id, -amount FROM window_entries
    ) AS sides GROUP BY window_id, cooperative_id
) AS e ON e.window_id = n.window_id AND e.cooperative_id = n.cooperative_id
WHERE coalesce(n.net, 0) <> coalesce(e.net, 0)
ORDER BY 1, 2 LIMIT 1
"""

_PAYMENTS_WITHOUT_THEIR_WINDOW: Final = """
SELECT coalesce(t.id, e.transfer_id), t.state, t.window_id, e.window_id
FROM (
    SELECT * FROM transfers
    WHERE state = 'committed' AND payer_cooperative_id <> payee_cooperative_id
) AS t
FULL JOIN window_entries AS e ON e.transfer_id = t.id
WHERE (t.window_id, t.payer_cooperative_id, t.payee_cooperative_id, t.amount)
    IS DISTINCT FROM
    (e.window_id, e.payer_cooperative_id, e.payee_cooperative_id, e.amount)
ORDER BY 1 LIMIT 1
"""

_SETTLED_NETS: Final = """
SELECT s.id, s.journal_id, n.cooperative_id, sum(n.net) AS net
FROM settlements AS s
JOIN settlement_windows AS w ON w.settlement_id = s.id
JOIN window_nets AS n ON n.window_id = w.id
WHERE s.state = 'settled'
GROUP BY s.id, s.journal_id, n.cooperative_id
HAVING sum(n.net) <> 0
"""


_CANCELLED: Final = "SELECT id FROM settlements WHERE state = 'cancelled'"


@dataclass(kw_only=True)
class Comparison:
    """What was seen while comparing payments."""

    compared: int = 0
    unknown: dict[str, str] = field(default_factory=dict)
    """Journals of payments that the clearing did not call committed when read."""
    positions: Counter[str] = field(default_factory=Counter)
    """What the journals add up to for each cooperative; above zero it owes."""
    connected: set[str] = field(default_factory=set)
    """Cooperatives that had payments outside their own book."""


def check(ledger: Database, transfers: Database) -> Iterator[str]:
    """Sentences on what agrees. Raises Difference at the first thing that does not."""
    with reading(transfers) as clearing:
        participants = _participants(clearing)
        settled = _settled_nets(clearing)
        cancelled = set(clearing.execute(text(_CANCELLED)).scalars())
        payments = stream(clearing, _PAYMENTS)
        with reading(ledger) as books:
            seen = compare(payments, stream(books, _JOURNALS))
            moved = _settlement_moves(books, settled, cancelled)
            yield (
                f"{format_number(seen.compared)} payments have the same parties and "
                "amount in the clearing and in the ledger"
            )
            yield _check_positions(books, participants, seen, moved)
            yield _check_books(books, participants, seen)
    with transfers.hub() as clearing:
        _check_newer(clearing, seen.unknown)
        yield _check_windows(clearing)
    yield f"{format_number(len(settled))} settlements moved exactly their nets"


def compare(payments: Iterator[Row[Any]], journals: Iterator[Row[Any]]) -> Comparison:
    """Walk both sides in the order of their ids."""
    seen = Comparison()
    payment, journal = next(payments, None), next(journals, None)
    while journal is not None:
        if payment is not None and payment.id < journal.id:
            _require_no_journal(payment)
            payment = next(payments, None)
            continue
        _add_up(seen, journal)
        if payment is None or journal.id < payment.id:
            seen.unknown[journal.id] = "is not in the clearing"
        else:
            _match(seen, payment, journal)
            payment = next(payments, None)
        journal = next(journals, None)
    while payment is not None:
        _require_no_journal(payment)
        payment = next(payments, None)
    return seen


def _require_no_journal(payment: Row[Any]) -> None:
    if payment.state == COMMITTED:
        raise Difference(
            f"payment {payment.id} is committed in the clearing, but the ledger has "
            "no journal of it"
        )


def _match(seen: Comparison, payment: Row[Any], journal: Row[Any]) -> None:
    if payment.state == ABORTED:
        raise Difference(
            f"payment {payment.id} was refused, but the ledger moved "
            f"{format_rupiah(journal.amount)}"
        )
    if payment.state != COMMITTED:
        seen.unknown[payment.id] = f"is {payment.state}"
        return
    for mode, cooperative_id in (
        (payment.payer_mode, payment.payer_cooperative_id),
        (payment.payee_mode, payment.payee_cooperative_id),
    ):
        if mode == "connected":
            seen.connected.add(cooperative_id)
    expected = (*_sides(payment), payment.amount)
    if (journal.debit, journal.credit, journal.amount) != expected:
        raise Difference(
            f"payment {payment.id} is {_told(*expected)} in the clearing, but "
            f"{_told(journal.debit, journal.credit, journal.amount)} in the ledger"
        )
    seen.compared += 1


def _sides(payment: Row[Any]) -> tuple[str, str]:
    payer, payee = payment.payer_cooperative_id, payment.payee_cooperative_id
    if payer == payee:
        return payment.payer_account, payment.payee_account
    return (
        ledger_contract.position_account(payer),
        ledger_contract.position_account(payee),
    )


def _told(debit: str, credit: str, amount: int) -> str:
    return f"{format_rupiah(amount)} from {debit} to {credit}"


def _add_up(seen: Comparison, journal: Row[Any]) -> None:
    for key, amount in (
        (journal.debit, journal.amount),
        (journal.credit, -journal.amount),
    ):
        cooperative_id = _of_position(key)
        if cooperative_id:
            seen.positions[cooperative_id] += amount


def _of_position(key: str) -> str:
    """The cooperative whose position ``key`` is; empty for any other account."""
    prefix = ledger_contract.position_account("")
    return key.removeprefix(prefix) if key.startswith(prefix) else ""


# --- Positions and books --------------------------------------------------------------


def _participants(session: Session) -> dict[str, str]:
    rows = session.execute(text("SELECT cooperative_id, mode FROM participants"))
    return {row.cooperative_id: row.mode for row in rows}


def _balances(session: Session, keys: Iterable[str]) -> dict[str, int]:
    rows = session.execute(text(_BALANCES), {"keys": list(keys)})
    return {row.key: int(row.balance) for row in rows}


def _check_positions(
    session: Session,
    participants: Mapping[str, str],
    seen: Comparison,
    moved: Mapping[str, int],
) -> str:
    """A position is what payments made it, less what was settled."""
    cooperatives = set(participants) | set(seen.positions)
    keys = {one: ledger_contract.position_account(one) for one in cooperatives}
    balances = _balances(session, keys.values())
    for one in sorted(cooperatives):
        position = -balances.get(keys[one], 0)
        expected = seen.positions[one] - moved.get(one, 0)
        if position != expected:
            raise Difference(
                f"the position of {one} is {format_rupiah(position)}, but its "
                f"payments and settlements add up to {format_rupiah(expected)}"
            )
    if total := sum(balances.values()):
        raise Difference(f"all positions add up to {format_rupiah(total)}, not to zero")
    return (
        f"{format_number(len(cooperatives))} positions are what payments and "
        "settlements make them, and add up to zero"
    )


def _check_books(
    session: Session, participants: Mapping[str, str], seen: Comparison
) -> str:
    """A hosted cooperative's own book shows its position with the hub as well."""
    hosted = sorted(
        one
        for one, mode in participants.items()
        if mode == "hosted" and one not in seen.connected
    )
    for some in _in_parts(hosted, COOPERATIVES_AT_ONCE):
        keys = [key for one in some for key in _three_keys(one)]
        balances = _balances(session, keys)
        for one in some:
            position, owed_to_hub, owed_by_hub = (
                balances.get(key, 0) for key in _three_keys(one)
            )
            own = owed_to_hub - owed_by_hub
            if -position != own:
                raise Difference(
                    f"the hub's book says that {one} owes {format_rupiah(-position)}, "
                    f"its own book {format_rupiah(own)}"
                )
    return (
        f"{format_number(len(hosted))} hosted cooperatives' books show the same "
        "position as the hub's"
    )


def _three_keys(cooperative_id: str) -> tuple[str, str, str]:
    return (
        ledger_contract.position_account(cooperative_id),
        ledger_contract.chart_account(cooperative_id, ledger_contract.OWED_TO_HUB),
        ledger_contract.chart_account(cooperative_id, ledger_contract.OWED_BY_HUB),
    )


def _in_parts(items: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


# --- Windows and settlements ----------------------------------------------------------


def _check_newer(session: Session, unknown: Mapping[str, str]) -> None:
    """What the ledger had more must be known by now, and must not be refused."""
    states: dict[str, str] = {}
    for some in _in_parts(unknown, FETCH_ROWS):
        rows = session.execute(
            text("SELECT id, state FROM transfers WHERE id = ANY (:ids)"),
            {"ids": some},
        )
        states |= {row.id: row.state for row in rows}
    for payment_id in sorted(unknown):
        if states.get(payment_id, ABORTED) == ABORTED:
            raise Difference(
                f"the ledger moved the money of payment {payment_id}, which "
                f"{'was refused' if payment_id in states else unknown[payment_id]}"
            )


def _check_windows(session: Session) -> str:
    wrong = session.execute(text(_PAYMENTS_WITHOUT_THEIR_WINDOW)).first()
    if wrong is not None:
        raise Difference(
            f"payment {wrong[0]} is in window {wrong[2]} by itself, but in "
            f"{wrong[3]} by the window's entries"
        )
    wrong = session.execute(text(_WINDOWS_THAT_DIFFER)).first()
    if wrong is not None:
        raise Difference(
            f"the net of {wrong[1]} in window {wrong[0]} is "
            f"{format_rupiah(int(wrong[2]))}, but its entries add up to "
            f"{format_rupiah(int(wrong[3]))}"
        )
    windows = session.execute(text("SELECT count(*) FROM settlement_windows"))
    return (
        f"{format_number(windows.scalar_one())} windows hold every committed payment "
        "once, and their nets add up"
    )


def _settled_nets(session: Session) -> dict[str, Counter[str]]:
    """The nets of every settled settlement by its journal."""
    nets: dict[str, Counter[str]] = {}
    for row in session.execute(text(_SETTLED_NETS)):
        nets.setdefault(row.journal_id, Counter())[row.cooperative_id] = int(row.net)
    return nets


def _settlement_moves(
    session: Session, settled: Mapping[str, Counter[str]], cancelled: AbstractSet[str]
) -> dict[str, int]:
    """What settlements took off each position, each checked against its nets.

    One that was cancelled has taken nothing: its windows belong to another.
    """
    moves: dict[str, Counter[str]] = {}
    for row in session.execute(text(_SETTLEMENT_LINES)):
        if row.reference in cancelled:
            raise Difference(
                f"settlement {row.reference} was cancelled, but its journal {row.id} "
                f"moved {format_rupiah(row.amount)}"
            )
        for key, amount in ((row.credit, row.amount), (row.debit, -row.amount)):
            if cooperative_id := _of_position(key):
                moves.setdefault(row.id, Counter())[cooperative_id] += int(amount)
    for journal_id, nets in settled.items():
        if moves.get(journal_id, Counter()) != nets:
            raise Difference(
                f"settlement journal {journal_id} moved "
                f"{dict(moves.get(journal_id, {}))}, but the nets were {dict(nets)}"
            )
    total: Counter[str] = Counter()
    for move in moves.values():
        for cooperative_id, amount in move.items():
            total[cooperative_id] += amount
    return total
