"""Applications that have come as far as the committee, or past it, for tests."""

from __future__ import annotations

from typing import Any, Final

from services.loans.models import (
    ApplicationCheck,
    ApplicationScore,
    LimitAssessment,
    LoanApplication,
    LoanProduct,
    Verification,
)
from services.shared import clock, identifiers
from services.shared.contracts.loans.verification import USUAL_ITEMS
from services.shared.identity import Identity
from tests.factories.loans import Lender, Member, part

ANALYST: Final = "usr_analyst"


def verified(
    lender: Lender,
    product: LoanProduct,
    member: Member | None = None,
    **columns: Any,
) -> LoanApplication:
    """An application that an analyst has brought before the committee."""
    application = lender.application(
        member or lender.member(), product, "verified", **columns
    )
    now = clock.now()
    with lender.database.tenant(lender.id) as session:
        session.add(
            Verification(
                application_id=application.id,
                cooperative_id=lender.id,
                ticks={item["code"]: {} for item in USUAL_ITEMS},
                scores=dict.fromkeys(
                    ("character", "capacity", "capital", "collateral", "condition"), 4
                ),
                notes=None,
                outcome="passed",
                reason=None,
                finished_by=ANALYST,
                finished_at=now,
            )
        )
        session.add(
            LimitAssessment(
                application_id=application.id,
                cooperative_id=lender.id,
                amount=application.amount,
                count=application.count,
                breaches=[],
                warnings=[],
                highest=10**12,
                is_related=False,
                facts=b"",
                assessed_by=ANALYST,
                assessed_at=now,
            )
        )
        session.add(
            ApplicationCheck(
                application_id=application.id,
                attempt=1,
                cooperative_id=lender.id,
                feature=application.feature,
                status="done",
                check_id=identifiers.new("chk"),
                result="LOLOS",
                fault=None,
                parts=[],
                fee_amount=5_000,
                requested_by=ANALYST,
                requested_at=now,
                answered_at=now,
            )
        )
    return application


def scored(
    lender: Lender, application: LoanApplication, *, max_amount: int, rate_bps: int
) -> None:
    """A score of an application that proposes so much at such a rate."""
    with lender.database.tenant(lender.id) as session:
        session.add(
            ApplicationScore(
                id=identifiers.new("scr"),
                cooperative_id=lender.id,
                application_id=application.id,
                model_id=None,
                model_version=0,
                method="saw",
                model={},
                score_bps=6_000,
                risk_class="C",
                simple_class="B",
                amount=application.amount,
                max_amount=max_amount,
                rate_bps=rate_bps,
                details=b"",
                scored_at=clock.now(),
                scored_by=ANALYST,
            )
        )


def vote(
    lender: Lender, by: Identity, application: LoanApplication, **body: Any
) -> dict[str, Any]:
    """Somebody's vote, by default for the application as it stands."""
    command = {"choice": "approve"} | body
    command |= {"application_id": application.id, "idempotency": part("vote")}
    return lender.call(by, "cast_vote", command)


def signed(
    lender: Lender,
    product: LoanProduct,
    member: Member | None = None,
    akad: dict[str, Any] | None = None,
    terms: dict[str, Any] | None = None,
    **columns: Any,
) -> LoanApplication:
    """An application that is approved by as many as are needed, and signed.

    The committee approves what was applied for, or else ``terms``, which the member
    accepts.
    """
    application = verified(lender, product, member, **columns)
    ballot = vote(lender, lender.staff("komite"), application, **(terms or {}))
    while ballot["decision"] is None:
        ballot = vote(lender, lender.staff("komite"), application)
    named = {"application_id": application.id}
    clerk = lender.staff("bendahara", "pengurus")
    if ballot["status"] == "offered":
        accepted = named | {"idempotency": part("accept")}
        lender.call(lender.staff("teller"), "accept_offer", accepted)
    lender.call(
        clerk, "make_akad", named | (akad or {}) | {"idempotency": part("akad")}
    )
    lender.call(
        clerk,
        "sign_akad",
        named
        | {
            "signed_on": clock.business_date().isoformat(),
            "signed_by": [
                {"role": "Pengurus", "name": "Siti Aminah"},
                {"role": "Peminjam", "name": application.member_name},
            ],
            "idempotency": part("sign"),
        },
    )
    return application
