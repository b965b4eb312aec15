"""Checks against a vendor on a real socket: what is found, charged and given back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.hub.simulators import dukcapil
from services.kyc.adapters import verihubs
from services.kyc.operations.checks import judging, steps
from services.shared import clock, crypto, identity_numbers
from services.shared.contracts.kyc import checks as contract
from services.shared.errors import (
    BusUnavailable,
    IdempotencyKeyReused,
    Malformed,
    NotFound,
    OutcomeUnknown,
    SameProposer,
)
from services.shared.persistence.database import Database
from tests.factories.kyc import CONSENT, FEE, CheckDesk, open_desk
from tests.factories.members import World, idempotency
from tests.fakes.kyc_vendor import Killed

START = 100_000


def part(check: dict[str, Any], kind: str) -> dict[str, Any]:
    [found] = [one for one in check["parts"] if one["kind"] == kind]
    return dict(found)


def reviewed(desk: CheckDesk, check: dict[str, Any], subject: str) -> dict[str, Any]:
    command = {
        "check_id": check["id"],
        "result": "LOLOS",
        "reason": "Dibandingkan langsung di kantor",
    }
    return desk.call("review_check", command, subject=subject)


def test_a_member_whom_everybody_knows_passes_for_one_fee(desk: CheckDesk) -> None:
    check = desk.ask(desk.member(), reference="app_1")

    contract.Check().load(check)
    assert (check["status"], check["result"], check["fault"]) == ("done", "LOLOS", None)
    assert [one["kind"] for one in check["parts"]] == ["ektp", "dukcapil", "income"]
    assert check["fee_amount"] == FEE
    assert desk.balance == START - FEE
    assert part(check, "dukcapil")["detail"]["face_score"] == dukcapil.FACE
    consents = desk.rows(
        "SELECT text_version, given_by, recorded_by FROM consents "
        f"WHERE check_id = '{check['id']}'"
    )
    assert consents == [("ekyc-2026-01", "Budi Santoso", "usr_analis")]
    member = {"member_id": check["member_id"]}
    income = desk.call("get_income", member)
    assert (income["monthly_income"], income["source"]) == (dukcapil.WAGE, "vendor")


@pytest.mark.parametrize(
    ("serial", "kind", "result", "reason"),
    [
        (dukcapil.NOT_FOUND, "dukcapil", "GAGAL", "nik_not_found"),
        (dukcapil.OTHER_NAME, "dukcapil", "GAGAL", "name_mismatch"),
        (dukcapil.NEAR_NAME, "dukcapil", "TINJAU", "name_unclear"),
        (dukcapil.OTHER_BIRTH_DATE, "dukcapil", "GAGAL", "birth_date_mismatch"),
        (dukcapil.NEAR_FACE, "dukcapil", "TINJAU", "face_unclear"),
        (dukcapil.OTHER_FACE, "dukcapil", "GAGAL", "face_mismatch"),
        (dukcapil.NOT_INSURED, "income", "TINJAU", "no_statement"),
        (dukcapil.INSURED_ONCE, "income", "TINJAU", "not_insured_now"),
    ],
)
def test_every_outcome_is_told_with_its_reason(
    desk: CheckDesk, serial: str, kind: str, result: str, reason: str
) -> None:
    check = desk.ask(desk.member(serial))

    assert (check["status"], check["result"]) == ("done", result)
    found = part(check, kind)
    assert (found["result"], found["detail"]["reason"]) == (result, reason)
    assert desk.balance == START - FEE


@pytest.mark.parametrize(
    ("serial", "fault"),
    [
        (dukcapil.SLOW, "vendor_timeout"),
        (dukcapil.FAILING, "vendor_away"),
        (dukcapil.LYING, "vendor_answer_contradictory"),
        (dukcapil.GARBAGE, "vendor_answer_unreadable"),
        (dukcapil.REFUSED, "vendor_refused"),
        (dukcapil.INCOME_FAILING, "vendor_away"),
    ],
)
def test_a_vendor_that_fails_costs_nothing(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch, serial: str, fault: str
) -> None:
    monkeypatch.setattr(verihubs, "IDENTITY_SECONDS", 0.8)
    member_id = desk.member(serial)
    started = time.monotonic()

    check = desk.ask(member_id, "req_1")

    assert time.monotonic() - started < 2
    assert (check["status"], check["fault"]) == ("failed", fault)
    assert (check["result"], check["parts"], check["fee_amount"]) == (None, [], 0)
    assert desk.balance == START
    desk.sweep()
    again = desk.ask(member_id, "req_1")
    assert again == check | {"replayed": True}
    assert desk.ledger_faults.calls == ["charge_fee", "refund_fee"]
    assert desk.balance == START


@pytest.mark.parametrize(
    "told",
    [
        {"status": "not_verified", "reject_field": []},
        {"status": "verified", "reject_field": ["birth_date"]},
    ],
)
def test_a_vendor_that_denies_itself_is_not_believed(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]
) -> None:
    real = desk.vendor._verify

    def verify(content: dict[str, Any], serial: str) -> Any:
        status, answer = real(content, serial)
        return status, answer | {"data": answer["data"] | told}

    monkeypatch.setattr(dukcapil.Vendor, "_verify", staticmethod(verify))
    check = desk.ask(desk.member())

    assert check["fault"] == "vendor_answer_contradictory"
    assert desk.balance == START


def test_a_vendor_that_recovers_within_the_question_is_not_noticed(
    desk: CheckDesk,
) -> None:
    check = desk.ask(desk.member(dukcapil.FAILING_ONCE))

    assert check["result"] == "LOLOS"
    assert desk.asked(dukcapil.VERIFY) == 2
    assert desk.balance == START - FEE


def test_a_vendor_that_is_down_is_left_alone_and_nobody_pays(desk: CheckDesk) -> None:
    desk.vendor.is_down = True
    member_id = desk.member()
    for _ in range(5):
        assert desk.ask(member_id)["status"] == "failed"
    asked = desk.asked(dukcapil.VERIFY)

    with pytest.raises(contract.KycVendorAway):
        desk.ask(member_id)

    assert desk.asked(dukcapil.VERIFY) == asked
    assert desk.balance == START
    assert desk.ledger_faults.calls.count("charge_fee") == 5


def test_an_empty_wallet_asks_nobody(world: World, kyc_database: Database) -> None:
    desk, stop = open_desk(world.tenant(), kyc_database, wallet=FEE - 1)
    member_id = desk.member()

    check = desk.ask(member_id)

    assert (check["status"], check["fault"], check["fee_amount"]) == (
        "refused",
        "insufficient_wallet_balance",
        0,
    )
    desk.sweep()
    assert desk.show(check)["status"] == "refused"
    assert desk.vendor.calls.total() == 0
    desk.top_up(1)
    assert desk.ask(member_id)["status"] == "done"
    assert desk.balance == 0
    stop()


def test_the_same_request_is_one_check_one_fee_and_one_question(
    desk: CheckDesk,
) -> None:
    member_id = desk.member()

    first = desk.ask(member_id, "req_1")
    later = CONSENT | {"at": "2026-11-21T09:00:00+07:00"}
    again = desk.ask(member_id, "req_1", consent=later, applied_amount=4_000_000)

    assert again == first | {"replayed": True}
    assert desk.asked(dukcapil.VERIFY) == desk.asked(dukcapil.INCOME) == 1
    assert desk.balance == START - FEE
    with pytest.raises(IdempotencyKeyReused):
        desk.ask(desk.member(), "req_1")


def test_people_ask_with_an_idempotency_key(desk: CheckDesk) -> None:
    body = {
        "member_id": desk.member(),
        "feature": "ekyc",
        "applied_amount": 3_000_000,
        "consent": CONSENT,
    }
    part = idempotency("POST /v1/kyc/checks", body, "kunci-1")
    command = body | {"idempotency": part}

    first = desk.call("request_check", command)

    assert desk.call("request_check", command) == first | {"replayed": True}
    assert desk.balance == START - FEE
    changed = body | {"applied_amount": 1}
    part = idempotency("POST /v1/kyc/checks", changed, "kunci-1")
    with pytest.raises(IdempotencyKeyReused):
        desk.call("request_check", changed | {"idempotency": part})


def test_asked_for_at_the_same_moment_it_is_still_one_check(desk: CheckDesk) -> None:
    member_id = desk.member()
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda _: desk.ask(member_id, "req_1"), range(4)))

    assert len({one["id"] for one in found}) == 1
    assert desk.asked(dukcapil.VERIFY) == desk.asked(dukcapil.INCOME) == 1
    assert desk.show(found[0])["status"] == "done"
    assert desk.balance == START - FEE


@pytest.mark.parametrize(
    "dies",
    [
        "before the charge",
        "after the charge",
        "before the question",
        "after the answer",
        "between the answers",
        "before the result",
    ],
)
def test_whoever_dies_is_followed_by_the_sweep(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    with monkeypatch.context() as patched:
        _die(desk, patched, dies)
        with pytest.raises(Killed):
            desk.ask(desk.member(), "req_1")
    left = desk.only_check()
    assert left["status"] == "checking"

    desk.sweep()

    check = desk.show(left)
    assert (check["status"], check["result"]) == ("done", "LOLOS")
    assert desk.balance == START - FEE
    assert len(set(desk.vendor.asked) - _compared(desk)) == 2
    desk.sweep()
    assert desk.show(left) == check


def _die(desk: CheckDesk, patched: pytest.MonkeyPatch, dies: str) -> None:
    """Have the process die at this moment."""
    if dies == "before the charge":
        desk.ledger_faults.instead["charge_fee"] = Killed()
    elif dies == "after the charge":
        desk.ledger_faults.afterwards["charge_fee"] = Killed()
    else:
        module, step, calls = {
            "before the question": (steps, "_answer", 0),
            "after the answer": (steps, "_keep_answer", 0),
            "between the answers": (steps, "_keep_answer", 1),
            "before the result": (judging, "judged", 0),
        }[dies]
        _kill_at(patched, module, step, calls)


def _kill_at(
    patched: pytest.MonkeyPatch, module: Any, step: str, calls_before: int
) -> None:
    real, seen = getattr(module, step), []

    def killing(*args: Any, **kwargs: Any) -> Any:
        seen.append(step)
        if len(seen) > calls_before:
            raise Killed
        return real(*args, **kwargs)

    patched.setattr(module, step, killing)


def _compared(desk: CheckDesk) -> set[tuple[str, str]]:
    return {one for one in desk.vendor.asked if one[0] == dukcapil.COMPARE}


@pytest.mark.parametrize("when", ["instead", "afterwards"])
def test_a_fee_is_given_back_once_whoever_dies(desk: CheckDesk, when: str) -> None:
    getattr(desk.ledger_faults, when)["refund_fee"] = Killed()
    with pytest.raises(Killed):
        desk.ask(desk.member(dukcapil.GARBAGE), "req_1")
    asked = desk.asked(dukcapil.VERIFY)

    desk.sweep()

    check = desk.only_check()
    assert (check["status"], check["fee_amount"]) == ("failed", 0)
    assert desk.balance == START
    assert desk.asked(dukcapil.VERIFY) == asked


@pytest.mark.parametrize("when", ["instead", "afterwards"])
def test_whoever_dies_with_the_fee_of_somebody_who_left_has_it_given_back(
    desk: CheckDesk, when: str
) -> None:
    getattr(desk.ledger_faults, when)["charge_fee"] = Killed()
    with pytest.raises(Killed):
        desk.ask(desk.member(), "req_1")
    desk.members_faults.instead["get_identity"] = NotFound()

    desk.sweep()

    check = desk.only_check()
    assert (check["status"], check["fault"]) == ("refused", "not_found")
    assert desk.balance == START


@pytest.mark.parametrize("fault", [OutcomeUnknown(), BusUnavailable()])
def test_a_ledger_that_does_not_answer_leaves_the_check_to_the_sweep(
    desk: CheckDesk, fault: Exception
) -> None:
    desk.ledger_faults.afterwards["charge_fee"] = fault

    check = desk.ask(desk.member(), "req_1")

    assert (check["status"], check["result"]) == ("checking", None)
    # Somebody else may be at it: asking again starts nothing.
    assert desk.ask(check["member_id"], "req_1")["status"] == "checking"
    assert desk.asked(dukcapil.VERIFY) == 0
    desk.sweep()
    assert desk.show(check)["status"] == "done"
    assert desk.balance == START - FEE


def test_what_cannot_be_checked_is_refused_before_anything_is_charged(
    desk: CheckDesk, neighbour: CheckDesk
) -> None:
    member_id = desk.member()
    nameless = desk.tenant.register_member("Tanpa NIK")["id"]

    for wrong in (
        {"applied_amount": 10_000_001},
        {"feature": "skoring", "applied_amount": 10_000_000},
    ):
        with pytest.raises(contract.WrongFeature):
            desk.ask(member_id, **wrong)
    with pytest.raises(contract.IdentityIncomplete):
        desk.ask(nameless)
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    with pytest.raises(Malformed, match="consent"):
        desk.ask(member_id, consent=CONSENT | {"at": tomorrow})
    with pytest.raises(NotFound):
        neighbour.ask(member_id)
    desk.settings = replace(desk.settings, kyc_vendor="none")
    with pytest.raises(contract.KycNotConfigured):
        desk.ask(member_id)

    assert desk.ledger_faults.calls == []
    assert desk.call("list_checks", {})["items"] == []


def test_of_a_nik_that_cannot_be_nobody_is_asked_and_nothing_charged(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = desk.member()
    # The register of members takes no such NIK; one may have got there before it did.
    monkeypatch.setattr(identity_numbers, "fault", lambda *_, **__: "impossible")

    check = desk.ask(member_id)

    assert (check["status"], check["result"], check["fee_amount"]) == (
        "done",
        "GAGAL",
        0,
    )
    assert [one["kind"] for one in check["parts"]] == ["ektp"]
    assert desk.vendor.calls.total() == 0
    assert desk.balance == START


def test_without_photos_a_person_looks_unless_the_cooperative_says_otherwise(
    desk: CheckDesk,
) -> None:
    member_id = desk.member(with_photos=False)

    check = desk.ask(member_id)
    assert check["result"] == "TINJAU"
    assert part(check, "ektp")["detail"]["reason"] == "ktp_missing"

    own = desk.call("get_check_settings", {}) | {"are_photos_required": False}
    desk.call("put_check_settings", own)
    assert desk.call("get_check_settings", {}) == own
    assert desk.ask(member_id)["result"] == "LOLOS"


def test_thresholds_are_the_cooperatives_own(
    desk: CheckDesk, neighbour: CheckDesk
) -> None:
    strict = desk.call("get_check_settings", {}) | {"name_review": 70}
    desk.call("put_check_settings", strict)

    assert desk.ask(desk.member(dukcapil.NEAR_NAME))["result"] == "GAGAL"
    check = neighbour.ask(neighbour.member(dukcapil.NEAR_NAME))
    assert check["result"] == "TINJAU"
    assert part(check, "dukcapil")["detail"]["name_review"] == 60


def test_a_person_decides_what_is_unclear_but_not_whoever_asked(
    desk: CheckDesk, neighbour: CheckDesk
) -> None:
    check = desk.ask(desk.member(dukcapil.NEAR_FACE))

    with pytest.raises(SameProposer):
        reviewed(desk, check, check["requested_by"])
    with pytest.raises(NotFound):
        reviewed(neighbour, check, "usr_lain")
    done = reviewed(desk, check, "usr_lain")

    assert (done["result"], done["review"]["reviewed_by"]) == ("LOLOS", "usr_lain")
    assert part(done, "dukcapil")["result"] == "TINJAU"
    with pytest.raises(contract.CheckNotForReview):
        reviewed(desk, check, "usr_ketiga")
    with pytest.raises(contract.CheckNotForReview):
        reviewed(desk, desk.ask(desk.member()), "usr_lain")
    assert desk.trail(check["id"]) == [
        "kyc.check_requested",
        "kyc.check_finished",
        "kyc.check_reviewed",
    ]


def test_checks_are_seen_by_their_cooperative_alone(
    desk: CheckDesk, neighbour: CheckDesk
) -> None:
    check = desk.ask(desk.member())

    with pytest.raises(NotFound):
        neighbour.show(check)
    assert neighbour.call("list_checks", {})["items"] == []
    # The same request id of another cooperative is another request.
    twin = neighbour.ask(neighbour.member(), "req_1")
    assert desk.ask(desk.member(), "req_1")["id"] != twin["id"]


def test_what_was_found_is_unreadable_in_the_database(desk: CheckDesk) -> None:
    check = desk.ask(desk.member())

    [(detail,)] = desk.rows(
        "SELECT detail FROM check_parts WHERE kind = 'income' "
        f"AND check_id = '{check['id']}'"
    )
    assert str(dukcapil.WAGE).encode() not in bytes(detail)
    with pytest.raises(crypto.Undecryptable):
        crypto.FieldCipher(b"0" * 32).decrypt(bytes(detail), b"")
