"""How savings earn interest: the job of the last day of a month.

A step takes the next members in the order of their ids. What they earn and what tax is
withheld is written here first, then posted as one journal under an id that follows from
cooperative, month and place in the run. A step that is done again finds what it planned
and posts the same journal, which the ledger knows: nobody earns twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import dues, interest, products, taxes
from services.members.domain.interest import MonthOfBalances
from services.members.models import InterestPosting, SavingsProduct
from services.members.operations import products as offered
from services.members.operations import savings_papers
from services.members.operations import taxes as withholding
from services.members.operations.job_context import Job, JobContext
from services.members.store import interest as store
from services.members.store import products as products_store
from services.members.store.interest import Saver
from services.shared import clock, identifiers
from services.shared.contracts import answers, files
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import interest as contract
from services.shared.errors import InvariantViolated, NotFound, ServiceError
from services.shared.persistence import outbox
from services.shared.persistence.database import Database
from services.shared.persistence.jobs import Step, Turn
from services.shared.presentation import formats, pdf

SAVERS_MAX: Final = 800
"""Accounts in one step, and so in one journal; the ledger is asked for 1000 at most."""

LOOKBACK_DAYS: Final = 62
"""Two months' ends are made up for when nothing ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """A product that earns interest in a month, and at which rate."""

    product: SavingsProduct
    rate_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """The interest of one account before tax."""

    saver: Saver
    earning: Earning
    basis: int
    gross: int


def run(context: JobContext, position: str | None) -> Step:
    """Post the interest of the next members; the position is the last one's id."""
    month, chunk = dues.month_of(context.business_date), position or ""
    last = _last_planned(context, month, chunk)
    if last is None:
        last = _plan_next(context, month, chunk, position)
    if last is None:
        return Step()
    return Step(position=last, done=_post_planned(context, month, chunk))


INTEREST: Final = Job(
    name="interest",
    is_due=interest.is_last_day,
    run=run,
    turn=Turn.CLOSING,
    lookback_days=LOOKBACK_DAYS,
)


def list_interest(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The interest of a month by account."""
    month, limit = _month(command["month"]), command["limit"]
    owner = f"interest {cooperative_id} {month.isoformat()}"
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_interest(session, month, after=after, limit=limit + 1)
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="account")
    return {
        "items": answers.many(contract.Interest(), shown),
        "next_cursor": next_cursor,
    }


def list_withholdings(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The withholding slips of a month, also of members who pay no tax."""
    month, limit = _month(command["month"]), command["limit"]
    owner = f"withholdings {cooperative_id} {month.isoformat()}"
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_withholdings(session, month, after=after, limit=limit + 1)
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="member_id")
    return {
        "items": answers.many(contract.Withholding(), shown),
        "next_cursor": next_cursor,
    }


def get_withholding(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The slip of one member for one month, as JSON or on paper."""
    month, member_id = _month(command["month"]), command["member_id"]
    with database.tenant(cooperative_id) as session:
        slip = store.find_withholding(session, cooperative_id, member_id, month)
        member = members_store.find_member(session, member_id)
        cooperative = members_store.find_cooperative(session, cooperative_id)
    if slip is None or member is None or cooperative is None:
        raise NotFound("There is no such slip.")
    if command["format"] == files.PDF:
        paper = savings_papers.withholding_slip(cooperative, member, slip)
        name = f"{slip.number.replace('/', '-')}.pdf"
        return files.file_of(name, pdf.MEDIA_TYPE, paper)
    names = {
        "member_name": member.name,
        "member_number": member.number,
        "cooperative": cooperative,
    }
    columns = ("number", "member_id", "month", "gross", "tax", "withheld")
    return answers.one(
        contract.WithholdingSlip(),
        {name: getattr(slip, name) for name in columns} | names,
    )


def _month(name: str) -> date:
    return date.fromisoformat(f"{name}-01")


def _earning(context: JobContext, month: date) -> dict[str, Earning]:
    """The products that earn something in the month, by code."""
    with context.database.tenant(context.cooperative_id) as session:
        rates = products_store.rates(session)
        return {
            code: Earning(
                product=offered.find_product(session, context.cooperative_id, code),
                rate_bps=rate_bps,
            )
            for code, of_product in rates.items()
            if (rate_bps := products.rate_in_force(of_product, month)) > 0
        }


def _next_savers(
    context: JobContext, codes: Sequence[str], position: str | None
) -> list[Saver]:
    """The accounts of the next members, each member whole."""
    if not codes:
        return []
    with context.database.tenant(context.cooperative_id) as session:
        found = store.savers(session, codes, after=position, limit=SAVERS_MAX + 1)
    if len(found) <= SAVERS_MAX:
        return found
    # Tax goes by the total of a member, whose accounts must not be torn apart.
    last = found[-1].member_id
    whole = [one for one in found if one.member_id != last]
    if not whole:
        raise InvariantViolated(f"{last} has more than {SAVERS_MAX} accounts")
    return whole


def _last_planned(context: JobContext, month: date, chunk: str) -> str | None:
    """The last member whom an earlier attempt at this step has planned.

    It goes on behind this one: since then accounts may have been closed, and the next
    savers would be others.
    """
    with context.database.tenant(context.cooperative_id) as session:
        rows = store.chunk_rows(session, context.cooperative_id, month, chunk)
    return max((row.member_id for row in rows), default=None)


def _plan_next(
    context: JobContext, month: date, chunk: str, position: str | None
) -> str | None:
    """Plan the interest of the next members; the last one's id, None without any."""
    earning = _earning(context, month)
    savers = _next_savers(context, sorted(earning), position)
    if not savers:
        return None
    _plan(context, month, chunk, _earned(context, month, earning, savers))
    return savers[-1].member_id


def _earned(
    context: JobContext,
    month: date,
    earning: Mapping[str, Earning],
    savers: Sequence[Saver],
) -> list[Earned]:
    """What these accounts earn; those that earn nothing are left out."""
    by_product: defaultdict[str, list[Saver]] = defaultdict(list)
    for saver in savers:
        by_product[saver.product].append(saver)
    found: list[Earned] = []
    for code, of_product in by_product.items():
        balances = context.ledger.get_balance_days(
            {
                "keys": [saver.account for saver in of_product],
                "from": month.isoformat(),
                "to": interest.last_day(month).isoformat(),
                "floor": earning[code].product.minimum_balance,
            }
        )
        found += [
            _earned_by(saver, earning[code], balances[saver.account], month)
            for saver in of_product
            if balances.get(saver.account, {}).get("status") == "active"
        ]
    return [one for one in found if one.gross > 0]


def _earned_by(
    saver: Saver, earning: Earning, held: Mapping[str, Any], month: date
) -> Earned:
    method = earning.product.interest_method
    balances = MonthOfBalances(
        lowest=held["lowest"],
        balance_days=held["balance_days"],
        days=interest.days_of(month),
    )
    return Earned(
        saver=saver,
        earning=earning,
        basis=interest.basis(method, balances),
        gross=interest.gross(method, earning.rate_bps, balances),
    )


def _plan(
    context: JobContext, month: date, chunk: str, earned: Sequence[Earned]
) -> None:
    """Write what is earned and withheld, unless somebody has done so meanwhile."""
    cooperative_id = context.cooperative_id
    with context.database.tenant(cooperative_id) as session:
        store.lock_month(session, cooperative_id, month)
        known = store.earned_already(
            session, month, [one.saver.account for one in earned]
        )
        fresh = [one for one in earned if one.saver.account not in known]
        of_member: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for one in fresh:
            of_member[one.saver.member_id][one.saver.account] = one.gross
        taken = withholding.withhold_each(
            session,
            cooperative_id,
            month,
            {member: sum(grosses.values()) for member, grosses in of_member.items()},
        )
        shares: dict[str, int] = {}
        for member, grosses in of_member.items():
            shares |= taxes.shared_out(taken[member], grosses)
        store.add_postings(
            session,
            [_row(context, month, chunk, one, shares) for one in fresh],
        )


def _row(
    context: JobContext,
    month: date,
    chunk: str,
    one: Earned,
    shares: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "cooperative_id": context.cooperative_id,
        "month": month,
        "account": one.saver.account,
        "member_id": one.saver.member_id,
        "method": one.earning.product.interest_method,
        "rate_bps": one.earning.rate_bps,
        "basis": one.basis,
        "gross": one.gross,
        "withheld": shares[one.saver.account],
        "chunk": chunk,
        "journal_id": identifiers.derived(
            "jrn", context.cooperative_id, "interest", month.isoformat(), chunk
        ),
        "state": store.PLANNED,
    }


def _post_planned(context: JobContext, month: date, chunk: str) -> int:
    """Post what was planned and is not in the books yet; how many accounts."""
    business_date = context.business_date
    while True:
        with context.database.tenant(context.cooperative_id) as session:
            rows = store.chunk_rows(session, context.cooperative_id, month, chunk)
        planned = [row for row in rows if row.state == store.PLANNED]
        if not planned:
            return len(rows)
        try:
            context.ledger.post_journal(_journal(context, planned, business_date))
        except ServiceError as error:
            if error.code not in ledger_contract.REFUSALS:
                raise
            _plan_anew(context, month, planned, error)
            if error.code == ledger_contract.PeriodClosed.code:
                # The day was closed before its interest: it counts as today's.
                business_date = clock.business_date()
        else:
            _mark_posted(context, month, planned[0].journal_id)


def _journal(
    context: JobContext, planned: Sequence[InterestPosting], business_date: date
) -> dict[str, Any]:
    """The whole interest is credited and the tax debited: both are on statements."""
    expense = ledger_contract.chart_account(
        context.cooperative_id, ledger_contract.INTEREST_EXPENSE
    )
    tax = ledger_contract.chart_account(
        context.cooperative_id, ledger_contract.TAX_PAYABLE
    )
    postings: list[list[Any]] = []
    for row in planned:
        postings.append([expense, row.account, row.gross])
        if row.withheld:
            postings.append([row.account, tax, row.withheld])
    return {
        "id": planned[0].journal_id,
        "kind": "interest",
        "description": f"Bunga dan pajak simpanan {formats.month(planned[0].month)}",
        "business_date": business_date.isoformat(),
        "reference": None,
        "postings": postings,
    }


def _plan_anew(
    context: JobContext,
    month: date,
    planned: Sequence[InterestPosting],
    refusal: ServiceError,
) -> None:
    """Give what was refused another journal, without the account that was at fault.

    The ledger remembers the refusal of a journal for ever. An account that takes no
    money any more is left out, and its interest counts for no tax. Raises the refusal
    when it has another reason than an account of the plan or a closed day.
    """
    culprit = refusal.details.get("account")
    skipped = next((row for row in planned if row.account == culprit), None)
    rest = [row.account for row in planned if row.account != culprit]
    anew = identifiers.derived("jrn", planned[0].journal_id, "again")
    with context.database.tenant(context.cooperative_id) as session:
        if not _is_still_planned(session, planned):
            return
        if skipped is not None:
            _skip(session, skipped, planned)
        if rest:
            store.change_postings(session, month, rest, journal_id=anew)
    if skipped is None and refusal.code != ledger_contract.PeriodClosed.code:
        raise refusal


def _is_still_planned(session: Session, planned: Sequence[InterestPosting]) -> bool:
    """Whether nobody else has seen the same refusal and planned anew; so until then."""
    one = planned[0]
    store.lock_month(session, one.cooperative_id, one.month)
    rows = store.chunk_rows(session, one.cooperative_id, one.month, one.chunk)
    return any(
        row.state == store.PLANNED and row.journal_id == one.journal_id for row in rows
    )


def _skip(
    session: Session, skipped: InterestPosting, planned: Sequence[InterestPosting]
) -> None:
    """Leave an account out, and count the tax of its member without it."""
    member_id, month = skipped.member_id, skipped.month
    own = [row for row in planned if row.member_id == member_id]
    stays = {row.account: row.gross for row in own if row is not skipped}
    withholding.give_back(
        session,
        skipped.cooperative_id,
        month,
        {member_id: (sum(row.gross for row in own), sum(row.withheld for row in own))},
    )
    store.change_postings(session, month, [skipped.account], state=store.SKIPPED)
    if not stays:
        return
    taken = withholding.withhold(
        session, skipped.cooperative_id, member_id, month, sum(stays.values())
    )
    for account, share in taxes.shared_out(taken, stays).items():
        store.change_postings(session, month, [account], withheld=share)


def _mark_posted(context: JobContext, month: date, journal_id: str) -> None:
    with context.database.tenant(context.cooperative_id) as session:
        posted = store.mark_posted(session, context.cooperative_id, month, journal_id)
        if posted.accounts:
            outbox.add(
                session,
                contract.INTEREST_POSTED,
                contract.InterestEvent().dump(
                    {
                        "cooperative_id": context.cooperative_id,
                        "month": month,
                        "journal_id": journal_id,
                        "accounts": posted.accounts,
                        "gross": posted.gross,
                        "withheld": posted.withheld,
                    }
                ),
            )
