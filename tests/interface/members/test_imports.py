"""How a cooperative is taken over from another system, on real databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.members import operations
from services.members.operations import dues
from services.members.operations.imports import (
    batches,
    exports,
    reading,
    reports,
    takeover,
    uploads,
)
from services.members.operations.imports.leases import LeaseLost, Work
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import imports as contract
from services.shared.errors import (
    BusUnavailable,
    Malformed,
    NotAllowed,
    NotFound,
    SameProposer,
)
from services.shared.presentation import sheets as workbooks
from tests.factories.imports import (
    CUT_OVER,
    POKOK,
    WAJIB,
    Importing,
    Synthetic,
    Table,
    as_csv,
    as_workbook,
    birth_date,
    nik,
)
from tests.factories.members import PAGE, Tenant, World

SMALL: Final = Synthetic(members=4)


@pytest.fixture
def importing(tenant: Tenant) -> Importing:
    """An import without files."""
    return Importing(tenant=tenant)


@pytest.fixture
def ready(importing: Importing) -> Importing:
    """An import of four members without problems, validated."""
    importing.upload_tables(SMALL.tables())
    assert importing.validate()["state"] == "ready"
    return importing


def members(tenant: Tenant) -> list[dict[str, Any]]:
    command = PAGE | {"status": None, "limit": 200}
    answer = operations.list_members(tenant.world.members, tenant.id, command)
    items: list[dict[str, Any]] = answer["items"]
    return items


def accounts(tenant: Tenant) -> list[dict[str, Any]]:
    command = PAGE | {"member_id": None, "limit": 200}
    answer = operations.list_accounts(
        tenant.world.members, tenant.ledger, tenant.id, command
    )
    items: list[dict[str, Any]] = answer["items"]
    return items


def book(tenant: Tenant) -> dict[str, int]:
    """Debits less credits by code, without empty ones."""
    lines = tenant.ledger.get_trial_balance({})["accounts"]
    return {
        line["code"]: line["debit"] - line["credit"]
        for line in lines
        if line["debit"] or line["credit"]
    }


def is_untouched(tenant: Tenant) -> bool:
    return members(tenant) == [] and accounts(tenant) == [] and book(tenant) == {}


def with_row(table: Table, *row: object) -> Table:
    return [*table, list(row)]


def changed(table: Table, row: int, column: int, value: object) -> Table:
    """The table with another value in one cell; rows count as in a spreadsheet."""
    copied = [list(one) for one in table]
    copied[row - 1][column] = value
    return copied


# Taking over


def test_a_cooperative_is_taken_over_whole(ready: Importing) -> None:
    done = ready.commit()

    assert (done["state"], done["fault"]) == ("committed", None)
    assert len(members(ready.tenant)) == 4
    assert book(ready.tenant) == {
        "1-1000": 4 * (POKOK + WAJIB) + 206_000 + 5_000_000 - 2_000_000,
        "1-2000": 3_000_000,
        "1-2900": -1_000_000,
        "2-1000": -206_000,
        "3-1000": -4 * POKOK,
        "3-1100": -4 * WAJIB,
        "3-2000": -5_000_000,
    }


def test_the_migration_account_ends_at_exactly_zero(ready: Importing) -> None:
    ready.commit()

    key = ledger_contract.chart_account(ready.tenant.id, "9-9000")
    assert ready.tenant.ledger.get_balances({"keys": [key]})[key]["balance"] == 0


def test_all_balances_are_one_journal_dated_at_cut_over(ready: Importing) -> None:
    done = ready.commit()

    with ready.tenant.world.ledger.hub() as session:
        rows = session.execute(
            text(
                "SELECT id, kind, description, business_date FROM journals "
                "WHERE books = ARRAY[:book]"
            ),
            {"book": ready.tenant.id},
        ).all()
    assert [tuple(row) for row in rows] == [
        (
            done["journal_id"],
            "opening_balance",
            "Saldo awal per 31 Desember 2025",
            rows[0].business_date,
        )
    ]
    assert rows[0].business_date.isoformat() == CUT_OVER


def test_members_keep_what_was_told_of_them(ready: Importing) -> None:
    ready.commit()

    first = members(ready.tenant)[0]
    details = operations.get_member(
        ready.tenant.world.members,
        ready.tenant.world.settings,
        replace(ready.tenant.identity, scopes=frozenset({"members:write"})),
        next(
            one["id"]
            for one in members(ready.tenant)
            if one["number"] == f"{ready.tenant.code}-000001"
        ),
    )
    assert first["status"] == "active"
    assert details["name"] == "Budi Santoso"
    assert details["nik"] == f"{nik(0)[:4]}••••••••{nik(0)[-4:]}"
    assert details["phone"] == "+6281210000000"
    assert details["address"] == "Jl. Melati 0, Denpasar"
    assert details["registered_at"].startswith("2015-02-28T17:00:00")
    assert details["activated_at"].startswith("2025-12-31T17:00:00")


def test_each_member_has_its_savings(ready: Importing) -> None:
    ready.commit()

    tenant = ready.tenant
    by_number = {one["number"]: one["id"] for one in members(tenant)}
    for number in range(4):
        member_id = by_number[f"{tenant.code}-{number + 1:06d}"]
        mine = [one for one in accounts(tenant) if one["member_id"] == member_id]
        assert [one["balance"] for one in mine] == [SMALL.voluntary(number)]
        keys = {
            kind: dues.account_key(tenant.id, kind, member_id)
            for kind in ("pokok", "wajib")
        }
        balances = tenant.ledger.get_balances({"keys": list(keys.values())})
        assert balances[keys["pokok"]]["balance"] == POKOK
        assert balances[keys["wajib"]]["balance"] == WAJIB


def test_who_comes_with_simpanan_pokok_has_paid_it(ready: Importing) -> None:
    ready.commit()

    answer = dues.get_dues(
        ready.tenant.world.members,
        ready.tenant.ledger,
        ready.tenant.id,
        PAGE | {"member_id": members(ready.tenant)[0]["id"]},
    )
    assert answer["principal_paid"]
    assert answer["principal_balance"] == POKOK


def test_numbers_go_on_behind_those_given_before(importing: Importing) -> None:
    tenant = importing.tenant
    tenant.account()
    importing.upload_tables(SMALL.tables())
    importing.validate()
    importing.commit()

    assert tenant.register_member()["number"] == f"{tenant.code}-000006"
    numbers = {one["number"] for one in members(tenant)}
    assert numbers == {f"{tenant.code}-{number:06d}" for number in range(1, 7)}
    assert len({one["number"] for one in accounts(tenant)}) == 5


def test_others_are_told_once(world: World, ready: Importing) -> None:
    ready.commit()
    ready.work()

    (event,) = world.events("import_committed", import_id=ready.id)
    assert (event["members"], event["accounts"]) == (4, 12)


def test_members_alone_may_be_taken_over_without_balances(
    importing: Importing,
) -> None:
    importing.upload("anggota", as_csv(SMALL.anggota()))
    importing.validate()

    done = importing.commit()

    assert (done["state"], done["journal_id"]) == ("committed", None)
    assert len(members(importing.tenant)) == 4
    assert book(importing.tenant) == {}


def test_personal_data_is_forgotten_in_the_staging(
    world: World, ready: Importing
) -> None:
    ready.commit()

    with world.members.tenant(ready.tenant.id) as session:
        kept = session.execute(
            text(
                "SELECT (SELECT count(*) FROM import_rows WHERE content IS NOT NULL), "
                "(SELECT count(*) FROM import_parts)"
            )
        ).one()
    assert tuple(kept) == (0, 0)


def test_nothing_personal_is_readable_while_staged(
    world: World, ready: Importing
) -> None:
    with world.members.tenant(ready.tenant.id) as session:
        rows = session.execute(text("SELECT import_rows::text FROM import_rows"))
        parts = session.execute(text("SELECT content FROM import_parts"))
        seen = " ".join([row[0] for row in rows]) + repr([row[0] for row in parts])
    for secret in (nik(0), "Melati", "81210000000", birth_date(0)):
        assert secret not in seen


# Once and never twice


def test_the_same_sheets_again_change_nothing(ready: Importing) -> None:
    ready.commit()
    before = book(ready.tenant)
    again = Importing(tenant=ready.tenant)
    again.upload_tables(SMALL.tables())

    again.validate()

    assert {one["code"] for one in again.problems(severity="error", sheet="anggota")}
    assert {
        "old_number_taken",
        "nik_taken",
        "member_left_out",
    } == {one["code"] for one in again.problems(severity="error", limit=200)}
    with pytest.raises(contract.ImportHasProblems):
        again.request_commit()
    with pytest.raises(contract.ImportNotReconciled):
        again.request_commit(partial=True)
    assert book(ready.tenant) == before


def test_committing_again_answers_with_what_was_done(ready: Importing) -> None:
    done = ready.commit()

    assert ready.request_commit() == done
    assert ready.work() == 0


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        pytest.param("reserving", 1, id="before anything"),
        pytest.param("numbering", 1, id="with its NIKs reserved"),
        pytest.param("numbering", 3, id="with half of its numbers"),
        pytest.param("opening", 1, id="with its numbers"),
        pytest.param("opening", 2, id="with accounts that nobody noted"),
        pytest.param("posting", 1, id="before the journal"),
        pytest.param("posting", 2, id="with a journal that nobody noted"),
        pytest.param("writing", 1, id="before the members"),
    ],
)
def test_killed_anywhere_it_is_finished_by_the_next(
    world: World,
    ready: Importing,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    step: int,
) -> None:
    monkeypatch.setattr(takeover, "NUMBERS_PER_STEP", 2)
    ready.request_commit()
    with monkeypatch.context() as killed:
        die_before(killed, stage, step)
        with pytest.raises(Killed):
            ready.work()
    assert ready.get()["state"] == "committing"
    assert ready.work() == 0, "the lease of the dead is still good"
    let_leases_end(world, ready)

    ready.work()

    assert ready.get()["state"] == "committed"
    assert len(members(ready.tenant)) == 4
    assert book(ready.tenant)["2-1000"] == -206_000
    assert "9-9000" not in book(ready.tenant)
    assert ready.tenant.register_member()["number"].endswith("000005")


@pytest.mark.parametrize(
    ("stage", "step"), [("reading", 1), ("reading", 4), ("reading", 6), ("checking", 1)]
)
def test_killed_while_validating_it_goes_on_behind_the_last_step(
    world: World,
    importing: Importing,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    step: int,
) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_STEP", 3)
    tables = SMALL.tables()
    tables["neraca"] = with_row(tables["neraca"], "7-0000", "0")
    importing.upload_tables(tables)
    importing.upload("pinjaman", b"")
    importing.request_validation()
    with monkeypatch.context() as killed:
        die_before(killed, stage, step)
        with pytest.raises(Killed):
            importing.work()
    let_leases_end(world, importing)

    importing.work()

    found = importing.get()
    assert found["state"] == "ready"
    assert [one["rows"] for one in found["counts"]["sheets"]] == [4, 12, 8]
    assert [one["code"] for one in importing.problems()] == [
        "sheet_empty",
        "account_unknown",
    ]


class Killed(BaseException):
    """The process ends here."""


def die_before(monkeypatch: pytest.MonkeyPatch, stage: str, step: int) -> None:
    """Die where the ``step``-th transaction of a stage would begin."""
    original: Callable[..., Any] = Work.step
    begun = []

    def begin(self: Work, asked: str) -> Any:
        begun.append(asked)
        if begun.count(stage) == step:
            raise Killed
        return original(self, asked)

    monkeypatch.setattr(Work, "step", begin)


def let_leases_end(world: World, importing: Importing) -> None:
    with world.members.hub() as session:
        session.execute(
            text("UPDATE imports SET due_at = clock_timestamp() WHERE id = :id"),
            {"id": importing.id},
        )


def test_who_lost_the_lease_writes_nothing_more(world: World, ready: Importing) -> None:
    ready.request_commit()
    slow = Work(
        database=world.members,
        settings=world.settings,
        ledger=ready.tenant.ledger,
        loans=ready.loans,
        cooperative_id=ready.tenant.id,
        import_id=ready.id,
        lease="lea_slow",
    )

    with pytest.raises(LeaseLost):
        takeover.reserve(slow)


def test_an_absent_ledger_is_waited_for(world: World, ready: Importing) -> None:
    ready.request_commit()
    ready.tenant.ledger.fault = BusUnavailable()
    ready.work()
    assert ready.get()["state"] == "committing"

    ready.tenant.ledger.fault = None
    let_leases_end(world, ready)
    ready.work()

    assert ready.get()["state"] == "committed"


def test_what_gets_nowhere_is_given_back_to_people(
    world: World, ready: Importing
) -> None:
    ready.request_commit()
    ready.tenant.ledger.fault = BusUnavailable()
    for _ in range(10):
        let_leases_end(world, ready)
        ready.work()

    found = ready.get()
    assert (found["state"], found["fault"]) == ("ready", "internal_error")
    ready.tenant.ledger.fault = None
    assert ready.commit()["state"] == "committed"


# What the ledger or the present refuses


def test_a_closed_day_of_cut_over_refuses_everything(
    world: World, ready: Importing
) -> None:
    close_through(world, ready.tenant, "2025-12-31")

    done = ready.commit()

    assert (done["state"], done["fault"]) == ("ready", "period_closed")
    assert is_untouched(ready.tenant)


def test_a_day_closed_at_the_last_moment_refuses_everything(
    world: World, ready: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ready.tenant.ledger.__class__,
        "get_period",
        lambda _self, _command: {"closed_through": None},
    )
    close_through(world, ready.tenant, "2025-12-31")

    done = ready.commit()

    assert (done["state"], done["fault"]) == ("ready", "period_closed")
    assert is_untouched(ready.tenant)
    # The NIKs are free again.
    assert ready.tenant.register_member(nik=nik(0))["status"] == "candidate"


def test_what_the_ledger_refused_once_may_be_committed_again(
    ready: Importing,
) -> None:
    ledger, cash = ready.tenant.ledger, f"{ready.tenant.id}:1-1000"
    ledger.set_status({"key": cash, "status": "frozen"})
    refused = ready.commit()
    assert (refused["state"], refused["fault"]) == ("ready", "account_not_active")
    assert refused["journal_id"] is None
    ledger.set_status({"key": cash, "status": "active"})

    done = ready.commit()

    assert done["state"] == "committed"
    assert len(members(ready.tenant)) == 4
    assert book(ready.tenant).get("9-9000", 0) == 0


def close_through(world: World, tenant: Tenant, day: str) -> None:
    with world.ledger.hub() as session:
        session.execute(
            text("UPDATE books SET closed_through = :day WHERE cooperative_id = :id"),
            {"day": day, "id": tenant.id},
        )


def test_a_member_who_joined_meanwhile_stops_the_import(ready: Importing) -> None:
    ready.tenant.register_member(nik=nik(2))

    done = ready.commit()

    assert (done["state"], done["fault"]) == ("ready", "import_has_problems")
    assert ("anggota", 4, "nik", "nik_taken") in ready.found()
    assert book(ready.tenant) == {}


def test_a_nik_that_is_being_imported_is_given_to_nobody_else(
    world: World, ready: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.request_commit()
    with monkeypatch.context() as killed:
        die_before(killed, "posting", 1)
        with pytest.raises(Killed):
            ready.work()

    with pytest.raises(members_contract.DuplicateNik):
        ready.tenant.register_member(nik=nik(1))
    stranger = ready.tenant.register_member("Dewi Lestari")
    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(ready.tenant.id) as session,
    ):
        session.execute(
            text(
                "UPDATE members SET nik_hash = (SELECT nik_hash FROM import_rows "
                "WHERE import_id = :import_id AND sheet = 'anggota' AND row = 2) "
                "WHERE id = :id"
            ),
            {"import_id": ready.id, "id": stranger["id"]},
        )
    assert isinstance(caught.value.orig, psycopg.errors.UniqueViolation)

    let_leases_end(world, ready)
    ready.work()
    assert ready.get()["state"] == "committed"


def test_one_import_at_a_time_is_taken_over(tenant: Tenant) -> None:
    first, second = Importing(tenant=tenant), Importing(tenant=tenant)
    first.upload("anggota", as_csv(SMALL.anggota()))
    second.upload("anggota", as_csv(Synthetic(members=2, first=500).anggota()))
    first.validate()
    second.validate()
    first.request_commit()

    with pytest.raises(contract.ImportRunning):
        second.request_commit()


# Problems


def test_every_problem_is_told_by_row_and_column(importing: Importing) -> None:
    anggota = SMALL.anggota()
    anggota = changed(anggota, 2, 1, "")
    anggota = changed(anggota, 3, 4, "31/02/1990")
    anggota = with_row(anggota, "L000003", "Kembar", "", "", "", "", "", "")
    anggota = with_row(anggota, "L9", "Sama", nik(2), "", birth_date(2), "", "", "")
    simpanan = with_row(SMALL.simpanan(), "TIDAK-ADA", "sukarela", "1000")
    simpanan = with_row(simpanan, "L000003", "emas", "1000")
    simpanan = with_row(simpanan, "L000002", "wajib", "seribu")
    neraca = with_row(SMALL.neraca(), "7-0000", 1)
    neraca = with_row(neraca, "4-1000", 1)
    neraca = with_row(neraca, "1-1000", 1)
    importing.upload_tables(
        {"anggota": anggota, "simpanan": simpanan, "neraca": neraca}
    )

    found = importing.validate()

    assert {
        ("anggota", 2, "nama", "value_missing"),
        ("anggota", 3, "tgl_lahir", "date_invalid"),
        ("anggota", 5, "no_lama", "key_repeated"),
        ("anggota", 6, "no_lama", "key_repeated"),
        ("anggota", 4, "nik", "nik_repeated"),
        ("anggota", 7, "nik", "nik_repeated"),
        ("simpanan", 14, "no_lama", "member_unknown"),
        ("simpanan", 15, "produk", "product_unknown"),
        ("simpanan", 16, "saldo", "amount_invalid"),
        ("simpanan", 9, "produk", "savings_repeated"),
        ("simpanan", 2, "no_lama", "member_left_out"),
        ("neraca", 9, "akun", "account_unknown"),
        ("neraca", 10, "akun", "account_not_in_balance_sheet"),
        ("neraca", 11, "akun", "key_repeated"),
        ("neraca", 0, None, "balance_sheet_unbalanced"),
    } <= importing.found()
    assert found["is_reconciled"] is False
    with pytest.raises(contract.ImportHasProblems):
        importing.request_commit()
    assert is_untouched(importing.tenant)


def test_problems_come_in_the_order_of_the_sheets_page_by_page(
    importing: Importing,
) -> None:
    simpanan = [["no_lama", "produk", "saldo"], *[["X", "pokok", "x"]] * 5]
    importing.upload("simpanan", as_csv(simpanan))
    importing.validate()
    command = PAGE | {
        "severity": "error",
        "sheet": None,
        "limit": 2,
        "import_id": importing.id,
    }
    seen: list[tuple[str, int]] = []
    while True:
        page = reports.list_problems(
            importing.tenant.world.members, importing.tenant.id, command
        )
        seen += [(one["sheet"], one["row"]) for one in page["items"]]
        if page["next_cursor"] is None:
            break
        command["cursor"] = page["next_cursor"]

    assert seen == sorted(seen)
    assert len(seen) == 15  # each row: amount, unknown member, repeated


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        pytest.param(b"\xff\xfe", contract.CSV, "file_unreadable", id="no UTF-8"),
        pytest.param(b'akun,saldo\n"1', contract.CSV, "file_unreadable", id="quote"),
        pytest.param(b"", contract.CSV, "sheet_empty", id="empty"),
        pytest.param(b"akun,saldo\n", contract.CSV, "sheet_empty", id="header only"),
        pytest.param(b"akun\n1-1000\n", contract.CSV, "column_missing", id="column"),
        pytest.param(
            b"akun,akun,saldo\n1,1,1\n", contract.CSV, "column_repeated", id="twice"
        ),
        pytest.param(b"PK no zip", contract.XLSX, "file_unreadable", id="no workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_of_the_sheet(
    importing: Importing, content: bytes, media_type: str, code: str
) -> None:
    importing.upload("anggota", as_csv(SMALL.anggota()))
    importing.upload("neraca", content, media_type)

    importing.validate()

    assert code in {one["code"] for one in importing.problems(sheet="neraca")}
    # No row could be left out for it, so `partial` does not help.
    with pytest.raises(contract.ImportHasProblems):
        importing.request_commit(partial=True)


def test_an_unknown_column_is_left_out_with_a_warning(importing: Importing) -> None:
    importing.upload("anggota", b"no_lama,nama,warna\nA-1,Budi Santoso,biru\n")

    found = importing.validate()

    assert (found["counts"]["errors"], found["counts"]["warnings"]) == (0, 1)
    assert importing.commit()["state"] == "committed"


def test_names_that_differ_between_sheets_are_a_warning(importing: Importing) -> None:
    tables = SMALL.tables()
    tables["simpanan"] = [
        [*row, name]
        for row, name in zip(
            tables["simpanan"], ["nama", "Orang Lain", *[""] * 11], strict=True
        )
    ]
    importing.upload_tables(tables)

    assert importing.validate()["counts"]["errors"] == 0
    assert importing.found() == {("simpanan", 2, "nama", "name_differs")}


def test_a_candidate_may_not_bring_savings(importing: Importing) -> None:
    tables = SMALL.tables()
    tables["anggota"] = changed(tables["anggota"], 2, 7, "calon")
    importing.upload_tables(tables)
    importing.validate()

    assert ("simpanan", 2, "no_lama", "member_is_candidate") in importing.found()


def test_balances_need_a_balance_sheet(importing: Importing) -> None:
    importing.upload("anggota", as_csv(SMALL.anggota()))
    importing.upload("simpanan", as_csv(SMALL.simpanan()))
    importing.validate()

    assert importing.found() == {("neraca", 0, None, "balance_sheet_missing")}


def test_incomplete_members_are_taken_over_with_a_flag(
    world: World, importing: Importing
) -> None:
    importing.upload("anggota", as_csv([["no_lama", "nama"], ["A-1", "Siti Aminah"]]))
    found = importing.validate()
    importing.commit()

    assert found["counts"]["incomplete_members"] == 1
    (listed,) = reports.list_imported_members(
        world.members, world.settings, importing.tenant.id, dict(PAGE)
    )["items"]
    assert listed["label"] == "Data belum lengkap"
    assert listed["missing"] == ["nik", "hp", "tgl_lahir", "alamat"]
    assert listed["old_number"] == "A-1"


def test_validating_again_forgets_what_was_found_before(importing: Importing) -> None:
    tables = SMALL.tables()
    importing.upload_tables(tables | {"anggota": changed(tables["anggota"], 2, 1, "")})
    assert importing.validate()["counts"]["errors"] == 4

    importing.upload("anggota", as_csv(tables["anggota"]))
    assert importing.get()["state"] == "draft"
    assert importing.validate()["counts"]["errors"] == 0
    assert importing.found() == set()


# Partial


def test_a_partial_import_says_exactly_what_it_left_out(importing: Importing) -> None:
    tables = SMALL.tables()
    tables["anggota"] = changed(tables["anggota"], 3, 2, "1234")
    importing.upload_tables(tables)
    importing.validate()
    with pytest.raises(contract.ImportNotReconciled):
        importing.request_commit(partial=True)
    importing.sign_off()

    done = importing.commit(partial=True)

    assert (done["state"], done["is_partial"]) == ("committed", True)
    assert len(members(importing.tenant)) == 3
    assert [one["row"] for one in importing.rows("anggota", outcome="left_out")] == [3]
    assert [one["row"] for one in importing.rows("simpanan", outcome="left_out")] == [
        5,
        6,
        7,
    ]
    # The balance sheet stands all the same, and what is missing stays visible.
    assert book(importing.tenant)["3-1000"] == -4 * POKOK
    control = ledger_contract.chart_account(importing.tenant.id, "3-1000")
    balances = importing.tenant.ledger.get_balances({"keys": [control]})
    assert balances[control]["balance"] == POKOK
    assert "9-9000" not in book(importing.tenant)


def test_rows_taken_over_show_their_new_numbers(ready: Importing) -> None:
    ready.commit()

    (first, *_) = ready.rows("anggota")
    assert (first["outcome"], first["number"]) == (
        "taken",
        f"{ready.tenant.code}-000001",
    )
    assert "nik" not in first["values"]


# Reconciliation


@pytest.fixture
def different(importing: Importing) -> Importing:
    """An import whose savings are 1.000 less than the balance sheet has."""
    tables = SMALL.tables()
    tables["neraca"] = changed(tables["neraca"], 5, 1, 207_000)
    tables["neraca"] = changed(tables["neraca"], 8, 1, 4_999_000)
    importing.upload_tables(tables)
    importing.validate()
    return importing


def test_differences_are_listed_and_stop_the_import(different: Importing) -> None:
    found = different.reconciliation()

    wrong = [one for one in found["lines"] if one["difference"]]
    assert [(one["code"], one["difference"]) for one in wrong] == [("2-1000", 1000)]
    assert (found["is_balanced"], found["is_reconciled"]) == (True, False)
    with pytest.raises(contract.ImportNotReconciled):
        different.request_commit()


def test_whoever_made_the_import_cannot_accept_its_differences(
    different: Importing,
) -> None:
    with pytest.raises(SameProposer):
        different.sign_off(different.creator)


def test_accepted_differences_stay_visible_and_are_never_plugged(
    different: Importing,
) -> None:
    assert different.sign_off()["sign_off"]["by"] == different.approver

    assert different.commit()["state"] == "committed"

    assert book(different.tenant)["2-1000"] == -207_000
    control = ledger_contract.chart_account(different.tenant.id, "2-1000")
    balances = different.tenant.ledger.get_balances({"keys": [control]})
    assert balances[control]["balance"] == 1000
    assert "9-9000" not in book(different.tenant)


def test_another_difference_needs_another_sign_off(different: Importing) -> None:
    different.sign_off()
    tables = SMALL.tables()
    tables["neraca"] = changed(tables["neraca"], 5, 1, 208_000)
    tables["neraca"] = changed(tables["neraca"], 8, 1, 4_998_000)
    different.upload("neraca", as_csv(tables["neraca"]))
    found = different.validate()

    assert found["sign_off"] is None
    with pytest.raises(contract.ImportNotReconciled):
        different.request_commit()


def test_a_sheet_that_does_not_balance_cannot_be_signed_off(
    importing: Importing,
) -> None:
    tables = SMALL.tables()
    tables["neraca"] = changed(tables["neraca"], 2, 1, 1)
    importing.upload_tables(tables)
    importing.validate()

    with pytest.raises(contract.NothingToSignOff):
        importing.sign_off()
    with pytest.raises(contract.ImportHasProblems):
        importing.request_commit(partial=True)


def test_nothing_is_signed_off_that_does_not_differ(ready: Importing) -> None:
    with pytest.raises(contract.NothingToSignOff):
        ready.sign_off()


def test_loans_and_assets_take_part_in_the_reconciliation(
    importing: Importing,
) -> None:
    tables = SMALL.tables()
    tables["pinjaman"] = [
        ["no_lama", "produk", "sisa_pokok", "hari_tunggak"],
        ["L000000", "modal usaha", "Rp 250.000", "12"],
    ]
    tables["aset_tetap"] = [
        ["kode", "nama", "nilai_perolehan", "akum_penyusutan"],
        ["K-1", "Meja kasir", "3.000.000", "900.000"],
    ]
    tables["neraca"] = with_row(tables["neraca"], "1-1100", 300_000)
    tables["neraca"] = with_row(tables["neraca"], "3-3100", 300_000)
    importing.upload_tables(tables)
    importing.validate()

    differences = {
        one["code"]: one["difference"] for one in importing.reconciliation()["lines"]
    }

    assert differences["1-1100"] == 50_000
    assert (differences["1-2000"], differences["1-2900"]) == (0, 100_000)
    (loan,) = importing.rows("pinjaman")
    assert loan["values"] == {
        "no_lama": "L000000",
        "produk": "modal usaha",
        "sisa_pokok": 250_000,
        "hari_tunggak": 12,
    }


def test_loans_are_handed_on_and_a_page_that_was_lost_is_handed_on_again(
    importing: Importing,
) -> None:
    tables = SMALL.tables()
    tables["pinjaman"] = [
        ["no_lama", "produk", "sisa_pokok", "bunga", "sisa_angsuran", "hari_tunggak"],
        ["L000000", "Modal Usaha", "Rp 250.000", "24%", "10", "12"],
        ["L000001", "modal usaha", "50.000", "", "", ""],
        ["L000002", "modal usaha", "0", "", "", ""],
    ]
    tables["neraca"] = with_row(tables["neraca"], "1-1100", 300_000)
    tables["neraca"] = with_row(tables["neraca"], "1-1190", 100_000)
    tables["neraca"] = with_row(tables["neraca"], "3-3100", 200_000)
    importing.upload_tables(tables)
    importing.validate()
    assert importing.found() == set()
    importing.loans.answers["import_loans"] = BusUnavailable()

    importing.request_commit()
    importing.work()
    importing.loans.answers["import_loans"] = {"loans": 2}
    let_leases_end(importing.tenant.world, importing)
    importing.work()

    assert importing.get()["state"] == "committed"
    lost, taken = importing.loans.called("import_loans")
    assert lost == taken
    first, second = taken["rows"]
    assert (first["outstanding"], first["rate_bps"], first["count"]) == (
        250_000,
        2400,
        10,
    )
    assert first["days_past_due"] == 12
    assert (first["provision"], second["provision"]) == (83_333, 16_667)
    assert first["interest_receivable"] == 0
    assert first["member_name"] == importing.rows("anggota")[0]["values"]["nama"]
    assert first["savings_account"] is not None
    assert (second["rate_bps"], second["count"], second["days_past_due"]) == (
        None,
        None,
        0,
    )


def test_a_loan_of_a_product_that_there_is_not_is_left_out(
    importing: Importing,
) -> None:
    tables = SMALL.tables()
    tables["pinjaman"] = [
        ["no_lama", "produk", "sisa_pokok", "bunga"],
        ["L000000", "haji", "250.000", "24,01"],
    ]
    importing.upload_tables(tables)
    importing.validate()

    assert {
        ("pinjaman", 2, "produk", "loan_product_unknown"),
        ("pinjaman", 2, "bunga", "rate_invalid"),
    } <= importing.found()


def test_postgresql_refuses_what_nobody_reconciled(
    world: World, different: Importing
) -> None:
    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(different.tenant.id) as session,
    ):
        session.execute(
            text(
                "UPDATE imports SET state = 'committing', stage = 'posting' "
                "WHERE id = :id"
            ),
            {"id": different.id},
        )

    assert isinstance(caught.value.orig, psycopg.errors.CheckViolation)


# Files


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_commas_and_semicolons_are_understood(
    importing: Importing, delimiter: str
) -> None:
    content = b"\xef\xbb\xbf" + as_csv(SMALL.anggota(), delimiter)
    importing.upload("anggota", content)

    found = importing.validate()["counts"]["sheets"]

    assert found == [{"sheet": "anggota", "rows": 4, "bad_rows": 0}]


def test_a_workbook_brings_all_its_sheets(importing: Importing) -> None:
    content = as_workbook(SMALL.tables())
    importing.upload("workbook", content, contract.XLSX, bytes_per_part=1000)

    found = importing.validate()

    assert [one["rows"] for one in found["counts"]["sheets"]] == [4, 12, 7]
    assert importing.problems() == []
    assert importing.commit()["state"] == "committed"


def test_a_workbook_without_any_sheet_of_the_template_is_a_problem(
    importing: Importing,
) -> None:
    other = workbooks.write([["biru"]], ["warna"], "Lain")
    importing.upload("workbook", other, contract.XLSX)

    importing.validate()

    assert importing.found() == {("anggota", 0, None, "file_unreadable")}


def test_the_only_tab_of_a_sheets_own_file_may_have_any_title(
    importing: Importing,
) -> None:
    table = SMALL.anggota()
    content = workbooks.write(table[1:], table[0], "Sheet1")
    importing.upload("anggota", content, contract.XLSX)

    found = importing.validate()["counts"]

    assert (found["sheets"][0]["rows"], found["errors"]) == (4, 0)


def test_a_sheet_of_its_own_stands_in_for_the_workbooks(importing: Importing) -> None:
    importing.upload("workbook", as_workbook(SMALL.tables()), contract.XLSX)
    importing.upload("anggota", as_csv(Synthetic(members=3).anggota()))

    found = importing.validate()

    assert found["counts"]["sheets"][0] == {
        "sheet": "anggota",
        "rows": 3,
        "bad_rows": 0,
    }


@pytest.mark.parametrize("step", range(1, 9))
def test_killed_between_workbook_and_own_file_no_row_is_read_twice(
    world: World, importing: Importing, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(reading, "ROWS_PER_STEP", 5)
    importing.upload("workbook", as_workbook(SMALL.tables()), contract.XLSX)
    importing.upload("anggota", as_csv(SMALL.anggota()))
    importing.request_validation()
    with monkeypatch.context() as killed:
        die_before(killed, "reading", step)
        with pytest.raises(Killed):
            importing.work()
    let_leases_end(world, importing)

    importing.work()

    counts = importing.get()["counts"]
    assert [one["rows"] for one in counts["sheets"]] == [4, 12, 7]
    assert counts["errors"] == 0


def test_a_file_with_a_missing_part_is_not_put_in_place(
    world: World, importing: Importing
) -> None:
    command = {
        "import_id": importing.id,
        "sheet": "anggota",
        "upload_id": "upl_gap",
        "part": 1,
        "parts": 2,
        "media_type": contract.CSV,
        "content": "",
    }

    with pytest.raises(Malformed):
        uploads.put_part(world.members, world.settings, importing.actor(), command)
    assert importing.get()["files"] == []


def test_files_of_a_committed_import_stay_as_they_are(ready: Importing) -> None:
    ready.commit()

    with pytest.raises(contract.ImportNotEditable):
        ready.upload("anggota", b"no_lama,nama\n")
    with pytest.raises(contract.ImportNotEditable):
        ready.request_validation()
    with pytest.raises(contract.ImportNotEditable):
        ready.cancel()


def test_a_cancelled_import_is_forgotten(world: World, ready: Importing) -> None:
    assert ready.cancel()["state"] == "cancelled"
    assert ready.cancel()["state"] == "cancelled"

    with world.members.tenant(ready.tenant.id) as session:
        kept = session.scalar(
            text("SELECT count(*) FROM import_rows WHERE content IS NOT NULL")
        )
    assert kept == 0
    assert is_untouched(ready.tenant)


def test_an_import_without_files_is_not_validated(importing: Importing) -> None:
    with pytest.raises(contract.ImportEmpty):
        importing.request_validation()
    with pytest.raises(contract.ImportNotReady):
        importing.request_commit()


def test_the_day_of_cut_over_is_not_in_the_future(tenant: Tenant) -> None:
    command = contract.CreateImport().load({"cut_over": "2999-12-31"})

    with pytest.raises(contract.CutOverInFuture):
        batches.create_import(
            tenant.world.members, Importing(tenant=tenant).actor(), command
        )


# Other tenants


def test_an_import_of_another_cooperative_does_not_exist(
    ready: Importing, neighbour: Tenant
) -> None:
    foreign = Importing(tenant=neighbour)
    foreign.id = ready.id

    for attempt in (
        foreign.get,
        foreign.request_validation,
        foreign.sign_off,
        foreign.request_commit,
        foreign.cancel,
        foreign.problems,
        foreign.reconciliation,
        lambda: foreign.rows("anggota"),
        lambda: foreign.upload("anggota", b""),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_two_cooperatives_may_have_the_same_members(
    ready: Importing, neighbour: Tenant
) -> None:
    ready.commit()
    other = Importing(tenant=neighbour)
    other.upload_tables(SMALL.tables())
    other.validate()

    assert other.commit()["state"] == "committed"


# Export


def exported(
    tenant: Tenant, sheet: str, *scopes: str, is_masked: bool = True
) -> list[list[Any]]:
    identity = replace(tenant.identity, scopes=frozenset(scopes or {"imports:read"}))
    exporter = exports.Exporter(
        database=tenant.world.members,
        settings=tenant.world.settings,
        ledger=tenant.ledger,
        identity=identity,
        actor=Importing(tenant=tenant).actor(),
        is_masked=is_masked,
    )
    found: list[list[Any]] = []
    cursor: str | None = None
    while True:
        page = exports.export_rows(
            exporter, {"sheet": sheet, "limit": 3, "cursor": cursor}
        )
        found += page["rows"]
        cursor = page["next_cursor"]
        if cursor is None:
            return [page["header"], *found]


def test_what_was_exported_can_be_imported_by_another(
    ready: Importing, neighbour: Tenant
) -> None:
    ready.commit()
    tables = {
        sheet: exported(
            ready.tenant, sheet, "imports:read", "imports:write", is_masked=False
        )
        for sheet in ("anggota", "neraca")
    }
    contributions = [
        [one[0], kind, amount, ""]
        for one in tables["anggota"][1:]
        for kind, amount in (("pokok", POKOK), ("wajib", WAJIB))
    ]
    tables["simpanan"] = [*exported(ready.tenant, "simpanan"), *contributions]
    other = Importing(tenant=neighbour)
    other.upload_tables(tables)

    found = other.validate()

    assert (found["counts"]["errors"], found["is_reconciled"]) == (0, True)
    other.commit()
    assert book(neighbour) == book(ready.tenant)


def test_full_niks_are_exported_to_few_and_leave_a_trace(
    world: World, ready: Importing
) -> None:
    ready.commit()

    assert nik(0) not in str(exported(ready.tenant, "anggota"))
    with pytest.raises(NotAllowed):
        exported(ready.tenant, "anggota", is_masked=False)
    rows = exported(ready.tenant, "anggota", "imports:write", is_masked=False)
    assert nik(0) in str(rows)
    with world.members.tenant(ready.tenant.id) as session:
        actions = session.scalars(text("SELECT action FROM audit_entries")).all()
    assert actions.count("members.exported") == 1


def test_every_decision_is_in_the_audit_trail(
    world: World, different: Importing
) -> None:
    different.sign_off()
    different.commit()

    with world.members.tenant(different.tenant.id) as session:
        rows = session.execute(
            text(
                "SELECT actor, action FROM audit_entries WHERE subject = :id "
                "ORDER BY position"
            ),
            {"id": different.id},
        )
        entries = [tuple(row) for row in rows]
    assert entries[-3:] == [
        ("usr_pengurus", "import.signed_off"),
        ("usr_admin", "import.commit_requested"),
        ("service:members", "import.committed"),
    ]
    assert entries[0] == ("usr_admin", "import.created")
