"""Statements on paper, and passbooks that are printed on."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from services.members.operations import interest, statements
from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts.members import statements as contract
from services.shared.errors import NotFound
from tests.factories.members import Tenant, idempotency
from tests.factories.savings import Counter

NO_BOUNDS: dict[str, Any] = {"from_": None, "to": None}


def printed(tenant: Tenant, number: str, form: str, **bounds: Any) -> dict[str, Any]:
    return statements.print_statement(
        tenant.world.members,
        tenant.ledger,
        tenant.id,
        NO_BOUNDS | {"number": number, "format": form} | bounds,
    )


def passbook(tenant: Tenant, number: str) -> dict[str, Any]:
    return statements.get_passbook(
        tenant.world.members, tenant.ledger, tenant.id, number
    )


def print_on(tenant: Tenant, number: str, key: str | None = None) -> list[list[int]]:
    """Line, debit, credit and balance of what is printed now."""
    answer = statements.print_passbook(
        tenant.world.members,
        tenant.ledger,
        tenant.id,
        {"number": number, "idempotency": idempotency("passbook", number, key)},
    )
    columns = ("line", "debit", "credit", "balance")
    return [[line[name] for name in columns] for line in answer["items"]]


@pytest.fixture
def number(tenant: Tenant) -> str:
    """An account with three lines: 100.000 in, 50.000 in, 30.000 out."""
    number = tenant.account(balance=100_000)
    tenant.deposit(number, 50_000)
    tenant.withdraw(number, 30_000)
    return number


def test_a_statement_is_a_pdf_with_the_holders_name(
    tenant: Tenant, number: str
) -> None:
    file = printed(tenant, number, "pdf")

    content = files.content_of(file)
    assert content.startswith(b"%PDF-")
    assert file["name"] == f"rekening-{number}.pdf"


def test_a_statement_is_a_sheet_with_amounts_as_numbers(
    tenant: Tenant, number: str
) -> None:
    content = files.content_of(printed(tenant, number, "xlsx"))

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    amounts = [row[3:] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert amounts == [
        (0, 0, 0),
        (0, 100_000, 100_000),
        (0, 50_000, 150_000),
        (30_000, 0, 120_000),
        (0, 0, 120_000),
    ]


def test_a_document_holds_all_pages_of_a_period(
    tenant: Tenant, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "PAGE", 2)
    content = files.content_of(printed(tenant, number, "xlsx"))

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert sheet.max_row == 1 + 1 + 3 + 1


def test_a_period_with_too_many_lines_is_refused(
    tenant: Tenant, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "PAGE", 1)
    monkeypatch.setattr(contract, "LINES_MAX", 2)

    with pytest.raises(contract.StatementTooLong):
        printed(tenant, number, "pdf")


def test_a_statement_begins_and_ends_where_asked(tenant: Tenant, number: str) -> None:
    today = clock.business_date()
    content = files.content_of(printed(tenant, number, "xlsx", from_=today, to=today))

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert sheet.max_row == 6


def test_a_passbook_is_printed_on_line_after_line(tenant: Tenant, number: str) -> None:
    first = print_on(tenant, number)
    nothing = print_on(tenant, number)
    tenant.deposit(number, 5_000)
    second = print_on(tenant, number)

    assert first == [
        [1, 0, 100_000, 100_000],
        [2, 0, 50_000, 150_000],
        [3, 30_000, 0, 120_000],
    ]
    assert nothing == []
    assert second == [[4, 0, 5_000, 125_000]]


def test_looking_at_a_passbook_prints_nothing(tenant: Tenant, number: str) -> None:
    for _ in range(2):
        assert len(passbook(tenant, number)["items"]) == 3


def test_the_same_key_prints_the_same_lines_again(tenant: Tenant, number: str) -> None:
    first = print_on(tenant, number, key="macet")

    assert print_on(tenant, number, key="macet") == first
    assert print_on(tenant, number) == []


def test_what_does_not_fit_is_printed_the_next_time(
    tenant: Tenant, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "PASSBOOK_LINES", 2)

    assert passbook(tenant, number)["has_more"] is True
    lines = print_on(tenant, number) + print_on(tenant, number)

    assert [line[0] for line in lines] == [1, 2, 3]
    assert passbook(tenant, number)["has_more"] is False


def test_lines_of_one_moment_are_not_torn_apart(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interest and its tax are posted in one moment."""
    monkeypatch.setattr(statements, "PASSBOOK_LINES", 2)
    number = tenant.account(balance=100_000)
    cash = f"{tenant.id}:1-1000"
    tenant.ledger.post_journal(
        {
            "id": f"jrn_{number}",
            "kind": "test",
            "description": "Bunga dan pajak",
            "business_date": clock.business_date().isoformat(),
            "postings": [[cash, number, 1000], [number, cash, 100]],
        }
    )

    assert [line[0] for line in print_on(tenant, number)] == [1]
    assert [line[0] for line in print_on(tenant, number)] == [2, 3]
    assert print_on(tenant, number) == []


def test_two_prints_at_once_print_each_line_once(tenant: Tenant, number: str) -> None:
    """The second finds that the first was quicker."""
    look = tenant.ledger.get_statement

    def look_while_another_prints(command: dict[str, Any]) -> dict[str, Any]:
        found = look(command)
        tenant.ledger.get_statement = look  # type: ignore[method-assign]
        print_on(tenant, number)
        return found

    tenant.ledger.get_statement = look_while_another_prints  # type: ignore[method-assign]

    with pytest.raises(contract.PassbookJustPrinted):
        print_on(tenant, number)


def test_another_cooperatives_account_does_not_exist(
    neighbour: Tenant, number: str
) -> None:
    with pytest.raises(NotFound):
        printed(neighbour, number, "pdf")
    with pytest.raises(NotFound):
        passbook(neighbour, number)
    with pytest.raises(NotFound):
        print_on(neighbour, number)


def test_a_withholding_slip_is_printed(tenant: Tenant) -> None:
    from services.members.operations import taxes

    member_id = tenant.member()["id"]
    today = clock.business_date()
    with tenant.world.members.tenant(tenant.id) as session:
        taxes.withhold(session, tenant.id, member_id, today, 500_000)
    command = {"member_id": member_id, "month": f"{today:%Y-%m}"}

    def slip(form: str) -> dict[str, Any]:
        return interest.get_withholding(
            tenant.world.members, tenant.id, command | {"format": form}
        )

    assert slip("json")["tax"] == slip("json")["withheld"] == 50_000
    assert slip("json")["member_name"] == "Budi Santoso"
    assert files.content_of(slip("pdf")).startswith(b"%PDF-")
    assert slip("pdf") == slip("pdf")


def test_the_product_of_an_account_is_the_cooperatives_own(tenant: Tenant) -> None:
    counter = Counter(tenant=tenant)
    counter.create_product("pendidikan")
    number = counter.account_of(tenant.member()["id"], "pendidikan")

    assert number[4:6] == "11"
    assert files.content_of(printed(tenant, number, "pdf")).startswith(b"%PDF-")
