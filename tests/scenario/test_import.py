"""A cooperative brings a thousand members from another system, by HTTP."""

from __future__ import annotations

import csv
import io
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from services.members.operations.imports import leases, work
from services.shared import access, clock
from services.shared.contracts.members import imports as contract
from services.shared.identity import Identity
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from services.shared.presentation import sheets
from tests.factories.imports import POKOK, Synthetic, as_csv, as_workbook
from tests.factories.users import bearer
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers", "loans")
PATIENCE_SECONDS: Final = 120
MEMBERS: Final = 1000
SYNTHETIC: Final = Synthetic(members=MEMBERS)


class Office:
    """A running hub with one new cooperative, and the people who move it there."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        operator = hub.operator()
        body = {"code": "0777", "name": "KSP Pindahan", "kind": "ksp_primer"}
        self.id: str = self.must(operator, "POST", "/v1/cooperatives", body)["id"]
        self.must(operator, "POST", f"/v1/cooperatives/{self.id}/activate")
        self.admin = self.token("made", "admin")
        self.pengurus = self.token("ketut", "pengurus")
        self.pengawas = self.token("nyoman", "pengawas")
        self.teller = self.token("sari", "teller")

    def token(self, name: str, *roles: str) -> str:
        """An access token of a person with these roles, second factor just given."""
        caller = Identity(
            subject=f"usr_{name}",
            cooperative_id=self.id,
            scopes=access.scopes_of_roles(roles),
            roles=frozenset(roles),
            session_id=f"ses_{name}",
            strong_until=int(clock.now().timestamp()) + 300,
        )
        return bearer(self.hub.settings, caller)

    def call(
        self,
        who: str,
        method: str,
        path: str,
        body: Any = None,
        media_type: str = "application/json",
    ) -> Reply:
        """One request, with a key of its own."""
        return self.hub.request(
            method,
            path,
            body,
            token=who,
            key=uuid.uuid4().hex if method == "POST" else None,
            headers={"Content-Type": media_type} if body is not None else None,
        )

    def must(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.call(who, method, path, body)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def begin(self) -> str:
        """A new import; its path."""
        made = self.must(self.admin, "POST", "/v1/imports", {"cut_over": "2025-12-31"})
        return f"/v1/imports/{made['id']}"

    def upload(self, path: str, sheet: str, content: bytes, media_type: str) -> None:
        """Upload a file."""
        reply = self.call(
            self.admin, "PUT", f"{path}/sheets/{sheet}", content, media_type
        )
        assert reply.status == 200, reply.body

    def settled(self, path: str) -> dict[str, Any]:
        """The import, once the background has nothing more to do with it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.must(self.pengawas, "GET", path)
            if found["state"] not in {"validating", "committing"}:
                return found
            time.sleep(0.1)
        raise AssertionError(found)


@pytest.fixture(scope="module")
def office(database_factory: Callable[[str], Database]) -> Iterator[Office]:
    """One hub for this module, on databases of its own."""
    memory.install()
    hub = Gateway(
        {"rate_per_second": 0}, {name: database_factory(name) for name in SERVICES}
    )
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Office(hub)
    hub.stop()


def test_a_cooperative_moves_in_although_its_worker_dies_half_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who takes over from the dead would wait for the end of a lease of two minutes.
    monkeypatch.setattr(leases, "LEASE_SECONDS", 2)
    monkeypatch.setattr(work, "LEASE_SECONDS", 2)
    template = office.call(office.admin, "GET", "/v1/imports/template.xlsx")
    assert template.headers["Content-Type"] == sheets.MEDIA_TYPE
    assert sheets.titles(template.body)[:2] == ["Anggota", "Simpanan"]
    path = office.begin()

    # With an error in it nothing happens, and the error file says where it is.
    tables = SYNTHETIC.tables()
    tables["anggota"][10][2] = "5171"
    office.upload(path, "workbook", as_workbook(tables), contract.XLSX)
    office.must(office.admin, "POST", f"{path}/validate")
    found = office.settled(path)
    assert (found["state"], found["counts"]["errors"]) == ("ready", 4)
    refused = office.call(office.admin, "POST", f"{path}/commit", {"partial": False})
    assert (refused.status, refused.json["code"]) == (422, "import_has_problems")
    file = office.call(office.admin, "GET", f"{path}/problems?format=csv")
    lines = list(csv.reader(io.StringIO(file.body.decode("utf-8-sig"))))
    assert lines[1][:5] == ["anggota", "11", "nik", "salah", "nik_invalid"]
    workbook = office.call(office.admin, "GET", f"{path}/problems?format=xlsx")
    assert len(list(sheets.read(workbook.body))) == 5

    # Corrected, it is taken over, although the worker dies in the middle of it.
    office.upload(path, "anggota", as_csv(SYNTHETIC.anggota()), contract.CSV)
    office.must(office.admin, "POST", f"{path}/validate")
    assert office.settled(path)["counts"]["errors"] == 0
    begun = die_in(monkeypatch, "opening")
    office.must(office.admin, "POST", f"{path}/commit", {"partial": False})
    done = office.settled(path)

    assert (done["state"], done["fault"]) == ("committed", None)
    assert begun.count("reserving") == begun.count("writing") == 1
    everybody = office.call(office.admin, "GET", "/v1/exports/anggota")
    assert len(everybody.body.decode().splitlines()) == MEMBERS + 1
    balance = office.must(office.pengurus, "GET", "/v1/ledger/trial-balance")
    by_code = {line["code"]: line for line in balance["accounts"]}
    assert by_code["3-1000"]["credit"] == POKOK * MEMBERS
    assert (by_code["9-9000"]["debit"], by_code["9-9000"]["credit"]) == (0, 0)
    whole = office.must(office.hub.operator(), "GET", "/v1/ledger/integrity")
    assert whole["balanced"] is True

    # Once more changes nothing: everybody is there already.
    again = office.begin()
    office.upload(again, "workbook", as_workbook(SYNTHETIC.tables()), contract.XLSX)
    office.must(office.admin, "POST", f"{again}/validate")
    assert office.settled(again)["counts"]["sheets"][0]["bad_rows"] == MEMBERS


def die_in(monkeypatch: pytest.MonkeyPatch, stage: str) -> list[str]:
    """Let the worker die once, where the third part of a stage would begin.

    What it leaves behind is what a killed process leaves: a lease that ends by itself.
    """
    original = leases.Work.step
    begun: list[str] = []

    def step(self: leases.Work, asked: str) -> Any:
        begun.append(asked)
        if begun.count(stage) == 3 and begun[-1] == stage:
            raise RuntimeError("killed")
        return original(self, asked)

    monkeypatch.setattr(leases.Work, "step", step)
    return begun


def test_who_may_look_may_not_change_and_tellers_do_neither(office: Office) -> None:
    path = office.begin()

    assert office.call(office.pengawas, "GET", path).status == 200
    for who in (office.pengawas, office.teller):
        body = {"cut_over": "2025-12-31"}
        assert office.call(who, "POST", "/v1/imports", body).status == 403
    assert office.call(office.teller, "GET", path).status == 403
    refused = office.call(office.pengawas, "GET", "/v1/exports/anggota?nik=full")
    assert (refused.status, refused.json["code"]) == (403, "not_allowed")


def test_what_is_no_sheet_is_not_found_and_what_is_no_table_not_taken(
    office: Office,
) -> None:
    path = office.begin()
    put = f"{path}/sheets/"

    assert office.call(office.admin, "GET", "/v1/exports/rahasia").status == 404
    unknown = office.call(office.admin, "PUT", f"{put}rahasia", b"a", contract.CSV)
    assert unknown.status == 404
    wrong = office.call(office.admin, "PUT", f"{put}anggota", b"a", "text/html")
    assert wrong.status == 415
    large = b"a" * (contract.FILE_BYTES_MAX + 1)
    refused = office.call(office.admin, "PUT", f"{put}anggota", large, contract.CSV)
    assert refused.status == 413


def test_a_file_of_many_parts_arrives_whole(office: Office) -> None:
    path = office.begin()
    content = as_csv([["no_lama", "nama"], ["A-1", "Budi"]])
    content += b"\n" * (2 * contract.PART_BYTES_MAX)

    office.upload(path, "anggota", content, contract.CSV)

    (file,) = office.must(office.admin, "GET", path)["files"]
    assert file["bytes"] == len(content)
