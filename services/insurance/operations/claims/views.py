"""How claims are shown, and how others are told of them."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema
from sqlalchemy.orm import Session

from services.insurance.domain import documents
from services.insurance.models import Claim, ClaimDocument, Policy
from services.insurance.store import claims as store
from services.insurance.store import insurers as insurers_store
from services.insurance.store import policies as policies_store
from services.shared.contracts import answers
from services.shared.contracts.insurance import claims as contract
from services.shared.errors import NotFound
from services.shared.persistence import outbox
from services.shared.persistence.database import Database

_OF_POLICY: Final = frozenset({"reference", "member_id"})


def get_claim(database: Database, cooperative_id: str, claim_id: str) -> dict[str, Any]:
    """One claim with its papers."""
    with database.tenant(cooperative_id) as session:
        return answer(session, found(store.find_claim(session, claim_id)))


def list_claims(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The claims of the cooperative, or those of one policy."""
    policy_id, status = command["policy_id"], command["status"]
    owner, limit = f"claims {cooperative_id} {policy_id} {status}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_claims(
            session,
            policy_id=policy_id,
            status=status,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        known = policies_store.policies_by_id(
            session, [claim.policy_id for claim in shown]
        )
    items = [
        answers.one(contract.ClaimSummary(), _plain(claim, known[claim.policy_id]))
        for claim in shown
    ]
    return {"items": items, "next_cursor": next_cursor}


def answer(session: Session, claim: Claim) -> dict[str, Any]:
    """A claim as it is answered."""
    policy = policy_of(session, claim)
    papers = store.list_documents(session, claim.id)
    present = {paper.kind for paper in papers}
    checklist = [
        {"kind": kind, "is_present": kind in present}
        for kind in required_of(session, claim, policy)
    ]
    told = {"checklist": checklist, "documents": papers}
    return answers.one(contract.Claim(), _plain(claim, policy) | told)


def missing_of(session: Session, claim: Claim, policy: Policy) -> list[str]:
    """The kinds of documents that a claim still needs."""
    present = {paper.kind for paper in store.list_documents(session, claim.id)}
    return documents.missing(required_of(session, claim, policy), present)


def required_of(session: Session, claim: Claim, policy: Policy) -> list[str]:
    """The kinds of documents that a claim needs by its product."""
    product = insurers_store.get_product(session, policy.product_id)
    return list(product.documents.get(claim.cause, ()))


def document(paper: ClaimDocument) -> dict[str, Any]:
    """A document as it is answered."""
    return answers.one(contract.ClaimDocument(), paper)


def policy_of(session: Session, claim: Claim) -> Policy:
    """The policy that a claim is made on."""
    return policies_store.get_policy(session, claim.policy_id)


def tell(
    session: Session,
    event: str,
    claim: Claim,
    policy: Policy,
    *,
    schema: type[Schema] = contract.ClaimEvent,
    **more: Any,
) -> None:
    """Let others know what became of a claim."""
    payload = {
        "cooperative_id": claim.cooperative_id,
        "claim_id": claim.id,
        "policy_id": policy.id,
        "loan_id": policy.reference,
        "cause": claim.cause,
        "status": claim.status,
    }
    outbox.add(session, event, answers.one(schema(), payload | more))


def found(claim: Claim | None) -> Claim:
    """The claim. Raises NotFound for none."""
    if claim is None:
        raise NotFound("There is no such claim.")
    return claim


def _plain(claim: Claim, policy: Policy) -> dict[str, Any]:
    columns = {
        name: getattr(claim, name)
        for name in contract.ClaimSummary().fields
        if name not in _OF_POLICY
    }
    return columns | {"reference": policy.reference, "member_id": policy.member_id}
