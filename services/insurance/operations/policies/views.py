"""How policies are shown."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.insurance.models import InsuranceProduct, Policy
from services.insurance.store import insurers as insurers_store
from services.insurance.store import policies as store
from services.shared.contracts import answers
from services.shared.contracts import insurance as insurance_contract
from services.shared.contracts.insurance import policies as contract
from services.shared.errors import NotFound
from services.shared.persistence.database import Database

_OF_PRODUCT: Final = frozenset({"product_code", "kind"})


def get_policy(
    database: Database, cooperative_id: str, policy_id: str
) -> dict[str, Any]:
    """One policy."""
    with database.tenant(cooperative_id) as session:
        return answer(session, found(store.find_policy(session, policy_id)))


def list_policies(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The policies of the cooperative, or those of one member or loan."""
    member_id, reference = command["member_id"], command["reference"]
    status, limit = command["status"], command["limit"]
    owner = f"policies {cooperative_id} {member_id} {reference} {status}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_policies(
            session,
            member_id=member_id,
            reference=reference,
            status=status,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        products = insurers_store.products_by_id(
            session, [policy.product_id for policy in shown]
        )
    items = [_answer(policy, products[policy.product_id]) for policy in shown]
    return {"items": items, "next_cursor": next_cursor}


def has_running_policies(database: Database, cooperative_id: str) -> dict[str, Any]:
    """How many policies keep a cooperative from leaving (R17)."""
    with database.tenant(cooperative_id) as session:
        count, last_day = store.count_running(session)
    return answers.one(
        insurance_contract.RunningPolicies(), {"count": count, "last_day": last_day}
    )


def answer(session: Session, policy: Policy) -> dict[str, Any]:
    """A policy as it is answered."""
    return _answer(policy, insurers_store.get_product(session, policy.product_id))


def found(policy: Policy | None) -> Policy:
    """The policy. Raises NotFound for none."""
    if policy is None:
        raise NotFound("There is no such policy.")
    return policy


def _answer(policy: Policy, product: InsuranceProduct) -> dict[str, Any]:
    columns = {
        name: getattr(policy, name)
        for name in contract.Policy().fields
        if name not in _OF_PRODUCT
    }
    told = {"product_code": product.code, "kind": product.kind}
    return answers.one(contract.Policy(), columns | told)
