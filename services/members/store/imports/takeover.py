"""How staged rows become members and accounts: set by set, never row by row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.members.store.imports import staging

_LOCK_NIKS: Final = text(
    "SELECT pg_advisory_xact_lock(hashtext('imports'), hashtext(:cooperative_id))"
)
_NAME_IMPORT: Final = text("SELECT set_config('app.import_id', :import_id, true)")
_UNNUMBERED: Final = text(
    "SELECT row, product, key FROM import_rows WHERE import_id = :import_id "
    "AND sheet = :sheet AND row > :after AND NOT is_bad AND member_id IS NULL "
    "ORDER BY row LIMIT :limit"
)
_MEMBER_IDS: Final = text(
    "SELECT staged.key, staged.member_id FROM import_rows staged "
    "JOIN unnest(CAST(:keys AS text[])) AS asked (key) ON asked.key = staged.key "
    "WHERE staged.import_id = :import_id AND staged.sheet = 'anggota' "
    "AND NOT staged.is_bad"
)
_NUMBER: Final = text(
    """
    UPDATE import_rows SET number = given.number, member_id = given.member_id
    FROM unnest(
        CAST(:rows AS integer[]), CAST(:numbers AS text[]), CAST(:member_ids AS text[])
    ) AS given (row, number, member_id)
    WHERE import_rows.import_id = :import_id AND import_rows.sheet = :sheet
        AND import_rows.row BETWEEN :first AND :last AND import_rows.row = given.row
    """
)
_ACCOUNTS: Final = text(
    "SELECT row, number, product, amount, member_id FROM import_rows "
    "WHERE import_id = :import_id AND sheet = 'simpanan' AND NOT is_bad "
    "AND row > :after ORDER BY row LIMIT :limit"
)
# A row of sheet members and one of loans have the old number in common.
# What the balance sheet has of interest receivable and of provisions is divided by what
# is owed: each loan gets what all up to it get, less what all before it got.
_LOANS: Final = text(
    """
    WITH brought AS (
        SELECT
            coalesce(max(amount) FILTER (WHERE key = '1-1110'), 0) AS interest,
            coalesce(max(amount) FILTER (WHERE key = '1-1190'), 0) AS provision
        FROM import_rows
        WHERE import_id = :import_id AND sheet = 'neraca' AND NOT is_bad
            AND amount > 0
    ), owed AS (
        SELECT row, amount, sum(amount) OVER () AS total,
            sum(amount) OVER (ORDER BY row) AS so_far
        FROM import_rows
        WHERE import_id = :import_id AND sheet = 'pinjaman' AND NOT is_bad
            AND amount > 0
    ), shares AS (
        SELECT row,
            div(interest * so_far, total)
                - div(interest * (so_far - amount), total) AS interest,
            div(provision * so_far, total)
                - div(provision * (so_far - amount), total) AS provision
        FROM owed CROSS JOIN brought
    )
    SELECT loan.row, member.member_id, member.name AS member_name,
        (SELECT number FROM import_rows savings
            WHERE savings.import_id = :import_id AND savings.sheet = 'simpanan'
                AND savings.key = loan.key AND NOT savings.is_bad
                AND savings.product = 'sukarela'
            ORDER BY savings.row LIMIT 1) AS savings_account,
        loan.details ->> 'produk' AS product, loan.amount AS outstanding,
        nullif(CAST(loan.details ->> 'pokok_awal' AS bigint), 0) AS principal,
        CAST(loan.details ->> 'bunga' AS integer) AS rate_bps,
        CAST(loan.details ->> 'angsuran' AS bigint) AS instalment,
        CAST(loan.details ->> 'sisa_angsuran' AS integer) AS count,
        loan.details ->> 'tgl_cair' AS disbursed_on,
        coalesce(CAST(loan.details ->> 'hari_tunggak' AS integer), 0) AS days_past_due,
        CAST(shares.interest AS bigint) AS interest_receivable,
        CAST(shares.provision AS bigint) AS provision
    FROM import_rows loan
    JOIN shares ON shares.row = loan.row
    JOIN import_rows member ON member.import_id = :import_id
        AND member.sheet = 'anggota' AND member.key = loan.key AND NOT member.is_bad
    WHERE loan.import_id = :import_id AND loan.sheet = 'pinjaman' AND NOT loan.is_bad
        AND loan.amount > 0 AND loan.row > :after
    ORDER BY loan.row LIMIT :limit
    """
)
_MEMBERS: Final = text(
    "SELECT row, key, member_id, number, name, status, joined_on, nik_hash, "
    "phone_hash, content FROM import_rows WHERE import_id = :import_id "
    "AND sheet = 'anggota' AND NOT is_bad AND row > :after "
    "ORDER BY row LIMIT :limit"
)
_ADD_MEMBERS: Final = text(
    """
    INSERT INTO members
        (id, cooperative_id, number, name, status, nik_hash, phone_hash,
         personal_data, registered_at, activated_at)
    SELECT id, :cooperative_id, number, name, status, nik_hash, phone_hash,
        personal_data, registered_at, activated_at
    FROM unnest(
        CAST(:ids AS text[]),
        CAST(:numbers AS text[]),
        CAST(:names AS text[]),
        CAST(:statuses AS text[]),
        CAST(:nik_hashes AS bytea[]),
        CAST(:phone_hashes AS bytea[]),
        CAST(:personal_data AS bytea[]),
        CAST(:registered_at AS timestamptz[]),
        CAST(:activated_at AS timestamptz[])
    ) AS made (id, number, name, status, nik_hash, phone_hash, personal_data,
        registered_at, activated_at)
    """
)
_KEEP_OLD_NUMBERS: Final = text(
    "INSERT INTO imported_members "
    "(cooperative_id, old_number, member_id, import_id, missing) "
    "SELECT cooperative_id, key, member_id, import_id, missing FROM import_rows "
    "WHERE import_id = :import_id AND sheet = 'anggota' AND NOT is_bad"
)
_ADD_ACCOUNTS: Final = text(
    "INSERT INTO accounts "
    "(number, cooperative_id, member_id, product, status, opened_at) "
    "SELECT number, cooperative_id, member_id, product, 'active', :opened_at "
    "FROM import_rows WHERE import_id = :import_id AND sheet = 'simpanan' "
    "AND NOT is_bad AND number IS NOT NULL"
)
# So that nobody pays simpanan pokok a second time (R108). Cancelled, it goes to the
# account of its own code, never back to the migration account.
_ADD_PRINCIPALS: Final = text(
    """
    INSERT INTO contributions
        (id, cooperative_id, member_id, kind, amount, source_account, channel,
         reference, business_date, journal_id, state, recorded_at, recorded_by)
    SELECT 'con_' || substr(member_id, 5), cooperative_id, member_id, 'pokok', amount,
        :source_account, 'import', :import_id, :business_date,
        :journal_id || '.' || row, 'posted', :recorded_at, :recorded_by
    FROM import_rows
    WHERE import_id = :import_id AND sheet = 'simpanan' AND NOT is_bad
        AND product = 'pokok' AND amount > 0
    """
)
_FORGET: Final = text(
    "UPDATE import_rows SET content = NULL "
    "WHERE import_id = :import_id AND sheet = 'anggota' AND content IS NOT NULL"
)
_COUNT_GOOD: Final = text(
    "SELECT count(*) FILTER (WHERE sheet = 'anggota') AS members, "
    "count(*) FILTER (WHERE sheet = 'simpanan') AS accounts FROM import_rows "
    "WHERE import_id = :import_id AND NOT is_bad"
)


class Unnumbered(NamedTuple):
    """A row that waits for its number; ``key`` is the member's old one."""

    row: int
    product: str | None
    key: str


class StagedAccount(NamedTuple):
    """An account that is going to be opened, and what is going to be in it."""

    row: int
    number: str | None
    product: str
    amount: int
    member_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedLoan:
    """A loan that is going to be taken over, as the loans service asks for it."""

    row: int
    member_id: str
    member_name: str
    savings_account: str | None
    product: str
    outstanding: int
    principal: int | None
    rate_bps: int | None
    instalment: int | None
    count: int | None
    disbursed_on: str | None
    days_past_due: int
    interest_receivable: int
    provision: int


class StagedMember(NamedTuple):
    """A member that is going to be made."""

    row: int
    key: str
    member_id: str
    number: str
    name: str
    status: str
    joined_on: date | None
    nik_hash: bytes | None
    phone_hash: bytes | None
    content: bytes


class Good(NamedTuple):
    """How much is going to be taken over."""

    members: int
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A member's row."""

    id: str
    number: str
    name: str
    status: str
    nik_hash: bytes | None
    phone_hash: bytes | None
    personal_data: bytes
    registered_at: datetime
    activated_at: datetime | None


def lock_niks(session: Session, cooperative_id: str) -> None:
    """Let nobody else give a NIK to a member until this transaction ends."""
    session.execute(_LOCK_NIKS, {"cooperative_id": cooperative_id})


def count_good(session: Session, import_id: str) -> Good:
    """How many members and accounts are going to be taken over."""
    row = session.execute(_COUNT_GOOD, {"import_id": import_id}).one()
    return Good(row.members, row.accounts)


def unnumbered(
    session: Session, import_id: str, sheet: str, *, after: int, limit: int
) -> list[Unnumbered]:
    """The next rows without a number, past a row."""
    rows = session.execute(
        _UNNUMBERED,
        {"import_id": import_id, "sheet": sheet, "after": after, "limit": limit},
    )
    return [Unnumbered(*row) for row in rows]


def member_ids(
    session: Session, import_id: str, old_numbers: Collection[str]
) -> dict[str, str]:
    """The ids that members with these old numbers have been given."""
    staging.join_by_hashing(session)
    rows = session.execute(
        _MEMBER_IDS, {"import_id": import_id, "keys": list(old_numbers)}
    )
    return {row.key: row.member_id for row in rows}


def number(
    session: Session,
    import_id: str,
    sheet: str,
    given: Sequence[tuple[int, str | None, str]],
) -> None:
    """Give rows their numbers, and the ids of their members."""
    # The bounds keep it from looking at the whole sheet for each part of it.
    staging.join_by_hashing(session)
    rows = [row for row, _, _ in given]
    session.execute(
        _NUMBER,
        {
            "import_id": import_id,
            "sheet": sheet,
            "first": min(rows),
            "last": max(rows),
            "rows": rows,
            "numbers": [number for _, number, _ in given],
            "member_ids": [member_id for _, _, member_id in given],
        },
    )


def accounts(
    session: Session, import_id: str, *, after: int, limit: int
) -> list[StagedAccount]:
    """Accounts that are going to be taken over, past a row."""
    rows = session.execute(
        _ACCOUNTS, {"import_id": import_id, "after": after, "limit": limit}
    )
    return [StagedAccount(*row) for row in rows]


def members(
    session: Session, import_id: str, *, after: int, limit: int
) -> list[StagedMember]:
    """Members that are going to be taken over, past a row."""
    rows = session.execute(
        _MEMBERS, {"import_id": import_id, "after": after, "limit": limit}
    )
    return [StagedMember(*row) for row in rows]


def name_import(session: Session, import_id: str) -> None:
    """Tell the guard of reserved NIKs that this transaction is the import's own."""
    session.execute(_NAME_IMPORT, {"import_id": import_id})


def add_members(
    session: Session, cooperative_id: str, made: Sequence[NewMember]
) -> None:
    """Write members."""
    session.execute(
        _ADD_MEMBERS,
        {
            "cooperative_id": cooperative_id,
            "ids": [one.id for one in made],
            "numbers": [one.number for one in made],
            "names": [one.name for one in made],
            "statuses": [one.status for one in made],
            "nik_hashes": [one.nik_hash for one in made],
            "phone_hashes": [one.phone_hash for one in made],
            "personal_data": [one.personal_data for one in made],
            "registered_at": [one.registered_at for one in made],
            "activated_at": [one.activated_at for one in made],
        },
    )


def keep_old_numbers(session: Session, import_id: str) -> None:
    """Remember under which number each member was known."""
    session.execute(_KEEP_OLD_NUMBERS, {"import_id": import_id})


def add_accounts(session: Session, import_id: str, opened_at: datetime) -> None:
    """Write who owns the accounts, which the ledger knows already."""
    session.execute(_ADD_ACCOUNTS, {"import_id": import_id, "opened_at": opened_at})


def add_principals(
    session: Session,
    import_id: str,
    *,
    source_account: str,
    business_date: date,
    journal_id: str,
    recorded_by: str,
    recorded_at: datetime,
) -> None:
    """Write that who is taken over has paid simpanan pokok already."""
    session.execute(
        _ADD_PRINCIPALS,
        {
            "import_id": import_id,
            "source_account": source_account,
            "business_date": business_date,
            "journal_id": journal_id,
            "recorded_by": recorded_by,
            "recorded_at": recorded_at,
        },
    )


def loans(
    session: Session, import_id: str, *, after: int, limit: int
) -> list[StagedLoan]:
    """The next loans that are going to be taken over, of numbered members."""
    rows = session.execute(
        _LOANS, {"import_id": import_id, "after": after, "limit": limit}
    )
    return [StagedLoan(**row) for row in rows.mappings()]


def forget(session: Session, import_id: str) -> None:
    """Forget what was personal in the staging."""
    session.execute(_FORGET, {"import_id": import_id})
