"""How a committee decides on an application, and how the member answers (R123)."""

from __future__ import annotations

from services.loans.operations.decisions.answering import (
    ACCEPTED,
    DECLINED,
    answer_offer,
    get_decision,
    get_letter,
    require_own,
    send_back,
)
from services.loans.operations.decisions.voting import (
    cast_vote,
    require_unconcerned,
    terms_of,
)

__all__ = [
    "ACCEPTED",
    "DECLINED",
    "answer_offer",
    "cast_vote",
    "get_decision",
    "get_letter",
    "require_own",
    "require_unconcerned",
    "send_back",
    "terms_of",
]
