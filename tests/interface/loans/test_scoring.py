"""Scoring on real databases: models, scores that can be computed again, cards."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import queue as lines
from services.loans.domain.loans import SETTLED
from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import application_forms, applications, queue, scoring
from services.loans.operations.job_context import JobContext, Peers
from services.shared import identifiers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import scoring as contract
from services.shared.errors import BusUnavailable, Malformed, NotFound, SameProposer
from services.shared.identity import Identity
from services.shared.persistence import keyring
from tests.factories.loans import Lender, part
from tests.factories.savings import calendar_at

FORM = {
    "employment": "self_employed",
    "monthly_income": 4_500_000,
    "monthly_turnover": 12_000_000,
    "other_obligations": 200_000,
    "occupation": "Pedagang sayur",
    "business_months": 36,
    "income_cycle": "daily",
    "dependants": 2,
    "extra": None,
}


@pytest.fixture
def product(lender: Lender) -> LoanProduct:
    return lender.product(rate_bps=1800, maximum_amount=20_000_000)


@pytest.fixture
def analyst(lender: Lender) -> Identity:
    lender.kyc.answers["get_bureau_summary"] = {
        "report_date": None,
        "worst_quality": None,
        "score": 70,
        "outstanding": 0,
        "facilities": 0,
    }
    return lender.staff("analis")


def applied(
    lender: Lender, product: LoanProduct, *, form: Any = FORM, **standing: Any
) -> LoanApplication:
    """An application in the line, of somebody with nine months of membership."""
    member = lender.member(
        **({"member_since_months": 9, "savings_total": 750_000} | standing)
    )
    application = lender.application(member, product)
    with lender.database.tenant(lender.id) as session:
        locked = applications.locked(session, application.id)
        application_forms.seal(session, lender.world.settings, locked, form)
        queue.enter(session, locked, lines.VERIFICATION)
    return application


def score(
    lender: Lender, analyst: Identity, application: LoanApplication, **more: Any
) -> dict[str, Any]:
    command = {"application_id": application.id} | more
    return lender.call(analyst, "score_application", command)


def criterion(key: str, source: str, weight_bps: int, **more: Any) -> dict[str, Any]:
    given = {"key": key, "source": source, "weight_bps": weight_bps}
    return given | {"lower": 0, "upper": 100} | more


def model(lender: Lender, boss: Identity, **more: Any) -> dict[str, Any]:
    body = {
        "name": "Umum",
        "method": "saw",
        "criteria": [
            criterion("bureau", "bureau_score", 6000),
            criterion("membership", "membership_months", 4000),
        ],
    } | more
    return lender.call(boss, "create_scoring_model", body)


def test_a_score_is_kept_with_all_it_came_from(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    application = applied(lender, product)

    found = score(lender, analyst, application, note="Usaha ramai")

    assert found["inputs"] == {
        "amount": 3_000_000,
        "instalments": 12,
        "sector": "perdagangan",
        "membership_months": 9,
        "savings_total": 750_000,
        "savings_bps": 2500,
        "on_time_bps": None,
        "worst_dpd": None,
        "settled_loans": 0,
        "cover_bps": 0,
        "check_result": None,
        "employment": "self_employed",
        "income_cycle": "daily",
        "business_months": 36,
        "monthly_income": 4_500_000,
        "bureau_score": 70,
        # 250.000 and 45.000 of the first instalment, and 200.000 owed elsewhere.
        "debt_service_bps": 1100,
        "simple_class": "B",
    }
    # Income 50 of 100, membership 25, no collateral, savings 50, no history 50.
    assert found["score_bps"] == 2000 + 500 + 0 + 250 + 500
    assert (found["risk_class"], found["max_amount"]) == ("E", 3_000_000)
    assert (found["model_version"], found["model_id"]) == (0, None)
    assert found["note"] == "Usaha ramai"
    command = {"application_id": application.id, "score_id": found["id"]}
    again = lender.call(analyst, "reproduce_score", command)
    assert (again["is_reproduced"], again["score_bps"]) == (True, found["score_bps"])


def test_what_was_known_is_unreadable_in_the_table(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    found = score(lender, analyst, applied(lender, product), note="Rahasia sekali")

    with lender.database.tenant(lender.id) as session:
        row = session.execute(
            text("SELECT t::text, details FROM application_scores t WHERE id = :id"),
            {"id": found["id"]},
        ).one()
        own = keyring.cipher(session, lender.world.settings, "loans", lender.id)
    assert "4500000" not in row[0]
    assert b"Rahasia" not in bytes(row.details)
    place = f"application_scores.details:{found['id']}".encode()
    assert b"Rahasia" in own.decrypt(bytes(row.details), place)


def test_a_score_that_was_tampered_with_is_not_reproduced(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    application = applied(lender, product)
    found = score(lender, analyst, application)
    with lender.database.tenant(lender.id) as session:
        # Nobody can change a score; one that is forged has to be a new row.
        forged = identifiers.new("scr")
        columns = (
            "cooperative_id, application_id, model_id, model_version, method, model, "
            "risk_class, simple_class, amount, max_amount, rate_bps, scored_at, "
            "scored_by"
        )
        own = keyring.cipher(session, lender.world.settings, "loans", lender.id)
        sealed = session.execute(
            text("SELECT details FROM application_scores WHERE id = :id"),
            {"id": found["id"]},
        ).scalar_one()
        opened = own.decrypt(
            bytes(sealed), f"application_scores.details:{found['id']}".encode()
        )
        session.execute(
            text(
                f"INSERT INTO application_scores (id, score_bps, details, {columns}) "
                f"SELECT :forged, 9900, :details, {columns} "
                "FROM application_scores WHERE id = :id"
            ),
            {
                "id": found["id"],
                "forged": forged,
                "details": own.encrypt(
                    opened, f"application_scores.details:{forged}".encode()
                ),
            },
        )

    command = {"application_id": application.id, "score_id": forged}
    again = lender.call(analyst, "reproduce_score", command)

    assert not again["is_reproduced"]
    assert again["score_bps"] == found["score_bps"]
    with (
        pytest.raises(Exception, match="permission denied"),
        lender.database.tenant(lender.id) as session,
    ):
        session.execute(text("UPDATE application_scores SET score_bps = 1"))


def test_history_and_what_is_owed_already_count(
    lender: Lender, product: LoanProduct, analyst: Identity, tmp_path: Path
) -> None:
    member = lender.member(member_since_months=30)
    with calendar_at(tmp_path / "hari-ini", "2026-11-20"):
        loan = lender.loan(
            member, product, principal=1_200_000, disbursed_on=date(2026, 6, 15)
        )
        with lender.database.tenant(lender.id) as session:
            # July to November fell due: three on time, one 4 days late, one unpaid.
            for number, paid_on in ((1, 0), (2, -1), (3, 0), (4, 4)):
                session.execute(
                    text(
                        "UPDATE instalments SET principal_paid = principal, "
                        "interest_paid = interest, settled_on = due_on + :late "
                        "WHERE loan_id = :loan AND number = :number"
                    ),
                    {"loan": loan.id, "number": number, "late": paid_on},
                )
        application = lender.application(member, product)
        with lender.database.tenant(lender.id) as session:
            locked = applications.locked(session, application.id)
            application_forms.seal(session, lender.world.settings, locked, FORM)
        inputs = score(lender, analyst, application)["inputs"]

    assert inputs["on_time_bps"] == 6000
    assert inputs["worst_dpd"] == 5
    assert inputs["simple_class"] == "A"
    # 295.000 of the new one, 200.000 elsewhere, 112.000 of the one that runs.
    assert inputs["debt_service_bps"] == -(-607_000 * 10_000 // 4_500_000)


def test_a_model_is_activated_by_another_person_and_then_used(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    boss = lender.staff("pengurus")
    made = model(lender, boss)
    command = {"model_id": made["id"]}

    with pytest.raises(SameProposer):
        lender.call(boss, "activate_scoring_model", command)
    lender.call(lender.staff("komite"), "activate_scoring_model", command)
    with pytest.raises(contract.ScoringModelActive):
        lender.call(lender.staff("komite"), "activate_scoring_model", command)

    found = score(lender, analyst, applied(lender, product))
    assert found["score_bps"] == (6000 * 7000 + 4000 * 900) // 10_000
    assert (found["model_id"], found["model_version"]) == (made["id"], 1)
    listed = lender.call(analyst, "list_scoring_models")["items"]
    assert [(one["version"], one["is_active"]) for one in listed] == [
        (0, False),
        (1, True),
    ]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"criteria": [criterion("a", "amount", 9999)]}, contract.WeightsNotWhole),
        ({"criteria": [criterion("a", "amount", 5000)] * 2}, contract.InvalidCriteria),
        (
            {"criteria": [criterion("a", "amount", 10_000, lower=100)]},
            contract.InvalidCriteria,
        ),
        (
            {"criteria": [criterion("a", "employment", 10_000)]},
            contract.InvalidCriteria,
        ),
        (
            {
                "criteria": [
                    criterion(
                        "a",
                        "employment",
                        10_000,
                        lower=None,
                        upper=None,
                        table={"employee": 10_000},
                    )
                ]
            },
            contract.InvalidCriteria,
        ),
        (
            {
                "classes": [
                    {"grade": "A", "from_bps": 1, "amount_bps": 1, "rate_add_bps": 0}
                ]
            },
            contract.InvalidRiskClasses,
        ),
        (
            {
                "classes": [
                    {"grade": "A", "from_bps": 0, "amount_bps": 1, "rate_add_bps": 601}
                ]
            },
            contract.ClassRateOverCap,
        ),
        ({"method": "ahp"}, contract.IncompleteComparisons),
        ({"method": "scorecard"}, Malformed),
        ({"method": "scorecard", "scorecard_id": "crd_x", "criteria": []}, NotFound),
    ],
)
def test_a_model_that_cannot_be_is_refused(
    lender: Lender, product: LoanProduct, body: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        model(lender, lender.staff("pengurus"), **body)


def test_weights_by_comparing_pairs_must_not_contradict_each_other(
    lender: Lender,
) -> None:
    boss = lender.staff("pengurus")
    criteria = [
        criterion(key, source, 0)
        for key, source in (
            ("income", "monthly_income"),
            ("cover", "cover_bps"),
            ("savings", "savings_bps"),
        )
    ]

    def compared(*importances: tuple[str, str, int]) -> dict[str, Any]:
        comparisons = [
            {"criterion": one, "over": other, "importance": importance}
            for one, other, importance in importances
        ]
        body = {"method": "ahp", "criteria": criteria, "comparisons": comparisons}
        return model(lender, boss, **body)

    made = compared(
        ("income", "cover", 3), ("income", "savings", 5), ("cover", "savings", 3)
    )
    with pytest.raises(contract.InconsistentComparisons) as refused:
        compared(
            ("income", "cover", 3), ("savings", "income", 5), ("cover", "savings", 3)
        )

    assert [one["weight_bps"] for one in made["criteria"]] == [6370, 2583, 1047]
    assert made["consistency_bps"] == 332
    assert refused.value.details["consistency_bps"] > 1000


def test_a_batch_is_ranked_and_who_has_no_score_is_named(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    weak = applied(lender, product)
    strong = applied(lender, product, member_since_months=36, savings_total=3_000_000)
    unscored = applied(lender, product)
    for one in (weak, strong):
        score(lender, analyst, one)
    ids = [one.id for one in (weak, strong, unscored)]

    found = lender.call(analyst, "rank_applications", {"application_ids": ids})
    by_product = lender.call(
        analyst, "rank_applications", {"application_ids": ids, "method": "wp"}
    )

    for ranking in (found, by_product):
        assert [one["application_id"] for one in ranking["items"]] == [
            strong.id,
            weak.id,
        ]
        assert ranking["unscored"] == [unscored.id]
    assert found["items"][0]["score_bps"] > found["items"][1]["score_bps"]


def test_a_wish_that_no_schedule_fits_is_scored_all_the_same(
    lender: Lender, analyst: Identity
) -> None:
    """Rounded up to a thousand, 59 instalments of 510.000 are done before the last."""
    product = lender.product(rounding_unit=1000)
    application = lender.application(lender.member(), product, amount=510_000, count=59)
    with lender.database.tenant(lender.id) as session:
        locked = applications.locked(session, application.id)
        application_forms.seal(session, lender.world.settings, locked, FORM)

    found = score(lender, analyst, application)

    assert found["inputs"]["debt_service_bps"] > 0


def test_only_what_is_handed_in_and_undecided_is_scored(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    for status in (states.DRAFT, states.APPROVED):
        application = lender.application(lender.member(), product, status)
        with pytest.raises(loans_contract.ApplicationNotReady):
            score(lender, analyst, application)


def test_the_same_request_is_one_score_and_the_line_hears_of_it(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    application = applied(lender, product)
    key = part("POST /v1/loan-applications/scores")

    first = score(lender, analyst, application, idempotency=key)
    again = score(lender, analyst, application, idempotency=key)

    assert again == first | {"replayed": True}
    command = {"application_id": application.id}
    listed = lender.call(analyst, "list_application_scores", command)["items"]
    assert [one["id"] for one in listed] == [first["id"]]
    [waiting] = lender.call(analyst, "list_queue", {"line": lines.VERIFICATION})[
        "items"
    ]
    assert waiting["score_bps"] == first["score_bps"]
    assert queue.replay(lender.database, lender.id, lines.VERIFICATION)["is_reproduced"]


def test_the_key_is_unwrapped_once_however_many_scores_are_shown(
    lender: Lender,
    product: LoanProduct,
    analyst: Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = applied(lender, product)
    for _ in range(3):
        score(lender, analyst, application)
    real, calls = keyring.cipher, []

    def cipher(*args: Any) -> Any:
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(keyring, "cipher", cipher)
    command = {"application_id": application.id}
    assert len(lender.call(analyst, "list_application_scores", command)["items"]) == 3
    assert len(calls) == 1


def test_who_is_handed_in_is_scored_by_itself_once(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    """R46; the event may come twice, and whoever was scored before stays as it is."""
    application = applied(lender, product)
    moved = {
        "cooperative_id": lender.id,
        "application_id": application.id,
        "status": states.QUEUED,
    }
    again = "evt_again"
    lender.kyc.answers["get_bureau_summary"] = BusUnavailable()
    with pytest.raises(BusUnavailable):
        told(lender, again, moved)
    lender.kyc.answers["get_bureau_summary"] = {"outstanding": 0, "score": None}

    for event_id in (again, again, "evt_other"):
        told(lender, event_id, moved)

    command = {"application_id": application.id}
    [found] = lender.call(analyst, "list_application_scores", command)["items"]
    [waiting] = lender.call(analyst, "list_queue", {"line": lines.VERIFICATION})[
        "items"
    ]
    assert (found["scored_by"], found["note"]) == ("service:loans", None)
    assert waiting["score_bps"] == found["score_bps"]
    told(lender, "evt_decided", moved | {"status": states.REJECTED})


def told(lender: Lender, event_id: str, payload: dict[str, Any]) -> None:
    scoring.score_new(
        lender.database, lender.world.settings, lender.asked, event_id, payload
    )


def test_nobody_is_passed_over_for_being_scored_at_that_moment(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    application = applied(lender, product)
    with lender.database.tenant(lender.id) as session:
        # What a score that is being written holds of its application.
        session.execute(
            text("SELECT FROM loan_applications WHERE id = :id FOR KEY SHARE"),
            {"id": application.id},
        )
        line = {"line": lines.VERIFICATION}
        taken = lender.call(analyst, "take_application", line)

    assert taken["application_id"] == application.id


def test_nothing_of_another_cooperative_is_seen(
    lender: Lender, neighbour: Lender, product: LoanProduct, analyst: Identity
) -> None:
    application = applied(lender, product)
    found = score(lender, analyst, application)
    made = model(lender, lender.staff("pengurus"))
    stranger = neighbour.staff("analis", "komite")
    ids = {"application_id": application.id, "score_id": found["id"]}

    for method, command in (
        ("score_application", {"application_id": application.id}),
        ("list_application_scores", {"application_id": application.id}),
        ("reproduce_score", ids),
        ("rank_applications", {"application_ids": [application.id]}),
        ("get_scoring_model", {"model_id": made["id"]}),
        ("activate_scoring_model", {"model_id": made["id"]}),
    ):
        with pytest.raises(NotFound):
            neighbour.call(stranger, method, command)


# Cards


def past_loans(lender: Lender, product: LoanProduct, count: int, seed: int = 3) -> None:
    """Loans of two years ago; the longer they ran, the oftener they went bad."""
    dice = random.Random(seed)
    member = lender.member()
    first = lender.loan(
        member, product, principal=1_000_000, disbursed_on=date(2024, 3, 1)
    )
    rows = []
    for number in range(count):
        instalments = dice.randint(3, 36)
        is_bad = dice.random() < instalments / 50
        rows.append(
            {
                "id": f"{first.id}-{number:04d}",
                "member": f"mem_{number}",
                "count": instalments,
                "status": SETTLED,
                "late": 120 if is_bad else 0,
            }
        )
    loans = {
        "id": ":id",
        "number": ":id",
        "member_id": ":member",
        "count": ":count",
        "status": ":status",
        "closed_on": "DATE '2025-06-01'",
        "outstanding": "0",
    }
    paid = {
        "loan_id": ":id",
        "principal_paid": "principal",
        "interest_paid": "interest",
        "settled_on": "due_on + :late",
    }
    with lender.database.tenant(lender.id) as session:
        copy(session, "loans", f"id = '{first.id}'", loans, rows)
        only = f"loan_id = '{first.id}' AND number = 1"
        copy(session, "instalments", only, paid, rows)


def copy(
    session: Session,
    table: str,
    which: str,
    changed: dict[str, str],
    rows: list[dict[str, Any]],
) -> None:
    """Copies of a row with some columns changed."""
    names = session.scalars(
        text(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = :table"
        ),
        {"table": table},
    ).all()
    columns = ", ".join(f'"{name}"' for name in names)
    selected = ", ".join(changed.get(name, f'"{name}"') for name in names)
    session.execute(
        text(
            f"INSERT INTO {table} ({columns}) "
            f"SELECT {selected} FROM {table} WHERE {which}"
        ),
        rows,
    )


def train(lender: Lender, day: date) -> int:
    nobody = Peers(ledger=None, members=None, kyc=None, insurance=None)
    context = JobContext(
        database=lender.database,
        settings=lender.world.settings,
        peers=nobody,
        cooperative_id=lender.id,
        business_date=day,
    )
    return scoring.SCORECARD.run(context, None).done


def test_a_card_is_learnt_shown_and_used_only_once_somebody_says_so(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    past_loans(lender, product, 300)

    assert train(lender, date(2026, 11, 1)) == 1
    assert train(lender, date(2026, 11, 1)) == 1

    [card] = lender.call(analyst, "list_scorecards")["items"]
    assert card == lender.call(analyst, "get_scorecard", {"scorecard_id": card["id"]})
    assert (card["loans"], card["trained_on"]) == (301, "2026-11-01")
    [feature] = card["features"]
    points = [one["points"] for one in feature["bins"]]
    assert (feature["source"], feature["name"]) == ("instalments", "Jumlah angsuran")
    assert points == sorted(points, reverse=True)
    assert card["quality"]["auc_bps"] > 6000
    assert sum(one["count"] for one in card["quality"]["deciles"]) == 301

    application = applied(lender, product)
    assert score(lender, analyst, application)["method"] == "saw"
    boss = lender.staff("pengurus")
    body = {"method": "scorecard", "scorecard_id": card["id"], "criteria": []}
    made = model(lender, boss, **body)
    lender.call(
        lender.staff("komite"), "activate_scoring_model", {"model_id": made["id"]}
    )
    found = score(lender, analyst, application)
    assert found["method"] == "scorecard"
    [rated] = found["criteria"]
    assert found["score_bps"] == found["base_bps"] + rated["contribution_bps"]
    command = {"application_id": application.id, "score_id": found["id"]}
    assert lender.call(analyst, "reproduce_score", command)["is_reproduced"]


def test_of_too_little_nothing_is_learnt(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    past_loans(lender, product, 60)

    assert train(lender, date(2026, 11, 1)) == 0
    lender.call(
        lender.staff("pengurus"),
        "put_scoring_settings",
        {"minimum_loans": 50, "minimum_bad": 10},
    )
    assert train(lender, date(2026, 11, 1)) == 1
    assert lender.call(analyst, "get_scoring_settings")["minimum_months"] == 12


def test_young_loans_teach_nothing_yet(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    lender.call(
        lender.staff("pengurus"),
        "put_scoring_settings",
        {"minimum_loans": 50, "minimum_bad": 5},
    )
    past_loans(lender, product, 60)
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text(
                "UPDATE loans SET disbursed_on = :day, entered_on = :day, "
                "status = 'active', closed_on = NULL"
            ),
            {"day": date(2026, 11, 1) - timedelta(days=100)},
        )

    assert train(lender, date(2026, 11, 1)) == 0
