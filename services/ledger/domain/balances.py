"""May this journal take effect, and what are the balances when it has?

Journals are applied one after the other to the locked accounts of a whole batch, so
that every prefix of the batch respects every limit. PostgreSQL checks the same rules
again when the result is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from services.ledger.domain import periods
from services.ledger.domain.accounts import ACTIVE, Account, is_covered
from services.ledger.domain.journals import Journal, Posting, Refusal

ACCOUNT_NOT_FOUND: Final = "account_not_found"
ACCOUNT_NOT_ACTIVE: Final = "account_not_active"
WRONG_COOPERATIVE: Final = "wrong_cooperative"
PERIOD_CLOSED: Final = "period_closed"
INSUFFICIENT_FUNDS: Final = "insufficient_funds"
INSUFFICIENT_LIQUIDITY: Final = "insufficient_liquidity"
NET_DEBIT_CAP_EXCEEDED: Final = "net_debit_cap_exceeded"
LIMIT_EXCEEDED: Final = "limit_exceeded"


class Line(NamedTuple):
    """A posting that took effect, with the balances that it left."""

    debit: Account
    credit: Account
    amount: int
    debit_balance_after: int
    credit_balance_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosting:
    """A posting of a hold, by the ids of its accounts."""

    debit: int
    credit: int
    amount: int


class Books:
    """The locked accounts of a batch, and the closed days of their books."""

    def __init__(
        self,
        accounts: Iterable[Account],
        closed_through: Mapping[str, date | None] | None = None,
    ) -> None:
        self.by_id = {account.id: account for account in accounts}
        self.by_key = {account.key: account for account in self.by_id.values()}
        self.closed_through = dict(closed_through or {})
        self.touched: set[int] = set()
        self._covered: defaultdict[int, list[Account]] = defaultdict(list)
        for account in self.by_id.values():
            if account.covered_by is not None:
                self._covered[account.covered_by].append(account)

    def post(self, journal: Journal) -> list[Line] | Refusal:
        """Apply a journal, whole or not at all."""
        refusal = self._refusal_before_limits(journal)
        if refusal is not None:
            return refusal
        lines = [self._post(posting) for posting in self._pairs(journal.postings)]
        refusal = self._passed_limit(lines)
        if refusal is not None:
            for line in lines:
                line.debit.debits_posted -= line.amount
                line.credit.credits_posted -= line.amount
            return refusal
        self._touch(lines)
        return lines

    def hold(self, journal: Journal) -> list[Line] | Refusal:
        """Reserve a journal's amounts, whole or not at all.

        The balances of the lines are those of now: a hold changes none.
        """
        refusal = self._refusal_before_limits(journal)
        if refusal is not None:
            return refusal
        lines = [
            Line(debit, credit, amount, debit.balance, credit.balance)
            for debit, credit, amount in self._pairs(journal.postings)
        ]
        for line in lines:
            line.debit.debits_pending += line.amount
            line.credit.credits_pending += line.amount
        refusal = self._passed_limit(lines)
        if refusal is not None:
            for line in lines:
                line.debit.debits_pending -= line.amount
                line.credit.credits_pending -= line.amount
            return refusal
        self._touch(lines)
        return lines

    def post_held(self, postings: Iterable[HeldPosting], *, part: int) -> list[Line]:
        """Turn a hold into postings; of each amount, ``part`` at most; return the rest.

        This cannot be refused: what was held has counted against every limit since,
        and a promise stands although an account was frozen in the meantime.
        """
        lines = []
        for posting in self.release(postings):
            pair = (
                self.by_id[posting.debit],
                self.by_id[posting.credit],
                min(posting.amount, part),
            )
            lines.append(self._post(pair))
        return lines

    def release(self, postings: Iterable[HeldPosting]) -> list[HeldPosting]:
        """Give back what a hold had reserved."""
        released = list(postings)
        for posting in released:
            self.by_id[posting.debit].debits_pending -= posting.amount
            self.by_id[posting.credit].credits_pending -= posting.amount
            self.touched.update((posting.debit, posting.credit))
        return released

    def refusal_of_day(
        self, books: Iterable[str], business_date: date
    ) -> Refusal | None:
        """The refusal to post into ``books`` on this day, if one has it closed."""
        for book in books:
            if periods.is_closed(business_date, self.closed_through.get(book)):
                return Refusal(
                    code=PERIOD_CLOSED,
                    details={"business_date": business_date.isoformat()},
                )
        return None

    def _pairs(self, postings: Iterable[Posting]) -> list[tuple[Account, Account, int]]:
        by_key = self.by_key
        return [(by_key[debit], by_key[credit], n) for debit, credit, n in postings]

    @staticmethod
    def _post(pair: tuple[Account, Account, int]) -> Line:
        debit, credit, amount = pair
        debit.debits_posted += amount
        credit.credits_posted += amount
        return Line(debit, credit, amount, debit.balance, credit.balance)

    def _touch(self, lines: list[Line]) -> None:
        for line in lines:
            self.touched.add(line.debit.id)
            self.touched.add(line.credit.id)

    def _refusal_before_limits(self, journal: Journal) -> Refusal | None:
        """The first refusal in the fixed order: existence, status, book, day."""
        by_key = self.by_key
        keys = [key for posting in journal.postings for key in posting[:2]]
        for key in keys:
            if key not in by_key:
                return Refusal(code=ACCOUNT_NOT_FOUND, details={"account": key})
        for key in keys:
            status = by_key[key].status
            if status != ACTIVE:
                details = {"account": key, "status": status}
                return Refusal(code=ACCOUNT_NOT_ACTIVE, details=details)
        for debit, credit, _ in journal.postings:
            if by_key[debit].cooperative_id != by_key[credit].cooperative_id:
                details = {"debit_account": debit, "credit_account": credit}
                return Refusal(code=WRONG_COOPERATIVE, details=details)
        books = (by_key[debit].cooperative_id for debit, _, _ in journal.postings)
        return self.refusal_of_day(books, journal.business_date)

    def _passed_limit(self, lines: list[Line]) -> Refusal | None:
        """The first limit that is passed, in the order of the postings.

        Limits hold for the journal as a whole, so they are looked at when all of its
        postings have been applied.
        """
        for line in lines:
            for account in (line.debit, line.credit):
                code = self._code_of_passed_limit(account)
                if code is not None:
                    return Refusal(code=code, details={"account": account.key})
        return None

    def _code_of_passed_limit(self, account: Account) -> str | None:
        covered = self._covered.get(account.id, ())
        if account.covered_by is not None and not is_covered(
            account, self.by_id[account.covered_by]
        ):
            return INSUFFICIENT_LIQUIDITY
        if any(not is_covered(position, account) for position in covered):
            return INSUFFICIENT_LIQUIDITY
        if account.is_below_minimum:
            return code_of_minimum(account, is_cover=bool(covered))
        return LIMIT_EXCEEDED if account.is_overfull else None


def code_of_minimum(account: Account, *, is_cover: bool) -> str:
    """Which refusal it is when an account is below its minimum balance."""
    if is_cover:
        return INSUFFICIENT_LIQUIDITY
    if account.covered_by is not None:
        return NET_DEBIT_CAP_EXCEEDED
    if (account.minimum_balance or 0) >= 0:
        return INSUFFICIENT_FUNDS
    return LIMIT_EXCEEDED
