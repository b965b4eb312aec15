"""Screening of members against lists, and what people decide about alerts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from services.kyc.operations import rescreening, screening
from services.kyc.store import screening as screening_store
from services.shared.contracts.kyc import screening as contract
from services.shared.errors import BusUnavailable, DeadlinePassed, NotAllowed, NotFound
from tests.factories.kyc import CheckDesk
from tests.factories.members import idempotency

LIST = """\
id,name,aliases,birth_date,note
ID-1,H. Moh. Joesoef Soekardjo,Abu Yusuf;Yusup Sukarjo,1965,Contoh
ID-2,Siti Nurhaliza,,1979-01-11,
ID-3,Budi,,1990-08-17,
"""


@pytest.fixture(autouse=True)
def _listed(desk: CheckDesk) -> None:
    desk.load_list("uji", LIST)


def alerts(desk: CheckDesk, **wanted: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = desk.call("list_alerts", wanted)["items"]
    return items


def decided(desk: CheckDesk, alert_id: object, decision: str) -> dict[str, object]:
    command = {"alert_id": alert_id, "decision": decision, "reason": "Orang lain"}
    return desk.call("decide_alert", command)


def test_a_member_like_a_listed_person_raises_an_alert_and_is_not_refused(
    desk: CheckDesk, neighbour: CheckDesk
) -> None:
    member_id = desk.member(name="Muhammad Yusuf Sukarjo, S.E.")

    check = desk.ask(member_id)

    assert (check["result"], check["aml_alerts"]) == ("LOLOS", 1)
    [alert] = alerts(desk)
    contract.Alert().load(alert)
    assert (alert["entry_id"], alert["status"]) == ("ID-1", "open")
    assert (alert["score"], alert["birth_match"]) == (100, "different")
    assert desk.trail(str(alert["id"])) == ["aml.alert_raised"]
    with pytest.raises(NotFound):
        neighbour.call("get_alert", {"alert_id": alert["id"]})
    with pytest.raises(NotFound):
        decided(neighbour, alert["id"], "cleared")
    assert alerts(neighbour) == []


def test_a_cleared_alert_stays_cleared_until_the_entry_is_another(
    desk: CheckDesk,
) -> None:
    member_id = desk.member(name="Yusuf Soekardjo")
    [alert] = desk.call("screen_member", {"member_id": member_id})["alerts"]

    done = decided(desk, alert["id"], "cleared")

    assert (done["status"], done["decided_by"]) == ("cleared", "usr_analis")
    assert decided(desk, alert["id"], "cleared") == done
    with pytest.raises(contract.AlertDecided):
        decided(desk, alert["id"], "confirmed")
    assert desk.trail(str(alert["id"])) == ["aml.alert_raised", "aml.alert_cleared"]
    desk.load_list("uji", f"{LIST}ID-4,Nama Lain,,,\n")
    assert desk.call("screen_member", {"member_id": member_id})["alerts"] == []
    assert desk.ask(member_id)["aml_alerts"] == 0
    desk.load_list("uji", LIST.replace("1965", "1990-08-17"))
    [again] = desk.call("screen_member", {"member_id": member_id})["alerts"]
    assert (again["birth_match"], again["status"]) == ("same", "open")
    decided(desk, again["id"], "confirmed")
    assert desk.ask(member_id)["aml_alerts"] == 1
    assert len(alerts(desk, member_id=member_id)) == 2
    assert alerts(desk, status="open") == []


def test_one_common_name_is_somebody_only_with_the_same_birth_date(
    desk: CheckDesk,
) -> None:
    born_that_day = desk.member()
    other = desk.member(nik="5171011808900001", birth_date=date(1990, 8, 18))

    for member_id, found in ((born_that_day, ["ID-3"]), (other, [])):
        screened = desk.call("screen_member", {"member_id": member_id})["alerts"]
        assert [one["entry_id"] for one in screened] == found


def test_a_list_is_loaded_whole_in_versions_and_only_by_the_operator(
    desk: CheckDesk,
) -> None:
    first = desk.load_list("lain", LIST)
    assert desk.load_list("lain", LIST) == first
    second = desk.load_list("lain", "id,name\nID-1,Orang Baru\n")

    assert (first["version"], first["entries"]) == (1, 3)
    assert (second["version"], second["entries"]) == (2, 1)
    member_id = desk.member(name="Orang Baru")
    [alert] = desk.call("screen_member", {"member_id": member_id})["alerts"]
    assert (alert["list_name"], alert["list_version"]) == ("lain", 2)
    listed = desk.call("list_lists", {})["items"]
    assert ("lain", 2) in [(one["name"], one["version"]) for one in listed]
    with pytest.raises(NotAllowed):
        desk.call("load_list", {"name": "lain", "content": ""})


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("name\nBudi\n", 1),
        ("id,name\n1,Budi\n1,Ani\n", 3),
        ("id,name,birth_date\n1,Budi,17-08-1990\n", 2),
        ("id,name\n1,Budi,lebih\n", 2),
        ("id,name\n1,张伟\n", 2),
        ("id,name\n", 1),
    ],
)
def test_a_list_that_cannot_be_read_changes_nothing(
    desk: CheckDesk, content: str, line: int
) -> None:
    with pytest.raises(contract.ListUnreadable) as refused:
        desk.load_list("rusak", content)
    assert refused.value.details["line"] == line
    names = [one["name"] for one in desk.call("list_lists", {})["items"]]
    assert "rusak" not in names


def test_a_name_is_found_by_the_index(desk: CheckDesk) -> None:
    rows = "".join(f"N-{number},Orang Nomor {number},,,\n" for number in range(3000))
    desk.load_list("besar", f"id,name,aliases,birth_date,note\n{rows}")
    with desk.database.hub() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(
            text("EXPLAIN SELECT 1 FROM list_names WHERE keys && ARRAY['ysp']")
        )
        assert "ix_list_names_keys" in "\n".join(row[0] for row in plan)


def test_screening_again_under_the_same_key_is_answered_again(desk: CheckDesk) -> None:
    command = {"member_id": desk.member(name="Yusuf Sukarjo")}
    part = idempotency("POST /v1/aml/screenings", command)

    first = desk.call("screen_member", command | {"idempotency": part})
    again = desk.call("screen_member", command | {"idempotency": part})

    assert again == first | {"replayed": True}
    assert desk.trail(command["member_id"]) == ["aml.screened"]


class Away:
    """A register of members that does not answer."""

    def get_identity(self, command: dict[str, Any]) -> dict[str, Any]:
        raise BusUnavailable(str(command))

    get_member = get_identity


def rescreened(desk: CheckDesk) -> None:
    desk.service().rescreen_people()


def test_a_new_list_finds_those_who_were_checked_before(
    desk: CheckDesk, neighbour: CheckDesk
) -> None:
    known, other = desk.member(name="Wati Kusumawardhani"), desk.member(name="Ani Sari")
    for member_id in (known, other):
        assert desk.ask(member_id)["aml_alerts"] == 0
    next_door = neighbour.member(name="Wati Kusumawardhani")
    neighbour.call("screen_member", {"member_id": next_door})

    desk.load_list("baru", "id,name\nID-9,Wati Kusumawardhani\n")
    rescreened(desk)
    rescreened(desk)

    [alert] = alerts(desk)
    assert (alert["member_id"], alert["list_name"]) == (known, "baru")
    assert desk.trail(str(alert["id"])) == ["aml.alert_raised"]
    assert [one["member_id"] for one in alerts(neighbour)] == [next_door]


def test_only_what_is_new_on_a_list_raises_an_alert_again(desk: CheckDesk) -> None:
    member_id = desk.member(name="Yusuf Soekardjo")
    desk.ask(member_id)
    [first] = alerts(desk)
    decided(desk, first["id"], "cleared")

    desk.load_list("uji", f"{LIST}ID-4,Nama Lain,,,\n")
    rescreened(desk)
    assert alerts(desk, status="open") == []

    desk.load_list("uji", LIST.replace("1965", "1990-08-17"))
    rescreened(desk)
    [again] = alerts(desk, status="open")
    assert (again["entry_id"], again["birth_match"]) == ("ID-1", "same")


def test_rescreening_goes_on_where_it_was_killed(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["Rahmat Hidayatullah", "Sulastri Wulandari", "Bambang Prakoso"]
    members = [desk.member(name=name) for name in names]
    for member_id in members:
        desk.call("screen_member", {"member_id": member_id})
    listed = "".join(f"ID-{number},{name}\n" for number, name in enumerate(names))
    desk.load_list("semua", f"id,name\n{listed}")
    behind = (
        "SELECT count(*) FROM screened_people WHERE generation < "
        "(SELECT sum(version) FROM screening_lists)"
    )
    monkeypatch.setattr(rescreening, "PEOPLE_AT_ONCE", 1)
    raised = screening.raise_alerts

    def killed_at_the_second(*told: Any) -> None:
        raised(*told)
        if len(alerts(desk)) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(rescreening, "raise_alerts", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        rescreened(desk)
    assert desk.rows(behind) == [(2,)]

    monkeypatch.setattr(rescreening, "raise_alerts", raised)
    rescreened(desk)

    assert desk.rows(behind) == [(0,)]
    assert sorted(str(one["member_id"]) for one in alerts(desk)) == sorted(members)


def test_who_was_checked_before_names_were_kept_is_asked_for(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = desk.member(name="Wati Kusumawardhani")
    with monkeypatch.context() as former:
        former.setattr(screening_store, "keep_person", lambda *_, **__: None)
        desk.ask(member_id)
    assert desk.rows("SELECT * FROM screened_people") == []
    desk.load_list("lama", "id,name\nID-8,Wati Kusumawardhani\n")

    rescreening.rescreen(desk.database, desk.settings, lambda _: Away())
    assert desk.rows("SELECT person FROM screened_people") == [(None,)]
    rescreened(desk)
    rescreened(desk)

    found = {one["member_id"] for one in alerts(desk) if one["list_name"] == "lama"}
    assert found == {member_id}


def test_a_register_that_does_not_answer_is_not_waited_for_once_for_each_member(
    desk: CheckDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as former:
        former.setattr(screening_store, "keep_person", lambda *_, **__: None)
        for name in ("Wati Kusumawardhani", "Rahmat Hidayatullah", "Ani Sari"):
            desk.ask(desk.member(name=name))
    desk.load_list("diam", "id,name\nID-7,Wati Kusumawardhani\n")
    asked: list[str] = []

    class Silent(Away):
        def get_identity(self, command: dict[str, Any]) -> dict[str, Any]:
            asked.append(command["member_id"])
            raise DeadlinePassed

    def members_of(cooperative_id: str) -> Away:
        return Silent() if cooperative_id == desk.tenant.id else Away()

    rescreening.rescreen(desk.database, desk.settings, members_of)

    assert len(asked) == 1


def test_who_cannot_be_read_any_more_is_asked_for_and_holds_up_nobody(
    desk: CheckDesk,
) -> None:
    names = ["Hartini Puspitasari", "Slamet Riyadi Wibowo"]
    members = [desk.member(name=name) for name in names]
    for member_id in members:
        desk.call("screen_member", {"member_id": member_id})
    with desk.database.tenant(desk.tenant.id) as session:
        session.execute(
            text("UPDATE screened_people SET person = 'x' WHERE member_id = :id"),
            {"id": members[0]},
        )
    listed = "".join(f"ID-{number},{name}\n" for number, name in enumerate(names))
    desk.load_list("rusak", f"id,name\n{listed}")

    rescreened(desk)
    assert [one["member_id"] for one in alerts(desk)] == members[1:]
    rescreened(desk)
    assert sorted(str(one["member_id"]) for one in alerts(desk)) == sorted(members)


def test_whom_was_looked_for_cannot_be_read_in_the_database(desk: CheckDesk) -> None:
    member_id = desk.member(name="Wati Kusumawardhani")
    desk.call("screen_member", {"member_id": member_id})

    [(person,)] = desk.rows("SELECT person FROM screened_people")

    assert b"Wati" not in bytes(person)


def test_the_gauge_says_who_is_behind(desk: CheckDesk) -> None:
    desk.call("screen_member", {"member_id": desk.member()})

    def behind() -> int:
        gauges = desk.call("get_health", {})["gauges"]
        return int(gauges["cooperatives_to_rescreen"])

    rescreened(desk)
    rescreened(desk)
    before = behind()
    desk.load_list("uji", f"{LIST}ID-4,Nama Lain,,,\n")
    assert behind() > before
    # Who was only checked is asked for first.
    rescreened(desk)
    rescreened(desk)
    assert behind() == before
