"""How does a cooperative join, and a person save there? Budi's case (R134), told.

Everything goes the way it goes for people: forms, links in e-mails, passwords, a second
factor, a virtual account that is paid. Only the business date is simulated, because the
story takes three months.
"""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from services.hub.demo.api import Client, Outside, Person, StepFailed, same
from services.hub.demo.screen import Screen
from services.hub.rupiah import format_rupiah

NAME: Final = "KSP Tani Sejahtera"
PASSWORD: Final = "Sawah-hijau-7-petak"  # noqa: S105  of an invented person
POKOK: Final = 100_000
WAJIB: Final = 20_000
SAVED: Final = 6_000_000
RATE_BPS: Final = 600
DAYS_OF_A_YEAR: Final = 365
PATIENCE_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.2
_LINK: Final = re.compile(r"https?://\S+[?&]token=([^\s&]+)")
_CODE: Final = re.compile(r"\b(\d{6})\b")


@dataclass(frozen=True, kw_only=True)
class Town:
    """What stands outside the hub: a mail server, a payment provider, the calendar."""

    mail: Outside
    ipaymu: Outside
    date_file: Path

    def letter_to(self, address: str, subject: str) -> str:
        """The newest e-mail to this address with such a subject; waits for it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = self.mail.get("/messages", to=address)["items"]
            texts = [one["text"] for one in found if subject in one["subject"]]
            if texts:
                return str(texts[-1])
            time.sleep(PAUSE_SECONDS)
        raise StepFailed(f"no e-mail {subject!r} came to {address}")

    def pay(self, number: str) -> None:
        """Somebody pays into the virtual account with this number, at a bank."""
        found = self.ipaymu.get("/simulate/transactions")["items"]
        paid = [one for one in found if str(one["PaymentNo"]) == number]
        if not paid:
            raise StepFailed(f"the payment provider knows no virtual account {number}")
        self.ipaymu.post(f"/simulate/pay/{paid[-1]['TransactionId']}").expect(200)

    def set_date(self, today: date) -> None:
        """Let it be this business date."""
        self.date_file.write_text(today.isoformat())


@dataclass
class PeopleStory:
    """A cooperative joins, its staff signs in, Budi becomes a member and saves."""

    address: str
    operator: Client
    screen: Screen
    town: Town
    begin: date
    people: dict[str, Person] = field(default_factory=dict)
    member_id: str = ""
    account: str = ""
    code: str = ""

    def tell(self) -> None:
        """Run every step. Raises StepFailed at the first that is not as it must be."""
        self.town.set_date(self.begin)
        self.register_a_cooperative()
        self.invite_staff()
        self.decide_terms()
        self.apply_for_membership()
        self.become_a_member()
        self.save_for_a_month()
        self.pay_dues_late()
        self.read_the_trail()

    # --- The steps ----------------------------------------------------------------

    def register_a_cooperative(self) -> None:
        """A PIC registers, follows the link, enters the licence; it is checked."""
        self.screen.step(f"{NAME} registers itself (R3-R10)")
        outside = Outside(self.address)
        terms = outside.get("/v1/terms")["version"]
        email = "pengurus@tani-sejahtera.example"
        outside.post(
            "/v1/registrations",
            {
                "name": NAME,
                "email": email,
                "phone": "081234500001",
                "password": PASSWORD,
                "terms_version": terms,
            },
        ).expect(202)
        token = _token(self.town.letter_to(email, "Aktivasi"))
        outside.post("/v1/registrations/activate", {"token": token}).expect(200)
        again = outside.post("/v1/registrations/activate", {"token": token})
        again.expect_refusal("invalid_activation_link")
        self.screen.passed("The link in the e-mail activates the account, once")
        admin = self._sign_in("Wayan", email)
        admin.put("/v1/cooperatives/me/legality", _legality(self.begin))
        submitted = admin.post("/v1/cooperatives/me/registration/submit").expect(200)
        same(submitted["status"], "submitted", "the registration's status")
        path = f"/v1/registrations/{submitted['id']}/approve"
        approved = self.operator.post(path).expect(200)
        same(approved["status"], "approved", "the registration's status")
        admin.renew()
        own = admin.get("/v1/cooperatives/me")
        same(own["status"], "active", f"the status of {NAME}")
        self.code = own["code"]
        self.screen.passed(
            f"The operator checked the licence; {NAME} is active, its code {self.code}"
        )

    def invite_staff(self) -> None:
        """Staff get links; who moves money or approves needs a second factor."""
        self.screen.step("Its staff is invited and signs in with a second factor")
        admin = self.people["Wayan"]
        for name, role in (
            ("Ketut", "teller"),
            ("Made", "bendahara"),
            ("Nyoman", "pengawas"),
            ("Putu", "analis"),
            ("Gede", "komite"),
        ):
            email = f"{name.lower()}@tani-sejahtera.example"
            body = {"name": f"{name} Ardana", "email": email, "roles": [role]}
            admin.post("/v1/users", body).expect(201)
            token = _token(self.town.letter_to(email, "Undangan"))
            Outside(self.address).post(
                "/v1/invitations/accept", {"token": token, "password": PASSWORD}
            ).expect(200)
            person = self._sign_in(name, email)
            if person.must_enrol:
                person.enrol_second_factor(PASSWORD)
            self.screen.passed(
                f"{name}, {role}"
                + (", with an authenticator" if person.has_second_factor else "")
            )
        refused = self.people["Nyoman"].post("/v1/members", {"name": "Siapa Saja"})
        same(refused.status, 403, "the status for a supervisor who registers somebody")
        self.screen.passed("The supervisor (pengawas) sees everything, changes nothing")

    def decide_terms(self) -> None:
        """What membership costs, and what savings earn."""
        self.screen.step("It decides on simpanan pokok, simpanan wajib and interest")
        admin = self.people["Wayan"]
        for kind, amount in (("pokok", POKOK), ("wajib", WAJIB)):
            body = {
                "kind": kind,
                "amount": amount,
                "valid_from": self.begin.isoformat(),
            }
            admin.post("/v1/contribution-terms", body).expect(201)
        form = {
            "required": ["nik", "birth_date", "email"],
            "accepts_applications": True,
            "fields": {
                "type": "object",
                "properties": {"pekerjaan": {"type": "string", "maxLength": 60}},
                "required": ["pekerjaan"],
                "additionalProperties": False,
            },
        }
        admin.put("/v1/cooperatives/me/member-form", form)
        path = "/v1/savings-products/sukarela/rates"
        over = {"valid_from": self.begin.isoformat(), "rate_bps": 901}
        same(admin.post(path, over).status, 400, "the status of a rate over 9 %")
        rate = {"valid_from": self.begin.isoformat(), "rate_bps": RATE_BPS}
        admin.post(path, rate).expect(201)
        self.screen.passed(
            f"Pokok {format_rupiah(POKOK)}, wajib {format_rupiah(WAJIB)} a month, "
            "6 % on savings; over 9 % is refused (R113)"
        )

    def apply_for_membership(self) -> None:
        """Budi applies by telephone; codes come to what he says is his."""
        self.screen.step("Budi applies for membership (R28, R134)")
        outside = Outside(self.address)
        received = outside.post(
            f"/v1/cooperatives/{self.code}/candidates",
            {
                "name": "Budi Santoso",
                "nik": "5171011708900001",
                "birth_date": "1990-08-17",
                "phone": "0812-3456-7890",
                "email": "budi@contoh.example",
                "extra": {"pekerjaan": "Pedagang"},
                "has_agreed": True,
            },
        ).expect(202)
        letter = self.town.letter_to("budi@contoh.example", "Kode verifikasi")
        outside.post(
            f"/v1/candidates/{received['id']}/verifications/confirm",
            {"channel": "email", "code": _code(letter)},
        ).expect(200)
        teller = self.people["Ketut"]
        found = teller.post("/v1/members/search", {"query": "Budi"}).expect(200)
        member = found["items"][0]
        same(member["status"], "candidate", "Budi's status")
        self.member_id = member["id"]
        details = teller.get(f"/v1/members/{self.member_id}")
        self.screen.passed(
            f"A candidate (calon anggota); the teller sees the NIK {details['nik']}"
        )

    def become_a_member(self) -> None:
        """Pokok and first wajib come through a virtual account; he is admitted."""
        self.screen.step("Budi pays simpanan pokok and wajib into a virtual account")
        teller, treasurer = self.people["Ketut"], self.people["Made"]
        activate = f"/v1/members/{self.member_id}/activate"
        teller.post(activate).expect_refusal("contributions_unpaid")
        self.screen.passed("Not a member before that: 422 contributions_unpaid")
        payment = treasurer.post(
            "/v1/payments", {"purpose": "contributions", "member_id": self.member_id}
        ).expect(201)
        same(payment["amount"], POKOK + WAJIB, "what is to be paid")
        self.screen.say(
            f"BCA virtual account {payment['payment_number']}: "
            f"{format_rupiah(payment['amount'])}"
        )
        self.town.pay(str(payment["payment_number"]))
        path = f"/v1/payments/{payment['id']}"
        self.wait(treasurer, path, "state", "credited")
        self.screen.passed("The provider called back, was asked itself, and confirmed")
        active = teller.post(activate).expect(200)
        same(active["status"], "active", "Budi's status")
        self.screen.passed(f"Anggota {active['number']}")

    def save_for_a_month(self) -> None:
        """He saves; at the end of the month interest comes, and tax where it is due."""
        self.screen.step(f"Budi saves {format_rupiah(SAVED)}; the month ends")
        teller, treasurer = self.people["Ketut"], self.people["Made"]
        opened = teller.post(
            "/v1/accounts", {"member_id": self.member_id, "product": "sukarela"}
        ).expect(201)
        self.account = opened["number"]
        teller.post(
            f"/v1/accounts/{self.account}/deposits",
            {"amount": SAVED, "channel": "bank", "reference": "TRF-0001"},
        ).expect(201)
        last = _last_of_month(self.begin)
        # The last day counts whole, so the job runs when it is over.
        self.town.set_date(last + timedelta(days=1))
        self.run_job(treasurer, "interest", last)
        days = (last - self.begin).days + 1
        interest = SAVED * RATE_BPS * days // (10_000 * DAYS_OF_A_YEAR)
        account = teller.get(f"/v1/accounts/{self.account}")
        same(account["balance"], SAVED + interest, "the balance with interest")
        self.run_job(treasurer, "interest", last)
        account = teller.get(f"/v1/accounts/{self.account}")
        same(account["balance"], SAVED + interest, "the balance after a second run")
        statement = teller.get(f"/v1/accounts/{self.account}/statement")
        self.screen.table(
            ["Date", "What", "Debit", "Credit", "Balance"],
            [
                [
                    str(line["business_date"]),
                    str(line["description"]),
                    int(line["debit"]),
                    int(line["credit"]),
                    int(line["balance"]),
                ]
                for line in statement["items"]
            ],
            title=f"Buku tabungan {self.account}",
        )
        self.screen.passed(
            f"6 % on {days} days of {DAYS_OF_A_YEAR}: {format_rupiah(interest)}; run "
            "twice, posted once"
        )
        slip = treasurer.get(f"/v1/members/{self.member_id}/withholdings/{last:%Y-%m}")
        same((slip["gross"], slip["tax"]), (interest, 0), "the withholding slip")
        self.screen.passed(
            f"Up to Rp 240.000 a month it is free of tax (PP 15/2009): slip "
            f"{slip['number']} says so"
        )

    def pay_dues_late(self) -> None:
        """Two months on: what is owed is listed and reminded of, and paid."""
        self.screen.step("Two months later: simpanan wajib in arrears, and paid")
        teller, treasurer = self.people["Ketut"], self.people["Made"]
        today = self.begin
        for _ in range(2):
            today = _last_of_month(today) + timedelta(days=1)
            self.town.set_date(today)
            self.run_job(treasurer, "dues", today)
        today = _last_of_month(today)
        self.town.set_date(today)
        self.run_job(treasurer, "dues_reminders", today - timedelta(days=1))
        self.town.letter_to("budi@contoh.example", "Tunggakan simpanan wajib")
        self.screen.passed("Two months are listed in arrears, and Budi got an e-mail")
        arrears = teller.get("/v1/dues/arrears")["items"]
        same([one["member_id"] for one in arrears], [self.member_id], "who owes")
        paid = teller.post(
            f"/v1/members/{self.member_id}/contributions",
            {"kind": "wajib", "periods": 2, "channel": "bank"},
        ).expect(201)
        same(paid["amount"], 2 * WAJIB, "what two months of simpanan wajib are")
        same(teller.get("/v1/dues/arrears")["items"], [], "who still owes")
        teller.post(
            f"/v1/members/{self.member_id}/contributions",
            {"kind": "pokok", "channel": "bank"},
        ).expect_refusal("principal_already_paid", 409)
        self.screen.passed(f"{format_rupiah(2 * WAJIB)} for two months paid")
        self.screen.passed("Simpanan pokok a second time: 409 principal_already_paid")

    def read_the_trail(self) -> None:
        """The supervisor reads who did what."""
        self.screen.step("The supervisor reads the audit trail")
        supervisor = self.people["Nyoman"]
        supervisor.get(f"/v1/members/{self.member_id}/nik")
        items = supervisor.get("/v1/audit", limit=200)["items"]
        actions = [one["action"] for one in items]
        if not any("nik" in action for action in actions):
            raise StepFailed(f"the look at a full NIK is not in the trail: {actions}")
        self.screen.passed(
            f"{len(items)} entries, each chained to the one before; the last is this "
            f"supervisor's own look at a full NIK ({items[0]['action']})"
        )

    # --- What the steps are made of -----------------------------------------------

    def _sign_in(self, name: str, email: str) -> Person:
        person = Person(self.address, email, PASSWORD)
        self.people[name] = person
        return person

    @staticmethod
    def pause() -> None:
        """Let what goes on by itself go on."""
        time.sleep(PAUSE_SECONDS)

    def wait(self, person: Person, path: str, member: str, expected: str) -> None:
        """Look until something has become what it must become."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := person.get(path))[member] != expected:
            if time.monotonic() > deadline:
                same(found, expected, f"{member} of {path}")
            self.pause()

    def run_job(self, person: Person, job: str, on: date) -> None:
        """Have a job run for a business date, and wait for its end."""
        asked = person.post(f"/v1/jobs/{job}/runs", {"business_date": on.isoformat()})
        asked.expect(202)
        self.wait(person, f"/v1/jobs/{job}/runs/{on.isoformat()}", "state", "done")


def _token(letter: str) -> str:
    found = _LINK.search(letter)
    if found is None:
        raise StepFailed(f"the e-mail holds no link: {letter}")
    return found[1]


def _code(letter: str) -> str:
    found = _CODE.search(letter)
    if found is None:
        raise StepFailed(f"the e-mail holds no code: {letter}")
    return found[1]


def _legality(today: date) -> dict[str, Any]:
    return {
        "kind": "ksp_primer",
        "legal_entity_number": "AHU-0001234.AH.01.26",
        "legal_entity_on": "2019-03-14",
        "licence_number": "1234567890123",
        "licence_issued_on": "2019-06-01",
        "licence_expires_on": today.replace(year=today.year + 3, day=1).isoformat(),
        "kbli": "64141",
        "area": "kabupaten_kota",
        "initial_capital": 500_000_000,
        "founder_count": 25,
        "business_since": "2019-06-01",
    }


def _last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
