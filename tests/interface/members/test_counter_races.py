"""What requests at the same moment come to, at the counter and in time deposits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import eventlet
import pytest

from services.shared.contracts.members import cash as cash_contract
from services.shared.contracts.members import deposits as contract
from services.shared.errors import ServiceError
from tests.factories.counter import Counter, on, staff
from tests.factories.members import Tenant

AT_ONCE: Final = 6
JANUARY: Final = date(2027, 1, 31)
MARCH: Final = date(2027, 3, 3)
APRIL: Final = date(2027, 4, 30)


@pytest.fixture
def counter(tenant: Tenant) -> Counter:
    return Counter(tenant=tenant)


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each of these comes to when all begin at the same moment."""

    def attempt(action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ServiceError as error:
            return error

    threads = [eventlet.spawn(attempt, action) for action in actions]
    return [thread.wait() for thread in threads]


def test_slips_given_at_once_are_numbered_without_gaps(
    counter: Counter, tenant: Tenant
) -> None:
    numbers = [tenant.account(f"Anggota {n}") for n in range(AT_ONCE)]

    made = at_once(*(lambda n=n: tenant.deposit(n, 1_000) for n in numbers))

    places = [int(one["slip_number"].rpartition("/")[2]) for one in made]
    assert sorted(places) == list(range(1, AT_ONCE + 1))


def test_a_teller_who_opens_two_drawers_at_once_gets_one(
    counter: Counter, tenant: Tenant
) -> None:
    teller = staff(tenant, "teller")
    drawers = [counter.drawer(f"Laci {n}") for n in range(AT_ONCE)]

    outcomes = at_once(
        *(lambda one=one: counter.open_shift(teller, one) for one in drawers)
    )

    opened = [one for one in outcomes if isinstance(one, dict)]
    assert len(opened) == 1
    refused = [one for one in outcomes if not isinstance(one, dict)]
    assert {type(one) for one in refused} == {cash_contract.TellerHasShift}
    assert sum(drawer["balance"] for drawer in counter.drawers()) == 1_000_000


def test_a_count_is_never_overtaken_by_a_movement(
    counter: Counter, tenant: Tenant
) -> None:
    teller = staff(tenant, "teller")
    numbers = [tenant.account(f"Anggota {n}") for n in range(AT_ONCE)]
    shift = counter.open_shift(teller)

    def count() -> dict[str, Any]:
        return counter.count(teller, shift["id"], 1_000_000)

    pay_ins = [lambda n=n: counter.pay_in(teller, n, 1_000) for n in numbers]
    outcomes = at_once(*pay_ins[:3], count, *pay_ins[3:])

    counted = outcomes[3]
    if isinstance(counted, ServiceError):
        assert isinstance(counted, cash_contract.ShiftBusy)
        counted = count()
    # What was not in the drawer by then went past it.
    [drawer] = counter.drawers()
    assert counted["expected_amount"] == drawer["balance"]
    brought = sum(counter.balance(number) for number in numbers)
    vault = counter.chart("1-1000") + 1_000_000
    assert drawer["balance"] - 1_000_000 + vault == brought == 1_000 * AT_ONCE


def test_the_job_run_by_many_at_once_pays_once(
    counter: Counter, tenant: Tenant, tmp_path: Path
) -> None:
    number = tenant.account(balance=30_000_000)
    account = tenant.get_account(number)
    with on(JANUARY, tmp_path):
        product = counter.product()
        for _ in range(3):
            counter.place(account, product["id"], schedule="monthly")

    done = at_once(*[lambda: counter.run_job(APRIL)] * 4)

    assert sum(done) == 9
    # 9 x 58.333 or .334 in one month: 525.000 gross, a tenth of it is withheld.
    assert counter.balance(number) == 30_000_000 + 525_000 - 52_500


def test_a_deposit_broken_at_its_maturity_ends_once(
    counter: Counter, tenant: Tenant, tmp_path: Path
) -> None:
    number = tenant.account(balance=10_000_000)
    account = tenant.get_account(number)
    with on(JANUARY, tmp_path):
        deposit = counter.place(account, counter.product()["id"])

    with on(MARCH, tmp_path):
        broken, done = at_once(
            lambda: counter.break_(deposit["id"]), lambda: counter.run_job(APRIL)
        )

    if isinstance(broken, ServiceError):
        assert isinstance(broken, contract.DepositNotActive)
    assert done == int(isinstance(broken, ServiceError))
    [payout] = counter.show(deposit["id"])["payouts"]
    earned = payout["gross"] - payout["tax"] - payout["penalty"]
    assert counter.balance(number) == 10_000_000 + earned
