"""The insurance service as loans meets it: policies by loan, each made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from marshmallow import Schema

from services.shared import identifiers
from services.shared.contracts.insurance import policies as contract
from services.shared.errors import ServiceError
from tests.factories.loans import Lender

PRODUCT: Final = "jiwa_kredit"

_COMMANDS: Final[dict[str, Schema]] = {
    "quote_premium": contract.QuotePremium(),
    "reserve_policy": contract.ReservePolicy(),
    "activate_policy": contract.ActivatePolicy(),
    "cancel_reservation": contract.CancelReservation(),
    "list_policies": contract.ListPolicies(),
}


class FakeInsurance:
    """Answers the calls of a payout; ``fault`` is raised by the methods it is set for.

    ``after`` is called with the method's name once an answer was made: raising there
    is the network losing it.
    """

    def __init__(self, lender: Lender) -> None:
        self.policies: dict[str, dict[str, Any]] = {}
        self.rate_bps = 450
        self.faults: dict[str, ServiceError] = {}
        self.after: Callable[[str], None] = lambda _method: None
        for method in _COMMANDS:
            lender.insurance.answers[method] = self._answering(method)

    def statuses(self) -> list[str]:
        """What became of every policy."""
        return sorted(policy["status"] for policy in self.policies.values())

    def _answering(self, method: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def answer(command: dict[str, Any]) -> dict[str, Any]:
            # The real one would refuse what does not fit.
            _COMMANDS[method].load(command)
            if method in self.faults:
                raise self.faults[method]
            made: dict[str, Any] = getattr(self, f"_{method}")(command)
            self.after(method)
            return dict(made)

        return answer

    def _quote_premium(self, command: dict[str, Any]) -> dict[str, Any]:
        months = command["months"]
        return {
            "product_code": command["product_code"],
            "premium": (
                (2 * command["principal"] * self.rate_bps * months + 120_000) // 240_000
            ),
            "charged_months": months,
            "rate_bps": self.rate_bps,
            "coverage_bps": 10_000,
        }

    def _reserve_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        reference = command["reference"]
        known = self.policies.get(reference)
        if known is None or known["status"] == "cancelled":
            known = self._quote_premium(command) | {
                "id": identifiers.new("pol"),
                "status": "reserved",
                "member_id": command["member_id"],
            }
            self.policies[reference] = known
        return known

    def _activate_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        policy = self._by_id(command["policy_id"])
        assert policy["status"] in {"reserved", "active"}, policy
        policy |= {"status": "active", "fee": command["premium_fee_reference"]}
        return policy

    def _cancel_reservation(self, command: dict[str, Any]) -> dict[str, Any]:
        policy = self._by_id(command["policy_id"])
        assert policy["status"] in {"reserved", "cancelled"}, policy
        policy["status"] = "cancelled"
        return policy

    def _list_policies(self, command: dict[str, Any]) -> dict[str, Any]:
        found = self.policies.get(command["reference"])
        return {"items": [found] if found else [], "next_cursor": None}

    def _by_id(self, policy_id: str) -> dict[str, Any]:
        [policy] = [one for one in self.policies.values() if one["id"] == policy_id]
        return policy
