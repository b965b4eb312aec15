"""What a payment pays of a loan (R158; domain.md, topic 7).

The oldest instalment first; of each, penalty, interest and principal in the order of
the akad. What is left when all that is due is paid goes to the next instalments, or to
the principal of all that follow, as the akad says: then as many instalments remain and
each is smaller. Nothing is ever taken that is not owed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from services.loans.domain import penalties, schedules
from services.loans.domain.loans import FORWARD, PRINCIPAL, Rules

TO_PRINCIPAL: Final = PRINCIPAL

_PERIOD_DAYS: Final = {schedules.MONTHLY: 31, schedules.WEEKLY: 7, schedules.DAILY: 1}


class Overpaid(ValueError):
    """More than can be taken; ``owed`` is the most that is."""

    def __init__(self, owed: int) -> None:
        super().__init__(f"At most {owed} can be taken.")
        self.owed = owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One instalment as it stands on a day; whole rupiah.

    ``penalty`` is what being late has cost up to that day, ``forgiven`` what of it was
    paid or waived.
    """

    number: int
    due_on: date
    principal: int
    interest: int
    principal_paid: int = 0
    interest_paid: int = 0
    penalty: int = 0
    forgiven: int = 0

    @property
    def principal_left(self) -> int:
        """Principal that is not paid."""
        return self.principal - self.principal_paid

    @property
    def interest_left(self) -> int:
        """Interest that is not paid."""
        return self.interest - self.interest_paid

    @property
    def penalty_left(self) -> int:
        """Penalty that is neither paid nor waived."""
        return self.penalty - self.forgiven

    @property
    def left(self) -> int:
        """All that is not paid."""
        return self.penalty_left + self.interest_left + self.principal_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A loan as it stands on ``day``: its terms and its instalments, in order."""

    day: date
    method: str
    frequency: str
    principal: int
    rate_bps: int
    disbursed_on: date
    rules: Rules
    instalments: tuple[Owed, ...]
    # Interest that a restructuring put off to the end.
    deferred: int = 0

    @property
    def due(self) -> list[Owed]:
        """What has fallen due and is not paid, the oldest first."""
        return [one for one in self.instalments if one.due_on <= self.day and one.left]

    @property
    def following(self) -> list[Owed]:
        """What falls due later and is not paid."""
        return [one for one in self.instalments if one.due_on > self.day and one.left]

    @property
    def outstanding(self) -> int:
        """Principal that is not paid."""
        return sum(one.principal_left for one in self.instalments)


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken for one instalment; ``accrued`` is its penalty up to the day."""

    number: int
    penalty: int = 0
    interest: int = 0
    principal: int = 0
    accrued: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What an instalment asks for from now on, what is paid of it included."""

    number: int
    principal: int
    interest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What a payment does to a loan: first the changes, then the parts."""

    parts: tuple[Part, ...]
    changes: tuple[Change, ...] = ()
    deferred: int = 0
    fee: int = 0

    @property
    def penalty(self) -> int:
        """What goes to penalties."""
        return sum(part.penalty for part in self.parts)

    @property
    def interest(self) -> int:
        """What goes to interest, that which was put off included."""
        return sum(part.interest for part in self.parts) + self.deferred

    @property
    def principal(self) -> int:
        """What goes to principal."""
        return sum(part.principal for part in self.parts)

    @property
    def total(self) -> int:
        """All that is taken."""
        return self.penalty + self.interest + self.principal + self.fee

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the payment, until the ledger has decided."""
        return {
            "parts": [
                [one.number, one.penalty, one.interest, one.principal, one.accrued]
                for one in self.parts
            ],
            "changes": [
                [one.number, one.principal, one.interest] for one in self.changes
            ],
            "deferred": self.deferred,
            "fee": self.fee,
        }

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Allocation:
        """The allocation of a stored payment."""
        return cls(
            parts=tuple(Part(*one) for one in stored["parts"]),
            changes=tuple(Change(*one) for one in stored["changes"]),
            deferred=stored["deferred"],
            fee=stored["fee"],
        )


def owed_on(day: date, instalment: Owed, *, since: date | None, rules: Rules) -> Owed:
    """The instalment with its penalty up to a day.

    The given one holds in ``penalty`` what was earned up to ``since``, when part of it
    was paid last.
    """
    grown = penalties.penalty_on(
        day,
        due_on=instalment.due_on,
        overdue=instalment.principal_left + instalment.interest_left,
        base=instalment.penalty,
        since=since,
        rules=rules,
    )
    return replace(instalment, penalty=grown)


def allocate(debt: Debt, amount: int, *, overpayment: str | None = None) -> Allocation:
    """What an amount pays of a debt. Raises Overpaid when it is more than is owed.

    ``overpayment`` replaces what the akad says of it: money that comes in because a
    loan has failed pays principal, and no interest of months that are not over.
    """
    rule = overpayment or debt.rules.overpayment
    parts, left = _taken(debt.due, amount, debt.rules.allocation)
    changes: tuple[Change, ...] = ()
    if left and rule == FORWARD:
        more, left = _taken(debt.following, left, debt.rules.allocation)
        parts += more
    elif left and rule == TO_PRINCIPAL:
        part, changes, left = _to_principal(debt, left)
        parts += part
    deferred = min(left, debt.deferred)
    if left > deferred:
        raise Overpaid(amount - left + deferred)
    return Allocation(parts=tuple(parts), changes=changes, deferred=deferred)


def most(debt: Debt) -> int:
    """The most that can be paid of a debt without settling it early."""
    owed = sum(one.left for one in debt.due) + debt.deferred
    following = debt.following
    if debt.rules.overpayment == FORWARD:
        return owed + sum(one.left for one in following)
    owed += sum(one.principal_left for one in following)
    return owed + sum(one.interest_left for one in following[:1])


def settlement(debt: Debt) -> Allocation:
    """What pays a loan off today: principal, penalties, and interest to this day.

    Interest of the time to come is dropped. A flat loan costs some months' interest as
    a fee, by its akad, but never more than what is dropped.
    """
    parts, changes, dropped = [], [], 0
    for one, earned in zip(debt.instalments, interest_to_date(debt), strict=True):
        interest = max(earned - one.interest_paid, 0)
        asked = one.interest_paid + interest
        if asked != one.interest:
            dropped += one.interest - asked
            changes.append(Change(one.number, one.principal, asked))
        part = Part(
            one.number, one.penalty_left, interest, one.principal_left, one.penalty
        )
        if part.penalty or part.interest or part.principal:
            parts.append(part)
    fee = 0
    if debt.method == schedules.FLAT:
        month = schedules.interest_of(debt.principal, debt.rate_bps, schedules.MONTHLY)
        fee = min(debt.rules.settlement_fee_months * month, dropped)
    return Allocation(
        parts=tuple(parts), changes=tuple(changes), deferred=debt.deferred, fee=fee
    )


def interest_to_date(debt: Debt) -> Iterator[int]:
    """The interest of each instalment that is earned by the day, rounded down.

    Of one that has fallen due all of it, of the present one by its days, of later ones
    nothing. The daily accrual in `store/arrears.py` counts the same.
    """
    begins = None
    for one in debt.instalments:
        if begins is None:
            period = timedelta(days=_PERIOD_DAYS[debt.frequency])
            begins = max(debt.disbursed_on, one.due_on - period)
        if one.due_on <= debt.day:
            yield one.interest
        else:
            days = max((debt.day - begins).days, 0)
            yield one.interest * days // max((one.due_on - begins).days, 1)
        begins = one.due_on


def _taken(
    owed: Sequence[Owed], amount: int, order: Sequence[str]
) -> tuple[list[Part], int]:
    """The parts that an amount pays of these instalments, and what is left of it."""
    parts = []
    for one in owed:
        if not amount:
            break
        taken = {"penalty": 0, "interest": 0, "principal": 0}
        for kind in order:
            taken[kind] = min(amount, getattr(one, f"{kind}_left"))
            amount -= taken[kind]
        parts.append(Part(one.number, accrued=one.penalty, **taken))
    return parts, amount


def _to_principal(
    debt: Debt, amount: int
) -> tuple[list[Part], tuple[Change, ...], int]:
    """Pay principal of what follows, and compute the rest of the schedule anew.

    What is paid is told with the next instalment, so that all instalments together are
    still the loan. The interest of the period that runs stays as it was, and is what
    can be paid beside all principal.
    """
    following = debt.following
    if not following:
        return [], (), amount
    principal = sum(one.principal_left for one in following)
    paid = min(amount, principal)
    interest_paid = min(amount - paid, following[0].interest_left)
    changes = []
    rest = _recomputed(debt, following, principal - paid)
    for place, (one, (share, interest)) in enumerate(zip(following, rest, strict=True)):
        is_next = place == 0
        changes.append(
            Change(
                one.number,
                one.principal_paid + share + (paid if is_next else 0),
                one.interest if is_next else max(interest, one.interest_paid),
            )
        )
    part = Part(following[0].number, interest=interest_paid, principal=paid)
    return [part], tuple(changes), amount - paid - interest_paid


def _recomputed(
    debt: Debt, following: Sequence[Owed], principal: int
) -> list[tuple[int, int]]:
    """Principal and interest of what follows when only so much principal is left."""
    if principal and debt.method == schedules.ANNUITY:
        count = len(following)
        grace = next(place for place, one in enumerate(following) if one.principal_left)
        try:
            made = schedules.schedule(
                schedules.Terms(
                    method=debt.method,
                    frequency=debt.frequency,
                    principal=principal,
                    rate_bps=debt.rate_bps,
                    count=count,
                    grace_count=grace,
                    shifts_holidays=False,
                ),
                following[0].due_on,
            )
        except schedules.ImpossibleSchedule:
            # So little is left that equal instalments would be over too soon.
            pass
        else:
            return [(one.principal, one.interest) for one in made]
    return _scaled(debt, following, principal)


def _scaled(
    debt: Debt, following: Sequence[Owed], principal: int
) -> list[tuple[int, int]]:
    """The same shape with less principal; the last one takes what rounding leaves."""
    before = sum(one.principal_left for one in following) or 1
    shares = [one.principal_left * principal // before for one in following]
    shares[-1] += principal - sum(shares)
    balance, scaled = principal, []
    for one, share in zip(following, shares, strict=True):
        if debt.method == schedules.FLAT:
            interest = (2 * one.interest * principal + before) // (2 * before)
        else:
            interest = schedules.interest_of(balance, debt.rate_bps, debt.frequency)
        scaled.append((share, interest))
        balance -= share
    return scaled
