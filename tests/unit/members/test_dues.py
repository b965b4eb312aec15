"""Which months of simpanan wajib a payment covers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import dues, products
from services.members.domain.dues import NotWholeMonths, Owed
from services.members.domain.products import Term

JANUARY = date(2026, 1, 1)
JUNE = date(2026, 6, 1)
TERMS = (
    Term(valid_from=JANUARY, amount=5_000),
    Term(valid_from=JUNE, amount=20_000, due_day=28),
)


def owed(*amounts: int) -> list[Owed]:
    months = dues.months(JANUARY, date(2030, 1, 1))
    return [
        Owed(month=month, amount=amount, due_on=month.replace(day=10))
        for month, amount in zip(months, amounts, strict=False)
    ]


@pytest.mark.parametrize(
    ("month", "amount"),
    [
        pytest.param(date(2025, 12, 1), None, id="before the first term"),
        pytest.param(JANUARY, 5_000, id="its first month"),
        pytest.param(date(2026, 5, 1), 5_000, id="its last month"),
        pytest.param(JUNE, 20_000, id="the next term"),
        pytest.param(date(2031, 7, 1), 20_000, id="until there is another"),
    ],
)
def test_what_is_owed_for_a_month(month: date, amount: int | None) -> None:
    one = dues.owed(TERMS, month)
    assert (one.amount if one else None) == amount


def test_a_due_day_is_of_the_month_itself() -> None:
    one = dues.owed(TERMS, date(2027, 2, 1))
    assert one is not None
    assert one.due_on == date(2027, 2, 28)


def test_an_amount_of_zero_asks_for_nothing() -> None:
    assert dues.owed([Term(valid_from=JANUARY, amount=0)], JUNE) is None


@pytest.mark.parametrize(
    ("amount", "months"),
    [
        pytest.param(5_000, 1, id="one"),
        pytest.param(25_000, 2, id="of two amounts"),
        pytest.param(45_000, 3, id="all"),
    ],
)
def test_an_amount_covers_the_oldest_months_first(amount: int, months: int) -> None:
    payable = owed(5_000, 20_000, 20_000)
    assert dues.covered(payable, amount) == payable[:months]


@pytest.mark.parametrize(
    ("amount", "nearest"),
    [
        pytest.param(4_999, [5_000], id="less than one"),
        pytest.param(6_000, [5_000, 25_000], id="inside the second"),
        pytest.param(45_001, [45_000], id="beyond the last"),
    ],
)
def test_an_amount_that_ends_inside_a_month_is_refused_with_what_would_do(
    amount: int, nearest: list[int]
) -> None:
    with pytest.raises(NotWholeMonths) as caught:
        dues.covered(owed(5_000, 20_000, 20_000), amount)
    assert caught.value.nearest == nearest


@given(
    amounts=st.lists(st.integers(1, 10**9), min_size=1, max_size=36),
    months=st.integers(1, 36),
)
def test_the_sum_of_the_first_months_pays_exactly_them(
    amounts: list[int], months: int
) -> None:
    payable = owed(*amounts)
    wanted = payable[:months]
    assert dues.covered(payable, sum(one.amount for one in wanted)) == wanted


@given(
    amounts=st.lists(st.integers(2, 10**9), min_size=1, max_size=36),
    months=st.integers(1, 36),
)
def test_what_is_proposed_instead_of_a_wrong_amount_is_right(
    amounts: list[int], months: int
) -> None:
    payable = owed(*amounts)
    wrong = sum(one.amount for one in payable[:months]) - 1

    with pytest.raises(NotWholeMonths) as caught:
        dues.covered(payable, wrong)

    assert caught.value.nearest
    for amount in caught.value.nearest:
        assert sum(one.amount for one in dues.covered(payable, amount)) == amount


def test_months_go_on_over_the_end_of_a_year() -> None:
    assert list(dues.months(date(2026, 11, 1), date(2027, 2, 1))) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2027, 2, 1),
    ]


def test_a_rate_is_that_of_the_last_first_of_month_that_has_come() -> None:
    rates = {JANUARY: 300, JUNE: 600}
    assert products.rate_in_force(rates, date(2025, 12, 1)) == 0
    assert products.rate_in_force(rates, date(2026, 5, 1)) == 300
    assert products.rate_in_force(rates, JUNE) == 600


def test_products_get_the_digits_that_are_free() -> None:
    assert products.next_digits(["10"]) == "11"
    assert products.next_digits(["10", "11", "13"]) == "12"
    assert products.next_digits(products.DIGITS) is None
