"""How a validated import becomes members, accounts and one journal.

Two databases are written, and neither waits for the other with a transaction open:

1. `reserving`: everything is checked again against what there is by now, and the NIKs
   of the import are reserved: from here on its members can be made.
2. `numbering`: members and accounts get their numbers.
3. `opening`: the ledger opens the accounts, empty; harmless when nothing follows.
4. `posting`: one journal with all opening balances. It decides: refused, nothing has
   changed; posted, the import will be finished.
5. `lending`: the loans service gives each loan an account and a schedule, page by page.
6. `writing`: members, accounts and old numbers, in one transaction.

Each step can be repeated: whoever dies is followed by another, which goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import account_numbers, membership
from services.members.domain.imports import reconciliation, sheets
from services.members.models import Import
from services.members.operations import audit, personal_data
from services.members.operations.imports import batches as batch_rules
from services.members.operations.imports import catalogue, checking, reading
from services.members.operations.imports.leases import Work
from services.members.operations.membership import COUNTER
from services.members.store.imports import batches, checks, takeover
from services.members.store.imports.takeover import NewMember, StagedMember, Unnumbered
from services.shared import clock, crypto, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import imports as loans_contract
from services.shared.contracts.members import imports as contract
from services.shared.errors import InvariantViolated, RefusedError
from services.shared.persistence import numbering, outbox
from services.shared.presentation import formats

RESERVING: Final = "reserving"
NUMBERING: Final = "numbering"
OPENING: Final = "opening"
POSTING: Final = "posting"
LENDING: Final = "lending"
WRITING: Final = "writing"

NUMBERS_PER_STEP: Final = 5000
ACCOUNTS_PER_STEP: Final = ledger_contract.KEYS_MAX
MEMBERS_PER_STATEMENT: Final = 1000
POSTING_SECONDS: Final = 110.0
"""The longest that the ledger may take for the journal; less than the lease."""


def reserve(work: Work) -> None:
    """Check once more, and let nobody else be given what the import is going to use."""
    known = checking.known_of(work)
    closed_through = work.ledger.get_period({})["closed_through"]
    with work.step(RESERVING) as (session, found):
        takeover.lock_niks(session, work.cooperative_id)
        # PostgreSQL lets nothing be on its way that does not agree, so what may turn
        # out not to is ready again until it has.
        batch_rules.come_to_rest(found, "ready")
        checking.findings(session, found, known)
        if closed_through and found.cut_over.isoformat() <= closed_through:
            batch_rules.come_to_rest(found, "ready", ledger_contract.PeriodClosed.code)
            return
        try:
            batch_rules.refuse_unfit(found, is_partial=found.is_partial)
        except RefusedError as refusal:
            # Since the validation a member with one of these NIKs has joined.
            batch_rules.come_to_rest(found, "ready", refusal.code)
            return
        good = takeover.count_good(session, work.import_id)
        found.state = "committing"
        batch_rules.enter_stage(found, NUMBERING, sum(good))


def number(work: Work) -> None:
    """Number members and accounts, in the order of their sheets."""
    for sheet in (sheets.MEMBERS, sheets.SAVINGS):
        after: int | None = 0
        while after is not None:
            after = _number_some(work, sheet, after)
    with work.step(NUMBERING) as (session, found):
        accounts = takeover.count_good(session, work.import_id).accounts
        batch_rules.enter_stage(found, OPENING, accounts)


def _number_some(work: Work, sheet: str, after: int) -> int | None:
    """Number the next rows without a number; the last of them, None at the end."""
    with work.step(NUMBERING) as (session, found):
        rows = takeover.unnumbered(
            session, work.import_id, sheet, after=after, limit=NUMBERS_PER_STEP
        )
        if not rows:
            return None
        cooperative = store.find_cooperative(session, work.cooperative_id)
        if cooperative is None:
            raise InvariantViolated(f"{work.cooperative_id} has gone")
        numbers = _Numbering(session, work, cooperative.code)
        given = (
            numbers.of_members(rows)
            if sheet == sheets.MEMBERS
            else numbers.of_accounts(rows)
        )
        takeover.number(session, work.import_id, sheet, given)
        found.done += len(given)
        return rows[-1].row


Given = tuple[int, str | None, str]
"""A row, the number that it gets, and the id of its member."""


@dataclass(frozen=True, slots=True)
class _Numbering:
    """Gives numbers in one transaction."""

    session: Session
    work: Work
    code: str

    def of_members(self, rows: Sequence[Unnumbered]) -> list[Given]:
        """Members get ids and the next membership numbers."""
        numbers = self._next(COUNTER, len(rows))
        return [
            (
                one.row,
                membership.member_number(self.code, number),
                identifiers.new("mem"),
            )
            for one, number in zip(rows, numbers, strict=True)
        ]

    def of_accounts(self, rows: Sequence[Unnumbered]) -> list[Given]:
        """Accounts get numbers, except those of equity, which have none."""
        products = catalogue.of_cooperative(self.session)
        owners = takeover.member_ids(
            self.session, self.work.import_id, {one.key for one in rows}
        )
        given: list[Given] = []
        for code in sorted({str(one.product) for one in rows}):
            mine = [one for one in rows if one.product == code]
            numbers = self._account_numbers(products[code], len(mine))
            given += [
                (one.row, number, owners[one.key])
                for one, number in zip(mine, numbers, strict=True)
            ]
        return given

    def _account_numbers(
        self, product: catalogue.Product, count: int
    ) -> Iterable[str | None]:
        digits = product.digits
        if digits is None:
            return repeat(None, count)
        return [
            account_numbers.numbered(self.code, digits, number)
            for number in self._next(f"account {product.code}", count)
        ]

    def _next(self, counter: str, count: int) -> range:
        return numbering.next_numbers(
            self.session, self.work.cooperative_id, counter, count
        )


def open_accounts(work: Work) -> None:
    """Open the accounts in the ledger, a thousand at a time."""
    while True:
        with work.step(OPENING) as (session, found):
            after = int(found.position or "0")
            products = catalogue.of_cooperative(session)
            some = takeover.accounts(
                session, work.import_id, after=after, limit=ACCOUNTS_PER_STEP
            )
            if not some:
                batch_rules.enter_stage(found, POSTING)
                return
        work.ledger.open_accounts(
            {
                "accounts": [
                    {
                        "key": catalogue.key_of(work.cooperative_id, one),
                        "code": products[one.product].ledger_code,
                        "name": products[one.product].name,
                        "minimum_balance": 0,
                    }
                    for one in some
                ]
            }
        )
        with work.step(OPENING) as (_session, found):
            found.position = str(some[-1].row)
            found.done += len(some)


def post(work: Work) -> None:
    """Post every opening balance as one journal, dated at cut-over.

    Refused by the ledger, nothing is taken over and the import is ready once more. The
    ledger remembers the refusal for ever, so the next attempt is another journal.
    """
    chart = checking.chart_of(work.ledger)
    with work.step(POSTING) as (session, found):
        cut_over = found.cut_over
        postings = _postings(session, work, chart)
        journal_id = found.journal_id or identifiers.derived(
            "jrn", work.cooperative_id, "import", work.import_id, cut_over.isoformat()
        )
    if postings:
        try:
            work.ledger.post_large_journal(
                {
                    "id": journal_id,
                    "kind": "opening_balance",
                    "description": f"Saldo awal per {formats.date_long(cut_over)}",
                    "business_date": cut_over.isoformat(),
                    "reference": work.import_id,
                    "postings": ledger_contract.pack_postings(postings),
                },
                deadline=POSTING_SECONDS,
            )
        except RefusedError as refusal:
            if refusal.code not in ledger_contract.REFUSALS:
                # Of the id, not of the journal: its money may be in the books.
                raise
            with work.step(POSTING) as (_session, found):
                found.journal_id = identifiers.derived("jrn", journal_id, "again")
                batch_rules.come_to_rest(found, "ready", refusal.code)
            return
    with work.step(POSTING) as (session, found):
        found.journal_id = journal_id if postings else None
        batch_rules.enter_stage(found, LENDING)


def lend(work: Work) -> None:
    """Let the loans service take over what members owe, some rows at a time.

    A page that comes twice changes nothing there, so whoever dies before the position
    is kept is followed by the same page.
    """
    while True:
        with work.step(LENDING) as (session, found):
            some = takeover.loans(
                session,
                work.import_id,
                after=int(found.position or "0"),
                limit=loans_contract.ROWS_MAX,
            )
            if not some:
                members = takeover.count_good(session, work.import_id).members
                batch_rules.enter_stage(found, WRITING, members)
                return
            cut_over = found.cut_over
        work.loans.import_loans(
            {
                "import_id": work.import_id,
                "cut_over": cut_over.isoformat(),
                "rows": [asdict(one) for one in some],
            }
        )
        with work.step(LENDING) as (_session, found):
            found.position = str(some[-1].row)
            found.done += len(some)


def _postings(
    session: Session, work: Work, chart: Sequence[reconciliation.Code]
) -> list[reconciliation.Posting]:
    """All of the journal. The migration account has nothing in it afterwards."""
    products = catalogue.of_cooperative(session)
    totals = checking.totals_of(session, work.import_id, products)
    contra = ledger_contract.chart_account(
        work.cooperative_id, ledger_contract.MIGRATION
    )
    accounts = takeover.accounts(
        session, work.import_id, after=0, limit=ledger_contract.POSTINGS_MAX
    )
    postings = list(
        chain(
            reconciliation.opening_of_savings(
                contra,
                (
                    (catalogue.key_of(work.cooperative_id, one), one.amount)
                    for one in accounts
                ),
            ),
            reconciliation.opening_of_book(work.cooperative_id, contra, chart, totals),
        )
    )
    if reconciliation.left_in(contra, postings):
        raise InvariantViolated(f"{work.import_id} leaves money in {contra}")
    return postings


def write(work: Work) -> None:
    """Members, accounts and old numbers: all of them in one transaction."""
    with work.step(WRITING) as (session, found):
        takeover.name_import(session, work.import_id)
        good = takeover.count_good(session, work.import_id)
        _write_members(session, work, found)
        takeover.keep_old_numbers(session, work.import_id)
        takeover.add_accounts(session, work.import_id, clock.now())
        _write_principals(session, work, found)
        takeover.forget(session, work.import_id)
        batches.drop_parts(session, work.import_id)
        batch_rules.come_to_rest(found, "committed")
        found.done, found.finished_at = good.members, clock.now()
        session.flush()
        _tell(session, found, good)
        audit.record(
            session,
            work.actor,
            "import.committed",
            work.import_id,
            after={
                "members": good.members,
                "accounts": good.accounts,
                "journal_id": found.journal_id,
                "left_out": checks.count_left_out(session, work.import_id),
            },
        )


def _write_members(session: Session, work: Work, found: Import) -> None:
    cipher = personal_data.cipher(session, work.settings, work.cooperative_id)
    since = batch_rules.moment_of(found)
    after = 0
    while some := takeover.members(
        session, work.import_id, after=after, limit=MEMBERS_PER_STATEMENT
    ):
        made = [_member(cipher, work.import_id, one, since) for one in some]
        takeover.add_members(session, work.cooperative_id, made)
        after = some[-1].row


def _write_principals(session: Session, work: Work, found: Import) -> None:
    if found.journal_id is None or found.committed_by is None:
        return
    takeover.add_principals(
        session,
        work.import_id,
        source_account=ledger_contract.chart_account(
            work.cooperative_id, ledger_contract.PRINCIPAL_SAVINGS
        ),
        business_date=found.cut_over,
        journal_id=found.journal_id,
        recorded_by=found.committed_by,
        recorded_at=clock.now(),
    )


def _member(
    cipher: crypto.FieldCipher, import_id: str, one: StagedMember, since: datetime
) -> NewMember:
    data: dict[str, Any] = reading.revealed(cipher, import_id, one.row, one.content)
    joined = (
        datetime.combine(one.joined_on, datetime.min.time(), clock.JAKARTA)
        if one.joined_on
        else since
    )
    is_active = one.status == membership.ACTIVE
    return NewMember(
        id=one.member_id,
        number=one.number,
        name=one.name,
        status=one.status,
        nik_hash=one.nik_hash,
        phone_hash=one.phone_hash,
        personal_data=personal_data.sealed(cipher, one.member_id, data),
        registered_at=min(joined, since),
        activated_at=since if is_active else None,
    )


def _tell(session: Session, found: Import, good: takeover.Good) -> None:
    outbox.add(
        session,
        contract.IMPORT_COMMITTED,
        contract.ImportEvent().dump(
            {
                "cooperative_id": found.cooperative_id,
                "import_id": found.id,
                "members": good.members,
                "accounts": good.accounts,
                "journal_id": found.journal_id,
            }
        ),
    )
