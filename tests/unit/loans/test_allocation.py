"""What payments pay: nothing is lost, nothing is taken twice, and the loan ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from services.loans.domain import allocation, penalties, schedules
from services.loans.domain.allocation import Allocation, Debt, Owed
from services.loans.domain.loans import Rules

START = date(2026, 1, 15)
RULES = Rules(penalty_bps_per_day=10, penalty_grace_days=3)


def a_debt(
    *,
    method: str = "menurun",
    principal: int = 3_000_000,
    count: int = 12,
    rules: Rules = RULES,
    day: date = START,
    deferred: int = 0,
) -> Debt:
    terms = schedules.Terms(
        method=method,
        frequency="monthly",
        principal=principal,
        rate_bps=2400,
        count=count,
        shifts_holidays=False,
    )
    made = schedules.schedule(terms, schedules.first_due_date("monthly", START))
    return Debt(
        day=day,
        method=method,
        frequency="monthly",
        principal=principal,
        rate_bps=2400,
        disbursed_on=START,
        rules=rules,
        instalments=tuple(
            Owed(
                number=one.number,
                due_on=one.due_on,
                principal=one.principal,
                interest=one.interest,
            )
            for one in made
        ),
        deferred=deferred,
    )


def after(debt: Debt, paid: Allocation) -> Debt:
    """The debt once this was carried out."""
    rows = {one.number: one for one in debt.instalments}
    for change in paid.changes:
        rows[change.number] = replace(
            rows[change.number], principal=change.principal, interest=change.interest
        )
    for part in paid.parts:
        one = rows[part.number]
        rows[part.number] = replace(
            one,
            principal_paid=one.principal_paid + part.principal,
            interest_paid=one.interest_paid + part.interest,
            penalty=max(one.penalty, part.accrued),
            forgiven=one.forgiven + part.penalty,
        )
    return replace(
        debt,
        instalments=tuple(rows.values()),
        deferred=debt.deferred - paid.deferred,
    )


def test_the_oldest_first_and_of_it_penalty_interest_principal() -> None:
    day = date(2026, 3, 20)
    debt = a_debt(day=day)
    late = replace(debt.instalments[0], penalty=9_000)
    debt = replace(debt, instalments=(late, *debt.instalments[1:]))

    paid = allocation.allocate(debt, 9_000 + 60_000 + 250_000 + 55_000 + 1)

    assert [part[1:4] for part in paid.to_json()["parts"]] == [
        [9_000, 60_000, 250_000],
        [0, 55_000, 1],
    ]


def test_the_order_is_that_of_the_akad() -> None:
    rules = replace(RULES, allocation=("principal", "interest", "penalty"))
    debt = a_debt(rules=rules, day=date(2026, 2, 15))

    paid = allocation.allocate(debt, 260_000)

    assert (paid.principal, paid.interest) == (250_000, 10_000)


@pytest.mark.parametrize("method", ["flat", "menurun", "anuitas"])
def test_overpaid_principal_makes_as_many_and_smaller_instalments(method: str) -> None:
    rules = replace(RULES, overpayment="principal")
    debt = a_debt(method=method, rules=rules, day=date(2026, 2, 15))
    first = debt.instalments[0]

    paid = allocation.allocate(
        debt, first.principal_left + first.interest_left + 1_000_000
    )
    left = after(debt, paid)

    assert left.instalments[0].principal_left == 0
    assert left.outstanding == debt.outstanding - first.principal - 1_000_000
    assert sum(one.principal for one in left.instalments) == 3_000_000
    # The interest of the period that runs is on what was owed when it began.
    assert left.instalments[1].interest == debt.instalments[1].interest
    for before, now in zip(debt.instalments[2:], left.instalments[2:], strict=True):
        assert 0 < now.left < before.left


def test_an_annuity_goes_on_in_equal_instalments() -> None:
    rules = replace(RULES, overpayment="principal")
    debt = a_debt(method="anuitas", rules=rules)

    left = after(debt, allocation.allocate(debt, 1_000_000))

    amounts = {one.left for one in left.instalments[1:-1]}
    assert len(amounts) == 1


def test_nobody_can_pay_more_than_is_owed() -> None:
    debt = a_debt(day=date(2026, 2, 1))
    owed = 3_000_000 + 390_000

    assert allocation.allocate(debt, owed).total == owed
    with pytest.raises(allocation.Overpaid) as refused:
        allocation.allocate(debt, owed + 1)
    assert refused.value.owed == owed


def test_interest_that_was_put_off_is_paid_last() -> None:
    debt = a_debt(deferred=100_000)

    assert allocation.allocate(debt, 3_390_000).deferred == 0
    assert allocation.allocate(debt, 3_400_000).deferred == 10_000
    assert allocation.settlement(debt).deferred == 100_000


def test_a_settlement_costs_principal_and_interest_to_the_day() -> None:
    # Half of the 28 days from 15 February have passed.
    debt = a_debt(day=date(2026, 3, 1))
    debt = after(debt, allocation.allocate(debt, 310_000))

    settled = allocation.settlement(debt)

    assert (settled.principal, settled.interest) == (2_750_000, 55_000 // 2)
    assert all(not one.left for one in after(debt, settled).instalments)


def test_a_flat_loan_costs_a_fee_but_never_more_than_what_it_saves() -> None:
    rules = replace(RULES, settlement_fee_months=1)
    debt = a_debt(method="flat", rules=rules)
    assert allocation.settlement(debt).fee == 60_000

    last_day = debt.instalments[-1].due_on
    eve = replace(debt, day=last_day - timedelta(days=1))
    assert 0 < allocation.settlement(eve).fee < 60_000
    assert allocation.settlement(replace(debt, day=last_day)).fee == 0


def as_much_as_is_owed(debt: Debt, amount: int) -> Allocation | None:
    """What the amount pays, or as much of it as can be taken; None for nothing."""
    try:
        paid = allocation.allocate(debt, amount)
    except allocation.Overpaid as error:
        amount = error.owed
        assert amount == allocation.most(debt)
        if not amount:
            return None
        paid = allocation.allocate(debt, amount)
    assert paid.total == amount
    return paid


METHODS = st.sampled_from(["flat", "menurun", "anuitas", "musiman"])


@given(
    method=METHODS,
    principal=st.integers(1_000, 100_000_000),
    count=st.integers(1, 30),
    overpayment=st.sampled_from(["forward", "principal"]),
    order=st.permutations(["penalty", "interest", "principal"]),
    payments=st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 20_000_000)), max_size=20
    ),
    deferred=st.integers(0, 1_000_000),
)
@settings(max_examples=100, deadline=None)
def test_whatever_is_paid_is_conserved_and_ends_the_loan(
    method: str,
    principal: int,
    count: int,
    overpayment: str,
    order: list[str],
    payments: list[tuple[int, int]],
    deferred: int,
) -> None:
    rules = replace(RULES, allocation=tuple(order), overpayment=overpayment)
    try:
        debt = a_debt(
            method=method,
            principal=principal,
            count=count,
            rules=rules,
            deferred=deferred,
        )
    except schedules.ImpossibleSchedule:
        reject()
    paid_principal = 0
    for turn, (days, amount) in enumerate([*payments, (30, 0)]):
        day = debt.day + timedelta(days=days)
        late = tuple(
            allocation.owed_on(day, one, since=None, rules=rules)
            for one in debt.instalments
        )
        debt = replace(debt, day=day, instalments=late)
        is_last = turn == len(payments)
        if is_last:
            paid = allocation.settlement(debt)
        else:
            taken = as_much_as_is_owed(debt, amount)
            if taken is None:
                continue
            paid = taken
        assert Allocation.of(paid.to_json()) == paid
        before, debt = debt, after(debt, paid)
        paid_principal += paid.principal
        assert before.outstanding - debt.outstanding == paid.principal
        assert sum(one.principal for one in debt.instalments) == principal
        for one in debt.instalments:
            assert 0 <= one.principal_paid <= one.principal
            assert 0 <= one.interest_paid <= one.interest
            assert 0 <= one.forgiven <= one.penalty
    assert paid_principal == principal
    assert debt.deferred == 0
    assert not any(one.left for one in debt.instalments)


@given(
    overdue=st.integers(0, 10**9),
    rate=st.integers(0, 100),
    cap=st.integers(0, 100),
    grace=st.integers(0, 10),
    paid_after=st.integers(0, 200),
    days=st.integers(0, 400),
)
@settings(max_examples=100)
def test_a_penalty_grows_by_the_day_and_by_the_month_at_most_the_cap(
    overdue: int, rate: int, cap: int, grace: int, paid_after: int, days: int
) -> None:
    rules = Rules(
        penalty_bps_per_day=rate,
        penalty_grace_days=grace,
        penalty_cap_bps_per_month=cap,
    )

    def on(day: int) -> int:
        return penalties.penalty_on(
            START + timedelta(days=day),
            due_on=START,
            overdue=overdue,
            base=0,
            since=None,
            rules=rules,
        )

    assert on(grace) == 0
    assert on(days) <= on(days + 1)
    months = -(-max(days - grace, 0) // 30)
    assert on(days) <= overdue * cap * months // 10_000
    # Nothing was paid in between, so it does not matter that somebody counted.
    split = penalties.penalty_on(
        START + timedelta(days=paid_after + days),
        due_on=START,
        overdue=overdue,
        base=on(paid_after),
        since=START + timedelta(days=paid_after),
        rules=rules,
    )
    assert 0 <= on(paid_after + days) - split <= 1


def test_a_tenth_of_a_percent_a_day_is_at_most_one_percent_a_month() -> None:
    def on(days: int) -> int:
        return penalties.penalty_on(
            START + timedelta(days=days),
            due_on=START,
            overdue=310_000,
            base=0,
            since=None,
            rules=RULES,
        )

    assert [on(3), on(4), on(13), on(33), on(34), on(63)] == [
        0, 310, 3_100, 3_100, 3_410, 6_200,
    ]  # fmt: skip
