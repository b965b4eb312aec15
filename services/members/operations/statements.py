"""Statements on paper and passbooks: what the ledger says, with names on top.

A passbook is printed line after line, for ever: what was printed is remembered by the
posting time of the last line, and several lines of one moment are never torn apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain.peers import Ledger
from services.members.operations import products as offered
from services.members.operations import savings_papers
from services.members.store import statements as store
from services.members.store.statements import Holder
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts.members import statements as contract
from services.shared.errors import NotFound
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database
from services.shared.presentation import pdf, sheets

PAGE: Final = 200
PASSBOOK_LINES: Final = 60
"""Lines on what fits between two covers; more are printed the next time."""

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """How far a passbook has come: the next line's number, and since when."""

    lines: int
    since: datetime | None


def print_statement(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The statement of a period as PDF or XLSX.

    Raises NotFound, and StatementTooLong for more lines than one document holds.
    """
    number, wanted = command["number"], command["format"]
    with database.tenant(cooperative_id) as session:
        holder = _holder(session, number)
        product = offered.find_product(session, cooperative_id, holder.account.product)
    statement = _whole(ledger, command)
    made_at = clock.now()
    if wanted == files.PDF:
        content = savings_papers.statement(holder, product.name, statement, made_at)
        media_type = pdf.MEDIA_TYPE
    else:
        content = savings_papers.statement_sheet(statement)
        media_type = sheets.MEDIA_TYPE
    return files.file_of(f"rekening-{number}.{wanted}", media_type, content)


def get_passbook(
    database: Database, ledger: Ledger, cooperative_id: str, number: str
) -> dict[str, Any]:
    """The lines that the passbook does not have yet; nothing is marked as printed."""
    printed = _printed(database, cooperative_id, number)
    return _passbook(ledger, number, printed)[0]


def print_passbook(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """As `get_passbook`, and from now on these lines count as printed.

    The same idempotency key gets the same lines again, for a printer that jammed.
    Raises PassbookJustPrinted when somebody else has printed the same lines meanwhile.
    """
    number = command["number"]
    printed = _printed(database, cooperative_id, number)
    answer, until = _passbook(ledger, number, printed)

    def mark() -> dict[str, Any]:
        if until is not None:
            _mark(session, cooperative_id, number, printed, answer, until)
        return answer

    with database.tenant(cooperative_id) as session:
        return idempotency.run_once(
            session,
            scope=idempotency.IdempotencyScope.of(
                cooperative_id, command["idempotency"]
            ),
            operation=mark,
        )


def _holder(session: Session, number: str) -> Holder:
    holder = store.find_holder(session, number)
    if holder is None:
        raise NotFound("There is no such account.")
    return holder


def _whole(ledger: Ledger, command: dict[str, Any]) -> dict[str, Any]:
    """All pages of a period as one."""
    bounds = {
        name: command[key].isoformat()
        for name, key in (("from", "from_"), ("to", "to"))
        if command[key] is not None
    }
    pages = _pages(ledger, {"key": command["number"]} | bounds)
    whole = next(pages)
    for page in pages:
        whole["items"] += page["items"]
        if len(whole["items"]) > contract.LINES_MAX:
            raise contract.StatementTooLong
    return whole


def _pages(ledger: Ledger, command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = ledger.get_statement(command | {"limit": PAGE, "cursor": cursor})
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _printed(database: Database, cooperative_id: str, number: str) -> Printed:
    with database.tenant(cooperative_id) as session:
        _holder(session, number)
        passbook = store.find_passbook(session, number)
    if passbook is None:
        return Printed(lines=0, since=None)
    return Printed(lines=passbook.lines, since=passbook.printed_before)


def _passbook(
    ledger: Ledger, number: str, printed: Printed
) -> tuple[dict[str, Any], datetime | None]:
    """The next lines, and the moment before which everything is printed then."""
    command: dict[str, Any] = {"key": number, "limit": PAGE, "cursor": None}
    if printed.since is not None:
        command["from"] = printed.since.isoformat()
    page = ledger.get_statement(command)
    lines = _together(page["items"], is_last=page["next_cursor"] is None)
    # The ledger's lines are in the shape of the contract already.
    answer = {
        "number": number,
        "items": [
            line | {"line": printed.lines + place}
            for place, line in enumerate(lines, 1)
        ],
        "has_more": len(lines) < len(page["items"]) or page["next_cursor"] is not None,
    }
    return answer, _at(lines[-1]) + _TICK if lines else None


def _together(lines: list[dict[str, Any]], *, is_last: bool) -> list[dict[str, Any]]:
    """As many lines as are printed at once; those of one moment stay together."""
    if is_last and len(lines) <= PASSBOOK_LINES:
        return lines
    cut = min(PASSBOOK_LINES, len(lines) - 1)
    while cut and lines[cut]["at"] == lines[cut - 1]["at"]:
        cut -= 1
    # More lines in one moment than fit: then all of them, on several pages.
    return lines[:cut] or lines


def _at(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["at"])


def _mark(
    session: Session,
    cooperative_id: str,
    number: str,
    printed: Printed,
    answer: dict[str, Any],
    until: datetime,
) -> None:
    lines = printed.lines + len(answer["items"])
    passbook = store.lock_passbook(session, number)
    if passbook is None:
        is_ours = printed.since is None and store.add_passbook(
            session,
            account=number,
            cooperative_id=cooperative_id,
            printed_before=until,
            lines=lines,
        )
    else:
        is_ours = passbook.lines == printed.lines
        if is_ours:
            passbook.printed_before, passbook.lines = until, lines
    if not is_ours:
        raise contract.PassbookJustPrinted
