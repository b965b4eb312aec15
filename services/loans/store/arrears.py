"""How late the loans are, in a few statements over all loans of a cooperative.

`domain/arrears.py` and `domain/penalties.py` say the same one loan at a time; a
property test holds the two together. Whoever changes a loan holds its row, so a whole
run locks the loans first and then looks at them: every statement sees what was
committed before it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.loans.domain.arrears import NO_STAGE, NON_PERFORMING, Settings, Stage
from services.loans.domain.ratios import Bounds
from services.loans.models import ArrearsJournal, ArrearsSettings, Loan

# How every active loan stands on :day. `open_` looks at what is not paid in full:
# class and stage go by the oldest of it, the interest by what fell due and by the days
# that have passed of the period that runs. What a restructuring put off falls due with
# the last instalment. Materialised, because PostgreSQL expects one row of a table that
# is joined with itself, and would look through all of `open_` for every loan.
_JUDGED: Final = """
open_ AS (
    SELECT loan_id, min(due_on) AS oldest_due_on, min(number) AS first_number,
        coalesce(sum(interest - interest_paid) FILTER (WHERE due_on <= :day), 0)
            AS fallen_due,
        min(number) FILTER (WHERE due_on > :day) AS running_number,
        min(number) FILTER (WHERE due_on > :day) - 1 AS number_before
    FROM instalments
    WHERE cooperative_id = :cooperative_id AND settled_on IS NULL {of_these}
    GROUP BY loan_id
), judged AS MATERIALIZED (
    SELECT loan.id, loan.entered_on, oldest.due_on AS oldest_due_on, late.dpd,
        class_.collectibility,
        (CAST(:stage_codes AS text[]))
            [1 + width_bucket(late.dpd, CAST(:stage_days AS integer[]))] AS stage,
        loan.outstanding,
        loan.interest_receivable AS receivable_before,
        loan.provision AS provision_before,
        loan.assessed_on IS NULL OR loan.collectibility <> class_.collectibility
            OR loan.stage <> (CAST(:stage_codes AS text[]))
                [1 + width_bucket(late.dpd, CAST(:stage_days AS integer[]))]
            AS is_change,
        CASE WHEN class_.collectibility >= :non_performing THEN 0
            ELSE coalesce(open_.fallen_due, 0) + coalesce(greatest(
                running.interest * greatest(:day - began.began_on, 0)
                    / greatest(running.due_on - began.began_on, 1)
                - running.interest_paid, 0), 0)
            END AS receivable,
        CASE WHEN class_.collectibility >= :non_performing
            THEN coalesce(open_.fallen_due, 0) + CASE WHEN loan.matures_on <= :day
                THEN loan.deferred_interest - loan.deferred_interest_paid ELSE 0 END
            ELSE 0 END AS unaccrued_interest,
        loan.outstanding * (CAST(:provision_bps AS integer[]))[class_.collectibility]
            / 10000 AS provision
    FROM loans loan
    LEFT JOIN open_ ON open_.loan_id = loan.id
    LEFT JOIN instalments running ON running.loan_id = loan.id
        AND running.number = open_.running_number
    CROSS JOIN LATERAL (SELECT coalesce((
        SELECT due_on FROM instalments previous WHERE previous.loan_id = loan.id
            AND previous.number = open_.number_before), greatest(
        loan.disbursed_on,
        running.due_on - CASE loan.frequency
            WHEN 'monthly' THEN 31 WHEN 'weekly' THEN 7 ELSE 1 END)
        ) AS began_on) began
    CROSS JOIN LATERAL (SELECT coalesce(open_.oldest_due_on,
        CASE WHEN loan.deferred_interest > loan.deferred_interest_paid
            THEN loan.matures_on END) AS due_on) oldest
    CROSS JOIN LATERAL (SELECT
        coalesce(greatest(:day - oldest.due_on, 0), 0) AS dpd) late
    CROSS JOIN LATERAL (SELECT greatest(
        1 + width_bucket(late.dpd, CAST(:class_days AS integer[])),
        CASE WHEN open_.first_number <= loan.class_floor_until_paid
            THEN loan.class_floor ELSE 1 END) AS collectibility) class_
    WHERE loan.cooperative_id = :cooperative_id AND loan.status = 'active' {these}
)
"""

# What is provided for: nothing new, what the class of the day asks for, or what the
# class asked for when a month ended, of what is still left of the loan.
_UNCHANGED: Final = "loans.provision"
_BY_DAY: Final = "judged.provision"
_BY_PICTURE: Final = """coalesce((
            SELECT least(picture.outstanding, loans.outstanding)
                * (CAST(:provision_bps AS integer[]))[picture.collectibility] / 10000
            FROM loan_days picture
            WHERE picture.cooperative_id = :cooperative_id
                AND picture.loan_id = judged.id AND picture.day = :provides_on
                AND picture.reason = 'month_end'
            LIMIT 1), loans.provision)"""

_ALL: Final = {"of_these": "", "these": ""}
_THESE: Final = {
    "of_these": "AND loan_id = ANY (CAST(:loan_ids AS text[]))",
    "these": "AND loan.id = ANY (CAST(:loan_ids AS text[]))",
}

# What of a loan's interest a payment takes out of the receivables is fixed while the
# payment is being posted: the accrual leaves such a loan alone until tomorrow.
_REFRESH: Final = """
WITH {judged}, refreshed AS (
    UPDATE loans SET dpd = judged.dpd, oldest_due_on = judged.oldest_due_on,
        collectibility = judged.collectibility, stage = judged.stage,
        assessed_on = :day,
        interest_receivable = CASE WHEN :accrues AND NOT EXISTS (
                SELECT FROM repayments payment
                WHERE payment.loan_id = loans.id AND payment.status = 'posting')
            THEN judged.receivable ELSE loans.interest_receivable END,
        provision = {provision}
    FROM judged
    WHERE loans.id = judged.id
        AND (loans.assessed_on IS NULL OR loans.assessed_on <= :day)
    RETURNING loans.id, loans.dpd, loans.collectibility, loans.stage,
        loans.outstanding, judged.is_change,
        loans.interest_receivable - judged.receivable_before AS accrual,
        loans.provision - judged.provision_before AS provision
), remembered AS (
    INSERT INTO loan_days
        (cooperative_id, loan_id, day, reason, dpd, collectibility, stage, outstanding)
    SELECT :cooperative_id, id, :day, 'change', dpd, collectibility, stage, outstanding
    FROM refreshed WHERE is_change
)
SELECT count(*) AS loans,
    coalesce(sum(greatest(accrual, 0)), 0)::bigint AS accrued,
    coalesce(sum(greatest(-accrual, 0)), 0)::bigint AS unaccrued,
    coalesce(sum(greatest(provision, 0)), 0)::bigint AS provided,
    coalesce(sum(greatest(-provision, 0)), 0)::bigint AS released
FROM refreshed
"""

# A loan that ended keeps no receivable interest and no provision. Who ended more than a
# year ago was looked at often enough.
_CLEAR: Final = """
WITH left_over AS (
    SELECT id, interest_receivable, provision FROM loans
    WHERE cooperative_id = :cooperative_id AND status IN ('settled', 'restructured')
        AND closed_on >= :day - 400 AND (interest_receivable > 0 OR provision > 0)
        AND NOT EXISTS (SELECT FROM repayments payment
            WHERE payment.loan_id = loans.id AND payment.status = 'posting')
    FOR NO KEY UPDATE
), cleared AS (
    UPDATE loans SET
        interest_receivable = CASE WHEN :accrues THEN 0
            ELSE loans.interest_receivable END,
        provision = CASE WHEN :provides THEN 0 ELSE loans.provision END
    FROM left_over WHERE loans.id = left_over.id
    RETURNING left_over.interest_receivable - loans.interest_receivable AS accrual,
        left_over.provision - loans.provision AS provision
)
SELECT count(*) AS loans, 0::bigint AS accrued,
    coalesce(sum(accrual), 0)::bigint AS unaccrued, 0::bigint AS provided,
    coalesce(sum(provision), 0)::bigint AS released
FROM cleared
"""

# Loans that were in the book when the month ended, as they stood then.
_PICTURE: Final = """
WITH {judged}
INSERT INTO loan_days
    (cooperative_id, loan_id, day, reason, dpd, collectibility, stage, outstanding,
    unaccrued_interest)
SELECT :cooperative_id, judged.id, :day, 'month_end', judged.dpd,
    judged.collectibility, judged.stage, judged.outstanding, judged.unaccrued_interest
FROM judged
WHERE judged.entered_on <= :day
    AND NOT EXISTS (SELECT FROM loan_days known
        WHERE known.cooperative_id = :cooperative_id AND known.day = :day
            AND known.reason = 'month_end')
ON CONFLICT DO NOTHING
"""

# `domain/penalties.py` has the formula. What a part payment left to base and since is
# how it does not matter when the job ran. What is being posted has paid the penalty of
# its own day, so such a loan is left alone until tomorrow, as by the accrual.
_CHARGE: Final = """
WITH terms AS (
    SELECT id, CAST(rules ->> 'penalty_bps_per_day' AS integer) AS rate,
        CAST(rules ->> 'penalty_grace_days' AS integer) AS grace,
        CAST(rules ->> 'penalty_cap_bps_per_month' AS integer) AS cap
    FROM loans
    WHERE cooperative_id = :cooperative_id AND status = 'active' AND dpd > 0
        AND NOT EXISTS (SELECT FROM repayments payment
            WHERE payment.loan_id = loans.id AND payment.status = 'posting')
), charged AS (
    SELECT late.loan_id, late.number, late.penalty_base
        + (late.principal - late.principal_paid + late.interest - late.interest_paid)
        * greatest(
            (days.grown / 30) * least(30 * terms.rate, terms.cap)
            + least((days.grown % 30) * terms.rate, terms.cap)
            - (days.counted / 30) * least(30 * terms.rate, terms.cap)
            - least((days.counted % 30) * terms.rate, terms.cap), 0)
        / 10000 AS penalty
    FROM terms JOIN instalments late ON late.loan_id = terms.id
    CROSS JOIN LATERAL (SELECT
        greatest(:day - late.due_on - terms.grace, 0) AS grown,
        greatest(coalesce(late.penalty_from, late.due_on) - late.due_on - terms.grace,
            0) AS counted) days
    WHERE terms.rate > 0 AND terms.cap > 0
        AND late.cooperative_id = :cooperative_id
        AND late.settled_on IS NULL AND late.due_on < :day
)
UPDATE instalments SET penalty = charged.penalty FROM charged
WHERE instalments.loan_id = charged.loan_id AND instalments.number = charged.number
    AND instalments.cooperative_id = :cooperative_id
    AND instalments.settled_on IS NULL AND charged.penalty > instalments.penalty
"""


# What changes behind the back of the loans that a session holds.
_ASSESSED: Final = (
    "dpd",
    "oldest_due_on",
    "collectibility",
    "stage",
    "assessed_on",
    "interest_receivable",
    "provision",
)


class Moved(NamedTuple):
    """How many loans were looked at, and what that moves; whole rupiah."""

    loans: int
    accrued: int
    unaccrued: int
    provided: int
    released: int


def settings_of(session: Session, cooperative_id: str) -> Settings:
    """A cooperative's tables; the defaults when it has none of its own."""
    found = session.get(ArrearsSettings, cooperative_id)
    if found is None:
        return Settings()
    return Settings(
        class_days=tuple(found.class_days),
        stages=tuple(Stage(**stage) for stage in found.stages),
        provision_bps=tuple(found.provision_bps),
        provision_every=found.provision_every,
        upgrade_after_instalments=found.upgrade_after_instalments,
        bounds=Bounds(**found.bounds),
    )


def keep_settings(session: Session, settings: ArrearsSettings) -> None:
    """Store a cooperative's own tables, new or instead of those before."""
    session.merge(settings)
    session.flush()


def refresh(
    session: Session,
    cooperative_id: str,
    day: date,
    loan_ids: Sequence[str] | None = None,
) -> None:
    """Say anew how late the active loans are on ``day``: all, or these.

    Sets dpd, oldest_due_on, collectibility, stage and assessed_on, and remembers the
    loans whose class or stage changed. The caller holds the loans' rows. A loan that
    was looked at on a later day stays as it is.
    """
    settings = settings_of(session, cooperative_id)
    assess(session, cooperative_id, day, settings, loan_ids=loan_ids)


def lock_active(session: Session, cooperative_id: str) -> None:
    """Hold the rows of all active loans, in order, until the transaction ends."""
    session.execute(
        text(
            "SELECT count(*) FROM (SELECT FROM loans "
            "WHERE cooperative_id = :cooperative_id AND status = 'active' "
            "ORDER BY id FOR NO KEY UPDATE) held"
        ),
        {"cooperative_id": cooperative_id},
    )


def assess(
    session: Session,
    cooperative_id: str,
    day: date,
    settings: Settings,
    *,
    loan_ids: Sequence[str] | None = None,
    accrues: bool = False,
    provides_on: date | None = None,
) -> Moved:
    """Refresh, and bring receivable interest and provisions to where they belong.

    ``provides_on`` is the day by whose classes is provided: this one, or the end of a
    month of which there is a picture; None leaves the provisions alone.
    """
    session.flush()
    judged = _JUDGED.format(**(_ALL if loan_ids is None else _THESE))
    provision = _UNCHANGED
    if provides_on is not None:
        provision = _BY_DAY if provides_on == day else _BY_PICTURE
    row = session.execute(
        text(_REFRESH.format(judged=judged, provision=provision)),
        _judging(cooperative_id, day, settings)
        | ({} if loan_ids is None else {"loan_ids": list(loan_ids)})
        | {"accrues": accrues, "provides_on": provides_on},
    ).one()
    for held in session.identity_map.values():
        if isinstance(held, Loan):
            session.refresh(held, _ASSESSED)
    return Moved._make(row)


def clear(
    session: Session,
    cooperative_id: str,
    day: date,
    *,
    accrues: bool,
    provides: bool,
) -> Moved:
    """Take out of the book what loans that ended have left there."""
    row = session.execute(
        text(_CLEAR),
        {
            "cooperative_id": cooperative_id,
            "day": day,
            "accrues": accrues,
            "provides": provides,
        },
    ).one()
    return Moved._make(row)


def charge_penalties(session: Session, cooperative_id: str, day: date) -> int:
    """Let the penalties of what is overdue grow to ``day``; how many grew."""
    result = session.execute(
        text(_CHARGE), {"cooperative_id": cooperative_id, "day": day}
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def take_picture(
    session: Session,
    cooperative_id: str,
    month_end: date,
    settings: Settings,
) -> int:
    """Remember every loan as it stood at a month's end, once; how many."""
    result = session.execute(
        text(_PICTURE.format(judged=_JUDGED.format(**_ALL))),
        _judging(cooperative_id, month_end, settings),
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def is_done_after(session: Session, cooperative_id: str, job: str, day: date) -> bool:
    """Whether the run of a day later than this is done."""
    return bool(
        session.execute(
            text(
                "SELECT EXISTS (SELECT FROM job_runs "
                "WHERE cooperative_id = :cooperative_id AND job = :job "
                "AND business_date > :day AND state = 'done')"
            ),
            {"cooperative_id": cooperative_id, "job": job, "day": day},
        ).scalar_one()
    )


def find_journal(
    session: Session, cooperative_id: str, day: date, kind: str
) -> ArrearsJournal | None:
    """What was planned of a kind for a day."""
    return session.get(ArrearsJournal, (cooperative_id, day, kind))


def planned_journals(session: Session, cooperative_id: str) -> Sequence[ArrearsJournal]:
    """What is planned and, as far as is known here, not in the book; oldest first."""
    return session.scalars(
        select(ArrearsJournal)
        .where(
            ArrearsJournal.cooperative_id == cooperative_id,
            ArrearsJournal.state == "planned",
        )
        .order_by(ArrearsJournal.business_date, ArrearsJournal.kind)
    ).all()


def lock_journal(session: Session, one: ArrearsJournal) -> ArrearsJournal:
    """The same row as it stands now, locked."""
    return session.get_one(
        ArrearsJournal,
        (one.cooperative_id, one.business_date, one.kind),
        with_for_update=True,
        populate_existing=True,
    )


def _judging(cooperative_id: str, day: date, settings: Settings) -> dict[str, Any]:
    return {
        "cooperative_id": cooperative_id,
        "day": day,
        "class_days": [last + 1 for last in settings.class_days],
        "stage_days": [stage.from_day for stage in settings.stages],
        "stage_codes": [NO_STAGE, *(stage.code for stage in settings.stages)],
        "provision_bps": list(settings.provision_bps),
        "non_performing": NON_PERFORMING,
    }
