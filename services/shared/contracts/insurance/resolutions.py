"""How staff end what insurer and cooperative do not agree on (R47, R49).

| entrypoint | rule | command | result |
|---|---|---|---|
| `insist_on_claim` | insurance:write | `InsistOnClaim` | `Claim` |
| `retry_activation` | insurance:write | `RetryActivation` | `Policy` |
| `propose_claim_resolution` | insurance:write | its command | `Resolution` |
| `propose_policy_resolution` | insurance:write | its command | `Resolution` |
| `approve_resolution` | approvals:write | `DecideResolution` | `Resolution` |
| `reject_resolution` | approvals:write | `DecideResolution` | `Resolution` |
| `list_resolutions` | insurance:read | `ListResolutions` | `ResolutionPage` |

A claim is `disputed` while the insurer says what cannot be, a policy
`activation_refused` when the insurer would not let cover begin after the loan was paid
out. Asking again is one person's; what gives money up or back is proposed by one and
approved by another with a fresh second factor. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.insurance.claims import ChangeClaim, ClaimCommand
from services.shared.contracts.insurance.policies import PolicyCommand
from services.shared.contracts.members import Command, Page, identifier
from services.shared.errors import ConflictError, RefusedError

ACCEPT_AMOUNT: Final = "accept_amount"
CLAIM_OUTCOMES: Final = (ACCEPT_AMOUNT, "accept_rejection")
OUTCOMES: Final = (*CLAIM_OUTCOMES, "end_policy")
STATUSES: Final = ("proposed", "approved", "rejected")


class ClaimNotDisputed(ConflictError):
    """The insurer's answer on this claim is not disputed."""

    code = "claim_not_disputed"


class ActivationNotRefused(ConflictError):
    """The insurer has not refused to activate this policy."""

    code = "activation_not_refused"


class ResolutionOpen(ConflictError):
    """Another proposal for this policy waits for its decision."""

    code = "resolution_open"


class ResolutionDecided(ConflictError):
    """The proposal was decided before."""

    code = "resolution_decided"


class AmountOverClaim(RefusedError):
    """No more can be agreed on than was claimed.

    ``details["claimed"]`` says how much that was.
    """

    code = "amount_over_claim"


class ReasonBody(Schema):
    """Why somebody does it; it stays in the audit trail."""

    reason = text(
        longest=500,
        shortest=5,
        required=True,
        metadata={"example": "Dibahas dengan Bu Ratna dari perusahaan asuransi"},
    )


class InsistOnClaim(ReasonBody, ChangeClaim):
    """A disputed claim on which the cooperative stands: the insurer is asked again."""


class RetryActivation(ReasonBody, PolicyCommand, Command):
    """A policy that the insurer is to activate after all."""


class ClaimResolutionBody(ReasonBody):
    """What was agreed on with the insurer: an amount, or that it pays nothing."""

    outcome = fields.String(
        required=True,
        validate=validate.OneOf(CLAIM_OUTCOMES),
        metadata={"example": ACCEPT_AMOUNT},
    )
    amount = AmountField(
        load_default=None, allow_none=True, metadata={"example": 5_000_000}
    )

    @validates_schema
    def _says_how_much(self, data: dict[str, Any], **_: Any) -> None:
        if (data["outcome"] == ACCEPT_AMOUNT) == (data["amount"] is None):
            message = "An amount belongs to accept_amount, and to it alone."
            raise ValidationError(message, "amount")


class ProposeClaimResolution(ClaimResolutionBody, ClaimCommand, Command):
    """How a disputed claim is to end."""


class ProposePolicyResolution(ReasonBody, PolicyCommand, Command):
    """A policy that is to end because the insurer refuses it; all premium goes back."""


class DecideResolution(Command):
    """A proposal that is decided."""

    resolution_id = identifier("res_01jd8x")


class Resolution(Schema):
    """What was proposed, and what another decided."""

    id = identifier("res_01jd8x")
    policy_id = identifier("pol_01jd8x")
    claim_id = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    amount = fields.Integer(required=True, strict=True, allow_none=True)
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    proposed_by = fields.String(required=True)
    proposed_at = UtcField(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)


class ListResolutions(Page):
    """The proposals of the caller's cooperative, or those about one policy."""

    policy_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )


class ResolutionPage(Schema):
    """Proposals in the order they were made."""

    items = fields.List(fields.Nested(Resolution), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
