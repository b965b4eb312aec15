"""Cash drawers on real databases: opened, paid through, counted, accepted."""

from __future__ import annotations

from typing import Any

import pytest

from services.members.models import Branch
from services.members.operations import cash, slips
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import cash as contract
from services.shared.errors import (
    BusUnavailable,
    DatabaseUnavailable,
    DeadlinePassed,
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    SameProposer,
    StepUpRequired,
)
from services.shared.identity import Identity
from tests.factories.counter import Counter, actor, later, staff
from tests.factories.members import PAGE, Tenant
from tests.factories.papers import text_of


@pytest.fixture
def counter(tenant: Tenant) -> Counter:
    return Counter(tenant=tenant)


@pytest.fixture
def teller(tenant: Tenant) -> Identity:
    return staff(tenant, "teller")


@pytest.fixture
def treasurer(tenant: Tenant) -> Identity:
    return staff(tenant, "bendahara")


def in_drawer(counter: Counter, shift: dict[str, Any]) -> int:
    [balance] = [
        drawer["balance"]
        for drawer in counter.drawers()
        if drawer["id"] == shift["drawer_id"]
    ]
    return int(balance)


def vault(counter: Counter) -> int:
    return counter.chart("1-1000")


def shown(counter: Counter, shift_id: str, form: str = "json") -> dict[str, Any]:
    return cash.get_shift(
        counter.tenant.world.members,
        counter.tenant.ledger,
        counter.tenant.id,
        {"shift_id": shift_id, "format": form},
    )


# Opening


def test_a_shift_begins_with_money_out_of_the_vault(
    counter: Counter, teller: Identity
) -> None:
    shift = counter.open_shift(teller, float_amount=1_000_000)

    assert (shift["status"], shift["teller"]) == ("open", teller.subject)
    assert in_drawer(counter, shift) == 1_000_000
    assert vault(counter) == -1_000_000


def test_a_shift_may_begin_with_an_empty_drawer(
    counter: Counter, teller: Identity
) -> None:
    assert counter.open_shift(teller, float_amount=0)["status"] == "open"


def test_one_teller_answers_for_one_drawer(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    drawer = counter.drawer()
    counter.open_shift(teller, drawer)

    with pytest.raises(contract.TellerHasShift):
        counter.open_shift(teller, counter.drawer("Laci 2"))
    with pytest.raises(contract.DrawerInUse):
        counter.open_shift(staff(tenant, "teller"), drawer)


def test_the_same_request_opens_one_shift(counter: Counter, teller: Identity) -> None:
    drawer = counter.drawer()

    first = counter.open_shift(teller, drawer, key="shift-1")
    again = counter.open_shift(teller, drawer, key="shift-1")

    assert again == first | {"replayed": True}
    assert in_drawer(counter, first) == 1_000_000


def test_two_drawers_do_not_share_a_name(counter: Counter) -> None:
    counter.drawer()

    with pytest.raises(contract.DrawerNameTaken):
        counter.drawer()


def test_a_drawer_stands_in_an_open_branch_only(counter: Counter) -> None:
    with pytest.raises(contract.BranchNotOpen):
        counter.drawer(branch_id="brn_unknown")


def test_a_shift_whose_opening_was_cut_short_is_finished(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    drawer = counter.drawer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenant.ledger, "post_journal", _unreachable)
        with pytest.raises(OutcomeUnknown):
            counter.open_shift(teller, drawer)

    with later():
        cash.finish_moving(tenant.world.members, lambda _: tenant.ledger)

    [shift] = _listed(counter)["items"]
    assert shift["status"] == "open"
    assert in_drawer(counter, shift) == 1_000_000


# Paying through it


def test_cash_goes_through_the_drawer_of_who_takes_it(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    shift = counter.open_shift(teller)

    counter.pay_in(teller, number, 500_000)
    counter.pay_out(teller, number, 200_000)

    assert in_drawer(counter, shift) == 1_300_000
    assert vault(counter) == -1_000_000
    assert counter.balance(number) == 300_000


def test_cash_of_others_and_bank_money_go_past_the_drawer(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    shift = counter.open_shift(teller)

    counter.pay_in(teller, number, 500_000, channel="bank")
    counter.pay_in(staff(tenant, "teller"), number, 100_000)
    tenant.deposit(number, 50_000)

    assert in_drawer(counter, shift) == 1_000_000
    assert counter.chart("1-1010") == 500_000


def test_a_drawer_pays_no_more_than_it_holds(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account(balance=5_000_000)
    counter.open_shift(teller, float_amount=100_000)

    for _ in range(2):
        with pytest.raises(contract.DrawerShort):
            counter.pay_out(teller, number, 200_000, key="slip-1")
    with pytest.raises(ledger_contract.InsufficientFunds):
        counter.pay_out(teller, tenant.account("Siti Aminah"), 50_000)
    assert counter.balance(number) == 5_000_000


def test_where_drawers_are_required_people_need_an_open_one(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    counter.settings(drawer_required=True)

    with pytest.raises(contract.DrawerNotOpen):
        counter.pay_in(teller, number, 500_000)
    # A machine has no drawer, and bank money needs none.
    tenant.deposit(number, 1_000)
    counter.pay_in(teller, number, 1_000, channel="bank")
    counter.open_shift(teller)
    counter.pay_in(teller, number, 500_000)

    assert counter.balance(number) == 502_000


def test_above_the_amount_set_a_fresh_second_factor_is_asked_for(
    counter: Counter, tenant: Tenant
) -> None:
    number, weak = tenant.account(), staff(tenant, "teller", strong=False)
    counter.settings(step_up_amount=1_000_000)

    with pytest.raises(StepUpRequired):
        counter.pay_in(weak, number, 1_000_000)
    counter.pay_in(weak, number, 999_999)
    counter.pay_in(staff(tenant, "teller"), number, 1_000_000)

    assert counter.balance(number) == 1_999_999


def test_cash_moves_between_vault_and_drawer_during_a_shift(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)

    out = counter.move_cash(teller, shift["id"], "out", 400_000, key="out-1")
    again = counter.move_cash(teller, shift["id"], "out", 400_000, key="out-1")
    counter.move_cash(teller, shift["id"], "in", 100_000)

    assert again == out | {"replayed": True}
    assert out["terbilang"] == "empat ratus ribu rupiah"
    assert in_drawer(counter, shift) == 700_000
    with pytest.raises(contract.NotYourShift):
        counter.move_cash(staff(tenant, "teller"), shift["id"], "in", 1)
    with pytest.raises(contract.DrawerShort):
        counter.move_cash(teller, shift["id"], "out", 700_001)


# Counting


def test_a_shift_is_closed_by_count_and_acceptance(
    counter: Counter, teller: Identity, treasurer: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)
    counter.pay_in(teller, tenant.account(), 500_000)

    counted = counter.count(teller, shift["id"], 1_500_000)
    closed = counter.accept(treasurer, shift["id"])

    assert (counted["status"], counted["variance"]) == ("counted", 0)
    assert (closed["status"], closed["approver"]) == ("closed", treasurer.subject)
    assert in_drawer(counter, shift) == 0
    assert vault(counter) == 500_000
    # The next shift may begin.
    assert counter.open_shift(teller, shift["drawer_id"])["status"] == "open"


@pytest.mark.parametrize(
    ("counted", "surplus", "shortage"),
    [(1_025_000, 25_000, 0), (990_000, 0, 10_000), (0, 0, 1_000_000)],
)
def test_a_variance_is_posted_when_somebody_else_accepts_it(
    counter: Counter,
    teller: Identity,
    treasurer: Identity,
    counted: int,
    surplus: int,
    shortage: int,
) -> None:
    shift = counter.open_shift(teller)

    answer = counter.count(teller, shift["id"], counted)
    assert answer["variance"] == surplus - shortage
    assert counter.chart("4-9100") == counter.chart("5-9000") == 0
    counter.accept(treasurer, shift["id"])

    assert counter.chart("4-9100") == surplus
    assert counter.chart("5-9000") == shortage
    assert in_drawer(counter, shift) == 0
    assert vault(counter) == counted - 1_000_000


def test_a_teller_does_not_accept_the_own_count(
    counter: Counter, tenant: Tenant
) -> None:
    both = staff(tenant, "teller", "bendahara")
    shift = counter.open_shift(both)
    counter.count(both, shift["id"], 990_000)

    with pytest.raises(SameProposer):
        counter.accept(both, shift["id"])
    with pytest.raises(SameProposer):
        _return(counter, both, shift["id"])
    assert counter.chart("5-9000") == 0


def test_accepting_needs_a_fresh_second_factor(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 1_000_000)

    with pytest.raises(StepUpRequired):
        counter.accept(staff(tenant, "bendahara", strong=False), shift["id"])


def test_nothing_goes_through_a_counted_drawer(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    counter.settings(drawer_required=True)
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 1_000_000)

    with pytest.raises(contract.DrawerNotOpen):
        counter.pay_in(teller, tenant.account(), 1_000)
    with pytest.raises(contract.ShiftNotOpen):
        counter.move_cash(teller, shift["id"], "out", 1_000)


def test_a_drawer_is_not_counted_past_a_movement_under_way(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    shift = counter.open_shift(teller)
    tenant.ledger.fault = DeadlinePassed()
    with pytest.raises(DeadlinePassed):
        counter.pay_in(teller, number, 250_000)
    tenant.ledger.fault = None

    with pytest.raises(contract.ShiftBusy):
        counter.count(teller, shift["id"], 1_000_000)
    with later():
        slips.finish_due(tenant.world.members, lambda _: tenant.ledger)

    assert counter.count(teller, shift["id"], 1_250_000)["variance"] == 0
    assert counter.balance(number) == 250_000


def test_a_count_may_be_corrected_until_it_is_accepted(
    counter: Counter, teller: Identity, treasurer: Identity
) -> None:
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 900_000)
    counter.count(teller, shift["id"], 1_000_000)

    assert counter.accept(treasurer, shift["id"])["variance"] == 0
    with pytest.raises(contract.ShiftNotOpen):
        counter.count(teller, shift["id"], 1)


def test_a_count_sent_back_lets_the_shift_go_on(
    counter: Counter, teller: Identity, treasurer: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 900_000)

    returned = _return(counter, treasurer, shift["id"])

    assert (returned["status"], returned["note"]) == ("open", "Hitung ulang.")
    assert returned["counted_amount"] is None
    counter.pay_in(teller, tenant.account(), 1_000)
    with pytest.raises(contract.ShiftNotOpen):
        counter.accept(treasurer, shift["id"])


def test_notes_and_coins_add_up_to_the_count(
    counter: Counter, teller: Identity, treasurer: Identity
) -> None:
    shift = counter.open_shift(teller)
    notes = [{"value": 100_000, "pieces": 9}, {"value": 50_000, "pieces": 2}]

    with pytest.raises(contract.CountMismatch):
        counter.count(teller, shift["id"], 999_000, denominations=notes)
    answer = counter.count(teller, shift["id"], 1_000_000, denominations=notes)

    assert answer["denominations"] == notes
    counter.accept(treasurer, shift["id"])
    file = shown(counter, shift["id"], "pdf")
    printed = text_of(files.content_of(file))
    for words in ("Berita Acara", "Laci 1", "satu juta rupiah", "Rp 100.000"):
        assert words in printed


def test_only_the_teller_counts(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)

    with pytest.raises(contract.NotYourShift):
        counter.count(staff(tenant, "teller"), shift["id"], 1_000_000)


def test_a_closing_cut_short_is_finished_once(
    counter: Counter, teller: Identity, treasurer: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 990_000)
    post = tenant.ledger.post_journal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenant.ledger, "post_journal", _dies_after(post, 1))
        with pytest.raises(DeadlinePassed):
            counter.accept(treasurer, shift["id"])
    assert shown(counter, shift["id"])["status"] == "closing"

    with later():
        cash.finish_moving(tenant.world.members, lambda _: tenant.ledger)
        cash.finish_moving(tenant.world.members, lambda _: tenant.ledger)

    assert shown(counter, shift["id"])["status"] == "closed"
    assert counter.chart("5-9000") == 10_000
    assert in_drawer(counter, shift) == 0
    assert counter.accept(treasurer, shift["id"])["status"] == "closed"


def test_a_closing_that_the_ledger_refuses_is_counted_again(
    counter: Counter, teller: Identity, treasurer: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 990_000)
    set_status = tenant.ledger.set_status
    set_status({"key": f"{tenant.id}:1-1000", "status": "frozen"})
    with pytest.raises(ledger_contract.AccountNotActive):
        counter.accept(treasurer, shift["id"])
    set_status({"key": f"{tenant.id}:1-1000", "status": "active"})

    assert shown(counter, shift["id"])["status"] == "open"
    again = counter.count(teller, shift["id"], 990_000)
    # The variance was posted before the refusal.
    assert again["variance"] == 0
    assert counter.accept(treasurer, shift["id"])["status"] == "closed"
    assert counter.chart("5-9000") == 10_000
    assert in_drawer(counter, shift) == 0
    assert vault(counter) == -10_000


def test_what_is_accepted_is_the_count_that_was_compared(
    counter: Counter, teller: Identity, treasurer: Identity, tenant: Tenant
) -> None:
    """Sent back, paid through and counted again meanwhile, to the same sum."""
    number = tenant.account()
    shift = counter.open_shift(teller)
    counter.count(teller, shift["id"], 1_000_000)
    expected = cash._expected

    def expected_too_early(*given: Any) -> int:
        found = expected(*given)
        patch.setattr(cash, "_expected", expected)
        _return(counter, treasurer, shift["id"])
        counter.pay_in(teller, number, 250_000)
        counter.count(teller, shift["id"], 1_000_000)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cash, "_expected", expected_too_early)
        with pytest.raises(contract.ShiftNotOpen):
            counter.accept(treasurer, shift["id"])

    counter.accept(treasurer, shift["id"])
    assert counter.chart("5-9000") == 250_000
    assert in_drawer(counter, shift) == 0


def test_another_cooperatives_counter_does_not_exist(
    counter: Counter, neighbour: Tenant, teller: Identity
) -> None:
    shift = counter.open_shift(teller)
    stranger = Counter(tenant=neighbour)

    with pytest.raises(NotFound):
        shown(stranger, shift["id"])
    with pytest.raises(NotFound):
        stranger.open_shift(staff(neighbour, "teller"), shift["drawer_id"])
    with pytest.raises(NotFound):
        stranger.accept(staff(neighbour, "bendahara"), shift["id"])
    assert _listed(stranger)["items"] == []
    assert stranger.drawers() == []


def test_shifts_are_listed_newest_first_page_by_page(
    counter: Counter, tenant: Tenant
) -> None:
    made = [
        counter.open_shift(staff(tenant, "teller"), counter.drawer(f"Laci {n}"))["id"]
        for n in range(3)
    ]

    first = _listed(counter, limit=2)
    second = _listed(counter, limit=2, cursor=first["next_cursor"])

    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids == sorted(made, reverse=True)


# Slips


def test_a_slip_has_a_number_without_gaps(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()

    first = counter.pay_in(teller, number, 500_000)
    with pytest.raises(ledger_contract.InsufficientFunds):
        counter.pay_out(teller, number, 600_000)
    second = counter.pay_out(teller, number, 100_000)

    series, _, place = first["slip_number"].rpartition("/")
    assert second["slip_number"] == f"{series}/{int(place) + 1}"


def test_a_repeated_request_gets_the_same_slip(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()

    first = counter.pay_in(teller, number, 500_000, key="slip-1")
    again = counter.pay_in(teller, number, 500_000, key="slip-1")

    assert again == first | {"replayed": True}
    with pytest.raises(IdempotencyKeyReused):
        counter.pay_in(teller, number, 500_001, key="slip-1")
    assert counter.balance(number) == 500_000


def test_a_slip_is_printed_with_words_and_lines_to_sign(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    movement = counter.pay_in(teller, number, 1_250_000, reference="A-7")

    file = _slip(counter, number, movement["journal_id"], "pdf")

    printed = text_of(files.content_of(file))
    for words in (
        "Slip Setoran",
        movement["slip_number"],
        "Budi Santoso",
        "Rp 1.250.000",
        "satu juta dua ratus lima puluh ribu rupiah",
        "Penyetor",
        "(____________________)",
        "Halaman 1 dari 1",
    ):
        assert words in printed
    assert _slip(counter, number, movement["journal_id"], "pdf") == file


def test_a_slip_is_found_by_its_own_account_only(
    counter: Counter, teller: Identity, tenant: Tenant, neighbour: Tenant
) -> None:
    number, other = tenant.account(), tenant.account("Siti Aminah")
    journal_id = counter.pay_in(teller, number, 500_000)["journal_id"]

    assert _slip(counter, number, journal_id)["owner_name"] == "Budi Santoso"
    for where, account in ((counter, other), (Counter(tenant=neighbour), number)):
        with pytest.raises(NotFound):
            _slip(where, account, journal_id)


def test_a_branch_has_slips_and_a_time_of_its_own(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    counter.pay_in(staff(tenant, "teller"), number, 1_000)
    with tenant.world.members.tenant(tenant.id) as session:
        session.add(_branch(tenant))
    counter.open_shift(teller, counter.drawer(branch_id=f"brn_{tenant.code}"))

    movement = counter.pay_in(teller, number, 500_000)

    # The float has the first number of the branch.
    assert movement["slip_number"].startswith("SLIP-002/")
    assert movement["slip_number"].endswith("/2")
    file = _slip(counter, number, movement["journal_id"], "pdf")
    assert "WITA" in text_of(files.content_of(file))


def _branch(tenant: Tenant) -> Branch:
    return Branch(
        id=f"brn_{tenant.code}",
        cooperative_id=tenant.id,
        code="002",
        name="Cabang Gianyar",
        kind="cabang",
        address="Jl. Ngurah Rai 1, Gianyar",
        area="Gianyar",
        time_zone="WITA",
        members_in_area=100,
        status="open",
        created_at=clock.now(),
        opened_on=clock.business_date(),
    )


def test_what_was_said_not_to_be_done_is_not_done_later(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(BusUnavailable):
        counter.pay_in(teller, number, 500_000, key="slip-1")
    tenant.ledger.fault = None

    with later():
        slips.finish_due(tenant.world.members, lambda _: tenant.ledger)
    assert counter.balance(number) == 0

    # The repetition goes through the drawer that is open by then.
    shift = counter.open_shift(teller)
    counter.pay_in(teller, number, 500_000, key="slip-1")
    assert in_drawer(counter, shift) == 1_500_000


def test_what_may_have_been_posted_is_not_given_up_by_a_repetition(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    shift = counter.open_shift(teller)
    post = tenant.ledger.post_journal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenant.ledger, "post_journal", _dies_after(post, 0))
        with pytest.raises(DeadlinePassed):
            counter.pay_in(teller, number, 500_000, key="slip-1")
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(OutcomeUnknown):
        counter.pay_in(teller, number, 500_000, key="slip-1")
    tenant.ledger.fault = None

    # The money is in the books: the drawer cannot be counted without its slip.
    with pytest.raises(contract.ShiftBusy):
        counter.count(teller, shift["id"], 1_500_000)
    with later():
        slips.finish_due(tenant.world.members, lambda _: tenant.ledger)
    assert counter.count(teller, shift["id"], 1_500_000)["variance"] == 0
    again = counter.pay_in(teller, number, 500_000, key="slip-1")
    assert again["slip_number"].startswith("SLIP/")
    assert counter.balance(number) == 500_000


def test_what_is_posted_is_never_said_not_to_be_done(
    counter: Counter, teller: Identity, tenant: Tenant
) -> None:
    number = tenant.account()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slips, "_number", _no_database)
        with pytest.raises(OutcomeUnknown):
            counter.pay_in(teller, number, 500_000, key="slip-1")

    with later():
        slips.finish_due(tenant.world.members, lambda _: tenant.ledger)

    again = counter.pay_in(teller, number, 500_000, key="slip-1")
    assert again["slip_number"].endswith("/1")
    assert counter.balance(number) == 500_000


def test_a_transfer_given_up_is_not_begun_again_past_the_count(
    counter: Counter, teller: Identity, treasurer: Identity, tenant: Tenant
) -> None:
    shift = counter.open_shift(teller)
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(BusUnavailable):
        counter.move_cash(teller, shift["id"], "in", 300_000, key="kas-1")
    tenant.ledger.fault = None
    counter.count(teller, shift["id"], 1_000_000)

    with pytest.raises(contract.ShiftNotOpen):
        counter.move_cash(teller, shift["id"], "in", 300_000, key="kas-1")

    counter.accept(treasurer, shift["id"])
    assert in_drawer(counter, shift) == 0


def test_what_was_given_up_asks_for_a_fresh_second_factor_again(
    counter: Counter, tenant: Tenant
) -> None:
    counter.settings(step_up_amount=500_000)
    number = tenant.account()
    tenant.ledger.fault = BusUnavailable()
    with pytest.raises(BusUnavailable):
        counter.pay_in(staff(tenant, "teller"), number, 500_000, key="slip-1")
    tenant.ledger.fault = None

    with pytest.raises(StepUpRequired):
        counter.pay_in(
            staff(tenant, "teller", strong=False), number, 500_000, key="slip-1"
        )
    assert counter.balance(number) == 0


def _unreachable(_command: dict[str, Any]) -> dict[str, Any]:
    raise BusUnavailable


def _no_database(*_given: Any) -> Any:
    raise DatabaseUnavailable


def _dies_after(post: Any, times: int) -> Any:
    """``post``, whose answers are lost from the ``times``-th on."""
    left = [times]

    def dying(command: dict[str, Any]) -> dict[str, Any]:
        left[0] -= 1
        answer: dict[str, Any] = post(command)
        if left[0] < 0:
            raise DeadlinePassed
        return answer

    return dying


def _return(counter: Counter, approver: Identity, shift_id: str) -> dict[str, Any]:
    command = {"shift_id": shift_id, "reason": "Hitung ulang."}
    return cash.return_count(counter.tenant.world.members, actor(approver), command)


def _listed(counter: Counter, **page: Any) -> dict[str, Any]:
    return cash.list_shifts(
        counter.tenant.world.members,
        counter.tenant.ledger,
        counter.tenant.id,
        PAGE | {"status": None} | page,
    )


def _slip(
    counter: Counter, number: str, journal_id: str, form: str = "json"
) -> dict[str, Any]:
    return slips.get_slip(
        counter.tenant.world.members,
        counter.tenant.id,
        {"number": number, "journal_id": journal_id, "format": form},
    )
