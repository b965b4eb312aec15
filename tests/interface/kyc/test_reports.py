"""What members hand in: reports of the credit bureau, and statements of BPJSTK."""

from __future__ import annotations

from typing import Any

import pytest

from services.hub.simulators import dukcapil
from services.kyc.domain import encryption
from services.shared import clock
from services.shared.contracts.kyc import bureau as contract
from services.shared.contracts.kyc import income as income_contract
from services.shared.errors import NotFound
from services.shared.persistence import keyring, rotation
from tests.factories.kyc import CheckDesk, facility, ideb

NIK = "5171011708900001"


@pytest.fixture
def member_id(desk: CheckDesk) -> str:
    """A member whom everybody knows."""
    return desk.member(nik=NIK)


def skoring(desk: CheckDesk, member_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A check for a larger loan, and what it says of SLIK."""
    check = desk.ask(member_id, feature="skoring", applied_amount=25_000_000)
    assert [one["kind"] for one in check["parts"]] == ["ektp", "dukcapil", "slik"]
    return check, dict(check["parts"][-1])


def summary(desk: CheckDesk, member_id: str) -> dict[str, Any]:
    return desk.call("get_bureau_summary", {"member_id": member_id})


def statement(**body: Any) -> dict[str, Any]:
    return {
        "nomor_kpj": "19023456789",
        "nama": "BUDI SANTOSO",
        "perusahaan": "PT Kopi Nusantara",
        "upah_terakhir": 8_000_000,
        "periode_upah": f"{clock.business_date():%Y-%m}",
        "masa_iur_bulan": 48,
        "status_kepesertaan": "AKTIF",
        "program": ["JHT", "JP"],
    } | body


def test_a_report_is_summed_up_and_counts_in_the_next_skoring(
    desk: CheckDesk, member_id: str
) -> None:
    before, part = skoring(desk, member_id)
    assert (before["result"], part["detail"]["reason"]) == ("TINJAU", "no_report")

    made = desk.upload_ideb(
        member_id,
        ideb(NIK, facility("12500000"), facility("500000", tahunBulan07Kol="2")),
    )

    contract.BureauReport().load(made)
    assert (made["worst_quality"], made["score"]) == (2, 70)
    assert (made["outstanding"], made["facilities"]) == (13_000_000, 2)
    found = summary(desk, member_id)
    assert found.items() <= made.items()
    check, part = skoring(desk, member_id)
    assert (check["result"], part["score"]) == ("LOLOS", 70)
    assert desk.asked(dukcapil.INCOME) == 0


def test_a_bad_history_is_looked_at_by_a_person(
    desk: CheckDesk, member_id: str
) -> None:
    bad = facility("0", tahunBulan23Kol="5", jumlahHariTunggakan="12")
    desk.upload_ideb(member_id, ideb(NIK, bad))

    check, part = skoring(desk, member_id)

    assert (check["result"], part["result"]) == ("TINJAU", "TINJAU")
    assert (part["score"], part["detail"]["worst_quality"]) == (0, 5)
    assert summary(desk, member_id)["days_in_arrears"] == 12


@pytest.mark.parametrize(
    ("report", "refusal"),
    [
        (ideb("5171011708900002"), contract.NotThisMember),
        ({"header": {}}, contract.BureauReportUnreadable),
        ([], contract.BureauReportUnreadable),
        (ideb(NIK, facility(quality="6")), contract.BureauReportUnreadable),
        (ideb(NIK, facility("banyak")), contract.BureauReportUnreadable),
    ],
)
def test_what_is_no_report_about_the_member_is_refused(
    desk: CheckDesk, member_id: str, report: object, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        desk.upload_ideb(member_id, report)
    assert summary(desk, member_id)["report_date"] is None


def test_the_same_report_is_kept_once_encrypted_and_by_its_cooperative(
    desk: CheckDesk, neighbour: CheckDesk, member_id: str
) -> None:
    report = ideb(NIK, facility())

    made = desk.upload_ideb(member_id, report)

    assert desk.upload_ideb(member_id, report) == made
    [(content, kept)] = desk.rows("SELECT content, summary FROM bureau_reports")
    assert NIK.encode() not in bytes(content)
    assert b"12500000" not in bytes(kept)
    with pytest.raises(NotFound):
        neighbour.upload_ideb(member_id, report)
    with pytest.raises(NotFound):
        summary(neighbour, member_id)
    with pytest.raises(NotFound):
        neighbour.call("get_income", {"member_id": member_id})
    assert neighbour.rows("SELECT 1 FROM bureau_reports") == []


def test_a_report_is_readable_after_the_key_was_replaced(
    desk: CheckDesk, member_id: str
) -> None:
    desk.upload_ideb(member_id, ideb(NIK, facility()))
    check = desk.ask(member_id)
    # Report and summary, two answers, three parts, the wage, and whom was looked for.
    columns = 2 + 2 + 3 + 1 + 1
    wrapped = keyring.wrapped(desk.settings, "kyc", desk.tenant.id)
    with desk.database.hub() as session:
        assert keyring.replace_key(session, desk.tenant.id, wrapped, clock.now())

    kept = rotation.Rotation(
        database=desk.database,
        settings=desk.settings,
        service="kyc",
        personal=encryption.PERSONAL,
    )
    assert kept.renew_personal_data(desk.tenant.id) == columns
    assert kept.renew_personal_data(desk.tenant.id) == 0

    assert summary(desk, member_id)["outstanding"] == 12_500_000
    assert desk.show(check) == check


def test_a_statement_that_a_member_hands_in_spares_the_question(
    desk: CheckDesk, member_id: str
) -> None:
    made = desk.call("upload_income", statement(member_id=member_id))

    check = desk.ask(member_id)

    income_contract.Income().load(made)
    assert (made["monthly_income"], made["is_capped"]) == (8_000_000, False)
    assert desk.call("get_income", {"member_id": member_id}) == made
    assert desk.asked(dukcapil.INCOME) == 0
    [part] = [one for one in check["parts"] if one["kind"] == "income"]
    assert (part["result"], part["detail"]["source"]) == ("LOLOS", "upload")


def test_a_wage_at_the_ceiling_may_be_higher(desk: CheckDesk) -> None:
    member_id = desk.member(dukcapil.CAPPED)

    check = desk.ask(member_id)

    assert check["result"] == "LOLOS"
    found = desk.call("get_income", {"member_id": member_id})
    assert (found["monthly_income"], found["is_capped"]) == (10_547_400, True)


def test_a_statement_of_somebody_else_or_of_the_future_is_refused(
    desk: CheckDesk, neighbour: CheckDesk, member_id: str
) -> None:
    with pytest.raises(contract.NotThisMember):
        desk.call("upload_income", statement(member_id=member_id, nama="Siti Aminah"))
    with pytest.raises(income_contract.IncomePeriodInvalid):
        desk.call(
            "upload_income", statement(member_id=member_id, periode_upah="2099-01")
        )
    with pytest.raises(NotFound):
        neighbour.call("upload_income", statement(member_id=member_id))
    found = desk.call("get_income", {"member_id": member_id})
    assert (found["monthly_income"], found["source"]) == (None, None)
