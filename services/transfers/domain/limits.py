"""Whether a transfer may go to the ledger at all: every refusal the hub decides itself.

Refusals are decided in one fixed order, so that the same request always hears the same
code: same account, unknown account, suspended participant, no agreement, limit of one
transfer, limit of the day. Balances, cover and cap are the ledger's to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.transfers.domain import agreements, transfer
from services.transfers.domain.agreements import Agreement, Pair
from services.transfers.domain.participants import Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the transfers of one batch are judged by."""

    by_id: Mapping[str, Participant]
    by_code: Mapping[str, Participant]
    agreements: Mapping[Pair, Agreement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Both sides of a transfer and, when it may not go on, the code of the refusal."""

    payer: Participant
    payee: Participant | None
    agreement: Agreement | None = None
    code: str | None = None


@dataclass(slots=True)
class DailyUsage:
    """What each agreement has used of a business date, in whole rupiah.

    Reserving in the order of the batch keeps every prefix within the limit.
    """

    used: dict[str, int] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)

    def reserve(self, agreement: Agreement, amount: int) -> bool:
        """Take ``amount`` out of what the day still allows, or leave it untouched."""
        if agreement.daily_limit is None:
            return True
        used = self.used.get(agreement.id, 0)
        if used + amount > agreement.daily_limit:
            return False
        self.used[agreement.id] = used + amount
        self.reserved[agreement.id] = self.reserved.get(agreement.id, 0) + amount
        return True


def judge(
    terms: Terms, payer: Participant, *, payer_account: str, payee_account: str
) -> Ruling:
    """The ruling on everything but amounts."""
    payee = terms.by_code.get(transfer.cooperative_code(payee_account))
    if payer_account == payee_account:
        return Ruling(payer=payer, payee=payee, code="same_account")
    if transfer.cooperative_code(payer_account) != payer.code or payee is None:
        return Ruling(payer=payer, payee=payee, code="account_not_found")
    if payer is payee:
        return _judge_internal(payer)
    if not (payer.is_active and payee.is_active):
        return Ruling(payer=payer, payee=payee, code="participant_suspended")
    agreement = terms.agreements.get(
        agreements.pair(payer.cooperative_id, payee.cooperative_id)
    )
    if agreement is None:
        return Ruling(payer=payer, payee=payee, code="no_agreement")
    return Ruling(payer=payer, payee=payee, agreement=agreement)


def _judge_internal(payer: Participant) -> Ruling:
    """Inside one cooperative nothing is cleared, so a suspension does not matter.

    A connected cooperative keeps its members' accounts in its own system.
    """
    code = "account_not_found" if payer.mode == transfer.CONNECTED else None
    return Ruling(payer=payer, payee=payer, code=code)


def exceeded(agreement: Agreement, amount: int, usage: DailyUsage) -> str | None:
    """The code of the agreement's limit that ``amount`` passes, or None.

    Takes the amount out of the day's limit when it fits.
    """
    if agreement.transfer_limit is not None and amount > agreement.transfer_limit:
        return "transfer_limit_exceeded"
    return None if usage.reserve(agreement, amount) else "daily_limit_exceeded"
