"""The small rules: journals, holds, periods, the chart and the chain."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.ledger.domain import chain, chart, periods
from services.ledger.domain.accounts import Account, is_covered
from services.ledger.domain.balances import HeldPosting
from services.ledger.domain.chain import Content, Link
from services.ledger.domain.holds import Hold, Resolution
from services.ledger.domain.journals import Journal, mirrored

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
JOURNAL = Journal(
    id="jrn_1",
    kind="uji",
    description="Bayar",
    business_date=date(2026, 11, 22),
    postings=(("a", "b", 5),),
)


def test_the_fingerprint_ignores_when_and_by_which_request_it_came() -> None:
    later = replace(
        JOURNAL, business_date=date(2026, 11, 23), request_id="req_2", expires_at=NOW
    )

    assert later.fingerprint == JOURNAL.fingerprint
    assert later.hold_fingerprint == JOURNAL.hold_fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "lain"},
        {"description": "bayar"},
        {"reference": ""},
        {"reverses": "jrn_0"},
        {"postings": (("a", "b", 6),)},
        {"postings": (("b", "a", 5),)},
    ],
    ids=str,
)
def test_the_fingerprint_tells_other_content_apart(change: dict[str, object]) -> None:
    assert replace(JOURNAL, **change).fingerprint != JOURNAL.fingerprint  # type: ignore[arg-type]


def test_holding_is_another_wish_than_posting() -> None:
    assert JOURNAL.hold_fingerprint != JOURNAL.fingerprint


def test_the_mirror_image_swaps_the_sides() -> None:
    assert mirrored((("a", "b", 5), ("c", "d", 7))) == (("b", "a", 5), ("d", "c", 7))


def test_an_asset_grows_by_debits_and_pends_by_credits() -> None:
    cash = Account(
        id=1,
        key="kas",
        cooperative_id="coop_a",
        is_debit_normal=True,
        debits_posted=100,
        credits_posted=30,
        credits_pending=20,
        minimum_balance=10,
    )

    assert (cash.balance, cash.pending, cash.available) == (70, 20, 40)
    assert not cash.is_below_minimum
    assert replace(cash, minimum_balance=51).is_below_minimum


def test_a_cover_counts_what_both_sides_have_pending() -> None:
    owing = Account(
        id=1,
        key="p",
        cooperative_id="hub",
        is_debit_normal=False,
        debits_posted=60,
        debits_pending=40,
    )
    cover = replace(owing, debits_posted=0, debits_pending=0, credits_posted=100)

    assert is_covered(owing, cover)
    assert not is_covered(owing, replace(cover, debits_pending=1))
    assert not is_covered(replace(owing, debits_pending=41), cover)


@pytest.mark.parametrize(
    ("code", "is_debit"),
    [
        ("1-1000", True),
        ("1-1190", False),
        ("1-2900", False),
        ("2-1000", False),
        ("3-1000", False),
        ("4-1000", False),
        ("5-2200", True),
    ],
)
def test_the_class_decides_the_normal_side(code: str, is_debit: bool) -> None:  # noqa: FBT001
    assert chart.is_debit_normal(code) is is_debit


def test_a_period_of_days_is_that_of_jakarta() -> None:
    day = date(2026, 11, 22)

    assert periods.starts_at(day) == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert periods.ends_before(day) == datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert periods.starts_at(NOW) == periods.ends_before(NOW) == NOW


def test_only_a_day_that_is_over_can_be_closed() -> None:
    today = date(2026, 11, 22)

    assert periods.can_be_closed(date(2026, 11, 21), today)
    assert not periods.can_be_closed(today, today)


def a_hold(*amounts: int, **more: object) -> Hold:
    given = {
        "id": "trf_1",
        "kind": "transfer",
        "description": "",
        "reference": None,
        "business_date": date(2026, 11, 22),
        "state": "pending",
        "books": ["coop_a"],
        "placed_at": NOW,
        "expires_at": None,
        "resolved_at": None,
        "posted_amount": None,
        "request_id": None,
        "postings": [HeldPosting(debit=1, credit=2, amount=each) for each in amounts],
    }
    return Hold(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amounts", "asked", "part"),
    [
        ((50, 50), None, 50),
        ((50, 50), 20, 20),
        ((50, 50), 50, 50),
        ((50, 50), 51, None),
        ((50, 40), None, 50),
        ((50, 40), 10, None),
    ],
)
def test_a_part_needs_one_amount_throughout(
    amounts: tuple[int, ...], asked: int | None, part: int | None
) -> None:
    assert a_hold(*amounts).part(asked) == part


def test_a_hold_is_due_from_the_moment_it_expires() -> None:
    hold = a_hold(5, expires_at=NOW)

    assert hold.is_due(NOW)
    assert not hold.is_due(NOW - timedelta(microseconds=1))
    assert not a_hold(5).is_due(NOW)


def test_only_the_same_resolution_is_a_repetition() -> None:
    posted = a_hold(50, state="posted", posted_amount=20)
    voided = a_hold(50, state="voided")

    assert posted.ended_as(Resolution(hold_id="trf_1", action="post", amount=20))
    assert not posted.ended_as(Resolution(hold_id="trf_1", action="post"))
    assert not posted.ended_as(Resolution(hold_id="trf_1", action="void"))
    assert voided.ended_as(Resolution(hold_id="trf_1", action="void"))
    assert not voided.ended_as(Resolution(hold_id="trf_1", action="post"))


def content(first: int, last: int, digest: bytes = b"d" * 64) -> Content:
    return Content(
        first_serial=first,
        last_serial=last,
        journals=last - first + 1,
        postings=3,
        amount_total=300,
        digest=digest,
    )


FIRST = chain.next_link(None, content(1, 10))
SECOND = chain.next_link(FIRST, content(11, 20))


def test_a_right_chain_has_no_difference() -> None:
    assert chain.difference(None, FIRST, FIRST.content) is None
    assert chain.difference(FIRST, SECOND, SECOND.content) is None


@pytest.mark.parametrize(
    ("previous", "link", "present", "says"),
    [
        (None, SECOND, SECOND.content, "link 1 is missing"),
        (FIRST, SECOND, content(11, 20, b"x" * 64), "not those that were sealed"),
        (
            FIRST,
            chain.next_link(FIRST, content(12, 20)),
            content(12, 20),
            "does not begin at serial 11",
        ),
        (
            FIRST,
            replace(SECOND, previous_hash=b"x" * 64),
            SECOND.content,
            "does not continue",
        ),
        (FIRST, replace(SECOND, hash=b"x" * 64), SECOND.content, "not that of its"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_link_says_what_is_wrong(
    previous: Link | None, link: Link, present: Content, says: str
) -> None:
    assert says in (chain.difference(previous, link, present) or "")


def test_the_hash_depends_on_everything_before_it() -> None:
    other = chain.next_link(None, content(1, 10, b"x" * 64))

    assert chain.next_link(other, content(11, 20)).hash != SECOND.hash
