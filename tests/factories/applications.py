"""Applications as a cooperative's staff brings them on their way, for tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

from services.loans.models import LoanProduct
from services.shared.contracts.loans.verification import FIVE_C, USUAL_ITEMS
from services.shared.identity import Identity
from tests.factories.loans import Lender, Member, part

PDF: Final = b"%PDF-1.7\n...\n%%EOF\n"

FORM: Final[dict[str, Any]] = {
    "employment": "employee",
    "monthly_income": 6_000_000,
    "other_obligations": 0,
}
CONSENT: Final = {
    "at": "2026-11-20T03:00:00+00:00",
    "text_version": "ekyc-2026-01",
    "given_by": "Budi Santoso",
}
SCORES: Final = {one: {"score": 4, "note": f"Catatan {one}"} for one in FIVE_C}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A clerk and an analyst of one cooperative, and what they do."""

    lender: Lender
    clerk: Identity
    analyst: Identity

    def call(self, method: str, **command: Any) -> dict[str, Any]:
        """What an entrypoint answers the clerk."""
        return self.lender.call(self.clerk, method, command)

    def analyse(self, method: str, **command: Any) -> dict[str, Any]:
        """What an entrypoint answers the analyst."""
        return self.lender.call(self.analyst, method, command)

    def draft(
        self, member: Member, product: LoanProduct, **body: Any
    ) -> dict[str, Any]:
        """An application that was written down, with its form."""
        wish = {
            "member_id": member.id,
            "product_id": product.id,
            "amount": 3_000_000,
            "count": 12,
            "purpose": "Modal usaha warung",
            "sector": "perdagangan",
            "form": FORM,
        }
        return self.call("create_application", **(wish | body))

    def hand_in_papers(self, application_id: str, *kinds: str) -> list[dict[str, Any]]:
        """Documents of these kinds, by default what an employee brings."""
        return [
            self.call(
                "upload_application_document",
                application_id=application_id,
                kind=kind,
                media_type="application/pdf",
                content=base64.b64encode(PDF).decode(),
            )
            for kind in kinds or ("application_form", "payslip")
        ]

    def submit(self, application_id: str, key: str | None = None) -> dict[str, Any]:
        """The button "Ajukan Pinjaman"."""
        return self.call(
            "submit_application",
            application_id=application_id,
            idempotency=part("submit", key),
        )

    def submitted(
        self, member: Member, product: LoanProduct, **body: Any
    ) -> dict[str, Any]:
        """An application that stands in the queue."""
        application = self.draft(member, product, **body)
        self.hand_in_papers(application["id"], "application_form", "payslip")
        self.hand_in_papers(application["id"], "cash_book")
        return self.submit(application["id"])

    def take(self) -> str:
        """The analyst takes the next from the queue; its id."""
        entry = self.analyse("take_application", line="verification")
        taken: str = entry["application_id"]
        return taken

    def examine(self, application_id: str) -> None:
        """Everything that an analyst does, except what a product asks for besides."""
        codes = [one["code"] for one in USUAL_ITEMS]
        self.analyse("tick_checklist", application_id=application_id, codes=codes)
        self.analyse("assess_five_c", application_id=application_id, **SCORES)
        self.check(application_id)

    def check(self, application_id: str, key: str | None = None) -> dict[str, Any]:
        """Have who applies checked."""
        return self.analyse(
            "request_application_check",
            application_id=application_id,
            consent=CONSENT,
            idempotency=part("check", key),
        )


def desk_of(lender: Lender) -> Desk:
    """The desk of a cooperative, to which the kyc service tells nothing bad."""
    lender.kyc.answers |= {
        "get_bureau_summary": {"outstanding": 0, "score": None},
        "get_income": {"monthly_income": None, "is_capped": False},
        "request_check": checked("LOLOS"),
    }
    return Desk(
        lender=lender, clerk=lender.staff("teller"), analyst=lender.staff("analis")
    )


def checked(result: str | None, status: str = "done") -> dict[str, Any]:
    """How the kyc service says that a check went."""
    return {
        "id": "kck_1",
        "status": status,
        "result": result,
        "fault": None if status in {"done", "checking"} else "vendor_failed",
        "parts": [{"kind": "ektp", "result": "LOLOS", "score": 97, "detail": {}}],
        "fee_amount": 5000,
    }
