"""How does a member borrow, and pay back? One loan's life, told (R119-R137, R142).

It goes on where Budi's story ends: he has saved for three months. An identity vendor
and an insurer stand outside the hub, as servers of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from services.hub.demo.api import Client, Person, StepFailed, same
from services.hub.demo.people import PeopleStory
from services.hub.demo.screen import Screen
from services.hub.rupiah import format_rupiah
from services.shared import clock

PRINCIPAL: Final = 3_000_000
COUNT: Final = 12
CHECK_FEE: Final = 5_000
FEE: Final = 15_000
PREMIUM: Final = 135_000
TOPPED_UP: Final = 1_000_000
DAYS_LATE: Final = 10
FIVE_C: Final = ("character", "capacity", "capital", "collateral", "condition")
# Begins and ends as a JPEG does; the stand-in looks at nobody's face.
PHOTO: Final = b"\xff\xd8\xff\xe0 foto \xff\xd9"
PAPER: Final = b"%PDF-1.7\n% catatan kas tiga bulan\n%%EOF\n"


@dataclass
class LendingStory:
    """Budi applies, is checked, scored, approved, paid out, late once, and done."""

    people: PeopleStory
    operator: Client
    screen: Screen
    application: str = ""
    loan: str = ""
    schedule: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, today: date) -> None:
        """Run every step. Raises StepFailed at the first that is not as it must be."""
        self.people.town.set_date(today)
        self.prepare(today)
        self.apply()
        self.check_and_score()
        self.verify()
        self.decide()
        self.pay_out(today)
        self.pay_in_time()
        self.pay_late()
        self.pay_off()

    # --- The steps ----------------------------------------------------------------

    def prepare(self, today: date) -> None:
        """A wallet for fees, an insurer for the hub, a product for the members."""
        self.screen.step("A loan is offered, and insured by a partner (R48)")
        me = self._as("Wayan").get("/v1/cooperatives/me")
        top_up = {"amount": TOPPED_UP, "reference": "VA-0001"}
        path = f"/v1/cooperatives/{me['id']}/wallet/topups"
        self.operator.post(path, top_up).expect(201)
        insurer = self.operator.post(
            "/v1/insurers", {"code": "nusantara", "name": "Asuransi Nusantara"}
        ).expect(201)
        cover = {
            "insurer_id": insurer["id"],
            "code": "jiwa_kredit",
            "name": "Asuransi Jiwa Kredit",
            "kind": "credit_life",
        }
        self.operator.post("/v1/insurance/products", cover).expect(201)
        dear = self._as("Wayan").post(
            "/v1/loan-products", _product(rate_bps=2_500, code="mahal")
        )
        dear.expect_refusal("rate_over_cap")
        self.product = self._as("Wayan").post("/v1/loan-products", _product())
        self.product.expect(201)
        self.screen.passed(
            "24 % a year, menurun, with life insurance; 25 % is refused (R114)"
        )
        member = self.people.member_id
        for photo in ("ktp", "selfie"):
            self._as("Ketut").upload(
                f"/v1/members/{member}/documents?kind={photo}", PHOTO, "image/jpeg"
            ).expect(201)
        # The months in between have their simpanan wajib too.
        self._as("Ketut").post(
            f"/v1/members/{member}/contributions",
            {"kind": "wajib", "periods": 2, "channel": "bank"},
        ).expect(201)
        self.screen.say(f"It is {today.isoformat()}: Budi has saved for three months")

    def apply(self) -> None:
        """The form and its papers; the button puts him into the line."""
        self.screen.step(
            f"Budi asks for {format_rupiah(PRINCIPAL)} over {COUNT} months"
        )
        teller = self._as("Ketut")
        quote = teller.post(
            "/v1/loan-products/usaha/quotes", {"amount": PRINCIPAL, "count": COUNT}
        ).expect(200)
        self.screen.passed(
            f"Told before: interest {format_rupiah(quote['total_interest'])} in all, "
            f"effective rate {_percent(quote['effective_rate_bps'])}"
        )
        made = teller.post(
            "/v1/loan-applications",
            {
                "member_id": self.people.member_id,
                "product_id": self.product.body["id"],
                "amount": PRINCIPAL,
                "count": COUNT,
                "purpose": "Modal usaha warung",
                "sector": "perdagangan",
                "form": {
                    "employment": "self_employed",
                    "monthly_income": 4_000_000,
                    "monthly_turnover": 15_000_000,
                    "business_months": 48,
                    "income_cycle": "daily",
                    "occupation": "Pedagang",
                },
            },
        ).expect(201)
        self.application = f"/v1/loan-applications/{made['id']}"
        early = teller.post(f"{self.application}/submit")
        early.expect_refusal("not_eligible")
        self.screen.passed("Without its papers it is not taken: 422 not_eligible")
        for kind in ("application_form", "cash_book"):
            path = f"{self.application}/documents?kind={kind}"
            teller.upload(path, PAPER, "application/pdf").expect(201)
        teller.post(f"{self.application}/submit").expect(200)
        shown = teller.get(self.application)["status_text"]
        same(shown, "Dalam Antrean, Posisi #1", "what Budi sees")
        self.screen.passed(f"Ajukan Pinjaman: {shown}")

    def check_and_score(self) -> None:
        """Who he is, and how likely he is to pay back."""
        self.screen.step("He is checked (e-KYC) and scored")
        analyst = self._as("Putu")
        consent = {
            "at": clock.now().isoformat(),
            "text_version": "ekyc-1",
            "given_by": "Budi Santoso",
        }
        checked = analyst.post(f"{self.application}/checks", {"consent": consent})
        checked.expect(201)
        same(checked.body["result"], "LOLOS", "the result of the check")
        same(checked.body["fee_amount"], CHECK_FEE, "what the check cost")
        parts = ", ".join(one["kind"] for one in checked.body["parts"])
        self.screen.passed(
            f"LOLOS ({parts}); {format_rupiah(CHECK_FEE)} out of the wallet, once (R35)"
        )
        score = analyst.post(f"{self.application}/scores", {}).expect(201)
        for reason in score["reasons"]:
            self.screen.say(str(reason))
        self.screen.passed(
            f"Class {score['risk_class']}: up to {format_rupiah(score['max_amount'])} "
            f"at {_percent(score['rate_bps'])}"
        )

    def verify(self) -> None:
        """The analyst takes the next of the line, looks at everything, says why."""
        self.screen.step("The analyst verifies: checklist, 5C, limits")
        analyst = self._as("Putu")
        taken = analyst.post("/v1/loan-queue/verification/take").expect(200)
        same(
            taken["application_id"],
            self.application.rpartition("/")[2],
            "the application at the head of the line",
        )
        listed = analyst.get(f"{self.application}/verification")["checklist"]
        codes = {"codes": [one["code"] for one in listed]}
        analyst.post(f"{self.application}/checklist", codes).expect(200)
        notes = {one: {"score": 4, "note": "Baik"} for one in FIVE_C}
        analyst.put(f"{self.application}/five-c", notes)
        finish = f"{self.application}/verification/finish"
        analyst.post(finish).expect_refusal("verification_incomplete")
        limits = analyst.get(f"{self.application}/limits")
        ratio = limits["service_ratio"]["ratio_bps"]
        self.screen.passed(
            f"Debt service {_percent(ratio)} of income, at most 30 % (R137); more than "
            "15 % of the cooperative's own capital to one borrower is a warning (C4)"
        )
        for warning in limits["warnings"]:
            self._as("Made").post(
                f"{self.application}/limits/approvals",
                {"warning": warning, "reason": "Simpanan Budi melebihi pinjamannya"},
            ).expect(201)
        analyst.post(finish).expect(200)
        self.screen.passed("The treasurer answers for the warning, with a reason")

    def decide(self) -> None:
        """The committee votes; the agreement is drawn up and signed."""
        self.screen.step("The committee decides; the akad is signed")
        path, vote = f"{self.application}/votes", {"choice": "approve"}
        self._as("Gede").post(path, vote).expect_refusal("reason_required")
        self.screen.passed("More than the score proposes needs a reason: 422")
        vote["reason"] = "Simpanan Budi melebihi pinjamannya"
        ballot = self._as("Gede").post(path, vote).expect(201)
        decision = ballot["decision"]
        self.screen.passed(f"Decision {decision['number']}: {decision['outcome']}")
        akad = self._as("Made").post(f"{self.application}/akad", {}).expect(201)
        content = akad["content"]
        self.screen.table(
            ["#", "Due", "Principal", "Interest", "Instalment"],
            [
                [
                    str(one["number"]),
                    str(one["due_on"]),
                    int(one["principal"]),
                    int(one["interest"]),
                    int(one["principal"]) + int(one["interest"]),
                ]
                for one in content["schedule"]
            ],
            title=f"Jadwal angsuran, {content['number']}",
        )
        same(content["total_interest"], 390_000, "the interest of test vector 2")
        same(content["premium"], PREMIUM, "the premium: 4,5 % for a year (R42)")
        self._as("Made").post(
            f"{self.application}/akad/sign",
            {
                "signed_on": content["made_on"],
                "signed_by": [
                    {"role": "Peminjam", "name": "Budi Santoso"},
                    {"role": "Bendahara", "name": "Made Ardana"},
                ],
            },
        ).expect(200)
        self.screen.passed(
            f"Signed; with the premium deducted it costs "
            f"{_percent(content['effective_rate_bps'])} effective, and the akad says so"
        )

    def pay_out(self, today: date) -> None:
        """One journal: loan, deductions, the hub's fee; and a policy that runs."""
        self.screen.step("The loan is paid out: everything in one journal, or nothing")
        treasurer = self._as("Made")
        before = treasurer.get(f"/v1/accounts/{self.people.account}")["balance"]
        wallet = treasurer.get("/v1/cooperatives/me/wallet")["balance"]
        path = f"{self.application}/disburse"
        paid = treasurer.post(path, {}, key="pencairan-budi").expect(201)
        again = treasurer.post(path, {}, key="pencairan-budi").expect(201)
        same(again["loan_id"], paid["loan_id"], "the loan of a repeated request")
        same(paid["received"], PRINCIPAL - PREMIUM, "what Budi receives")
        after = treasurer.get(f"/v1/accounts/{self.people.account}")["balance"]
        same(after - before, PRINCIPAL - PREMIUM, "what his savings grew by")
        left = treasurer.get("/v1/cooperatives/me/wallet")["balance"]
        same(
            wallet - left, FEE + PREMIUM, "what the wallet paid: 0,5 % and the premium"
        )
        self.loan = f"/v1/loans/{paid['loan_id']}"
        self.schedule = treasurer.get(f"{self.loan}/schedule")["items"]
        policies = treasurer.get("/v1/insurance/policies")["items"]
        same([one["premium"] for one in policies], [PREMIUM], "the policy's premium")
        self.screen.passed(
            f"{format_rupiah(paid['received'])} in Budi's savings on {today}; "
            f"{format_rupiah(FEE)} to the hub (R36), {format_rupiah(PREMIUM)} insured"
        )

    def pay_in_time(self) -> None:
        """The first instalment comes through a virtual account."""
        due = self.schedule[0]
        amount = due["principal"] + due["interest"]
        self.screen.step(f"First instalment: {format_rupiah(amount)}, in time")
        day = date.fromisoformat(due["due_on"])
        self.people.town.set_date(day - timedelta(days=3))
        self.people.run_job(self._as("Made"), "loan_reminders", day - timedelta(days=3))
        self.people.town.letter_to("budi@contoh.example", "Angsuran")
        self.screen.passed("Three days before, Budi is reminded by e-mail")
        self.people.town.set_date(day)
        self.people.run_job(self._as("Made"), "arrears", day)
        wanted = {
            "purpose": "loan",
            "member_id": self.people.member_id,
            "loan_id": self.loan.rpartition("/")[2],
            "amount": amount,
        }
        payment = self._as("Made").post("/v1/payments", wanted).expect(201)
        self.people.town.pay(str(payment["payment_number"]))
        path = f"/v1/payments/{payment['id']}"
        self.people.wait(self._as("Made"), path, "state", "credited")
        shown = self._as("Ketut").get(self.loan)
        same(shown["outstanding"], PRINCIPAL - due["principal"], "the principal left")
        self.screen.passed(
            "Paid into a virtual account; interest first, then principal"
        )

    def pay_late(self) -> None:
        """The second one is late: class 2, a stage, a penalty under its cap."""
        self.screen.step(f"Second instalment: {DAYS_LATE} days late")
        due = self.schedule[1]
        day = date.fromisoformat(due["due_on"]) + timedelta(days=DAYS_LATE)
        self.people.town.set_date(day)
        self.people.run_job(self._as("Made"), "arrears", day)
        late = self._as("Ketut").get(self.loan)
        same((late["dpd"], late["collectibility"]), (DAYS_LATE, 2), "dpd and class")
        ratios = self._as("Nyoman").get("/v1/loan-portfolio/ratios")
        self.screen.passed(
            f"{DAYS_LATE} days past due: kolektibilitas 2, stage {late['stage']}; "
            f"NPF {_percent(ratios['npf']['bps'])}"
        )
        owed = self._as("Ketut").get(f"{self.loan}/schedule")["items"][1]
        penalty = owed["penalty"]
        amount = due["principal"] + due["interest"] + penalty
        self._as("Ketut").post(
            f"{self.loan}/repayments", {"amount": amount, "channel": "bank"}
        ).expect(201)
        found = self._as("Ketut").get(self.loan)
        same((found["dpd"], found["collectibility"]), (0, 1), "dpd and class after")
        self.screen.passed(
            f"Paid with a penalty of {format_rupiah(penalty)} (at most 1 % a month, "
            "R158): kolektibilitas 1 again"
        )

    def pay_off(self) -> None:
        """He pays it off early; the insurer gives back what it did not earn."""
        self.screen.step("He pays the rest off before its time")
        treasurer = self._as("Made")
        account = f"/v1/accounts/{self.people.account}"
        total = treasurer.get(f"{self.loan}/settlement")["total"]
        before = treasurer.get(account)["balance"]
        treasurer.post(
            f"{self.loan}/repayments",
            {"amount": total, "channel": "savings", "settles": True},
        ).expect(201)
        settled = treasurer.get(self.loan)
        same((settled["status"], settled["outstanding"]), ("settled", 0), "the loan")
        wanted = before - total
        for _ in range(100):
            refund = treasurer.get(account)["balance"] - wanted
            if refund:
                break
            self.people.pause()
        if not 0 < refund < PREMIUM:
            raise StepFailed(f"the refund of the premium is {refund}")
        trial = treasurer.get("/v1/ledger/trial-balance")["accounts"]
        loans = [one for one in trial if one["code"] in {"1-1100", "1-1110"}]
        same(
            sum(one["debit"] + one["credit"] for one in loans),
            0,
            "loans and interest receivable in the book",
        )
        self.screen.passed(
            f"{format_rupiah(total)} paid, {format_rupiah(refund)} of the premium "
            "back; nothing is left in 1-1100 and 1-1110"
        )

    def _as(self, name: str) -> Person:
        return self.people.people[name]


def _product(**terms: Any) -> dict[str, Any]:
    return {
        "code": "usaha",
        "name": "Pinjaman Usaha",
        "method": "menurun",
        "rate_bps": 2_400,
        "maximum_amount": 10_000_000,
        "maximum_count": 36,
        "insurance_product": "jiwa_kredit",
        "premium_payer": "borrower",
    } | terms


def _percent(bps: int) -> str:
    whole, part = divmod(bps, 100)
    return f"{whole},{part:02d} %"
