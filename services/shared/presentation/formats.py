"""How money, dates and rates look to people in Indonesia, and how theirs are read.

The formats are those of domain.md, topic 9. Babel's own would put `Rp1.000.000,00`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from num2words import num2words

from services.shared.clock import JAKARTA

LOCALE: Final = "id_ID"
ZONE_NAMES: Final = {
    "Asia/Jakarta": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}
BASIS_POINTS_OF_PERCENT: Final = 100

_RUPIAH: Final = re.compile(
    r"""
    (?P<digits> [0-9]{1,3} (?:\.[0-9]{3})+ | [0-9]{1,18} )  # grouped, or plain
    (?: , (?P<cents> [0-9]{1,2} ) )?
    """,
    re.VERBOSE,
)
_CURRENCY: Final = re.compile(r"rp\.?\s*", re.IGNORECASE)
_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOCAL_DATE: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


class UnreadableAmount(ValueError):
    """Not an amount of whole rupiah that can be read in one way only."""


class UnreadableDate(ValueError):
    """Neither dd/mm/yyyy nor yyyy-mm-dd, or no day of the calendar."""


def grouped(number: int) -> str:
    """A whole number with dots between thousands: ``1.250.000``."""
    return f"{number:,}".replace(",", ".")


def rupiah(amount: int) -> str:
    """Whole rupiah as read on a screen: ``Rp 1.250.000``, ``-Rp 1.250.000``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp {grouped(abs(amount))}"


def column(amount: int) -> str:
    """Whole rupiah as printed in a column of a report: negative in parentheses."""
    return f"({grouped(-amount)})" if amount < 0 else grouped(amount)


def percent_bps(rate_bps: int) -> str:
    """Basis points as percent, without superfluous zeroes: 1250 is ``12,5%``."""
    percent = Decimal(rate_bps) / BASIS_POINTS_OF_PERCENT
    return f"{percent.normalize():f}%".replace(".", ",")


def terbilang(amount: int) -> str:
    """Whole rupiah in words, as every slip states it.

    Negative amounts begin with ``minus``.
    """
    if amount < 0:
        return f"minus {terbilang(-amount)}"
    words: str = num2words(amount, lang="id")
    if amount // 1000 % 1000 == 1:
        # One thousand is `seribu` wherever it stands; num2words knows that only at
        # the beginning.
        words = words.replace("satu ribu", "seribu")
    return f"{words} rupiah"


def date_long(day: date) -> str:
    """Such as ``22 November 2026``."""
    return str(format_date(day, "d MMMM y", locale=LOCALE))


def date_short(day: date) -> str:
    """Such as ``22/11/2026``."""
    return f"{day:%d/%m/%Y}"


def month(day: date) -> str:
    """Such as ``November 2026``."""
    return str(format_date(day, "MMMM y", locale=LOCALE))


def moment(at: datetime, zone: ZoneInfo = JAKARTA) -> str:
    """Such as ``22/11/2026 16.15 WIB``, in the zone of the branch."""
    local = at.astimezone(zone)
    return f"{local:%d/%m/%Y %H.%M} {ZONE_NAMES.get(zone.key, zone.key)}"


def parse_rupiah(text: str) -> int:
    """Whole rupiah as people write them.

    ``1000000``, ``1.000.000``, ``Rp 1.000.000``, ``Rp. 1.000.000,00``, and negative
    ``-Rp 1.000.000``, ``Rp -1.000.000`` or ``(1.000.000)``. Raises UnreadableAmount for
    cents, which no book of ours holds, and for ``1000.50`` or ``1,000``, which mean
    different amounts in different countries.
    """
    plain, is_negative = _without_sign(text.strip().replace("\u00a0", " "))
    match = _RUPIAH.fullmatch(plain)
    if match is None:
        raise UnreadableAmount(f"{text[:40]!r} is not an amount in rupiah.")
    if int(match["cents"] or "0"):
        raise UnreadableAmount(f"{text[:40]!r} has cents; amounts are whole rupiah.")
    amount = int(match["digits"].replace(".", ""))
    return -amount if is_negative else amount


def _without_sign(text: str) -> tuple[str, bool]:
    """The digits without currency and sign, and whether the amount is negative."""
    in_parentheses = text.startswith("(") and text.endswith(")")
    inner = text[1:-1].strip() if in_parentheses else text
    before_currency = inner.startswith("-")
    unsigned = inner.removeprefix("-").lstrip()
    without_currency = _CURRENCY.sub("", unsigned, count=1)
    if not _CURRENCY.match(unsigned):
        without_currency = unsigned
    after_currency = without_currency.startswith("-")
    signs = (in_parentheses, before_currency, after_currency)
    if sum(signs) > 1:
        raise UnreadableAmount(f"{text[:40]!r} has more than one sign.")
    return without_currency.removeprefix("-").strip(), any(signs)


def parse_date(text: str) -> date:
    """A day written ``dd/mm/yyyy`` or ``yyyy-mm-dd``. Raises UnreadableDate."""
    plain = text.strip()
    if match := _ISO_DATE.fullmatch(plain):
        year, month_number, day = match.groups()
    elif match := _LOCAL_DATE.fullmatch(plain):
        day, month_number, year = match.groups()
    else:
        raise UnreadableDate(f"{text[:40]!r} is not a date as dd/mm/yyyy.")
    try:
        return date(int(year), int(month_number), int(day))
    except ValueError as error:
        raise UnreadableDate(f"{text[:40]!r} is no day of the calendar.") from error
