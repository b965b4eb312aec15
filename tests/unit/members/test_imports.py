"""What a row of an import says, and what is posted so that all of it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain.imports import (
    problems,
    reconciliation,
    rows,
    sheets,
)
from services.members.domain.imports.reconciliation import Code, Totals
from services.members.domain.imports.sheets import SHEETS

TODAY: Final = date(2026, 11, 22)
CHART: Final = [
    Code(code="1-1000", name="Kas", is_debit_normal=True),
    Code(code="1-1190", name="Penyisihan", is_debit_normal=False),
    Code(code="2-1000", name="Simpanan Sukarela", is_debit_normal=False),
    Code(code="3-1000", name="Simpanan Pokok", is_debit_normal=False),
    Code(code="3-2000", name="Cadangan Umum", is_debit_normal=False),
]
SAVINGS_CODES: Final = frozenset({"2-1000", "3-1000"})


def parsed(sheet: str, header: Sequence[str], *cells: str) -> rows.Parsed:
    found = rows.parse(
        SHEETS[sheet], sheets.read_header(SHEETS[sheet], header), 2, cells, TODAY
    )
    assert found is not None
    return found


def codes(found: rows.Parsed) -> list[tuple[str | None, str]]:
    return [(one.column, one.code) for one in found.problems]


def member(**cells: str) -> rows.Parsed:
    given = {"no_lama": "A-1", "nama": "Budi Santoso"} | cells
    return parsed("anggota", list(given), *given.values())


def test_a_member_is_read_with_everything_it_tells() -> None:
    found = member(
        nik="5171 0117 0890 0001",
        tgl_lahir="17/08/1990",
        hp="0812-3456-7890",
        alamat="Jl. Melati 5",
        tgl_gabung="2015-03-01",
        status="Calon Anggota",
    )

    assert found.values == {
        "no_lama": "A-1",
        "nama": "Budi Santoso",
        "nik": "5171011708900001",
        "alamat": "Jl. Melati 5",
        "tgl_lahir": date(1990, 8, 17),
        "hp": "+6281234567890",
        "tgl_gabung": date(2015, 3, 1),
        "status": "candidate",
    }
    assert found.problems == ()
    assert found.missing == []


def test_what_is_not_told_is_missing_and_never_invented() -> None:
    found = member()

    assert found.problems == ()
    assert found.missing == ["nik", "hp", "tgl_lahir", "alamat"]
    assert found.values["status"] == "active"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param({"nama": " "}, [("nama", "value_missing")], id="no name"),
        pytest.param({"nama": "B" * 201}, [("nama", "text_invalid")], id="long name"),
        pytest.param({"nama": "Budi\x00"}, [("nama", "text_invalid")], id="NUL"),
        pytest.param({"no_lama": "9" * 41}, [("no_lama", "text_invalid")], id="number"),
        pytest.param({"nik": "123"}, [("nik", "nik_invalid")], id="short NIK"),
        pytest.param(
            {"nik": "5171011708900000"}, [("nik", "nik_invalid")], id="NIK of a float"
        ),
        pytest.param(
            {"nik": "5171011708900001", "tgl_lahir": "18/08/1990"},
            [("nik", "nik_invalid")],
            id="another birth date",
        ),
        pytest.param(
            {"tgl_lahir": "31/02/1990"}, [("tgl_lahir", "date_invalid")], id="no day"
        ),
        pytest.param(
            {"tgl_gabung": "01/01/2030"}, [("tgl_gabung", "date_impossible")], id="soon"
        ),
        pytest.param({"hp": "tidak ada"}, [("hp", "phone_invalid")], id="no phone"),
        pytest.param({"hp": "0361-234567"}, [("hp", "phone_invalid")], id="landline"),
        pytest.param({"status": "keluar"}, [("status", "status_left")], id="left"),
        pytest.param({"status": "???"}, [("status", "status_unknown")], id="status"),
    ],
)
def test_each_problem_names_its_column(
    cells: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    assert codes(member(**cells)) == expected


def test_a_problem_never_repeats_personal_data() -> None:
    found = member(nik="5171011708900009x", hp="08-rahasia", tgl_lahir="17 Agustus")

    assert {one.value for one in found.problems} == {None}


def test_a_phone_number_that_lost_its_zero_is_understood() -> None:
    assert member(hp="81234567890").values["hp"] == "+6281234567890"


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1000000", 1_000_000), ("Rp 1.000.000", 1_000_000), ("1.000.000,00", 1_000_000)],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: int) -> None:
    found = parsed("simpanan", ["no_lama", "produk", "saldo"], "A-1", "POKOK", text)

    assert found.values["saldo"] == amount
    assert found.values["produk"] == "pokok"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-50000", "amount_negative"),
        ("1000,50", "amount_invalid"),
        ("1,000,000", "amount_invalid"),
        ("banyak", "amount_invalid"),
        ("9" * 17, "amount_too_large"),
        ("", "value_missing"),
    ],
)
def test_a_balance_that_is_none_is_a_problem(text: str, code: str) -> None:
    found = parsed("simpanan", ["no_lama", "produk", "saldo"], "A-1", "pokok", text)

    assert codes(found) == [("saldo", code)]


def test_a_loss_may_stand_in_the_balance_sheet() -> None:
    found = parsed("neraca", ["akun", "saldo"], "3-3000", "(1.500.000)")

    assert found.values["saldo"] == -1_500_000


def test_an_empty_row_is_no_row() -> None:
    header = sheets.read_header(SHEETS["neraca"], ["akun", "saldo"])

    assert rows.parse(SHEETS["neraca"], header, 5, ["", "  "], TODAY) is None


def test_a_header_is_read_whatever_its_case_spaces_and_asterisks() -> None:
    found = sheets.read_header(SHEETS["simpanan"], ["No. Lama*", " PRODUK ", "Saldo *"])

    assert found.is_usable
    assert dict(found.places) == {"no_lama": 0, "produk": 1, "saldo": 2}


def test_a_header_says_what_is_missing_twice_there_or_unknown() -> None:
    found = sheets.read_header(SHEETS["simpanan"], ["produk", "Produk", "warna"])

    assert (found.missing, found.repeated, found.unknown) == (
        ["no_lama", "saldo"],
        ["produk"],
        ["warna"],
    )


def test_the_template_has_the_columns_of_the_research() -> None:
    assert SHEETS["simpanan"].header[:3] == ["no_lama*", "produk*", "saldo*"]
    assert SHEETS["anggota"].header == [
        "no_lama*",
        "nama*",
        "nik",
        "alamat",
        "tgl_lahir",
        "hp",
        "tgl_gabung",
        "status",
    ]


@pytest.mark.parametrize("code", problems.KINDS)
def test_every_problem_is_told_in_both_languages(code: str) -> None:
    for sentence in (problems.english(code, "X"), problems.indonesian(code, "X")):
        assert "{" not in sentence
    assert problems.english(code, None)


# Reconciliation


def test_differences_are_listed_line_by_line() -> None:
    totals = Totals(
        balance_sheet={"1-1000": 700, "2-1000": 600, "3-1000": 100},
        savings={"2-1000": 550, "3-1000": 100},
        other_details={},
    )

    found = reconciliation.lines(CHART, totals, SAVINGS_CODES)

    assert [(one.code, one.details, one.difference) for one in found] == [
        ("1-1000", None, 0),
        ("2-1000", 550, 50),
        ("3-1000", 100, 0),
    ]
    assert reconciliation.fingerprint(found) is not None


def test_a_sign_off_is_bound_to_the_differences() -> None:
    def of(amount: int) -> str | None:
        totals = Totals(
            balance_sheet={"2-1000": 600}, savings={"2-1000": amount}, other_details={}
        )
        return reconciliation.fingerprint(
            reconciliation.lines(CHART, totals, SAVINGS_CODES)
        )

    assert of(600) is None
    assert of(550) == of(550)
    assert of(550) != of(540)


def test_contra_accounts_reduce_their_side() -> None:
    balances = {"1-1000": 900, "1-1190": 100, "2-1000": 500, "3-2000": 300}

    assert reconciliation.sides(CHART, balances) == (800, 800)


amounts = st.integers(min_value=-(10**15), max_value=10**15)


@given(
    cash=amounts,
    contra=amounts,
    voluntary=amounts,
    principal=amounts,
    accounts=st.lists(
        st.tuples(
            st.sampled_from(["2-1000", "3-1000"]),
            st.integers(min_value=0, max_value=10**12),
        ),
        max_size=20,
    ),
)
def test_the_migration_account_ends_at_zero_whatever_differs(
    cash: int,
    contra: int,
    voluntary: int,
    principal: int,
    accounts: list[tuple[str, int]],
) -> None:
    # Equity is what makes the sheet balance, as in every balance sheet.
    sheet = {
        "1-1000": cash,
        "1-1190": contra,
        "2-1000": voluntary,
        "3-1000": principal,
        "3-2000": cash - contra - voluntary - principal,
    }
    savings: dict[str, int] = {}
    for code, amount in accounts:
        savings[code] = savings.get(code, 0) + amount
    totals = Totals(balance_sheet=sheet, savings=savings, other_details={})

    postings = [
        *reconciliation.opening_of_savings(
            "X", ((f"{code}#{n}", amount) for n, (code, amount) in enumerate(accounts))
        ),
        *reconciliation.opening_of_book("book", "X", CHART, totals),
    ]

    assert reconciliation.left_in("X", postings) == 0
    assert all(amount > 0 for _, _, amount in postings)
    book = balances_of(postings)
    for one in CHART:
        sign = 1 if one.is_debit_normal else -1
        assert book.get(one.code, 0) * sign == sheet[one.code]


def balances_of(postings: list[Any]) -> dict[str, int]:
    """Debits less credits by code, members' accounts included."""
    book: dict[str, int] = {}
    for debit, credit, amount in postings:
        for key, signed in ((debit, amount), (credit, -amount)):
            code = key.removeprefix("book:").partition("#")[0]
            book[code] = book.get(code, 0) + signed
    return book
