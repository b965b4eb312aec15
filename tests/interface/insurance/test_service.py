"""The entrypoints: what they take, what they answer, and whom they let in."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from services.insurance.service import InsuranceService
from services.shared import identifiers
from services.shared.contracts import insurance
from services.shared.contracts.insurance import claims, insurers, policies
from services.shared.errors import Malformed, NotAllowed
from services.shared.identity import Identity
from tests.factories.insurance import PDF, Agency, ago
from tests.factories.members import OPERATOR, idempotency
from tests.fakes import in_process

Call = Callable[..., dict[str, Any]]


def as_caller(agency: Agency, identity: Identity) -> Call:
    service = in_process.service(
        InsuranceService,
        database=agency.database,
        settings=agency.settings,
        caller=identity,
        ledger=Nobody(),
    )

    def call(method: str, command: dict[str, Any]) -> dict[str, Any]:
        return in_process.call(service, method, command)

    return call


class Nobody:
    """A ledger that is not asked."""

    def on_behalf_of(self, cooperative_id: str) -> None:
        raise AssertionError(cooperative_id)


def tenant(agency: Agency, *scopes: str, service: str = "gateway") -> Identity:
    return Identity(
        subject="usr_bendahara",
        cooperative_id=agency.id,
        scopes=frozenset(scopes),
        service=service,
    )


def loans(agency: Agency) -> Call:
    return as_caller(agency, tenant(agency, service="loans"))


def test_the_operator_keeps_the_catalogue_and_all_read_it(agency: Agency) -> None:
    operator = as_caller(agency, OPERATOR)
    code = f"b{identifiers.new('x')[-20:]}"
    body = {"code": code, "name": "Penjaminan Kredit"}
    part = idempotency("POST /v1/insurers", body)
    insurer = operator("create_insurer", body | {"idempotency": part})
    insurers.Insurer().load(insurer)
    assert operator("create_insurer", body | {"idempotency": part})["replayed"]
    with pytest.raises(insurers.InsurerCodeTaken):
        operator("create_insurer", body)
    offered = {"insurer_id": insurer["id"], "kind": "credit_guarantee"} | body
    product = operator("create_insurance_product", offered)
    assert (product["rate_bps"], product["is_offered"]) == (450, True)
    assert set(product["documents"]) == {"default", "force_majeure"}
    withdrawn = operator("withdraw_insurance_product", {"product_id": product["id"]})

    reader = as_caller(agency, tenant(agency, "products:read"))
    listed = reader("list_insurance_products", {"limit": 200})
    insurers.InsuranceProductPage().load(listed)
    assert withdrawn in listed["items"]
    with pytest.raises(NotAllowed):
        reader("create_insurer", body)
    with pytest.raises(policies.ProductNotOffered):
        loans(agency)(
            "quote_premium",
            {"product_code": code, "principal": 1_000_000, "months": 12},
        )


def test_loans_insures_and_staff_claim(agency: Agency) -> None:
    ask = loans(agency)
    terms = {
        "product_code": agency.product["code"],
        "principal": 10_000_000,
        "months": 12,
    }
    assert ask("quote_premium", terms)["premium"] == 450_000
    policy = ask(
        "reserve_policy",
        terms
        | {
            "reference": "loa_jalan",
            "member_id": "mem_budi",
            "member_name": "Budi Santoso",
            "starts_on": ago(0).isoformat(),
        },
    )
    activated = ask(
        "activate_policy",
        {
            "policy_id": policy["id"],
            "disbursed_on": ago(30).isoformat(),
            "premium_fee_reference": "loa_jalan",
        },
    )
    policies.Policy().load(activated)
    assert activated["status"] == "active"

    staff = as_caller(agency, tenant(agency, "insurance:write", "insurance:read"))
    claim = staff(
        "open_claim",
        {
            "reference": "loa_jalan",
            "cause": "death",
            "occurred_on": ago(1).isoformat(),
            "outstanding_principal": 9_000_000,
        },
    )
    assert claim["reported_by"] == "usr_bendahara"
    for needed in claim["checklist"]:
        body = {
            "claim_id": claim["id"],
            "kind": needed["kind"],
            "media_type": "application/pdf",
            "content": base64.b64encode(PDF).decode(),
        }
        staff("upload_claim_document", body)
    submitted = staff("submit_claim", {"claim_id": claim["id"]})
    claims.Claim().load(submitted)
    assert submitted["status"] == "submitted"
    assert staff("get_claim", {"claim_id": claim["id"]}) == submitted


def test_only_loans_insures(agency: Agency) -> None:
    staff = as_caller(agency, tenant(agency, "insurance:write", "insurance:read"))

    for method in ("reserve_policy", "activate_policy", "cancel_policy"):
        with pytest.raises(NotAllowed):
            staff(method, {})
    with pytest.raises(NotAllowed):
        as_caller(agency, tenant(agency, "insurance:read"))("open_claim", {})


def test_a_policy_is_named_in_one_way(agency: Agency) -> None:
    facts = {"cause": "death", "occurred_on": "2026-11-22", "outstanding_principal": 1}

    for named in ({}, {"policy_id": "pol_1", "reference": "loa_1"}):
        with pytest.raises(Malformed):
            loans(agency)("open_claim", facts | named)


def test_members_asks_whether_anything_runs(agency: Agency) -> None:
    agency.active()
    members = as_caller(agency, tenant(agency, service="members"))

    found = members("has_running_policies", {"cooperative_id": agency.id})

    insurance.RunningPolicies().load(found)
    assert found["count"] == 1


def test_health_names_the_gauges(agency: Agency) -> None:
    agency.submitted(10_000_030)

    answer = loans(agency)("get_health", {})

    assert answer["database"] == "up"
    assert answer["gauges"].keys() >= {
        "policies_activating",
        "policies_unfinished",
        "claims_disputed",
    }
    assert answer["gauges"]["claims_with_insurer"] >= 1
