"""Policies: the cover of one loan, from its reservation to its end (R42, R48).

| entrypoint | rule | command | result |
|---|---|---|---|
| `quote_premium` | service loans | `QuotePremium` | `Quote` |
| `reserve_policy` | service loans | `ReservePolicy` | `Policy` |
| `activate_policy` | service loans | `ActivatePolicy` | `Policy` |
| `cancel_reservation` | service loans | `CancelReservation` | `Policy` |
| `cancel_policy` | service loans | `CancelPolicy` | `Cancellation` |
| `get_policy` | insurance:read, service loans | `PolicyCommand` | `Policy` |
| `list_policies` | insurance:read, service loans | `ListPolicies` | `PolicyPage` |

All commands of loans may come twice. A policy is `reserved` before the money of its
loan moves and activated after it: from then on it becomes `active` in the end, however
long the insurer is away; or `activation_refused`, where the insurer will not have it
and a person decides (`resolutions`). Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import AmountField, FlagField, UtcField, text
from services.shared.contracts.insurance.insurers import KINDS
from services.shared.contracts.members import Page, identifier, name_field
from services.shared.errors import ConflictError, RefusedError, UnavailableError

MONTHS_MAX: Final = 600
STATUSES: Final = (
    "reserving",
    "reserved",
    "refused",
    "releasing",
    "activating",
    "activation_refused",
    "active",
    "cancelling",
    "cancelled",
    "expired",
    "claimed",
)
CANCEL_REASONS: Final = ("settled_early", "settled", "restructured")

# Events.
POLICY_REFUNDED: Final = "policy_refunded"  # PolicyRefunded
POLICY_ACTIVATION_REFUSED: Final = "policy_activation_refused"  # PolicyEvent


class ProductNotOffered(RefusedError):
    """There is no insurance product of this code on offer."""

    code = "insurance_product_not_offered"


class InsurerRefused(RefusedError):
    """The insurer does not cover this loan."""

    code = "insurer_refused"


class InsurerUnavailable(UnavailableError):
    """The insurer cannot be reached; no cover was reserved."""

    code = "insurer_unavailable"


class PolicyExists(ConflictError):
    """This loan has a policy on other terms already."""

    code = "policy_exists"


class PolicyNotReserved(ConflictError):
    """The policy is not reserved any more, or runs already."""

    code = "policy_not_reserved"


class PolicyNotRunning(ConflictError):
    """The policy does not run."""

    code = "policy_not_running"


class PolicyUnderClaim(ConflictError):
    """A claim on this policy is with the insurer; it cannot be cancelled now."""

    code = "policy_under_claim"


def _months() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=MONTHS_MAX),
        metadata={"description": "The tenor of the loan.", "example": 12},
    )


class QuotePremium(Schema):
    """A loan that is not covered yet."""

    product_code = text(longest=30, required=True, metadata={"example": "jiwa_kredit"})
    principal = AmountField(required=True, metadata={"example": 10_000_000})
    months = _months()


class Quote(Schema):
    """What cover would cost, all of it in advance.

    ``charged_months`` are those of the loan, or whole years where the product rounds
    them up (C19); it is what a fee of this premium is charged for.
    """

    product_code = fields.String(required=True)
    premium = fields.Integer(required=True, strict=True)
    charged_months = fields.Integer(required=True, strict=True)
    rate_bps = fields.Integer(required=True, strict=True)
    coverage_bps = fields.Integer(required=True, strict=True)


class ReservePolicy(QuotePremium):
    """Provisional cover of a loan, once per ``reference``, which is the loan's id.

    After a reservation that was refused, cancelled or failed the same reference is a
    new request.
    """

    reference = identifier("loa_01jd8x")
    member_id = identifier("mem_01jd8x")
    member_name = name_field("Budi Santoso")
    birth_date = fields.Date(load_default=None, allow_none=True)
    starts_on = fields.Date(required=True)


class PolicyCommand(Schema):
    """Something about one policy of the caller's cooperative."""

    policy_id = identifier("pol_01jd8x")


class ActivatePolicy(PolicyCommand):
    """A loan that was paid out, and the reference under which its premium was charged.

    Cover begins on ``disbursed_on``.
    """

    disbursed_on = fields.Date(required=True)
    premium_fee_reference = text(longest=200, required=True)


class CancelReservation(PolicyCommand):
    """Cover of a loan that is not paid out after all."""

    reason = text(longest=300, required=True)


class CancelPolicy(PolicyCommand):
    """Cover that ends before its time.

    With ``refund`` the product's share of the unearned premium goes back into the
    cooperative's wallet, which is told by `policy_refunded`.
    """

    on = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(CANCEL_REASONS))
    refund = FlagField(required=True)


class Cancellation(Schema):
    """Where the policy stands, and what will be or was given back for it."""

    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    refund_amount = fields.Integer(required=True, strict=True)


class Policy(Schema):
    """The cover of one loan."""

    id = identifier("pol_01jd8x")
    number = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The insurer's.", "example": "AJK-2026-000001"},
    )
    reference = identifier("loa_01jd8x")
    member_id = identifier("mem_01jd8x")
    product_id = identifier("inp_01jd8x")
    product_code = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    principal = fields.Integer(required=True, strict=True)
    months = fields.Integer(required=True, strict=True)
    charged_months = fields.Integer(required=True, strict=True)
    rate_bps = fields.Integer(required=True, strict=True)
    coverage_bps = fields.Integer(required=True, strict=True)
    premium = fields.Integer(required=True, strict=True)
    premium_fee_reference = fields.String(required=True, allow_none=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(
        required=True, metadata={"description": "The last day of cover."}
    )
    ended_on = fields.Date(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)
    refund_amount = fields.Integer(required=True, strict=True)
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why the last step failed: the insurer's reason, or a code.",
            "example": None,
        },
    )
    created_at = UtcField(required=True)


class ListPolicies(Page):
    """The policies of the caller's cooperative, or those of one member or loan."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    reference = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )


class PolicyPage(Schema):
    """Policies in the order they were asked for."""

    items = fields.List(fields.Nested(Policy), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PolicyEvent(Schema):
    """Payload of the events of a policy; ``loan_id`` is its reference."""

    cooperative_id = identifier("coop_01jd8x")
    policy_id = identifier("pol_01jd8x")
    loan_id = identifier("loa_01jd8x")


class PolicyRefunded(PolicyEvent):
    """Payload of `policy_refunded`: premium is back in the cooperative's wallet."""

    amount = AmountField(required=True)


class NamedPolicy(Schema):
    """A policy by its own id or by the loan's."""

    policy_id = text(longest=100, load_default=None, allow_none=True)
    reference = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The loan's id, instead of `policy_id`."},
    )

    @validates_schema
    def _named_once(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("policy_id") is None) == (data.get("reference") is None):
            message = "Exactly one of policy_id and reference must be given."
            raise ValidationError(message, "policy_id")
