"""Savings through months: a calendar that can be turned, and what staff does on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from services.members import operations
from services.members.operations import dues, jobs, products
from services.members.operations.job_context import JobContext
from services.members.store import interest as interest_store
from services.shared import clock
from services.shared.identity import Actor
from services.shared.persistence.jobs import Step
from tests.factories.members import Tenant, idempotency

CHIEF: Final = "usr_bendahara"
"""Who approves what a teller has recorded."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The business date, as long as the test runs."""

    file: Path

    def turn_to(self, day: date | str) -> date:
        """Make it another day."""
        self.file.write_text(str(day))
        return date.fromisoformat(str(day))


@contextmanager
def calendar_at(file: Path, day: str) -> Iterator[Calendar]:
    """A calendar that shows ``day``; afterwards it is today again."""
    calendar = Calendar(file=file)
    calendar.turn_to(day)
    clock.simulate(file)
    try:
        yield calendar
    finally:
        clock.simulate(None)


@dataclass(frozen=True, kw_only=True)
class Counter:
    """What the staff of one cooperative does about savings."""

    tenant: Tenant

    @property
    def actor(self) -> Actor:
        return self.tenant.actor

    @property
    def chief(self) -> Actor:
        return Actor(cooperative_id=self.tenant.id, subject=CHIEF)

    def set_rate(
        self, rate_bps: int, valid_from: date | str, product: str = "sukarela"
    ) -> dict[str, Any]:
        return products.set_rate(
            self.tenant.world.members,
            self.actor,
            {
                "code": product,
                "rate_bps": rate_bps,
                "valid_from": date.fromisoformat(str(valid_from)),
                "idempotency": None,
            },
        )

    def create_product(self, code: str = "pendidikan", **body: Any) -> dict[str, Any]:
        command = {
            "code": code,
            "name": "Tabungan Pendidikan",
            "interest_method": "daily",
            "minimum_balance": 0,
            "idempotency": None,
        }
        return products.create_product(
            self.tenant.world.members, self.actor, command | body
        )

    def change_product(self, code: str, **changes: Any) -> dict[str, Any]:
        command = {"code": code, "name": None, "minimum_balance": None, "status": None}
        return products.change_product(
            self.tenant.world.members, self.actor, command | changes
        )

    def set_term(
        self, kind: str, amount: int, valid_from: date | str, due_day: int = 10
    ) -> dict[str, Any]:
        return products.set_term(
            self.tenant.world.members,
            self.actor,
            {
                "kind": kind,
                "amount": amount,
                "valid_from": date.fromisoformat(str(valid_from)),
                "due_day": due_day,
                "idempotency": None,
            },
        )

    def pay(
        self,
        member_id: str,
        kind: str = "wajib",
        *,
        key: str | None = None,
        actor: Actor | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        """A contribution at the counter."""
        content = {
            "kind": kind,
            "amount": None,
            "periods": None,
            "channel": "cash",
            "reference": None,
        } | body
        operation = f"POST /v1/members/{member_id}/contributions"
        return dues.pay_contribution(
            self.tenant.world.members,
            self.tenant.ledger,
            actor or self.actor,
            content
            | {
                "member_id": member_id,
                "idempotency": idempotency(operation, content, key),
            },
        )

    def cancel(
        self, contribution_id: str, actor: Actor | None = None
    ) -> dict[str, Any]:
        return dues.cancel_contribution(
            self.tenant.world.members,
            self.tenant.ledger,
            actor or self.chief,
            {
                "contribution_id": contribution_id,
                "reason": "Salah anggota",
                "idempotency": idempotency("cancel", contribution_id),
            },
        )

    def contributions_of(self, member_id: str) -> list[dict[str, Any]]:
        """What a member has contributed, in the order it was paid."""
        command = {"member_id": member_id, "limit": 50, "cursor": None}
        items: list[dict[str, Any]] = dues.list_contributions(
            self.tenant.world.members, self.tenant.id, command
        )["items"]
        return items

    def dues_of(self, member_id: str, **page: Any) -> dict[str, Any]:
        return dues.get_dues(
            self.tenant.world.members,
            self.tenant.ledger,
            self.tenant.id,
            {"member_id": member_id, "limit": 50, "cursor": None} | page,
        )

    def arrears(self, **page: Any) -> list[dict[str, Any]]:
        command = {"as_of": None, "limit": 50, "cursor": None} | page
        items: list[dict[str, Any]] = dues.list_arrears(
            self.tenant.world.members, self.tenant.id, command
        )["items"]
        return items

    def account_of(self, member_id: str, product: str = "sukarela") -> str:
        """A savings account of a member; its number."""
        number: str = operations.open_account(
            self.tenant.world.members,
            self.tenant.ledger,
            self.tenant.id,
            {"member_id": member_id, "product": product, "idempotency": None},
        )["number"]
        return number

    def balance(self, number: str) -> int:
        balance: int = self.tenant.get_account(number)["balance"]
        return balance

    def context(self, day: date | str) -> JobContext:
        return JobContext(
            database=self.tenant.world.members,
            settings=self.tenant.world.settings,
            ledger=self.tenant.ledger,
            cooperative_id=self.tenant.id,
            business_date=date.fromisoformat(str(day)),
        )

    def run(self, job: str, day: date | str) -> int:
        """A whole run by hand, step by step; what it has done."""
        context, position, done = self.context(day), None, 0
        while True:
            step: Step = jobs.JOBS[job].run(context, position)
            done += step.done
            if step.position is None:
                return done
            position = step.position

    def slip(self, member_id: str, month: date | str) -> tuple[str, int, int, int]:
        """A withholding slip: number, interest, tax, and what was withheld."""
        with self.tenant.world.members.tenant(self.tenant.id) as session:
            found = interest_store.find_withholding(
                session, self.tenant.id, member_id, date.fromisoformat(str(month))
            )
            assert found is not None
            return found.number, found.gross, found.tax, found.withheld
