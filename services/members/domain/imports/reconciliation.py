"""Whether details and balance sheet agree, and what is posted when they do.

Each side of the opening goes against the migration account. Members' savings are
posted one by one; of the balance sheet is posted what they have not posted already.
So the book ends as the balance sheet has it and, since that balances, the migration
account ends at exactly zero. A difference that somebody signed off stays visible: it
is what the account of the code itself holds beside those of the members.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

LOAN_CODE: Final = "1-1100"
ASSET_CODE: Final = "1-2000"
DEPRECIATION_CODE: Final = "1-2900"
BALANCE_SHEET_CLASSES: Final = frozenset("123")

Posting = tuple[str, str, int]
"""Debit key, credit key, amount in whole rupiah."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code of the chart of accounts."""

    code: str
    name: str
    is_debit_normal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A code with what the balance sheet and the details have for it.

    ``details`` is None where no sheet of details is part of the import.
    """

    code: str
    name: str
    balance_sheet: int
    details: int | None

    @property
    def difference(self) -> int:
        """Balance sheet less details."""
        return 0 if self.details is None else self.balance_sheet - self.details


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the sheets of one import sum up to, by code of the chart."""

    balance_sheet: Mapping[str, int]
    savings: Mapping[str, int]
    other_details: Mapping[str, int]


def lines(
    chart: Iterable[Code], totals: Totals, savings_codes: frozenset[str]
) -> list[Line]:
    """Every code that one side has, in the order of the chart.

    ``savings_codes`` are those kept per member: for them no detail is a detail too.
    """
    found = []
    for one in chart:
        details = totals.savings.get(one.code, totals.other_details.get(one.code))
        if details is None and one.code in savings_codes:
            details = 0
        balance = totals.balance_sheet.get(one.code, 0)
        if balance or details:
            found.append(
                Line(
                    code=one.code,
                    name=one.name,
                    balance_sheet=balance,
                    details=details,
                )
            )
    return found


def sides(chart: Iterable[Code], balance_sheet: Mapping[str, int]) -> tuple[int, int]:
    """Assets, and liabilities with equity; contra accounts reduce their side."""
    assets = owed = 0
    for one in chart:
        amount = balance_sheet.get(one.code, 0)
        is_asset = one.code.startswith("1")
        signed = amount if one.is_debit_normal == is_asset else -amount
        assets, owed = (assets + signed, owed) if is_asset else (assets, owed + signed)
    return assets, owed


def fingerprint(found: Iterable[Line]) -> str | None:
    """What a sign-off is bound to: the differences as they are; None without any."""
    different = [
        [line.code, line.balance_sheet, line.details]
        for line in found
        if line.difference
    ]
    if not different:
        return None
    text = json.dumps(sorted(different), separators=(",", ":"))
    return hashlib.sha512(text.encode()).hexdigest()


def opening_of_savings(
    contra: str, accounts: Iterable[tuple[str, int]]
) -> Iterator[Posting]:
    """What is owed to members, account by account; empty accounts need nothing."""
    return ((contra, number, amount) for number, amount in accounts if amount)


def opening_of_book(
    book: str, contra: str, chart: Iterable[Code], totals: Totals
) -> Iterator[Posting]:
    """What the balance sheet has beyond the savings of the members."""
    for one in chart:
        rest = totals.balance_sheet.get(one.code, 0) - totals.savings.get(one.code, 0)
        if not rest:
            continue
        key = f"{book}:{one.code}"
        if (rest > 0) == one.is_debit_normal:
            yield key, contra, abs(rest)
        else:
            yield contra, key, abs(rest)


def left_in(account: str, postings: Iterable[Posting]) -> int:
    """What an account holds after these postings: debits less credits."""
    left = 0
    for debit, credit, amount in postings:
        left += amount * ((debit == account) - (credit == account))
    return left
