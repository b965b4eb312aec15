"""When a member is like a person on a list, and what a list has to look like."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.kyc.domain import names

OPEN: Final = "open"
CLEARED: Final = "cleared"
CONFIRMED: Final = "confirmed"

SAME: Final = "same"
SAME_YEAR: Final = "same_year"
DIFFERENT: Final = "different"
UNKNOWN: Final = "unknown"

ALERT_SCORE: Final = 85
"""From here on a person has to look."""

# What a birth date adds to how alike the names are: lists have wrong dates, so another
# one alone clears nobody whose name is the same.
CORROBORATION: Final = {SAME: 15, SAME_YEAR: 5, DIFFERENT: -10, UNKNOWN: 0}

SCORE_MAX: Final = 100
ENTRIES_MAX: Final = 50_000
NAME_CHARACTERS_MAX: Final = 300
NOTE_CHARACTERS_MAX: Final = 1000
COLUMNS: Final = ("id", "name", "aliases", "birth_date", "note")
REQUIRED: Final = ("id", "name")
_BIRTH: Final = re.compile(r"[12][0-9]{3}(-[0-9]{2}-[0-9]{2})?")
_YEAR: Final = slice(0, 4)


class Unreadable(Exception):
    """The list cannot be read; ``line`` is where, from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A person on a list, under every name that it is known by."""

    entry_id: str
    name: str
    # Each name with the keys that find it.
    known_as: Mapping[str, tuple[str, ...]]
    birth_date: str | None
    note: str | None

    @property
    def fingerprint(self) -> bytes:
        """What changes when the entry does: an alert about the old one says nothing."""
        told = "\x1f".join((*self.known_as, self.birth_date or ""))
        return hashlib.sha512(told.encode()).digest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike a member and an entry are, and what the birth dates say of it."""

    score: int
    birth_match: str

    @property
    def is_alert(self) -> bool:
        """Whether a person has to look."""
        return self.score + CORROBORATION[self.birth_match] >= ALERT_SCORE


def likeness(
    member: names.Name, born: date | None, listed: str, listed_birth: str | None
) -> Likeness:
    """How alike a member and a listed name are."""
    birth = birth_match(born, listed_birth)
    score = names.similarity(
        member, names.folded(listed), is_corroborated=birth == SAME
    )
    return Likeness(score=score, birth_match=birth)


def birth_match(born: date | None, listed: str | None) -> str:
    """What two birth dates say of each other; a list may know only the year."""
    if born is None or listed is None:
        return UNKNOWN
    if listed == born.isoformat():
        return SAME
    if listed[_YEAR] == f"{born.year:04d}":
        return SAME_YEAR
    return DIFFERENT


def read(content: bytes) -> Iterator[Entry]:
    """The entries of a CSV file, one by one. Raises Unreadable, also in the middle."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Unreadable("The list is not UTF-8.", 1) from fault
    if "\x00" in text:
        raise Unreadable("The list is no text.", 1)
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from _entries(rows)
    except csv.Error as fault:
        raise Unreadable("The list is no CSV file.", rows.line_num) from fault


def _entries(rows: csv.DictReader[str]) -> Iterator[Entry]:
    given = rows.fieldnames or ()
    if set(given) - set(COLUMNS) or set(REQUIRED) - set(given):
        raise Unreadable(f"The columns are {', '.join(COLUMNS)}.", 1)
    seen: set[str] = set()
    for row in rows:
        entry = _entry(row, rows.line_num)
        if entry.entry_id in seen:
            raise Unreadable("The id stands there twice.", rows.line_num)
        seen.add(entry.entry_id)
        if len(seen) > ENTRIES_MAX:
            raise Unreadable(f"At most {ENTRIES_MAX} entries.", rows.line_num)
        yield entry
    if not seen:
        raise Unreadable("The list is empty.", 1)


def _entry(row: dict[str, str], line: int) -> Entry:
    if None in row or None in row.values():
        raise Unreadable("The line has not as many columns as the first.", line)
    told = {name: value.strip() for name, value in row.items()}
    birth = told.get("birth_date") or None
    if birth is not None and not _is_birth(birth):
        raise Unreadable("The birth date is neither a date nor a year.", line)
    if not told["id"] or len(told["id"]) > NAME_CHARACTERS_MAX:
        raise Unreadable("The id is missing or too long.", line)
    known = names.aliases(told["name"])
    for alias in told.get("aliases", "").split(";"):
        known += names.aliases(alias)
    if any(len(one) > NAME_CHARACTERS_MAX for one in known):
        raise Unreadable("The name is too long.", line)
    keys = {one: names.folded(one).keys for one in known}
    # A name of nothing but other scripts or signs can be found by nobody.
    findable = {one: found for one, found in keys.items() if found}
    if not findable:
        raise Unreadable("The name is missing or in another script.", line)
    return Entry(
        entry_id=told["id"],
        name=told["name"],
        known_as=findable,
        birth_date=birth,
        note=told.get("note", "")[:NOTE_CHARACTERS_MAX] or None,
    )


def _is_birth(text: str) -> bool:
    if not _BIRTH.fullmatch(text):
        return False
    try:
        date.fromisoformat(text if "-" in text else f"{text}-01-01")
    except ValueError:
        return False
    return True
