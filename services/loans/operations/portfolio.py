"""How the loans of a cooperative do together: ageing, ratios, trend, breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import arrears, ratios
from services.loans.domain.arrears import NON_PERFORMING, Settings
from services.loans.domain.peers import Ledger
from services.loans.models import NpfObligation
from services.loans.operations import portfolio_sheets
from services.loans.operations.arrears import PROVISION
from services.loans.store import arrears as arrears_store
from services.loans.store import obligations as obligations_store
from services.loans.store import portfolio as store
from services.loans.store.portfolio import Aged, Performing, Point
from services.shared import clock
from services.shared.contracts import answers, files
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import portfolio as contract
from services.shared.persistence.database import Database
from services.shared.presentation import formats, sheets

WINDOW: Final = timedelta(days=30)
"""Savings of so many days are compared with those of as many days before."""

LOOKED_AT_MAX: Final = ledger_contract.KEYS_MAX
"""Loans that one page of early warnings looks at: the ledger is asked once for all."""

TERM_SAVINGS: Final = "2-1010"
"""Simpanan berjangka: with simpanan sukarela, what is lent out of (LDR, R150)."""


def get_ageing(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The loans by class and by stage, as JSON or as a workbook. Raises NoPicture."""
    day, settings, aged = _aged(database, cooperative_id, command["month"])
    report = answers.one(contract.Ageing(), _ageing(day, settings, aged))
    if command["format"] == files.XLSX:
        return _file("umur-pinjaman", day, portfolio_sheets.ageing(report))
    return report


def get_ratios(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The health of the portfolio as traffic lights. Raises NoPicture."""
    day, settings, aged = _aged(database, cooperative_id, command["month"])
    book = _book(ledger, day if command["month"] else None)
    if command["month"]:
        _provide(book, _provided_afterwards(database, cooperative_id, day))
    earned = _surplus(book) - _surplus(
        _book(ledger, date(day.year, 1, 1) - timedelta(days=1))
    )
    obliged: Sequence[NpfObligation] = ()
    if not command["month"]:
        with database.tenant(cooperative_id) as session:
            obliged = obligations_store.list_open(session, cooperative_id)
    report = answers.one(
        contract.Ratios(), _ratios(day, settings, aged, book, earned, obliged)
    )
    if command["format"] == files.XLSX:
        return _file("rasio-pinjaman", day, portfolio_sheets.ratios(report))
    return report


def get_trend(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The portfolio at the ends of the last months, and now (R159)."""
    today = clock.business_date()
    months = today.year * 12 + today.month - 1 - command["months"]
    since = date(months // 12, months % 12 + 1, 1)
    with database.tenant(cooperative_id) as session:
        points = store.trend(session, cooperative_id, since)
        points.append(_point(today, store.ageing(session, cooperative_id, None)))
    report = answers.one(
        contract.Trend(),
        {
            "points": [
                one._asdict()
                | {"npf_bps": ratios.ratio_bps(one.npf_outstanding, one.outstanding)}
                for one in points
            ]
        },
    )
    if command["format"] == files.XLSX:
        return _file("tren-pinjaman", today, portfolio_sheets.trend(report))
    return report


def get_breakdown(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The portfolio divided by cause, sector, branch, officer or product (R143)."""
    by = command["by"]
    with database.tenant(cooperative_id) as session:
        day = _picture_day(session, cooperative_id, command["month"])
        parts = store.breakdown(session, cooperative_id, day, by)
    whole = sum(one.outstanding for one in parts)
    shown = [
        one._asdict()
        | {
            "share_bps": ratios.ratio_bps(one.outstanding, whole) or 0,
            "npf_bps": ratios.ratio_bps(one.npf_outstanding, one.outstanding),
        }
        for one in parts
    ]
    of_day = day or clock.business_date()
    report = answers.one(
        contract.Breakdown(), {"day": of_day, "by": by, "parts": shown}
    )
    if command["format"] == files.XLSX:
        return _file(f"pinjaman-per-{by}", of_day, portfolio_sheets.breakdown(report))
    return report


def list_early_warnings(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """Performing loans that somebody should watch, and why (R142).

    So many loans are looked at per page; a page may be short, or empty, and others
    follow.
    """
    owner = f"early warnings {cooperative_id}"
    after = answers.position(owner, command["cursor"]) or ""
    today = clock.business_date()
    with database.tenant(cooperative_id) as session:
        bounds = arrears_store.settings_of(session, cooperative_id).bounds
        looked_at = store.performing(
            session,
            cooperative_id,
            since=today - 2 * WINDOW,
            after=after,
            limit=LOOKED_AT_MAX,
        )
    falling = _falling(ledger, looked_at, today, bounds.savings_fall_bps)
    watched = [
        one._replace(reasons=[*one.reasons, "savings_falling"])
        if one.savings_account in falling
        else one
        for one in looked_at
        if one.reasons or one.savings_account in falling
    ]
    shown, next_cursor = answers.cut(
        owner, watched, limit=command["limit"], key="loan_id"
    )
    if next_cursor is None and len(looked_at) == LOOKED_AT_MAX:
        next_cursor = answers.cursor_at(owner, looked_at[-1].loan_id)
    return {
        "items": answers.many(contract.EarlyWarning(), shown),
        "next_cursor": next_cursor,
    }


def _falling(
    ledger: Ledger, looked_at: Sequence[Performing], today: date, fall_bps: int
) -> set[str]:
    """The savings accounts that held much less in the last month than before it."""
    keys = sorted({one.savings_account for one in looked_at if one.savings_account})
    if not keys:
        return set()
    now, before = (
        ledger.get_balance_days(
            {
                "keys": keys,
                "from": (until - WINDOW + timedelta(days=1)).isoformat(),
                "to": until.isoformat(),
            }
        )
        for until in (today, today - WINDOW)
    )
    return {
        key
        for key in keys
        if key in now
        and key in before
        and ratios.has_fallen(
            before[key]["balance_days"], now[key]["balance_days"], fall_bps
        )
    }


def _aged(
    database: Database, cooperative_id: str, month: str | None
) -> tuple[date, Settings, list[Aged]]:
    with database.tenant(cooperative_id) as session:
        day = _picture_day(session, cooperative_id, month)
        settings = arrears_store.settings_of(session, cooperative_id)
        aged = store.ageing(session, cooperative_id, day)
    return day or clock.business_date(), settings, aged


def _picture_day(
    session: Session, cooperative_id: str, month: str | None
) -> date | None:
    """The last day of a month of which there is a picture; None for now."""
    if month is None:
        return None
    first = date.fromisoformat(f"{month}-01")
    day = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if not store.has_picture(session, cooperative_id, day):
        raise contract.NoPicture
    return day


def _ageing(day: date, settings: Settings, aged: list[Aged]) -> dict[str, Any]:
    whole = sum(one.outstanding for one in aged)

    def share(rows: list[Aged]) -> dict[str, int]:
        outstanding = sum(one.outstanding for one in rows)
        return {
            "loans": sum(one.loans for one in rows),
            "outstanding": outstanding,
            "share_bps": ratios.ratio_bps(outstanding, whole) or 0,
        }

    classes: list[dict[str, Any]] = []
    for class_, bps in zip(arrears.CLASSES, settings.provision_bps, strict=True):
        part = share([one for one in aged if one.collectibility == class_])
        provision = part["outstanding"] * bps // ratios.BASIS_POINTS
        classes.append(
            part
            | {
                "collectibility": class_,
                "name": arrears.CLASS_NAMES[class_],
                "provision_bps": bps,
                "provision": provision,
                "unaccrued_interest": _unaccrued(
                    one for one in aged if one.collectibility == class_
                ),
            }
        )
    stages = [
        share([one for one in aged if one.stage == stage.code])
        | {"stage": stage.code, "from_day": stage.from_day, "action": stage.action}
        for stage in settings.stages
    ]
    return {
        "day": day,
        "loans": sum(one.loans for one in aged),
        "outstanding": whole,
        "unaccrued_interest": _unaccrued(aged),
        "classes": classes,
        "stages": stages,
    }


def _unaccrued(rows: Iterable[Aged]) -> int | None:
    """Interest that fell due and is no income, if it is known of all of them."""
    known = 0
    for one in rows:
        if one.unaccrued_interest is None:
            return None
        known += one.unaccrued_interest
    return known


def _point(day: date, aged: list[Aged]) -> Point:
    return Point(
        day=day,
        loans=sum(one.loans for one in aged),
        outstanding=sum(one.outstanding for one in aged),
        npf_outstanding=sum(
            one.outstanding for one in aged if one.collectibility >= NON_PERFORMING
        ),
    )


def _book(ledger: Ledger, day: date | None) -> dict[str, int]:
    """The trial balance by code, debit positive, now or at the end of a day."""
    balance = ledger.get_trial_balance({"as_of": day.isoformat() if day else None})
    return {
        line["code"]: line["debit"] - line["credit"] for line in balance["accounts"]
    }


def _provided_afterwards(database: Database, cooperative_id: str, day: date) -> int:
    """What was set aside for a month when it had ended: not in its book then."""
    with database.tenant(cooperative_id) as session:
        one = arrears_store.find_journal(session, cooperative_id, day, PROVISION)
    if one is None or one.posted_at is None:
        return 0
    return one.up - one.down if clock.business_date(one.posted_at) > day else 0


def _provide(book: dict[str, int], amount: int) -> None:
    expense, allowance = (
        ledger_contract.PROVISION_EXPENSE,
        ledger_contract.LOAN_ALLOWANCE,
    )
    book[expense] = book.get(expense, 0) + amount
    book[allowance] = book.get(allowance, 0) - amount


def _surplus(book: Mapping[str, int]) -> int:
    """Income less expenses, as far as the year's end has not taken them away."""
    return -sum(amount for code, amount in book.items() if code[0] in "45")


def _ratios(
    day: date,
    settings: Settings,
    aged: list[Aged],
    book: Mapping[str, int],
    earned: int,
    obliged: Sequence[NpfObligation],
) -> dict[str, Any]:
    point, bounds = _point(day, aged), settings.bounds
    allowance = -book.get(ledger_contract.LOAN_ALLOWANCE, 0)
    savings = -book.get(ledger_contract.SAVINGS, 0) - book.get(TERM_SAVINGS, 0)
    assets = sum(amount for code, amount in book.items() if code.startswith("1-"))
    of_year = ratios.annualised(earned, day)
    npf = ratios.ratio_bps(point.npf_outstanding, point.outstanding)
    coverage = ratios.ratio_bps(allowance, point.npf_outstanding)
    ldr = ratios.ratio_bps(point.outstanding, savings)
    roa = ratios.ratio_bps(of_year, assets)
    return {
        "day": day,
        "outstanding": point.outstanding,
        "npf_outstanding": point.npf_outstanding,
        "npf": {"bps": npf, "light": ratios.npf_light(npf, bounds)},
        "band": None if npf is None else ratios.band_of(npf),
        "allowance": allowance,
        "coverage": {
            "bps": coverage,
            "light": ratios.coverage_light(coverage, bounds),
        },
        "savings": savings,
        "ldr": {"bps": ldr, "light": ratios.ldr_light(ldr, bounds)},
        "assets": assets,
        "surplus": earned,
        "annualised_surplus": of_year,
        "roa": {"bps": roa, "light": ratios.roa_light(roa, bounds)},
        "alarms": _alarms(npf, bounds, obliged, day),
    }


def _alarms(
    npf: int | None,
    bounds: ratios.Bounds,
    obliged: Sequence[NpfObligation],
    day: date,
) -> list[dict[str, str]]:
    """R160 as the cooperative's own policy: no law says it (C15)."""
    alarms = []
    if npf is not None and npf > bounds.npf_plan_bps:
        limit = formats.percent_bps(bounds.npf_plan_bps)
        alarms.append(
            {
                "code": "npf_plan",
                "text": f"NPF di atas {limit}: kebijakan internal meminta audit khusus "
                "dan rencana perbaikan dalam 30 hari.",
            }
        )
    if npf is not None and npf > bounds.npf_licence_bps:
        limit = formats.percent_bps(bounds.npf_licence_bps)
        alarms.append(
            {
                "code": "npf_licence_risk",
                "text": f"NPF di atas {limit}: tingkat yang dapat berujung pada sanksi "
                "izin usaha.",
            }
        )
    return alarms + [_reminder(one, day) for one in obliged]


def _reminder(one: NpfObligation, day: date) -> dict[str, str]:
    of_day, due_on = formats.date_long(one.day), formats.date_long(one.due_on)
    wanted = f"Audit khusus dan rencana perbaikan atas NPF per {of_day}"
    if day > one.due_on:
        text = f"{wanted} belum diselesaikan, jatuh tempo {due_on}."
        return {"code": "npf_obligation_overdue", "text": text}
    text = f"{wanted} harus selesai paling lambat {due_on}."
    return {"code": "npf_obligation", "text": text}


def _file(name: str, day: date, content: bytes) -> dict[str, Any]:
    return files.file_of(f"{name}-{day.isoformat()}.xlsx", sheets.MEDIA_TYPE, content)
