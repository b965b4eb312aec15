"""What is wrong between rows: found for a whole import by one statement per rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from services.members.domain.imports import problems, sheets
from services.members.store.imports import staging

_RESET: Final = (
    text(
        "DELETE FROM import_problems "
        "WHERE import_id = :import_id AND stage = 'checking'"
    ),
    text(
        "UPDATE import_rows staged SET is_bad = false "
        "WHERE import_id = :import_id AND is_bad AND NOT EXISTS ("
        "SELECT FROM import_problems found WHERE found.import_id = :import_id "
        "AND found.sheet = staged.sheet AND found.row = staged.row "
        "AND found.severity = 'error')"
    ),
)
_MARK: Final = text(
    "UPDATE import_rows SET is_bad = true FROM ("
    "SELECT DISTINCT sheet, row FROM import_problems WHERE import_id = :import_id "
    "AND stage = 'checking' AND severity = 'error') AS wrong "
    "WHERE import_rows.import_id = :import_id AND import_rows.sheet = wrong.sheet "
    "AND import_rows.row = wrong.row AND NOT import_rows.is_bad"
)


_REPORT: Final = """
    INSERT INTO import_problems
        (cooperative_id, import_id, place, sheet, row, "column", severity, code,
         value, stage)
    SELECT :cooperative_id, :import_id, CAST(:place AS bigint) + found.row, :sheet,
        found.row, :column, :severity, :code, found.value, 'checking'
    FROM ({found}) AS found (row, value)
    ORDER BY found.row
"""


def _rule(sheet: str, code: str, column: str, found: str) -> TextClause:
    """A statement that reports the rows which ``found`` selects as (row, value)."""
    return text(_REPORT.format(found=found)).bindparams(
        place=staging.place(sheet, 0),
        sheet=sheet,
        column=column,
        severity=problems.KINDS[code].severity,
        code=code,
    )


def _staged(sheet: str) -> str:
    return f"import_rows staged WHERE import_id = :import_id AND sheet = '{sheet}'"


def _repeated(sheet: str, by: str, value: str) -> str:
    """Every one of the rows that share ``by``: none of them is the right one."""
    return (
        f"SELECT row, {value} FROM (SELECT row, key, product, "  # noqa: S608  ours
        f"count(*) OVER (PARTITION BY {by}) AS rows_alike FROM {_staged(sheet)} "
        f"AND num_nulls({by}) = 0) AS counted WHERE rows_alike > 1"
    )


def _no_member(sheet: str) -> str:
    """Rows for a member that the sheet of members does not have."""
    return (
        f"SELECT row, key FROM {_staged(sheet)} AND key IS NOT NULL "  # noqa: S608
        "AND NOT EXISTS (SELECT FROM import_rows member "
        "WHERE member.import_id = :import_id AND member.sheet = 'anggota' "
        "AND member.key = staged.key)"
    )


def _bad_member(sheet: str) -> str:
    """Rows for a member whose own row cannot be taken over."""
    return (
        f"SELECT row, key FROM {_staged(sheet)} AND EXISTS ("  # noqa: S608  ours
        "SELECT FROM import_rows member WHERE member.import_id = :import_id "
        "AND member.sheet = 'anggota' AND member.key = staged.key AND member.is_bad)"
    )


_OF_MEMBERS: Final = (
    _rule(
        sheets.MEMBERS,
        "key_repeated",
        "no_lama",
        _repeated(sheets.MEMBERS, "key", "key"),
    ),
    _rule(
        sheets.MEMBERS,
        "nik_repeated",
        "nik",
        _repeated(sheets.MEMBERS, "nik_hash", "NULL"),
    ),
    _rule(
        sheets.MEMBERS,
        "nik_taken",
        "nik",
        f"SELECT row, NULL FROM {_staged(sheets.MEMBERS)} "  # noqa: S608  ours
        "AND nik_hash IS NOT NULL AND EXISTS (SELECT FROM members "
        "WHERE members.cooperative_id = :cooperative_id "
        "AND members.nik_hash = staged.nik_hash "
        "AND members.status NOT IN ('refused', 'resigned'))",
    ),
    _rule(
        sheets.MEMBERS,
        "old_number_taken",
        "no_lama",
        f"SELECT row, key FROM {_staged(sheets.MEMBERS)} "  # noqa: S608  ours
        "AND EXISTS (SELECT FROM imported_members earlier "
        "WHERE earlier.cooperative_id = :cooperative_id "
        "AND earlier.old_number = staged.key)",
    ),
)
_OF_THE_REST: Final = (
    _rule(sheets.SAVINGS, "member_unknown", "no_lama", _no_member(sheets.SAVINGS)),
    _rule(sheets.SAVINGS, "member_left_out", "no_lama", _bad_member(sheets.SAVINGS)),
    _rule(sheets.LOANS, "member_unknown", "no_lama", _no_member(sheets.LOANS)),
    _rule(sheets.LOANS, "member_left_out", "no_lama", _bad_member(sheets.LOANS)),
    _rule(
        sheets.LOANS,
        "loan_product_unknown",
        "produk",
        "SELECT row, details ->> 'produk' "  # noqa: S608  ours
        f"FROM {_staged(sheets.LOANS)} AND amount > 0 "
        "AND details ->> 'produk' <> ALL (CAST(:loan_products AS text[]))",
    ),
    _rule(
        sheets.SAVINGS,
        "member_is_candidate",
        "no_lama",
        f"SELECT row, key FROM {_staged(sheets.SAVINGS)} AND EXISTS ("  # noqa: S608
        "SELECT FROM import_rows member WHERE member.import_id = :import_id "
        "AND member.sheet = 'anggota' AND member.key = staged.key "
        "AND NOT member.is_bad AND member.status = 'candidate')",
    ),
    _rule(
        sheets.SAVINGS,
        "name_differs",
        "nama",
        f"SELECT row, NULL FROM {_staged(sheets.SAVINGS)} "  # noqa: S608  ours
        "AND name IS NOT NULL AND EXISTS (SELECT FROM import_rows member "
        "WHERE member.import_id = :import_id AND member.sheet = 'anggota' "
        "AND member.key = staged.key AND lower(member.name) <> lower(staged.name))",
    ),
    _rule(
        sheets.SAVINGS,
        "savings_repeated",
        "produk",
        _repeated(sheets.SAVINGS, "key, product", "key || ' ' || product"),
    ),
    _rule(
        sheets.SAVINGS,
        "product_unknown",
        "produk",
        f"SELECT row, product FROM {_staged(sheets.SAVINGS)} "  # noqa: S608  ours
        "AND product <> ALL (CAST(:products AS text[]))",
    ),
    _rule(
        sheets.BALANCE_SHEET,
        "key_repeated",
        "akun",
        _repeated(sheets.BALANCE_SHEET, "key", "key"),
    ),
    _rule(
        sheets.BALANCE_SHEET,
        "account_unknown",
        "akun",
        f"SELECT row, key FROM {_staged(sheets.BALANCE_SHEET)} "  # noqa: S608  ours
        "AND key <> ALL (CAST(:codes AS text[]))",
    ),
    _rule(
        sheets.BALANCE_SHEET,
        "account_not_in_balance_sheet",
        "akun",
        f"SELECT row, key FROM {_staged(sheets.BALANCE_SHEET)} "  # noqa: S608  ours
        "AND key = ANY (CAST(:codes AS text[])) "
        "AND left(key, 1) NOT IN ('1', '2', '3')",
    ),
    _rule(
        sheets.ASSETS, "key_repeated", "kode", _repeated(sheets.ASSETS, "key", "key")
    ),
)
_SAVINGS: Final = text(
    "SELECT product, sum(amount) AS amount FROM import_rows "
    "WHERE import_id = :import_id AND sheet = 'simpanan' AND NOT is_bad "
    "GROUP BY product"
)
_BALANCE_SHEET: Final = text(
    "SELECT key, amount FROM import_rows "
    "WHERE import_id = :import_id AND sheet = 'neraca' AND NOT is_bad"
)
_OTHERS: Final = text(
    "SELECT sheet, sum(amount) AS amount, "
    "sum(CAST(details ->> 'akum_penyusutan' AS bigint)) AS depreciation "
    "FROM import_rows WHERE import_id = :import_id "
    "AND sheet IN ('pinjaman', 'aset_tetap') AND NOT is_bad GROUP BY sheet"
)
_COUNTS: Final = text(
    """
    SELECT sheet, count(*) AS rows, count(*) FILTER (WHERE is_bad) AS bad_rows,
        count(*) FILTER (WHERE missing <> '{}') AS incomplete
    FROM import_rows WHERE import_id = :import_id GROUP BY sheet
    """
)
_SEVERITIES: Final = text(
    "SELECT severity, count(*) AS problems, count(*) FILTER (WHERE row <= 1) AS whole "
    "FROM import_problems WHERE import_id = :import_id GROUP BY severity"
)


_HAS_LOANS: Final = text(
    "SELECT EXISTS (SELECT FROM import_rows "
    "WHERE import_id = :import_id AND sheet = 'pinjaman')"
)
_LEFT_OUT: Final = text(
    "SELECT count(*) FROM import_rows WHERE import_id = :import_id AND is_bad"
)


class SheetCount(NamedTuple):
    """How many rows a sheet has, how many are bad and how many lack personal data."""

    sheet: str
    rows: int
    bad_rows: int
    incomplete: int


class ProblemCount(NamedTuple):
    """How many problems of a severity there are, and how many are of whole sheets."""

    severity: str
    problems: int
    whole: int


def find_problems(
    session: Session,
    cooperative_id: str,
    import_id: str,
    *,
    products: Iterable[str],
    codes: Iterable[str],
    loan_products: Iterable[str],
) -> None:
    """Find anew what is wrong between rows, and mark the rows it is wrong with.

    ``products`` are those of the cooperative, ``codes`` those of its chart,
    ``loan_products`` the words by which its loan products may be named.
    """
    for statement in _RESET:
        session.execute(statement, {"import_id": import_id})
    given = {
        "import_id": import_id,
        "cooperative_id": cooperative_id,
        "products": list(products),
        "codes": list(codes),
        "loan_products": list(loan_products),
    }
    for rules in (_OF_MEMBERS, _OF_THE_REST):
        for rule in rules:
            session.execute(rule, given)
        # Members first: what belongs to a bad one is bad as well.
        session.execute(_MARK, {"import_id": import_id})


def savings_totals(session: Session, import_id: str) -> dict[str, int]:
    """The sum of good rows by product, in whole rupiah."""
    rows = session.execute(_SAVINGS, {"import_id": import_id})
    return {row.product: int(row.amount) for row in rows}


def balance_sheet(session: Session, import_id: str) -> dict[str, int]:
    """The good rows of the balance sheet by code, in whole rupiah."""
    rows = session.execute(_BALANCE_SHEET, {"import_id": import_id})
    return {row.key: int(row.amount) for row in rows}


def other_totals(session: Session, import_id: str) -> dict[str, tuple[int, int]]:
    """What loans and assets sum up to, by sheet; the second is depreciation."""
    rows = session.execute(_OTHERS, {"import_id": import_id})
    return {
        row.sheet: (int(row.amount or 0), int(row.depreciation or 0)) for row in rows
    }


def count_rows(session: Session, import_id: str) -> list[SheetCount]:
    """Rows by sheet."""
    rows = session.execute(_COUNTS, {"import_id": import_id})
    return [SheetCount(*row) for row in rows]


def count_problems(session: Session, import_id: str) -> list[ProblemCount]:
    """Problems by severity."""
    rows = session.execute(_SEVERITIES, {"import_id": import_id})
    return [ProblemCount(*row) for row in rows]


def has_loans(session: Session, import_id: str) -> bool:
    """Whether an import brings loans."""
    return bool(session.execute(_HAS_LOANS, {"import_id": import_id}).scalar_one())


def count_left_out(session: Session, import_id: str) -> int:
    """How many rows were not taken over."""
    return int(session.execute(_LEFT_OUT, {"import_id": import_id}).scalar_one())
