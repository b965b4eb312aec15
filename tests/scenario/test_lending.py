"""Loans from application to the last rupiah, through the public API.

Everything is asked over HTTP as the person whose work it is; money is looked for in the
cooperative's own book.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, Final

import pytest

from services.hub import verification
from services.shared import clock
from services.shared.persistence.database import Database
from tests.factories import lending_hub
from tests.factories.kyc import ideb
from tests.factories.lending_hub import Koperasi, LendingHub

FIVE_C: Final = ("character", "capacity", "capital", "collateral", "condition")
FORM: Final = {
    "employment": "self_employed",
    "monthly_income": 6_000_000,
    "monthly_turnover": 150_000_000,
    "business_months": 48,
    "income_cycle": "daily",
    "occupation": "Pedagang sayur",
}
NIK_OF_SITI: Final = "3174015708900002"
DAYS_BEFORE_A_LOAN: Final = 95
"""Days after which somebody has been a member for three months."""

DEBITED_FROM: Final = 6
"""From this instalment on the savings are debited by themselves."""


@pytest.fixture(scope="module")
def world(
    database_factory: Callable[[str], Database],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LendingHub]:
    """One hub on databases of its own, from today on."""
    with lending_hub.running(database_factory, tmp_path_factory.mktemp("hub")) as world:
        yield world


@pytest.fixture(scope="module")
def koperasi(world: LendingHub) -> Koperasi:
    """A cooperative whose members have saved for more than three months."""
    koperasi = world.cooperative("0101", wallet=20_000_000)
    koperasi.endow(1_000_000_000)
    koperasi.ask_dues(pokok=100_000, wajib=20_000)
    saver = koperasi.member("Sri Lestari")
    koperasi.deposit(saver["account"], 400_000_000)
    return koperasi


def offer(koperasi: Koperasi, code: str, **terms: Any) -> dict[str, Any]:
    """A loan product."""
    body = {
        "code": code,
        "name": "Pinjaman Usaha",
        "method": "menurun",
        "rate_bps": 2400,
        "maximum_amount": 100_000_000,
        "maximum_count": 36,
        "shifts_holidays": False,
    }
    product: dict[str, Any] = koperasi.must(
        "pengurus", "POST", "/v1/loan-products", body | terms
    )
    return product


def long_standing(koperasi: Koperasi, name: str, nik: str) -> dict[str, str]:
    """Somebody who has been a member for three months and owes no simpanan wajib."""
    member = koperasi.member(name, nik=nik, birth_date="1990-08-17")
    koperasi.pay_contribution(member["id"], "wajib", periods=36)
    return member


def apply(
    koperasi: Koperasi,
    member: dict[str, str],
    product: dict[str, Any],
    amount: int,
    count: int,
) -> str:
    """An application with its papers, handed in; its id."""
    application_id = draft(koperasi, member, product, amount, count)
    path = f"/v1/loan-applications/{application_id}"
    for kind in ("application_form", "cash_book"):
        koperasi.upload("teller", f"{path}/documents?kind={kind}")
    koperasi.must("teller", "POST", f"{path}/submit")
    return application_id


def draft(
    koperasi: Koperasi,
    member: dict[str, str],
    product: dict[str, Any],
    amount: int,
    count: int,
) -> str:
    """An application that is only written down."""
    made = koperasi.must(
        "teller",
        "POST",
        "/v1/loan-applications",
        {
            "member_id": member["id"],
            "product_id": product["id"],
            "amount": amount,
            "count": count,
            "purpose": "Modal usaha warung",
            "sector": "perdagangan",
            "form": FORM,
        },
    )
    application_id: str = made["id"]
    return application_id


def check(koperasi: Koperasi, application_id: str) -> dict[str, Any]:
    """The identity check of an application, with the member's consent."""
    consent = {"at": clock.now().isoformat(), "text_version": "1", "given_by": "Budi"}
    found: dict[str, Any] = koperasi.must(
        "analis",
        "POST",
        f"/v1/loan-applications/{application_id}/checks",
        {"consent": consent},
    )
    return found


def take(koperasi: Koperasi) -> dict[str, Any] | None:
    """The next application of the line, None when there is none to be had now."""
    reply = koperasi.ask("analis", "POST", "/v1/loan-queue/verification/take")
    assert reply.status < 300 or reply.json["code"] == "queue_empty", reply.body
    return dict(reply.json) if reply.status < 300 else None


def verify(koperasi: Koperasi, application_id: str) -> None:
    """The analyst takes it from the line, looks at everything and is satisfied."""
    path = f"/v1/loan-applications/{application_id}"
    # Somebody whose row is locked at this moment, to be scored, is passed over.
    taken = koperasi.eventually(lambda: take(koperasi))
    assert taken["application_id"] == application_id, taken
    listed = koperasi.must("analis", "GET", f"{path}/verification")["checklist"]
    codes = [one["code"] for one in listed]
    koperasi.must("analis", "POST", f"{path}/checklist", {"codes": codes})
    notes = {one: {"score": 4, "note": "Baik"} for one in FIVE_C}
    koperasi.must("analis", "PUT", f"{path}/five-c", notes)
    koperasi.must("analis", "POST", f"{path}/verification/finish")


def approve(koperasi: Koperasi, application_id: str, *people: str) -> dict[str, Any]:
    """The committee votes for it; the ballot after the last vote."""
    ballot: dict[str, Any] = {}
    for person in people:
        ballot = koperasi.must(
            "komite",
            "POST",
            f"/v1/loan-applications/{application_id}/votes",
            {"choice": "approve"},
            person=person,
        )
    return ballot


def sign(koperasi: Koperasi, application_id: str) -> dict[str, Any]:
    """The agreement, drawn up and signed."""
    path = f"/v1/loan-applications/{application_id}/akad"
    akad: dict[str, Any] = koperasi.must("bendahara", "POST", path, {})
    koperasi.must(
        "bendahara",
        "POST",
        f"{path}/sign",
        {
            "signed_on": clock.business_date().isoformat(),
            "signed_by": [
                {"role": "Peminjam", "name": "Budi Santoso"},
                {"role": "Bendahara", "name": "Made Ardana"},
            ],
        },
    )
    return akad


def disburse(koperasi: Koperasi, application_id: str) -> dict[str, Any]:
    """Paid out."""
    paid: dict[str, Any] = koperasi.must(
        "bendahara", "POST", f"/v1/loan-applications/{application_id}/disburse", {}
    )
    return paid


def after(koperasi: Koperasi, days: int) -> date:
    """So many days later."""
    return koperasi.world.calendar.turn_to(clock.business_date() + timedelta(days=days))


def test_budis_loan_from_application_to_the_last_rupiah(koperasi: Koperasi) -> None:
    product = offer(koperasi, "usaha")
    budi = long_standing(koperasi, "Budi Santoso", "5171011708900001")
    too_early = draft(koperasi, budi, product, 3_000_000, 12)
    assert koperasi.refused(
        "teller", "POST", f"/v1/loan-applications/{too_early}/submit"
    ) == ("not_eligible")
    koperasi.must(
        "teller",
        "POST",
        f"/v1/loan-applications/{too_early}/withdraw",
        {"reason": "Belum tiga bulan menjadi anggota"},
    )
    after(koperasi, DAYS_BEFORE_A_LOAN)
    before, wallet = koperasi.book(), koperasi.wallet()

    application_id = apply(koperasi, budi, product, 3_000_000, 12)
    path = f"/v1/loan-applications/{application_id}"
    assert (
        koperasi.must("teller", "GET", path)["status_text"]
        == "Dalam Antrean, Posisi #1"
    )
    checked = check(koperasi, application_id)
    assert (checked["result"], checked["fee_amount"]) == ("LOLOS", 5_000), checked
    score = koperasi.must("analis", "POST", f"{path}/scores", {})
    assert score["max_amount"] >= 3_000_000
    verify(koperasi, application_id)
    ballot = approve(koperasi, application_id, "Dewi")
    assert ballot["decision"]["terms"]["amount"] == 3_000_000
    akad = sign(koperasi, application_id)
    paid = disburse(koperasi, application_id)

    first = akad["content"]["schedule"][0]
    assert first["principal"] + first["interest"] == 310_000
    assert (paid["received"], paid["fee"]) == (3_000_000, 15_000)
    assert koperasi.wallet() == wallet - 5_000 - 15_000
    loan_id = paid["loan_id"]
    today = clock.business_date()
    for number in range(12):
        schedule = koperasi.must("teller", "GET", f"/v1/loans/{loan_id}/schedule")
        due = schedule["items"][number]
        koperasi.world.calendar.turn_to(due["due_on"])
        koperasi.run("arrears", due["due_on"])
        if number == DEBITED_FROM:
            body = {"document": "SK-AD/1"}
            koperasi.must("bendahara", "POST", f"/v1/loans/{loan_id}/autodebits", body)
        if number >= DEBITED_FROM:
            koperasi.run("autodebit", due["due_on"])
            continue
        amount = due["principal"] + due["interest"]
        channel = "cash" if number % 2 else "savings"
        koperasi.must(
            "teller" if channel == "cash" else "bendahara",
            "POST",
            f"/v1/loans/{loan_id}/repayments",
            {"amount": amount, "channel": channel},
        )
    [consent] = koperasi.must("teller", "GET", f"/v1/loans/{loan_id}/autodebits")[
        "items"
    ]
    assert (consent["failures"], consent["tried_on"]) == (0, due["due_on"])
    loan = koperasi.must("teller", "GET", f"/v1/loans/{loan_id}")
    assert (loan["status"], loan["outstanding"]) == ("settled", 0)
    book = koperasi.book()
    assert book.get("1-1100", 0) == before.get("1-1100", 0)
    assert book.get("1-1110", 0) == before.get("1-1110", 0)
    # Test vector 2: menurun costs 390.000, and what SHU is divided by knows it.
    assert book["4-1000"] - before.get("4-1000", 0) == -390_000
    assert today < clock.business_date()


def insure(world: LendingHub) -> str:
    """The code of an insurance product that the hub's operator has agreed on."""

    def asked(path: str, body: dict[str, Any]) -> Any:
        reply = world.hub.request(
            "POST", path, body, token=world.hub.operator(), key=uuid.uuid4().hex
        )
        return lending_hub.must(reply)

    made = asked("/v1/insurers", {"code": "nusantara", "name": "Asuransi Nusantara"})
    product = {
        "insurer_id": made["id"],
        "code": "jaminan",
        "name": "Penjaminan Kredit",
        "kind": "credit_guarantee",
        # Not the schedule's 4,5 %: what a partner asks is charged.
        "rate_bps": 300,
        "coverage_bps": 7_500,
        "documents": {"default": ["ktp", "billing_record"], "death": ["ktp"]},
    }
    code: str = asked("/v1/insurance/products", product)["code"]
    return code


@pytest.fixture(scope="module")
def insured(world: LendingHub, koperasi: Koperasi) -> dict[str, Any]:
    """A loan product whose borrowers pay for insurance, administration and fee."""
    return offer(
        koperasi,
        "terjamin",
        insurance_product=insure(world),
        premium_payer="borrower",
        fee_payer="borrower",
        administration_amount=50_000,
    )


def test_a_larger_loan_is_scored_insured_and_paid_off_early(
    koperasi: Koperasi, insured: dict[str, Any]
) -> None:
    siti = long_standing(koperasi, "Siti Aminah", NIK_OF_SITI)
    after(koperasi, DAYS_BEFORE_A_LOAN)
    report = ideb(NIK_OF_SITI)
    report["header"]["tanggalHasil"] = f"{clock.business_date():%Y%m%d}102233"
    koperasi.must(
        "analis",
        "POST",
        f"/v1/kyc/members/{siti['id']}/ideb",
        json.dumps(report).encode(),
    )
    before, wallet = koperasi.book(), koperasi.wallet()

    application_id = apply(koperasi, siti, insured, 20_000_000, 18)
    checked = check(koperasi, application_id)
    assert (checked["feature"], checked["result"]) == ("skoring", "LOLOS"), json.dumps(
        checked
    )
    assert "slik" in {part["kind"] for part in checked["parts"]}
    path = f"/v1/loan-applications/{application_id}"
    koperasi.must("analis", "POST", f"{path}/scores", {})
    verify(koperasi, application_id)
    # Over ten million two have to agree, and nobody votes twice.
    assert approve(koperasi, application_id, "Dewi")["decision"] is None
    again = koperasi.refused(
        "komite", "POST", f"{path}/votes", {"choice": "approve"}, person="Dewi"
    )
    assert again == "already_voted"
    approve(koperasi, application_id, "Agus")
    akad = sign(koperasi, application_id)["content"]
    paid = disburse(koperasi, application_id)

    fee, premium, administration = 200_000, 900_000, 50_000
    assert (akad["premium"], akad["deducted"]) == (
        premium,
        fee + premium + administration,
    )
    assert (paid["fee"], paid["premium"]) == (fee, premium)
    assert paid["received"] == 20_000_000 - fee - premium - administration
    assert akad["effective_rate_bps"] > 2400
    assert koperasi.balance(siti["account"]) == paid["received"]
    assert koperasi.wallet() == wallet - checked["fee_amount"] - fee - premium
    moved = changes(before, koperasi.book())
    assert moved["1-1100"] == 20_000_000
    assert moved["2-1000"] == -paid["received"]
    assert moved["4-2000"] == -(administration + fee)
    assert moved["5-2200"] == fee + checked["fee_amount"]
    assert "2-1300" not in moved

    # The policy runs, so that the cooperative cannot leave the hub now.
    policies = koperasi.must("bendahara", "GET", "/v1/insurance/policies")["items"]
    policy = next(one for one in policies if one["member_id"] == siti["id"])
    assert (policy["status"], policy["premium"]) == ("active", premium)

    # Three days later she pays it off; what was not used of the premium comes back.
    after(koperasi, 3)
    koperasi.deposit(siti["account"], 20_000_000, "bank")
    loan = f"/v1/loans/{paid['loan_id']}"
    total = koperasi.must("teller", "GET", f"{loan}/settlement")["total"]
    held = koperasi.balance(siti["account"])
    koperasi.must(
        "bendahara",
        "POST",
        f"{loan}/repayments",
        {"amount": total, "channel": "savings", "settles": True},
    )
    assert koperasi.must("teller", "GET", loan)["status"] == "settled"
    # Seventeen of eighteen months, of which the insurer gives 80 % back.
    refund = premium * 17 * 80 // (18 * 100)
    koperasi.eventually(
        lambda: koperasi.balance(siti["account"]) == held - total + refund
    )
    assert koperasi.wallet() == wallet - checked["fee_amount"] - fee - premium + refund


def test_a_loan_that_the_insurer_will_not_cover_has_its_premium_back(
    koperasi: Koperasi, insured: dict[str, Any]
) -> None:
    wati = long_standing(koperasi, "Wati Kusuma", "3174015708900005")
    after(koperasi, DAYS_BEFORE_A_LOAN)
    # The simulator reserves cover for such an amount and refuses to let it begin.
    loan = lend(koperasi, wati, insured, 6_000_004)
    held, wallet = koperasi.balance(wati["account"]), koperasi.wallet()

    def policies(status: str) -> list[dict[str, Any]]:
        listed = koperasi.must(
            "komite", "GET", f"/v1/insurance/policies?status={status}"
        )
        return [one for one in listed["items"] if one["reference"] in loan]

    [policy] = koperasi.eventually(lambda: policies("activation_refused"))
    assert policy["fault"] == "Usia peserta melebihi ketentuan"
    # The loan stands, and its officer hears that nobody covers it.
    assert koperasi.must("teller", "GET", loan)["status"] == "active"
    koperasi.eventually(
        lambda: [
            task
            for task in koperasi.must("analis", "GET", "/v1/collections/tasks")["items"]
            if task["code"] == "not_covered" and task["loan_id"] in loan
        ]
    )

    path = f"/v1/insurance/policies/{policy['id']}"
    told = {"reason": "Usia anggota melebihi ketentuan polis"}
    again = koperasi.must("bendahara", "POST", f"{path}/retry", told)
    assert again["status"] == "activation_refused"
    proposed = koperasi.must("bendahara", "POST", f"{path}/resolutions", told)
    decision = f"/v1/insurance/resolutions/{proposed['id']}/approve"
    assert koperasi.refused("bendahara", "POST", decision) == "proposer_cannot_approve"
    assert koperasi.refused("teller", "POST", decision) == "not_allowed"
    koperasi.must("pengurus", "POST", decision)

    # All of the premium goes back to her who bore it.
    koperasi.eventually(
        lambda: koperasi.balance(wati["account"]) == held + policy["premium"]
    )
    assert koperasi.wallet() == wallet + policy["premium"]
    assert policies("cancelled")[0]["end_reason"] == "activation_refused"
    assert koperasi.must("teller", "GET", loan)["outstanding"] == 6_000_004


def changes(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    """What moved, by code."""
    return {
        code: now.get(code, 0) - before.get(code, 0)
        for code in before | now
        if now.get(code, 0) != before.get(code, 0)
    }


def lend(
    koperasi: Koperasi,
    member: dict[str, str],
    product: dict[str, Any],
    amount: int,
    count: int = 12,
) -> str:
    """A loan that went the whole way; its path."""
    application_id = apply(koperasi, member, product, amount, count)
    check(koperasi, application_id)
    verify(koperasi, application_id)
    approve(koperasi, application_id, "Dewi")
    sign(koperasi, application_id)
    return f"/v1/loans/{disburse(koperasi, application_id)['loan_id']}"


def turn_to(koperasi: Koperasi, day: date) -> None:
    """A later day, with the daily jobs of loans."""
    koperasi.world.calendar.turn_to(day)
    for job in ("arrears", "collections"):
        koperasi.run(job, day)


def stands_at(koperasi: Koperasi, loan: str) -> tuple[int, int, str]:
    """Days past due, class and stage."""
    shown = koperasi.must("teller", "GET", loan)
    return shown["dpd"], shown["collectibility"], shown["stage"]


def call_back(koperasi: Koperasi, claim_id: str) -> None:
    """The insurer says that something has changed; the hub asks what."""
    body = json.dumps({"claim_id": claim_id}).encode()
    signature = hmac.digest(lending_hub.KEY.encode(), body, hashlib.sha256).hex()
    reply = koperasi.world.hub.request(
        "POST",
        "/v1/callbacks/insurer",
        body,
        token=None,
        headers={"X-Signature": signature},
    )
    assert reply.status < 300, reply.body


def test_a_default_from_the_first_day_to_claim_payout_and_write_off(
    koperasi: Koperasi, insured: dict[str, Any]
) -> None:
    joko = long_standing(koperasi, "Joko Prasetyo", "3174011708900003")
    after(koperasi, DAYS_BEFORE_A_LOAN)
    loan = lend(koperasi, joko, insured, 6_000_000)
    due = date.fromisoformat(
        koperasi.must("teller", "GET", f"{loan}/schedule")["items"][0]["due_on"]
    )

    def late(days: int) -> tuple[int, int, str]:
        turn_to(koperasi, due + timedelta(days=days))
        return stands_at(koperasi, loan)

    # Class and stage go their own ways (C1); vector 12 at its edges.
    assert late(0)[:2] == (0, 1)
    stages = [late(days) for days in (7, 8, 31, 61, 90)]
    assert [one[:2] for one in stages] == [(7, 2), (8, 2), (31, 2), (61, 2), (90, 2)]
    assert len({one[2] for one in stages}) == 4
    receivable = koperasi.book().get("1-1110", 0)
    assert late(91)[:2] == (91, 3)
    # From class 3 on interest is no income any more.
    assert koperasi.book().get("1-1110", 0) < receivable
    tasks = koperasi.must("analis", "GET", "/v1/collections/tasks")["items"]
    assert any(one["loan_id"] in loan for one in tasks)

    proposal = {
        "reason": "Anggota pindah tanpa alamat",
        "consent_by": "Nyoman Ardana",
        "consent_on": due.isoformat(),
        "consent_document": "BA-7/2028",
    }
    early = koperasi.refused("bendahara", "POST", f"{loan}/write-off", proposal)
    assert early == "write_off_too_early"

    # The claim opens by itself; staff brings the papers.
    def opened() -> Any:
        found = koperasi.must("bendahara", "GET", "/v1/insurance/claims")["items"]
        return next((one for one in found if one["reference"] in loan), None)

    claim = koperasi.eventually(opened)
    assert (claim["cause"], claim["status"]) == ("default", "draft")
    path = f"/v1/insurance/claims/{claim['id']}"
    for kind in ("ktp", "billing_record"):
        koperasi.upload("bendahara", f"{path}/documents?kind={kind}")
    koperasi.must("bendahara", "POST", f"{path}/submit")
    before = koperasi.book()

    def paid() -> bool:
        call_back(koperasi, claim["id"])
        return bool(koperasi.must("bendahara", "GET", path)["status"] == "paid")

    koperasi.eventually(paid)
    amount = koperasi.must("bendahara", "GET", path)["paid_amount"]
    left = koperasi.eventually(
        lambda: (
            shown["outstanding"]
            if (shown := koperasi.must("teller", "GET", loan))["outstanding"]
            < 6_000_000
            else None
        )
    )
    # Three quarters are covered; the shortfall stays with the borrower.
    assert changes(before, koperasi.book())["1-1010"] == amount
    assert 0 < left < 2_000_000
    assert koperasi.must("teller", "GET", loan)["status"] == "active"

    # A year later nothing came: all of it is set aside, then given up.
    turn_to(koperasi, due + timedelta(days=500))
    assert stands_at(koperasi, loan)[1] == 5
    made = koperasi.must("bendahara", "POST", f"{loan}/write-off", proposal)
    koperasi.must("pengurus", "POST", f"{loan}/write-off/{made['id']}/approve")
    koperasi.eventually(
        lambda: koperasi.must("teller", "GET", loan)["status"] == "written_off"
    )
    # And still he may pay: what comes now lowers the costs.
    before = koperasi.book()
    koperasi.must(
        "teller",
        "POST",
        f"{loan}/repayments",
        {"amount": 100_000, "channel": "bank"},
    )
    assert changes(before, koperasi.book()) == {"1-1010": 100_000, "5-3000": -100_000}


def test_a_claim_that_the_insurer_disputes_is_settled_by_two(
    koperasi: Koperasi, insured: dict[str, Any]
) -> None:
    sari = long_standing(koperasi, "Sari Dewanti", "3174015708900006")
    after(koperasi, DAYS_BEFORE_A_LOAN)
    # The simulator says ten times as much as was claimed.
    loan = lend(koperasi, sari, insured, 6_000_040)
    facts = {
        "reference": loan.rpartition("/")[2],
        "cause": "death",
        "occurred_on": clock.business_date().isoformat(),
        "outstanding_principal": 6_000_040,
    }
    claim = koperasi.must("bendahara", "POST", "/v1/insurance/claims", facts)
    path = f"/v1/insurance/claims/{claim['id']}"
    koperasi.upload("bendahara", f"{path}/documents?kind=ktp")
    koperasi.must("bendahara", "POST", f"{path}/submit")

    def stands() -> str:
        call_back(koperasi, claim["id"])
        return str(koperasi.must("bendahara", "GET", path)["status"])

    koperasi.eventually(lambda: stands() == "disputed")
    reason = {"reason": "Dibahas dengan Bu Ratna dari perusahaan asuransi"}
    asked = koperasi.must("bendahara", "POST", f"{path}/insist", reason)
    assert asked["status"] == "disputed"

    terms = reason | {"outcome": "accept_amount", "amount": 2_000_000}
    too_much = terms | {"amount": claim["claimed_amount"] + 1}
    refused = koperasi.refused("bendahara", "POST", f"{path}/resolutions", too_much)
    assert refused == "amount_over_claim"
    proposed = koperasi.must("bendahara", "POST", f"{path}/resolutions", terms)
    decision = f"/v1/insurance/resolutions/{proposed['id']}/approve"
    assert koperasi.refused("bendahara", "POST", decision) == "proposer_cannot_approve"
    # The insurer pays what was agreed on, and that is posted.
    paid = {"status": "paid", "amount": 2_000_000, "is_called_back": False}
    koperasi.world.company.decide(claim["id"], paid)
    koperasi.must("pengurus", "POST", decision)
    koperasi.eventually(lambda: stands() == "paid")
    koperasi.eventually(
        lambda: koperasi.must("teller", "GET", loan)["outstanding"] < 6_000_040
    )


def test_a_restructured_loan_keeps_its_class_until_three_are_paid(
    koperasi: Koperasi,
) -> None:
    product = offer(koperasi, "panen")
    rina = long_standing(koperasi, "Rina Hartati", "3174015708900004")
    after(koperasi, DAYS_BEFORE_A_LOAN)
    loan = lend(koperasi, rina, product, 6_000_000)
    due = date.fromisoformat(
        koperasi.must("teller", "GET", f"{loan}/schedule")["items"][0]["due_on"]
    )
    turn_to(koperasi, due + timedelta(days=40))
    assert stands_at(koperasi, loan)[1] == 2
    proposal = {
        "method": "longer_tenor",
        "terms": {"count": 20},
        "reason": "Gagal panen, omzet turun",
        "cause": "gagal_panen",
        "is_going_concern": True,
        "documents": {
            "business_financials": "LK-1",
            "field_minutes": "BA-1",
            "good_faith": "SP-1",
        },
    }
    path = f"{loan}/restructurings"
    too_long = proposal | {"terms": {"count": 40}}
    assert koperasi.refused("bendahara", "POST", path, too_long) == "extension_too_long"
    made = koperasi.must("bendahara", "POST", path, proposal)
    own = koperasi.refused("bendahara", "POST", f"{path}/{made['id']}/approve")
    assert own == "proposer_cannot_approve"
    koperasi.must("pengurus", "POST", f"{path}/{made['id']}/approve")
    before = koperasi.book()
    koperasi.must(
        "bendahara",
        "POST",
        f"{path}/{made['id']}/sign",
        {
            "signed_on": clock.business_date().isoformat(),
            "signed_by": "Rina Hartati",
        },
    )
    done = koperasi.eventually(
        lambda: (
            shown
            if (shown := koperasi.must("teller", "GET", f"{path}/{made['id']}"))[
                "status"
            ]
            == "carried_out"
            else None
        )
    )
    fresh = f"/v1/loans/{done['new_loan_id']}"
    assert koperasi.must("teller", "GET", loan)["status"] == "restructured"
    assert koperasi.book()["1-1100"] == before["1-1100"]
    turn_to(koperasi, clock.business_date() + timedelta(days=1))
    assert stands_at(koperasi, fresh)[:2] == (0, 2)
    for number in range(3):
        item = koperasi.must("teller", "GET", f"{fresh}/schedule")["items"][number]
        turn_to(koperasi, date.fromisoformat(item["due_on"]))
        koperasi.must(
            "teller",
            "POST",
            f"{fresh}/repayments",
            {"amount": item["principal"] + item["interest"], "channel": "bank"},
        )
        assert stands_at(koperasi, fresh)[1] == (1 if number == 2 else 2)


def test_the_hub_finds_everything_whole(world: LendingHub) -> None:
    told = list(verification.verify(world.databases))

    assert any("loans have the same principal" in one for one in told)
