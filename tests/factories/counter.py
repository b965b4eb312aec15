"""A counter for tests: tellers, drawers, time deposits, and days that pass."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.members import operations
from services.members.operations import cash, deposits
from services.members.operations.job_context import JobContext
from services.shared import access, clock, identifiers
from services.shared.identity import Actor, Identity
from tests.factories.members import PAGE, Tenant, idempotency, movement

RATES = (
    {"term_months": 3, "amount_from": 1, "rate_bps": 700},
    {"term_months": 6, "amount_from": 1, "rate_bps": 800},
    {"term_months": 12, "amount_from": 1, "rate_bps": 900},
)
"""The example of domain.md, topic 7: 3/6/12 months at 7/8/9 %."""


def staff(tenant: Tenant, *roles: str, strong: bool = True) -> Identity:
    """Somebody who signed in, by default with a fresh second factor."""
    return Identity(
        subject=identifiers.new("usr"),
        cooperative_id=tenant.id,
        scopes=access.scopes_of_roles(roles),
        roles=frozenset(roles),
        session_id=identifiers.new("ses"),
        strong_until=2**40 if strong else 0,
    )


def actor(identity: Identity) -> Actor:
    """The same person in the audit trail."""
    return Actor(cooperative_id=identity.cooperative_id, subject=identity.subject)


@contextmanager
def on(day: date, folder: Path) -> Generator[None]:
    """Let it be ``day`` for the while."""
    file = folder / "business-date"
    file.write_text(day.isoformat())
    clock.simulate(file)
    try:
        yield
    finally:
        clock.simulate(None)


@contextmanager
def later(hours: int = 1) -> Generator[None]:
    """Let it be some hours later for the while: what was left behind is due then."""
    moment = clock.now() + timedelta(hours=hours)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        yield


@dataclass(frozen=True, kw_only=True)
class Counter:
    """The counter of one cooperative."""

    tenant: Tenant

    def keyed(self, path: str, body: dict[str, Any], key: str | None) -> dict[str, Any]:
        """A command of ``body`` with the idempotency part of the gateway."""
        return body | {"idempotency": idempotency(f"POST {path}", body, key)}

    def balance(self, key: str) -> int:
        """What the ledger says is in an account."""
        balance: int = self.tenant.ledger.get_balances({"keys": [key]})[key]["balance"]
        return balance

    def chart(self, code: str) -> int:
        """The balance of an account of the chart."""
        return self.balance(f"{self.tenant.id}:{code}")

    # Drawers

    def drawer(self, name: str = "Laci 1", branch_id: str | None = None) -> str:
        """A drawer; its id."""
        chief = staff(self.tenant, "bendahara")
        made = cash.create_drawer(
            self.tenant.world.members,
            self.tenant.ledger,
            actor(chief),
            self.tenant.id,
            {"name": name, "branch_id": branch_id, "idempotency": None},
        )
        drawer_id: str = made["id"]
        return drawer_id

    def open_shift(
        self,
        teller: Identity,
        drawer_id: str | None = None,
        float_amount: int = 1_000_000,
        key: str | None = None,
    ) -> dict[str, Any]:
        """A shift of a teller."""
        body = {
            "drawer_id": drawer_id or self.drawer(),
            "float_amount": float_amount,
        }
        return cash.open_shift(
            self.tenant.world.members,
            self.tenant.ledger,
            self.tenant.id,
            self.keyed("/v1/cash/shifts", body, key),
            teller,
        )

    def move_cash(
        self,
        teller: Identity,
        shift_id: str,
        direction: str,
        amount: int,
        key: str | None = None,
    ) -> dict[str, Any]:
        """Cash between vault and drawer."""
        body = {"direction": direction, "amount": amount}
        path = f"/v1/cash/shifts/{shift_id}/transfers"
        return cash.move_cash(
            self.tenant.world.members,
            self.tenant.ledger,
            self.tenant.id,
            self.keyed(path, body, key) | {"shift_id": shift_id},
            teller,
        )

    def count(
        self, teller: Identity, shift_id: str, counted: int, **more: Any
    ) -> dict[str, Any]:
        """What the teller has counted."""
        command = {
            "shift_id": shift_id,
            "counted_amount": counted,
            "denominations": [],
            "note": None,
        }
        return cash.count_shift(
            self.tenant.world.members,
            self.tenant.ledger,
            actor(teller),
            self.tenant.id,
            command | more,
        )

    def accept(self, approver: Identity, shift_id: str) -> dict[str, Any]:
        """Somebody accepts the count."""
        return cash.accept_count(
            self.tenant.world.members,
            self.tenant.ledger,
            actor(approver),
            shift_id,
            approver,
        )

    def settings(self, **wanted: Any) -> dict[str, Any]:
        """New settings of the counter."""
        defaults = {"drawer_required": False, "step_up_amount": None}
        return cash.put_settings(
            self.tenant.world.members,
            actor(staff(self.tenant, "pengurus")),
            self.tenant.id,
            defaults | wanted,
        )

    def pay_in(
        self, teller: Identity, number: str, amount: int, **body: Any
    ) -> dict[str, Any]:
        """Money that a member brings to this teller."""
        return operations.deposit(
            self.tenant.world.members,
            self.tenant.ledger,
            self.tenant.id,
            movement("deposits", number, amount, **body),
            teller,
        )

    def pay_out(
        self, teller: Identity, number: str, amount: int, **body: Any
    ) -> dict[str, Any]:
        """Money that a member takes at this teller's."""
        return operations.withdraw(
            self.tenant.world.members,
            self.tenant.ledger,
            self.tenant.id,
            movement("withdrawals", number, amount, **body),
            teller,
        )

    # Time deposits

    def product(self, **body: Any) -> dict[str, Any]:
        """A time deposit on offer."""
        command = {
            "code": "sisuka",
            "name": "Simpanan Sukarela Berjangka",
            "minimum_amount": 1_000_000,
            "penalty_bps": 1000,
            "rates": list(RATES),
            "idempotency": None,
        }
        return deposits.create_product(
            self.tenant.world.members,
            actor(staff(self.tenant, "pengurus")),
            command | body,
        )

    def place(
        self,
        account: dict[str, Any],
        product_id: str,
        amount: int = 10_000_000,
        key: str | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        """A deposit of the owner of a savings account, out of that account."""
        wanted = {
            "member_id": account["member_id"],
            "product_id": product_id,
            "amount": amount,
            "term_months": 3,
            "savings_account": account["number"],
            "source": "savings",
            "schedule": "maturity",
            "rollover": "none",
        } | body
        by = body.pop("by", None) or staff(self.tenant, "teller")
        wanted.pop("by", None)
        return deposits.open_deposit(
            self.tenant.world.members,
            self.tenant.ledger,
            actor(by),
            self.keyed("/v1/deposits", wanted, key),
            by,
        )

    def break_(self, deposit_id: str, key: str | None = None) -> dict[str, Any]:
        """A deposit that ends today."""
        path = f"/v1/deposits/{deposit_id}/break"
        return deposits.break_deposit(
            self.tenant.world.members,
            self.tenant.ledger,
            actor(staff(self.tenant, "teller")),
            self.keyed(path, {}, key) | {"deposit_id": deposit_id},
        )

    def change(self, deposit_id: str, **body: Any) -> dict[str, Any]:
        """What a member changes of a running deposit."""
        wanted = {"savings_account": None, "rollover": None} | body
        return deposits.change_deposit(
            self.tenant.world.members,
            actor(staff(self.tenant, "teller")),
            wanted | {"deposit_id": deposit_id},
        )

    def show(self, deposit_id: str) -> dict[str, Any]:
        """A deposit with its payouts."""
        return deposits.get_deposit(
            self.tenant.world.members, self.tenant.id, deposit_id
        )

    def run_job(self, day: date) -> int:
        """The deposits' job of a business date; how many payouts it made."""
        context = JobContext(
            database=self.tenant.world.members,
            settings=self.tenant.world.settings,
            ledger=self.tenant.ledger,
            cooperative_id=self.tenant.id,
            business_date=day,
        )
        done, position = 0, None
        while True:
            step = deposits.JOB.run(context, position)
            done, position = done + step.done, step.position
            if position is None:
                return done

    def drawers(self) -> list[dict[str, Any]]:
        """The drawers with their balances."""
        items: list[dict[str, Any]] = cash.list_drawers(
            self.tenant.world.members, self.tenant.ledger, self.tenant.id, PAGE
        )["items"]
        return items
