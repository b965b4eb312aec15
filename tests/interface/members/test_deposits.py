"""Time deposits on real databases: placed, paid, rolled over, broken."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.ledger.operations import journals
from services.members import operations
from services.members.operations import deposits, slips
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import deposits as contract
from services.shared.errors import (
    BusUnavailable,
    DeadlinePassed,
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    StepUpRequired,
)
from tests.factories.counter import RATES, Counter, actor, later, on, staff
from tests.factories.members import PAGE, Tenant, idempotency
from tests.factories.papers import text_of

JANUARY = date(2027, 1, 31)
APRIL = date(2027, 4, 30)


@pytest.fixture
def counter(tenant: Tenant) -> Counter:
    return Counter(tenant=tenant)


@pytest.fixture
def account(tenant: Tenant) -> dict[str, Any]:
    """A savings account with 30 million in it."""
    number = tenant.account(balance=30_000_000)
    return tenant.get_account(number)


def placed_on(
    day: date, counter: Counter, account: dict[str, Any], folder: Path, **body: Any
) -> dict[str, Any]:
    with on(day, folder):
        product = counter.product()
        return counter.place(account, product["id"], **body)


def savings(counter: Counter, account: dict[str, Any]) -> int:
    return counter.balance(account["number"])


# Products


def test_a_product_is_offered_with_its_rates(counter: Counter) -> None:
    product = counter.product()

    assert product["is_offered"]
    [table] = product["rate_tables"]
    assert table["valid_from"] == clock.business_date().isoformat()
    assert [rate["rate_bps"] for rate in table["rates"]] == [700, 800, 900]


def test_a_code_stands_for_one_product(counter: Counter) -> None:
    counter.product()

    with pytest.raises(contract.DepositProductCodeTaken):
        counter.product()


def test_new_rates_hold_from_their_day_on(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    product = counter.product()
    chief, tomorrow = staff(counter.tenant, "pengurus"), clock.business_date()
    tomorrow += timedelta(days=1)
    command = {
        "product_id": product["id"],
        "valid_from": tomorrow,
        "rates": [RATES[0] | {"rate_bps": 650}],
        "idempotency": None,
    }
    database = counter.tenant.world.members

    deposits.set_rates(database, actor(chief), command)

    assert counter.place(account, product["id"])["rate_bps"] == 700
    with on(tomorrow, tmp_path):
        assert counter.place(account, product["id"])["rate_bps"] == 650
    with pytest.raises(contract.RatesExist):
        deposits.set_rates(database, actor(chief), command)
    with pytest.raises(contract.RatesInThePast):
        past = command | {"valid_from": date(2020, 1, 1)}
        deposits.set_rates(database, actor(chief), past)


def test_postgresql_itself_refuses_more_than_nine_percent(counter: Counter) -> None:
    product = counter.product()
    world = counter.tenant.world

    with (
        pytest.raises(Exception, match="ck_deposit_rates_rate_bps"),
        world.members.tenant(counter.tenant.id) as session,
    ):
        session.execute(
            text(
                "INSERT INTO deposit_rates VALUES "
                "(:cooperative_id, :product_id, '2030-01-01', 3, 1, 901)"
            ),
            {"cooperative_id": counter.tenant.id, "product_id": product["id"]},
        )


# Placing


def test_a_placement_moves_money_out_of_savings(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    assert deposit["status"] == "active"
    assert deposit["certificate_number"] == "SB/2027/01/1"
    assert (deposit["starts_on"], deposit["matures_on"]) == ("2027-01-31", "2027-04-30")
    assert deposit["rate_bps"] == 700
    assert deposit["slip_number"].startswith("SLIP/2027/01/")
    assert savings(counter, account) == 20_000_000
    key = f"{counter.tenant.id}:2-1010:{deposit['id']}"
    assert counter.balance(key) == 10_000_000


@pytest.mark.parametrize(("source", "code"), [("cash", "1-1000"), ("bank", "1-1010")])
def test_a_placement_may_be_brought_in_cash_or_by_bank(
    counter: Counter, account: dict[str, Any], source: str, code: str
) -> None:
    before = counter.chart(code)

    counter.place(account, counter.product()["id"], source=source)

    assert counter.chart(code) - before == 10_000_000
    assert savings(counter, account) == 30_000_000


def test_the_same_request_places_once(
    counter: Counter, account: dict[str, Any]
) -> None:
    product = counter.product()

    first = counter.place(account, product["id"], key="dep-1")
    again = counter.place(account, product["id"], key="dep-1")

    assert again == first | {"replayed": True}
    assert savings(counter, account) == 20_000_000
    with pytest.raises(IdempotencyKeyReused):
        counter.place(account, product["id"], key="dep-1", amount=5_000_000)


def test_a_placement_without_money_is_refused_for_good(
    counter: Counter, account: dict[str, Any]
) -> None:
    product = counter.product()

    for _ in range(2):
        with pytest.raises(ledger_contract.InsufficientFunds):
            counter.place(account, product["id"], amount=31_000_000, key="dep-1")

    # The refused one has used up no certificate.
    made = counter.place(account, product["id"])
    assert made["certificate_number"].endswith("/1")
    assert savings(counter, account) == 20_000_000


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"amount": 999_999}, contract.AmountTooSmall),
        ({"term_months": 4}, contract.NoRate),
        ({"savings_account": "0000000000000000"}, contract.WrongSavingsAccount),
        ({"member_id": "mem_nobody"}, NotFound),
        ({"product_id": "dpp_nothing"}, NotFound),
    ],
)
def test_what_cannot_be_placed_is_refused(
    counter: Counter,
    account: dict[str, Any],
    body: dict[str, Any],
    refusal: type[Exception],
) -> None:
    product = counter.product()
    wanted = {"product_id": product["id"]} | body

    with pytest.raises(refusal):
        counter.place(account, **wanted)
    assert savings(counter, account) == 30_000_000


def test_a_product_withdrawn_takes_no_money(
    counter: Counter, account: dict[str, Any]
) -> None:
    product = counter.product()
    chief = staff(counter.tenant, "pengurus")
    database = counter.tenant.world.members

    withdrawn = deposits.withdraw_product(database, actor(chief), product["id"])

    assert not withdrawn["is_offered"]
    with pytest.raises(contract.DepositProductNotOffered):
        counter.place(account, product["id"])


def test_a_candidate_places_nothing(counter: Counter, tenant: Tenant) -> None:
    candidate = {"member_id": tenant.register_member()["id"], "number": "1"}

    with pytest.raises(members_contract.MemberNotActive):
        counter.place(candidate, counter.product()["id"])


def test_interest_goes_to_an_account_of_the_same_member(
    counter: Counter, tenant: Tenant, account: dict[str, Any]
) -> None:
    other = tenant.account("Siti Aminah")

    with pytest.raises(contract.WrongSavingsAccount):
        counter.place(account, counter.product()["id"], savings_account=other)


def test_a_large_amount_asks_for_a_fresh_second_factor(
    counter: Counter, tenant: Tenant, account: dict[str, Any]
) -> None:
    counter.settings(step_up_amount=10_000_000)
    product = counter.product()
    weak = staff(tenant, "teller", strong=False)

    with pytest.raises(StepUpRequired):
        counter.place(account, product["id"], by=weak)
    assert counter.place(account, product["id"], amount=9_999_999, by=weak)
    assert counter.place(account, product["id"], by=staff(tenant, "teller"))


def test_a_placement_cut_short_is_finished_by_the_sweep(
    counter: Counter, tenant: Tenant, account: dict[str, Any]
) -> None:
    product = counter.product()
    tenant.ledger.fault = DeadlinePassed()
    with pytest.raises(DeadlinePassed):
        counter.place(account, product["id"], key="dep-1")
    tenant.ledger.fault = None

    with later():
        deposits.finish_opening(tenant.world.members, lambda _: tenant.ledger)

    [listed] = _listed(counter)["items"]
    assert listed["status"] == "active"
    assert savings(counter, account) == 20_000_000
    assert "replayed" in counter.place(account, product["id"], key="dep-1")


# Maturity


def test_at_maturity_principal_and_interest_less_tax_are_paid_out(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path, amount=20_000_000)

    assert counter.run_job(APRIL - timedelta(days=1)) == 0
    assert counter.run_job(APRIL) == 1

    # 20 million at 7 % for 3 months: 350.000 gross, over 240.000, so 10 % tax.
    assert savings(counter, account) == 30_000_000 + 350_000 - 35_000
    assert counter.chart("5-1000") == 350_000
    assert counter.chart("2-1400") == 35_000
    shown = counter.show(deposit["id"])
    assert shown["status"] == "matured"
    assert shown["ended_on"] == "2027-04-30"
    [payout] = shown["payouts"]
    assert (payout["gross"], payout["tax"], payout["status"]) == (
        350_000,
        35_000,
        "posted",
    )
    key = f"{counter.tenant.id}:2-1010:{deposit['id']}"
    assert counter.tenant.ledger.get_balances({"keys": [key]})[key] == {
        "balance": 0,
        "pending": 0,
        "available": 0,
        "status": "closed",
    }


def test_running_the_job_twice_changes_nothing(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    placed_on(JANUARY, counter, account, tmp_path)
    counter.run_job(APRIL)
    after = savings(counter, account)

    assert counter.run_job(APRIL) == 0
    assert counter.run_job(APRIL + timedelta(days=1)) == 0
    assert savings(counter, account) == after == 30_000_000 + 175_000


def test_interest_may_be_paid_every_month(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path, schedule="monthly")

    assert counter.run_job(date(2027, 2, 28)) == 1
    assert savings(counter, account) == 20_000_000 + 58_333
    # Days on which the job did not run are made up for.
    assert counter.run_job(APRIL) == 2

    assert savings(counter, account) == 30_000_000 + 175_000
    shown = counter.show(deposit["id"])
    assert [payout["gross"] for payout in shown["payouts"]] == [58_333, 58_333, 58_334]
    assert [payout["month"] for payout in shown["payouts"]] == [1, 2, 3]


def test_tax_counts_all_interest_of_the_month(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    with on(JANUARY, tmp_path):
        product = counter.product()
        for _ in range(2):
            counter.place(account, product["id"])

    counter.run_job(APRIL)

    # Twice 175.000: the first is free, the second brings the month over 240.000.
    assert counter.chart("2-1400") == 35_000
    assert savings(counter, account) == 30_000_000 + 350_000 - 35_000


def test_a_principal_rolls_over_at_the_rate_of_the_day(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path, rollover="principal")
    chief = staff(counter.tenant, "pengurus")
    with on(JANUARY, tmp_path):
        deposits.set_rates(
            counter.tenant.world.members,
            actor(chief),
            {
                "product_id": deposit["product_id"],
                "valid_from": APRIL,
                "rates": [RATES[0] | {"rate_bps": 500}],
                "idempotency": None,
            },
        )

    counter.run_job(APRIL)

    shown = counter.show(deposit["id"])
    assert (shown["status"], shown["term_number"]) == ("active", 2)
    assert (shown["starts_on"], shown["matures_on"]) == ("2027-04-30", "2027-07-30")
    assert (shown["principal"], shown["rate_bps"]) == (10_000_000, 500)
    assert savings(counter, account) == 20_000_000 + 175_000


def test_interest_may_be_added_to_the_principal(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(
        JANUARY,
        counter,
        account,
        tmp_path,
        amount=20_000_000,
        rollover="principal_and_interest",
    )

    counter.run_job(APRIL)

    shown = counter.show(deposit["id"])
    assert shown["principal"] == 20_000_000 + 350_000 - 35_000
    assert savings(counter, account) == 10_000_000
    key = f"{counter.tenant.id}:2-1010:{deposit['id']}"
    assert counter.balance(key) == shown["principal"]


def test_a_long_missed_job_lives_through_all_terms(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path, rollover="principal")

    assert counter.run_job(date(2028, 1, 30)) == 4

    shown = counter.show(deposit["id"])
    assert shown["term_number"] == 5
    assert len({payout["term_number"] for payout in shown["payouts"]}) == 4


def test_a_product_withdrawn_is_paid_out_instead_of_rolled_over(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path, rollover="principal")
    chief = staff(counter.tenant, "pengurus")
    database = counter.tenant.world.members
    deposits.withdraw_product(database, actor(chief), deposit["product_id"])

    counter.run_job(APRIL)

    assert counter.show(deposit["id"])["status"] == "matured"
    assert savings(counter, account) == 30_000_000 + 175_000


def test_a_placement_left_behind_waits_for_its_own_account(
    counter: Counter, tenant: Tenant, account: dict[str, Any]
) -> None:
    """The sweep of slips may come first: the ledger has nowhere to put the money."""
    product = counter.product()["id"]
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(OutcomeUnknown):
        counter.place(account, product, key="sb-1")
    tenant.ledger.fault = None

    with later():
        slips.finish_due(tenant.world.members, lambda _: tenant.ledger)
        deposits.finish_opening(tenant.world.members, lambda _: tenant.ledger)

    assert counter.place(account, product, key="sb-1")["status"] == "active"
    assert savings(counter, account) == 20_000_000


def test_a_job_killed_between_decision_and_posting_pays_once(
    counter: Counter, tenant: Tenant, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(BusUnavailable):
        counter.run_job(APRIL)
    tenant.ledger.fault = None
    assert counter.show(deposit["id"])["status"] == "closing"

    assert counter.run_job(APRIL) == 0
    with later():
        assert deposits.finish_due(tenant.world.members, lambda _: tenant.ledger) == 1

    assert savings(counter, account) == 30_000_000 + 175_000
    assert counter.show(deposit["id"])["status"] == "matured"
    # Nothing is left, and the tax was counted once.
    with later(2):
        assert deposits.finish_due(tenant.world.members, lambda _: tenant.ledger) == 0


def test_a_payout_to_a_closed_account_waits_for_another_one(
    counter: Counter, tenant: Tenant, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)
    tenant.ledger.set_status({"key": account["number"], "status": "frozen"})

    counter.run_job(APRIL)

    [payout] = counter.show(deposit["id"])["payouts"]
    assert (payout["status"], payout["fault"]) == ("pending", "account_not_active")
    other = tenant.open_account(account["member_id"])["number"]
    counter.change(deposit["id"], savings_account=other)
    # The account of the attempt that is due is tried first, then the new one.
    for hours in (1, 2):
        with later(hours):
            deposits.finish_due(tenant.world.members, lambda _: tenant.ledger)
    assert counter.balance(other) == 10_000_000 + 175_000
    assert counter.show(deposit["id"])["status"] == "matured"


# Breaking


def test_breaking_costs_a_tenth_of_the_interest(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    with on(date(2027, 3, 3), tmp_path):
        shown = counter.show(deposit["id"])
        assert (shown["accrued_interest"], shown["early_penalty"]) == (64_086, 6_409)
        broken = counter.break_(deposit["id"])

    assert broken["status"] == "broken"
    assert broken["ended_on"] == "2027-03-03"
    assert savings(counter, account) == 30_000_000 + 64_086 - 6_409
    assert counter.chart("4-3000") == 6_409


def test_interest_already_paid_counts_for_the_penalty(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path, schedule="monthly")
    counter.run_job(date(2027, 2, 28))

    with on(date(2027, 2, 28), tmp_path):
        counter.break_(deposit["id"])

    # 58.333 were paid; nothing more is earned, and a tenth of it is taken back.
    assert savings(counter, account) == 30_000_000 + 58_333 - 5_833


def test_the_same_request_breaks_once(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    with on(date(2027, 3, 3), tmp_path):
        first = counter.break_(deposit["id"], key="break-1")
        again = counter.break_(deposit["id"], key="break-1")
        with pytest.raises(contract.DepositNotActive):
            counter.break_(deposit["id"])

    assert again == first | {"replayed": True}


def test_a_deposit_that_is_due_is_not_broken(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    with on(APRIL, tmp_path), pytest.raises(contract.DepositMatured):
        counter.break_(deposit["id"])


def test_breaking_cut_short_goes_on_with_the_same_key(
    counter: Counter, tenant: Tenant, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    with on(date(2027, 3, 3), tmp_path):
        tenant.ledger.fault = DeadlinePassed()
        with pytest.raises(DeadlinePassed):
            counter.break_(deposit["id"], key="break-1")
        tenant.ledger.fault = None
        counter.break_(deposit["id"], key="break-1")

    assert savings(counter, account) == 30_000_000 + 64_086 - 6_409


def test_what_happens_at_maturity_may_be_changed(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    assert counter.change(deposit["id"], rollover="principal")["rollover"] == (
        "principal"
    )
    monthly = placed_on_more(JANUARY, counter, account, deposit["product_id"], tmp_path)
    with pytest.raises(contract.InvalidRollover):
        counter.change(monthly["id"], rollover="principal_and_interest")
    with pytest.raises(contract.WrongSavingsAccount):
        counter.change(deposit["id"], savings_account="0000000000000000")


def placed_on_more(
    day: date,
    counter: Counter,
    account: dict[str, Any],
    product_id: str,
    folder: Path,
) -> dict[str, Any]:
    with on(day, folder):
        return counter.place(account, product_id, schedule="monthly")


def test_an_account_that_a_deposit_pays_into_stays_open(
    counter: Counter, tenant: Tenant, account: dict[str, Any], tmp_path: Path
) -> None:
    number = account["number"]
    placed_on(JANUARY, counter, account, tmp_path)
    tenant.withdraw(number, 20_000_000)

    with pytest.raises(contract.AccountInUse):
        operations.close_account(tenant.world.members, tenant.ledger, tenant.id, number)


def test_a_placement_is_undone_by_breaking_it_only(
    counter: Counter, tenant: Tenant, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)

    with pytest.raises(ledger_contract.JournalUndoneElsewhere):
        journals.reverse_journal(
            tenant.world.ledger,
            tenant.id,
            journal_id=deposit["journal_id"],
            reason="Salah",
            idempotency=idempotency("POST /v1/journals/reverse", {}),
        )


# Looking


def test_a_certificate_is_printed_with_the_amount_in_words(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)
    command = {"deposit_id": deposit["id"], "format": "pdf"}
    database, tenant_id = counter.tenant.world.members, counter.tenant.id

    file = deposits.get_certificate(database, tenant_id, command)
    again = deposits.get_certificate(database, tenant_id, command)

    assert (file["name"], file["media_type"]) == (
        "SB-2027-01-1.pdf",
        "application/pdf",
    )
    assert again == file
    printed = text_of(files.content_of(file))
    for words in (
        "SB/2027/01/1",
        "Budi Santoso",
        "Rp 10.000.000",
        "sepuluh juta rupiah",
        "7% per tahun",
        "30 April 2027",
    ):
        assert words in printed


def test_another_cooperatives_deposit_does_not_exist(
    counter: Counter,
    neighbour: Tenant,
    account: dict[str, Any],
    tmp_path: Path,
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)
    stranger = Counter(tenant=neighbour)

    with pytest.raises(NotFound):
        stranger.show(deposit["id"])
    with pytest.raises(NotFound):
        stranger.break_(deposit["id"])
    with pytest.raises(NotFound):
        stranger.change(deposit["id"], rollover="principal")
    assert _listed(stranger) == {"items": [], "next_cursor": None}
    assert stranger.run_job(APRIL) == 0


def test_pages_of_deposits_cover_the_list_once(
    counter: Counter, account: dict[str, Any]
) -> None:
    product = counter.product()
    made = [
        counter.place(account, product["id"], amount=1_000_000)["id"] for _ in range(3)
    ]

    first = _listed(counter, limit=2)
    second = _listed(counter, limit=2, cursor=first["next_cursor"])

    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids == sorted(made)
    assert second["next_cursor"] is None


def test_a_deposit_is_told_of_when_it_begins_and_ends(
    counter: Counter, account: dict[str, Any], tmp_path: Path
) -> None:
    deposit = placed_on(JANUARY, counter, account, tmp_path)
    counter.run_job(APRIL)

    events = counter.tenant.world.events
    [opened] = events("deposit_opened", deposit_id=deposit["id"])
    [ended] = events("deposit_ended", deposit_id=deposit["id"])
    assert (opened["amount"], opened["status"]) == (10_000_000, "active")
    assert (ended["amount"], ended["status"]) == (10_000_000, "matured")


def _listed(counter: Counter, **page: Any) -> dict[str, Any]:
    command = PAGE | {"member_id": None, "status": None} | page
    return deposits.list_deposits(
        counter.tenant.world.members, counter.tenant.id, command
    )
