"""How a committee decides: how many must agree on what (R123, R140)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

APPROVE: Final = "approve"
REJECT: Final = "reject"
CHOICES: Final = (APPROVE, REJECT)

APPROVED: Final = "approved"
CONDITIONAL: Final = "conditional"
"""Approved on other terms than were applied for: the member has to accept them."""

REJECTED: Final = "rejected"
OUTCOMES: Final = (APPROVED, CONDITIONAL, REJECTED)

COMMITTEE_ROLES: Final = ("komite", "pengurus", "bendahara")
QUORUM_MAX: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How many must agree on a loan of up to ``through`` rupiah, None for any.

    Only votes of people who hold one of ``roles`` count.
    """

    through: int | None
    quorum: int
    roles: tuple[str, ...] = COMMITTEE_ROLES

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "through": self.through,
            "quorum": self.quorum,
            "roles": list(self.roles),
        }


DEFAULT_TIERS: Final = (
    Tier(through=10_000_000, quorum=1),
    Tier(through=50_000_000, quorum=2),
    Tier(through=None, quorum=3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is voted on: a loan of ``amount`` rupiah in ``count`` instalments.

    ``conditions`` are further ones in words, empty for none.
    """

    amount: int
    count: int
    rate_bps: int
    conditions: str = ""


def tier_of(tiers: Sequence[Tier], amount: int) -> Tier:
    """The tier of an amount; `are_sound` sees to it that there is one."""
    for tier in tiers:
        if tier.through is None or amount <= tier.through:
            return tier
    message = "The last tier has to be open."
    raise ValueError(message)


def are_sound(tiers: Sequence[Tier]) -> bool:
    """Whether tiers rise, the last one is open, and larger ones never ask for fewer."""
    bounds = [tier.through for tier in tiers[:-1]]
    quorums = [tier.quorum for tier in tiers]
    return (
        bool(tiers)
        and tiers[-1].through is None
        and all(bound is not None for bound in bounds)
        and bounds == sorted(set(bounds), key=lambda bound: bound or 0)
        and quorums == sorted(quorums)
        and quorums[0] > 0
        and all(
            tier.roles and set(tier.roles) <= set(COMMITTEE_ROLES) for tier in tiers
        )
    )


def decided(choices: Sequence[str], quorum: int) -> str | None:
    """What the votes of one round come to, None while there are too few of a kind."""
    for choice in CHOICES:
        if choices.count(choice) >= quorum:
            return choice
    return None


def outcome_of(choice: str, terms: Terms, asked: Terms) -> str:
    """What a decision means to the member who asked for ``asked``.

    Nobody has to accept what is cheaper and otherwise the same.
    """
    if choice == REJECT:
        return REJECTED
    at_least = replace(terms, rate_bps=max(terms.rate_bps, asked.rate_bps))
    return APPROVED if at_least == asked else CONDITIONAL
