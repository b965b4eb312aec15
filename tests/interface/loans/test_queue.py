"""Lines: who is next, that nobody is taken twice, and that the log proves it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.loans.domain import queue as domain
from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import applications, queue
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import queue as contract
from services.shared.errors import Malformed, NotAllowed, NotFound
from services.shared.identity import Actor, Identity
from tests.factories.loans import Lender, part

MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
VERIFICATION = {"line": domain.VERIFICATION}


@pytest.fixture
def product(lender: Lender) -> LoanProduct:
    return lender.product()


@pytest.fixture
def analyst(lender: Lender) -> Identity:
    return lender.staff("analis")


@pytest.fixture(autouse=True)
def a_log_that_is_true(lender: Lender) -> Iterator[None]:
    """Whatever a test does to the lines, their order follows from their log."""
    yield
    for line in domain.LINES:
        assert queue.replay(lender.database, lender.id, line)["is_reproduced"]


def waiting(
    lender: Lender,
    product: LoanProduct,
    minute: int = 0,
    *,
    line: str = domain.VERIFICATION,
    status: str = "queued",
    **columns: Any,
) -> LoanApplication:
    """An application that stands in a line since so many minutes past nine."""
    application = lender.application(
        lender.member(),
        product,
        status,
        applied_at=MORNING + timedelta(minutes=minute),
        **columns,
    )
    with lender.database.tenant(lender.id) as session:
        queue.enter(session, applications.locked(session, application.id), line)
    return application


def scored(lender: Lender, application: LoanApplication, score_bps: int) -> None:
    with lender.database.tenant(lender.id) as session:
        locked = applications.locked(session, application.id)
        queue.rescore(session, locked, score_bps)


def position(lender: Lender, application: LoanApplication) -> int | None:
    with lender.database.tenant(lender.id) as session:
        found = applications.locked(session, application.id)
        return queue.position(session, found)


def status(lender: Lender, application: LoanApplication) -> str:
    with lender.database.tenant(lender.id) as session:
        return applications.locked(session, application.id).status


def take(lender: Lender, analyst: Identity, **more: Any) -> dict[str, Any]:
    return lender.call(analyst, "take_application", VERIFICATION | more)


def ordered_by(lender: Lender, discipline: str, **more: Any) -> None:
    boss = lender.staff("pengurus")
    command = {"verification_discipline": discipline} | more
    lender.call(boss, "put_queue_settings", command)


def test_who_pressed_the_button_first_is_first_whenever_it_was_written_down(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    later = waiting(lender, product, 2)
    first = waiting(lender, product, 0, urgency=0)
    between = waiting(lender, product, 1, urgency=3)

    assert [position(lender, one) for one in (first, between, later)] == [1, 2, 3]
    listed = lender.call(analyst, "list_queue", VERIFICATION)
    assert [one["application_id"] for one in listed["items"]] == [
        first.id,
        between.id,
        later.id,
    ]
    taken = take(lender, analyst)
    assert taken["application_id"] == first.id
    assert taken["analyst"] == analyst.subject
    assert status(lender, first) == "verifying"
    assert [position(lender, one) for one in (first, between, later)] == [None, 1, 2]


@pytest.mark.parametrize(
    ("discipline", "expected"),
    [
        ("score", ["best", "worst", "unscored"]),
        ("urgency", ["unscored", "best", "worst"]),
    ],
)
def test_a_cooperative_chooses_another_order(
    lender: Lender,
    product: LoanProduct,
    analyst: Identity,
    discipline: str,
    expected: list[str],
) -> None:
    known = {
        "worst": waiting(lender, product, 2),
        "unscored": waiting(lender, product, 1, urgency=3),
        "best": waiting(lender, product, 3, urgency=2),
    }
    scored(lender, known["best"], 9000)
    scored(lender, known["worst"], 4000)
    ordered_by(lender, discipline)

    order = sorted(known, key=lambda name: position(lender, known[name]) or 0)
    taken = [take(lender, analyst)["application_id"] for _ in known]

    assert order == expected
    assert taken == [known[name].id for name in expected]


def test_pages_of_a_line_are_numbered_on(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    for minute in range(3):
        waiting(lender, product, minute)

    first = lender.call(analyst, "list_queue", VERIFICATION | {"limit": 2})
    rest = lender.call(
        analyst, "list_queue", VERIFICATION | {"cursor": first["next_cursor"]}
    )

    places = [one["position"] for one in first["items"] + rest["items"]]
    assert (places, rest["next_cursor"]) == ([1, 2, 3], None)


def test_many_analysts_at_once_never_get_the_same(
    lender: Lender, product: LoanProduct
) -> None:
    wanted = {waiting(lender, product, minute).id for minute in range(12)}

    def work(number: int) -> list[str]:
        actor = Actor(cooperative_id=lender.id, subject=f"usr_{number}")
        taken: list[str] = []
        while True:
            command = VERIFICATION | {"idempotency": None}
            try:
                answer = queue.take_next(lender.database, actor, command)
            except contract.QueueEmpty:
                return taken
            taken.append(answer["application_id"])

    with ThreadPoolExecutor(max_workers=4) as pool:
        taken = [one for each in pool.map(work, range(4)) for one in each]

    assert sorted(taken) == sorted(wanted)
    assert queue.replay(lender.database, lender.id, "verification")["taken"] == 12


def test_one_that_is_just_being_changed_is_passed_over_and_the_log_says_so(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    first, second = waiting(lender, product, 0), waiting(lender, product, 1)

    with lender.database.tenant(lender.id) as session:
        withdrawn = applications.locked(session, first.id)
        assert take(lender, analyst)["application_id"] == second.id
        applications.move(session, lender.actor, withdrawn, "withdrawn")
        queue.leave(session, withdrawn, domain.VERIFICATION, "withdrawn")

    with pytest.raises(contract.QueueEmpty):
        take(lender, analyst)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_in_a_line_its_order_follows_from_the_log(
    lender: Lender, product: LoanProduct, analyst: Identity, seed: int
) -> None:
    """Arrivals, scores, disciplines and withdrawals in any order; see the fixture."""
    dice = random.Random(seed)
    known: list[LoanApplication] = []
    for _ in range(40):
        deed = dice.choice(["arrive", "arrive", "take", "score", "order", "withdraw"])
        one = dice.choice(known) if known else None
        if deed == "arrive" or one is None:
            minute, urgency = dice.randint(0, 20), dice.randint(0, 3)
            known.append(waiting(lender, product, minute, urgency=urgency))
        elif deed == "score":
            scored(lender, one, dice.randint(0, 10_000))
        elif deed == "order":
            ordered_by(lender, dice.choice(domain.DISCIPLINES))
        elif deed == "withdraw" and status(lender, one) == "queued":
            with lender.database.tenant(lender.id) as session:
                locked = applications.locked(session, one.id)
                applications.move(session, lender.actor, locked, "withdrawn")
                queue.leave(session, locked, domain.VERIFICATION, "withdrawn")
        elif deed == "take" and position(lender, one) is not None:
            expected = [each for each in known if position(lender, each) == 1]
            taken = take(lender, analyst)
            assert [taken["application_id"]] == [each.id for each in expected]
            if dice.random() < 0.3:
                back = VERIFICATION | {"entry_id": taken["id"], "reason": "Cuti"}
                lender.call(analyst, "hand_back", back)


def test_a_log_with_somebody_taken_out_of_turn_is_found_out(
    lender: Lender, product: LoanProduct
) -> None:
    events = [
        domain.Event(
            position=number,
            kind=kind,
            entry_id=entry,
            discipline=domain.FCFS,
            arrived_at=arrived,
            score_bps=None,
            urgency=0,
            passed_over=[],
            reason=reason,
        )
        for number, kind, entry, arrived, reason in (
            (1, "arrived", "budi", MORNING, None),
            (2, "arrived", "ani", MORNING + timedelta(minutes=1), None),
            (3, "taken", "ani", None, None),
        )
    ]

    found = domain.replay(events)

    assert found.difference == domain.Difference(
        position=3, taken="ani", expected="budi"
    )


def test_handed_back_is_back_at_the_place_it_had(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    first, second = waiting(lender, product, 0), waiting(lender, product, 1)
    taken = take(lender, analyst)
    command = VERIFICATION | {"entry_id": taken["id"], "reason": "Cuti"}

    with pytest.raises(contract.TakenByAnother):
        lender.call(lender.staff("analis"), "hand_back", command)
    returned = lender.call(analyst, "hand_back", command)
    with pytest.raises(contract.EntryNotServed):
        lender.call(analyst, "hand_back", command)

    assert (returned["position"], returned["state"]) == (1, "waiting")
    assert returned["started_at"] == taken["started_at"]
    assert status(lender, first) == "queued"
    assert position(lender, second) == 2
    assert take(lender, lender.staff("analis"))["application_id"] == first.id
    again = lender.call(lender.staff("pengurus"), "hand_back", command)
    assert again["analyst"] is None


def test_asked_for_twice_the_same_one_is_given(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    waiting(lender, product, 0)
    waiting(lender, product, 1)
    key = part("POST /v1/loan-queue/verification/take")

    once = take(lender, analyst, idempotency=key)
    again = take(lender, analyst, idempotency=key)

    assert again == once | {"replayed": True}


def test_cash_is_waited_for_only_where_the_cooperative_wants_it(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    line = domain.DISBURSEMENT
    unordered = waiting(lender, product, line=line, status="signed")
    ordered_by(lender, "fcfs", orders_disbursements=True)
    first = waiting(lender, product, line=line, status="signed")
    second = waiting(lender, product, line=line, status="signed")

    def begin(application: LoanApplication, reason: str | None = None) -> None:
        with lender.database.tenant(lender.id) as session:
            locked = applications.locked(session, application.id)
            queue.begin(session, lender.actor, locked, line, reason)

    begin(unordered)
    with pytest.raises(contract.NotNextInLine):
        begin(second)
    begin(second, "Biaya rumah sakit")
    begin(first)
    with pytest.raises(contract.TakenByDisbursing):
        take(lender, analyst, line=line)
    with lender.database.tenant(lender.id) as session:
        locked = applications.locked(session, second.id)
        queue.leave(session, locked, line, "disbursed")

    replayed = queue.replay(lender.database, lender.id, line)
    assert (replayed["taken"], replayed["out_of_turn"]) == (2, 1)
    serving = lender.call(analyst, "list_queue", {"line": line, "state": "serving"})
    assert [one["application_id"] for one in serving["items"]] == [first.id]


def test_waiting_is_reported_by_month_and_compared_with_other_orders(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    """Vector 4 as history: as it was recorded, and as urgency would have been."""
    vector = ((0, 0, 10, 0), (1, 10, 70, 1), (2, 70, 75, 3))
    for arrived, started, ended, urgency in vector:
        waiting(lender, product, arrived, urgency=urgency)
        taken = take(lender, analyst)
        with lender.database.tenant(lender.id) as session:
            locked = applications.locked(session, taken["application_id"])
            queue.leave(session, locked, domain.VERIFICATION, "verified")
            session.execute(
                text(
                    "UPDATE queue_entries SET started_at = :started, ended_at = :ended "
                    "WHERE id = :id"
                ),
                {
                    "id": taken["id"],
                    "started": MORNING + timedelta(minutes=started),
                    "ended": MORNING + timedelta(minutes=ended),
                },
            )
    waiting(lender, product, 5)
    period = {"from": "2026-11-01", "to": "2026-11-30"}

    report = lender.call(analyst, "get_queue_report", period)
    simulated = lender.call(analyst, "simulate_queue", period)

    assert (report["total"]["count"], report["total"]["mean_waiting"]) == (3, 1540)
    assert [one["month"] for one in report["months"]] == ["2026-11"]
    assert report["waiting_now"] == 1
    assert report["longest_waiting_now"] > 0
    assert simulated["recorded"]["mean_waiting"] == 1540
    means = {one["discipline"]: one["mean_waiting"] for one in simulated["disciplines"]}
    assert (means["fcfs"], means["urgency"]) == (1540, 440)


def test_a_given_list_is_simulated_in_every_order(
    lender: Lender, analyst: Identity
) -> None:
    jobs = [
        {
            "id": name,
            "arrived_at": (MORNING + timedelta(minutes=arrived)).isoformat(),
            "service_seconds": service * 60,
            "urgency": urgency,
        }
        for name, arrived, service, urgency in (
            ("A", 0, 10, 0),
            ("B", 1, 60, 0),
            ("C", 2, 5, 3),
        )
    ]

    found = lender.call(analyst, "simulate_queue", {"jobs": jobs})

    waits = {
        one["discipline"]: {job["id"]: job["waiting_seconds"] for job in one["served"]}
        for one in found["disciplines"]
    }
    assert waits["fcfs"] == {"A": 0, "B": 540, "C": 4080}
    assert waits["urgency"] == {"A": 0, "C": 480, "B": 840}
    with pytest.raises(Malformed):
        lender.call(analyst, "simulate_queue", {"jobs": jobs, "to": "2026-11-30"})


def test_a_line_is_nobody_elses(
    lender: Lender, neighbour: Lender, product: LoanProduct, analyst: Identity
) -> None:
    waiting(lender, product)
    taken = take(lender, analyst)
    stranger = neighbour.staff("analis")

    assert neighbour.call(stranger, "list_queue", VERIFICATION)["items"] == []
    with pytest.raises(contract.QueueEmpty):
        take(neighbour, stranger)
    with pytest.raises(NotFound):
        neighbour.call(
            stranger,
            "hand_back",
            VERIFICATION | {"entry_id": taken["id"], "reason": "Cuti"},
        )
    with pytest.raises(NotAllowed):
        take(lender, lender.staff("komite"))


def test_the_log_cannot_be_rewritten(lender: Lender, product: LoanProduct) -> None:
    waiting(lender, product)

    with (
        pytest.raises(Exception, match="permission denied"),
        lender.database.tenant(lender.id) as session,
    ):
        session.execute(text("UPDATE queue_events SET kind = 'left'"))


def test_an_application_that_is_not_waiting_cannot_be_handed_back(
    lender: Lender, product: LoanProduct, analyst: Identity
) -> None:
    application = waiting(lender, product)
    taken = take(lender, analyst)
    with lender.database.tenant(lender.id) as session:
        locked = applications.locked(session, application.id)
        applications.move(session, lender.actor, locked, "verified")

    with pytest.raises(loans_contract.ApplicationNotReady):
        lender.call(
            analyst,
            "hand_back",
            VERIFICATION | {"entry_id": taken["id"], "reason": "Salah"},
        )
    with lender.database.tenant(lender.id) as session:
        locked = applications.locked(session, application.id)
        queue.leave(session, locked, domain.VERIFICATION, "verified")
