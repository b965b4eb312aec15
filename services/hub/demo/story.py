"""What happens between two cooperatives? Told step by step; every step is checked.

The story keeps its own account of every balance and position, in plain Python, and
after each step asks the hub for all of them: one rupiah of difference ends the story.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from services.hub.demo.api import Answer, Client, StepFailed, same
from services.hub.demo.screen import Screen
from services.hub.rupiah import format_number, format_rupiah
from services.shared import clock

BULK_MAX: Final = 1000
LIQUIDITY: Final = 150_000_000
NET_DEBIT_CAP: Final = 100_000_000


@dataclass(kw_only=True)
class Cooperative:
    """A cooperative, and what the story expects the hub to say of it."""

    code: str
    name: str
    id: str
    client: Client
    liquidity: int = 0
    position: int = 0

    @property
    def path(self) -> str:
        """Where the hub keeps it as a participant."""
        return f"/v1/participants/{self.id}"


@dataclass(kw_only=True)
class Member:
    """A member with one savings account, and the balance it must have."""

    name: str
    cooperative: Cooperative
    account: str
    balance: int


@dataclass(kw_only=True)
class Tools:
    """What the story may use besides the API: the hub's own command line."""

    run_hub: Callable[..., tuple[int, str]]
    directory: Path


@dataclass
class Story:
    """The whole of it, in order."""

    address: str
    operator: Client
    screen: Screen
    tools: Tools
    payments: int = BULK_MAX
    cooperatives: list[Cooperative] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    cleared_payments: int = 0

    def tell(self) -> None:
        """Run every step.

        Raises StepFailed at the first thing that is not as it must be.
        """
        self.found_cooperatives()
        self.admit_members()
        self.agree()
        self.pay_across()
        self.pay_back()
        self.repeat_with_the_same_key()
        self.refuse_without_agreement()
        self.refuse_over_the_cap()
        self.pay_in_bulk()
        window_id = self.close_window()
        settlement_id = self.settle(window_id)
        self.check_proof(settlement_id)

    # --- The steps ----------------------------------------------------------------

    def found_cooperatives(self) -> None:
        """Three cooperatives join; each puts liquidity into the hub and gets a cap."""
        self.screen.step("Three cooperatives join the hub")
        for code, name in (
            ("0101", "KSP Maju Bersama"),
            ("0202", "KSP Sejahtera Mandiri"),
            ("0303", "KSP Karya Makmur"),
        ):
            self.cooperatives.append(self._found_cooperative(code, name))
        self.show_positions("Liquidity in the hub, and how much each may owe")
        self.check_everything()

    def admit_members(self) -> None:
        """Members join, open an account and pay in."""
        self.screen.step("Members join and pay in")
        for code, name, amount, channel in (
            ("0101", "Siti Rahayu", 250_000_000, "bank"),
            ("0101", "Budi Santoso", 10_000_000, "cash"),
            ("0202", "Dewi Lestari", 5_000_000, "cash"),
            ("0202", "Agus Wibowo", 2_500_000, "cash"),
            ("0202", "Joko Prasetyo", 1_000_000, "bank"),
            ("0303", "Rina Hartati", 750_000, "cash"),
        ):
            self._admit(self._cooperative(code), name, amount, channel)
        self.show_accounts("Savings accounts")
        self.check_everything()

    def agree(self) -> None:
        """Maju and Sejahtera sign an agreement; Karya Makmur has none."""
        self.screen.step("Two of them sign a cooperation agreement")
        today = clock.business_date()
        maju, sejahtera = self.cooperatives[:2]
        agreement = self.operator.post(
            "/v1/agreements",
            {
                "cooperatives": [maju.id, sejahtera.id],
                "valid_from": today.isoformat(),
                "valid_until": (today + timedelta(days=365)).isoformat(),
            },
        ).expect(201)
        self.screen.passed(
            f"{maju.name} and {sejahtera.name}, until {agreement['valid_until']}"
        )
        budi, dewi = self.members["Budi"], self.members["Dewi"]
        found = budi.cooperative.client.get(f"/v1/inquiries/accounts/{dewi.account}")
        same(found["owner_name"], "D*** L******", "the owner's name, masked")
        self.screen.passed(
            f"Before paying, Budi sees whose account it is: {found['owner_name']}, "
            f"{found['cooperative']['name']}"
        )

    def pay_across(self) -> None:
        """The main job: a member of one cooperative pays a member of another."""
        self.screen.step("Budi pays Dewi Rp 1.000.000, across cooperatives")
        self.pay("Budi", "Dewi", 1_000_000, "Arisan bulan ini")
        self.show_accounts("Both accounts after it", "Budi", "Dewi")
        self.show_positions("Maju Bersama now owes the hub, the hub owes Sejahtera")
        self.check_everything()

    def pay_back(self) -> None:
        """A payment the other way: only the difference will be settled."""
        self.screen.step("Dewi pays Siti Rp 400.000, the other way")
        self.pay("Dewi", "Siti", 400_000, "Kain batik")
        self.show_positions("What one owes is netted against what it is owed")
        self.check_everything()

    def repeat_with_the_same_key(self) -> None:
        """The network failed, the client repeats: nothing is paid twice."""
        self.screen.step("The same payment sent twice with one key is made once")
        budi, dewi = self.members["Budi"], self.members["Dewi"]
        key = str(uuid.uuid4())
        first = self._send_payment(budi, dewi, 250_000, "Iuran RT", key=key)
        self._note_payment(budi, dewi, 250_000)
        again = self._send_payment(budi, dewi, 250_000, "Iuran RT", key=key)
        same(again.status, first.status, "the status of the repeated request")
        same(again.body, first.expect(201), "the answer to the repeated request")
        same(again.replayed, "true", "the header Idempotency-Replayed")
        self.screen.passed(f"Both answers name transfer {again.body['id']}")
        other = self._send_payment(budi, dewi, 999_000, "Iuran RT", key=key)
        other.expect_refusal("idempotency_key_reused")
        self.screen.passed("The same key, another amount: 422 idempotency_key_reused")
        self.check_everything()

    def refuse_without_agreement(self) -> None:
        """No agreement, no payment: a cooperative serves only its own members."""
        self.screen.step("Refused: Budi pays Rina, but there is no agreement")
        budi, rina = self.members["Budi"], self.members["Rina"]
        self._send_payment(budi, rina, 100_000, "Utang").expect_refusal("no_agreement")
        self.screen.passed("422 no_agreement; no balance moved")
        self.check_everything()

    def refuse_over_the_cap(self) -> None:
        """Siti has the money, but her cooperative may not owe that much."""
        amount = NET_DEBIT_CAP + 20_000_000
        self.screen.step(
            f"Refused: Siti pays {format_rupiah(amount)}, over her cooperative's cap"
        )
        answer = self._send_payment(
            self.members["Siti"], self.members["Dewi"], amount, "Tanah"
        )
        answer.expect_refusal("net_debit_cap_exceeded")
        self.screen.passed("422 net_debit_cap_exceeded; no balance moved")
        self.check_everything()

    def pay_in_bulk(self) -> None:
        """Siti pays her suppliers: many payments in requests of up to 1,000."""
        number = format_number(self.payments)
        self.screen.step(f"Siti pays {number} invoices in bulk")
        payees = [self.members[name] for name in ("Dewi", "Agus", "Joko")]
        siti, seconds = self.members["Siti"], 0.0
        for first in range(0, self.payments, BULK_MAX):
            invoices = range(first, min(first + BULK_MAX, self.payments))
            with self.screen.waiting(
                f"invoices {format_number(invoices[0] + 1)} to "
                f"{format_number(invoices[-1] + 1)}"
            ):
                seconds += self._pay_invoices(siti, payees, invoices)
        self.screen.passed(
            f"{number} payments, each its own journal of three postings, in "
            f"{seconds:.2f} s: {format_number(round(self.payments / seconds))} a second"
        )
        self.show_accounts("After the bulk run", "Siti", "Dewi", "Agus", "Joko")
        self.show_positions("Positions before settlement")
        self.check_everything()

    def close_window(self) -> str:
        """The settlement window closes; its nets sum to zero; payments go on."""
        self.screen.step("The settlement window closes")
        answer = self.operator.post("/v1/settlement-windows/close").expect(200)
        closed = answer["closed"]
        same(closed["state"], "closed", "the window's state")
        same(closed["transfer_count"], self.cleared_payments, "payments in the window")
        self._check_nets(closed["nets"])
        same(answer["open"]["state"], "open", "the state of the next window")
        self.show_nets(closed["nets"])
        self.screen.passed(
            f"{format_number(closed['transfer_count'])} payments became "
            f"{len(closed['nets'])} amounts that sum to zero"
        )
        return str(closed["id"])

    def settle(self, window_id: str) -> str:
        """Liquidity moves by the nets; nobody owes anybody any more."""
        self.screen.step("The window is settled")
        created = self.operator.post(
            "/v1/settlements", {"window_ids": [window_id]}
        ).expect(201)
        same(created["state"], "pending", "the settlement's state")
        self._check_nets(created["nets"])
        settled = self.operator.post(f"/v1/settlements/{created['id']}/settle").expect(
            200
        )
        same(settled["state"], "settled", "the settlement's state")
        for cooperative in self.cooperatives:
            cooperative.liquidity -= cooperative.position
            cooperative.position = 0
        window = self.operator.get(f"/v1/settlement-windows/{window_id}")
        same(window["state"], "settled", "the window's state")
        self.show_positions("Positions after settlement")
        self.check_everything()
        return str(settled["id"])

    def check_proof(self, settlement_id: str) -> None:
        """The settlement's proof holds offline, and a forged one does not."""
        self.screen.step("A bookkeeper checks the settlement's proof, offline")
        maju = self.cooperatives[0]
        proof = maju.client.get(f"/v1/settlements/{settlement_id}/proof")
        genuine = self.tools.directory / "proof.json"
        genuine.write_text(json.dumps(proof, ensure_ascii=False))
        status, published = self.tools.run_hub("keys")
        same(status, 0, f"the exit status of hub keys ({published})")
        key = json.loads(published)["public_key"]
        status, output = self.tools.run_hub(
            "verify-proof", str(genuine), "--public-key", key
        )
        same(status, 0, f"the exit status of verify-proof ({output})")
        self.screen.plain(f"   hub verify-proof {genuine} --public-key {key}")
        self.screen.plain(f"   {output.strip()}")
        forged = self.tools.directory / "forged.json"
        proof["entries"][0][-1] += 1
        forged.write_text(json.dumps(proof, ensure_ascii=False))
        status, output = self.tools.run_hub("verify-proof", str(forged))
        same(status, 1, "the exit status for a proof with one rupiah changed")
        self.screen.passed("The same proof with one rupiah changed is refused")

    def verify(self) -> None:
        """The books balance, and everything can be recomputed from the postings."""
        self.screen.step("The whole ledger is verified")
        maju = self.cooperatives[0]
        for name, client in (
            *((each.name, each.client) for each in self.cooperatives),
            ("the hub", self.operator),
        ):
            book = client.get("/v1/ledger/trial-balance")
            same(book["debit_total"], book["credit_total"], f"the book of {name}")
        self._show_book(maju)
        integrity = self.operator.get("/v1/ledger/integrity")
        if not integrity["balanced"]:
            raise StepFailed(f"the ledger is not balanced: {integrity}")
        with self.screen.waiting("hub verify: every balance again, from the postings"):
            status, output = self.tools.run_hub("verify")
        if status != 0:
            raise StepFailed(f"hub verify found a difference:\n{output}")
        for line in output.splitlines():
            self.screen.plain(f"   {line}")

    # --- What the steps are made of -------------------------------------------------

    def _found_cooperative(self, code: str, name: str) -> Cooperative:
        operator = self.operator
        made = operator.post(
            "/v1/cooperatives", {"code": code, "name": name, "kind": "ksp_primer"}
        ).expect(201)
        same(made["status"], "registered", f"the status of {name}")
        cooperative_id = made["id"]
        path = f"/v1/cooperatives/{cooperative_id}"
        active = operator.post(f"{path}/activate").expect(200)
        same(active["status"], "active", f"the status of {name}")
        issued = operator.post(
            f"{path}/clients", {"name": "Aplikasi kasir", "scopes": ["*"]}
        ).expect(201)
        cooperative = Cooperative(
            code=code,
            name=name,
            id=cooperative_id,
            client=Client(self.address, issued["client_id"], issued["client_secret"]),
        )
        operator.put(cooperative.path, {"net_debit_cap": NET_DEBIT_CAP})
        operator.post(
            f"{cooperative.path}/funds",
            {"direction": "in", "amount": LIQUIDITY, "reference": f"SETOR-{code}"},
        ).expect(201)
        cooperative.liquidity = LIQUIDITY
        return cooperative

    def _admit(
        self, cooperative: Cooperative, name: str, amount: int, channel: str
    ) -> None:
        client = cooperative.client
        member = client.post("/v1/members", {"name": name}).expect(201)
        same(member["status"], "candidate", f"the status of {name}")
        client.post(f"/v1/members/{member['id']}/activate").expect(200)
        account = client.post(
            "/v1/accounts", {"member_id": member["id"], "product": "sukarela"}
        ).expect(201)
        number = account["number"]
        same(number[:4], cooperative.code, f"the start of {name}'s account number")
        deposit = client.post(
            f"/v1/accounts/{number}/deposits", {"amount": amount, "channel": channel}
        ).expect(201)
        same(deposit["balance"], amount, f"{name}'s balance after the deposit")
        self.members[name.partition(" ")[0]] = Member(
            name=name, cooperative=cooperative, account=number, balance=amount
        )

    def pay(self, payer: str, payee: str, amount: int, description: str) -> None:
        """One payment that must succeed, noted in the story's own account."""
        sender, receiver = self.members[payer], self.members[payee]
        answer = self._send_payment(sender, receiver, amount, description)
        transfer = answer.expect(201)
        same(transfer["state"], "committed", "the transfer's state")
        same(transfer["amount"], amount, "the transfer's amount")
        stored = sender.cooperative.client.get(f"/v1/transfers/{transfer['id']}")
        same(stored["state"], "committed", "the stored transfer's state")
        self._note_payment(sender, receiver, amount)
        self.screen.passed(f"201 committed, transfer {transfer['id']}")

    def _send_payment(
        self,
        payer: Member,
        payee: Member,
        amount: int,
        description: str,
        *,
        key: str | None = None,
    ) -> Answer:
        body = {
            "payer_account": payer.account,
            "payee_account": payee.account,
            "amount": amount,
            "description": description,
        }
        return payer.cooperative.client.post("/v1/transfers", body, key=key)

    def _note_payment(self, payer: Member, payee: Member, amount: int) -> None:
        payer.balance -= amount
        payee.balance += amount
        payer.cooperative.position += amount
        payee.cooperative.position -= amount
        self.cleared_payments += 1

    def _pay_invoices(
        self, payer: Member, payees: list[Member], invoices: range
    ) -> float:
        """Send one bulk request; the seconds until its answer."""
        amounts = {invoice: 10_000 + invoice % 20 * 500 for invoice in invoices}
        payments = [
            {
                "reference": f"INV-{invoice + 1:06d}",
                "payer_account": payer.account,
                "payee_account": payees[invoice % len(payees)].account,
                "amount": amount,
            }
            for invoice, amount in amounts.items()
        ]
        started = time.perf_counter()
        answer = payer.cooperative.client.post(
            "/v1/bulk-transfers", {"transfers": payments}
        )
        seconds = time.perf_counter() - started
        items = answer.expect(200)["items"]
        same(
            [item["reference"] for item in items],
            [payment["reference"] for payment in payments],
            "the references of the bulk answer, in order",
        )
        same(
            {(item["state"], item["code"]) for item in items},
            {("committed", None)},
            "the states in the bulk answer",
        )
        for invoice, amount in amounts.items():
            self._note_payment(payer, payees[invoice % len(payees)], amount)
        return seconds

    def check_everything(self) -> None:
        """Every balance, position and liquidity is what the story says."""
        for member in self.members.values():
            account = member.cooperative.client.get(f"/v1/accounts/{member.account}")
            same(account["balance"], member.balance, f"{member.name}'s balance")
            same(account["available"], member.balance, f"{member.name}'s available")
        for cooperative in self.cooperatives:
            participant = self.operator.get(cooperative.path)
            name = cooperative.name
            same(participant["liquidity"], cooperative.liquidity, f"{name}: liquidity")
            same(participant["position"], cooperative.position, f"{name}: position")
            same(
                participant["available"],
                min(cooperative.liquidity, NET_DEBIT_CAP) - cooperative.position,
                f"{name}: available",
            )
        self.screen.passed("Every balance and position is right to the rupiah")

    def _check_nets(self, nets: list[dict[str, Any]]) -> None:
        expected = {each.id: each.position for each in self.cooperatives}
        found = {net["cooperative_id"]: net["net"] for net in nets}
        same(
            {key: net for key, net in found.items() if net},
            {key: net for key, net in expected.items() if net},
            "the nets of the window",
        )
        same(sum(found.values()), 0, "the sum of the nets")

    def _cooperative(self, code: str) -> Cooperative:
        return next(each for each in self.cooperatives if each.code == code)

    # --- Tables -----------------------------------------------------------------------

    def show_accounts(self, title: str, *names: str) -> None:
        """Balances as the hub tells them."""
        rows: list[list[str | int]] = []
        for member in (self.members[name] for name in names or self.members):
            account = member.cooperative.client.get(f"/v1/accounts/{member.account}")
            rows.append(
                [
                    member.name,
                    member.cooperative.name,
                    member.account,
                    account["balance"],
                ]
            )
        self.screen.table(
            ["Member", "Cooperative", "Account", "Balance"], rows, title=title
        )

    def show_positions(self, title: str) -> None:
        """The participants as the hub tells them; a position above zero owes."""
        rows: list[list[str | int]] = []
        for cooperative in self.cooperatives:
            participant = self.operator.get(cooperative.path)
            rows.append(
                [
                    cooperative.name,
                    participant["liquidity"],
                    participant["net_debit_cap"],
                    participant["position"],
                    participant["available"],
                ]
            )
        self.screen.table(
            ["Cooperative", "Liquidity", "Cap", "Position", "Available"],
            rows,
            title=title,
        )

    def show_nets(self, nets: list[dict[str, Any]]) -> None:
        """Who pays and who gets how much when the window is settled."""
        names = {each.id: each.name for each in self.cooperatives}
        self.screen.table(
            ["Cooperative", "", "Net"],
            [
                [
                    names[net["cooperative_id"]],
                    "pays" if net["net"] > 0 else "receives",
                    abs(net["net"]),
                ]
                for net in nets
            ],
            title="Nets of the window",
        )

    def _show_book(self, cooperative: Cooperative) -> None:
        book = cooperative.client.get("/v1/ledger/trial-balance")
        rows: list[list[str | int]] = [
            [line["code"], line["name"], line["debit"], line["credit"]]
            for line in book["accounts"]
            if line["debit"] or line["credit"]
        ]
        rows.append(["", "Total", book["debit_total"], book["credit_total"]])
        self.screen.table(
            ["Code", "Account", "Debit", "Credit"],
            rows,
            title=f"Trial balance of {cooperative.name}",
        )
