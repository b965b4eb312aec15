"""Loan products: what may be offered, and what a loan would cost."""

from __future__ import annotations

from typing import Any

import pytest

from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import products as contract
from services.shared.errors import Malformed, NotFound
from tests.factories.loans import Lender, part

UMUM = {
    "code": "umum",
    "name": "Pinjaman Umum",
    "method": "menurun",
    "rate_bps": 2400,
    "maximum_amount": 50_000_000,
    "maximum_count": 36,
}


def offered(lender: Lender, **more: Any) -> dict[str, Any]:
    return lender.call(lender.staff("pengurus"), "create_loan_product", UMUM | more)


def test_a_product_is_offered_once_and_changed_for_loans_to_come(
    lender: Lender, neighbour: Lender
) -> None:
    keyed = part()
    made = offered(lender, idempotency=keyed)
    assert offered(lender, idempotency=keyed) == made | {"replayed": True}
    with pytest.raises(contract.LoanProductCodeTaken):
        offered(lender)

    terms = {name: value for name, value in made.items() if name != "id"}
    chief = lender.staff("pengurus")
    lender.call(chief, "change_loan_product", terms | {"rate_bps": 1800})

    assert lender.call(chief, "get_loan_product", {"code": "umum"})["rate_bps"] == 1800
    with pytest.raises(NotFound):
        neighbour.call(chief_of(neighbour), "get_loan_product", {"code": "umum"})


def chief_of(lender: Lender) -> Any:
    return lender.staff("pengurus")


@pytest.mark.parametrize(
    "terms",
    [
        {"rate_bps": 2401},
        # A flat 24 % is 41,7 % effective over a year (C14).
        {"method": "flat", "cap_basis": "effective", "minimum_count": 12},
        # And 13,47 % is the most that passes.
        {
            "method": "flat",
            "cap_basis": "effective",
            "rate_bps": 1349,
            "minimum_count": 12,
            "maximum_count": 12,
        },
    ],
)
def test_more_than_the_cap_is_refused(lender: Lender, terms: dict[str, Any]) -> None:
    with pytest.raises(loans_contract.RateOverCap):
        offered(lender, **terms)


def test_the_effective_cap_lets_a_lower_flat_rate_pass(lender: Lender) -> None:
    terms = {"minimum_count": 12, "maximum_count": 12, "rate_bps": 1346}
    assert offered(lender, method="flat", cap_basis="effective", **terms)


def test_a_quote_shows_the_schedule_and_what_the_member_receives(
    lender: Lender,
) -> None:
    lender.insurance.answers["quote_premium"] = {"premium": 135_000}
    offered(
        lender,
        administration_bps=100,
        administration_amount=5_000,
        fee_payer="borrower",
        premium_payer="borrower",
        insurance_product="jiwa_kredit",
    )
    member = lender.staff("anggota", member_id="mem_budi")
    asked = {"code": "umum", "amount": 3_000_000, "count": 12}

    quote = lender.call(member, "quote_loan", asked)

    assert quote["total_interest"] == 390_000
    assert [one["amount"] for one in quote["instalments"]][:2] == [310_000, 305_000]
    assert quote["instalments"][-1]["balance"] == 0
    # 1 % and Rp 5.000, 0,5 % to the hub (C8), and the premium.
    assert (quote["administration"], quote["passed_fee"]) == (35_000, 15_000)
    assert quote["received"] == 3_000_000 - 35_000 - 15_000 - 135_000
    assert quote["effective_rate_bps"] > quote["rate_bps"] == 2400
    assert lender.insurance.called("quote_premium")[0]["months"] == 12
    with pytest.raises(contract.LoanOutsideProduct):
        lender.call(member, "quote_loan", asked | {"count": 37})


def test_members_see_what_is_on_offer(lender: Lender) -> None:
    offered(lender)
    offered(lender, code="lama", is_offered=False)
    member = lender.staff("anggota", member_id="mem_budi")

    def codes(caller: Any) -> list[str]:
        shown = lender.call(caller, "list_loan_products")["items"]
        return [one["code"] for one in shown]

    assert codes(member) == ["umum"]
    assert codes(chief_of(lender)) == ["umum", "lama"]
    with pytest.raises(contract.LoanProductNotOffered):
        lender.call(
            member, "quote_loan", {"code": "lama", "amount": 3_000_000, "count": 12}
        )


@pytest.mark.parametrize(
    "question",
    [
        # Whoever checks an answer against it would fetch it, or never be done.
        {"$ref": "http://169.254.169.254/latest/meta-data"},
        {"type": "string", "pattern": "^(a+)+$"},
        {"type": "nonsense"},
    ],
)
def test_a_form_is_made_of_what_is_safe_to_check(
    lender: Lender, question: dict[str, Any]
) -> None:
    form = {"type": "object", "properties": {"usaha": question}}
    with pytest.raises(Malformed, match="form"):
        offered(lender, form=form)
    assert offered(lender, form=form | {"properties": {"usaha": {"type": "string"}}})
