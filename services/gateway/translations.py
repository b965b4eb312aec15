"""In which language a caller reads, and how what the services say is said in it.

Services speak English. The catalogue `locales/id.po` holds every sentence that a
refusal can be made of; ``{0}``, ``{1}`` … stand for what is filled in. A test finds
the sentences in the code and fails when the catalogue lacks one.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

INDONESIAN: Final = "id"
ENGLISH: Final = "en"
DEFAULT: Final = INDONESIAN
LANGUAGES: Final = (INDONESIAN, ENGLISH)
TITLE: Final = "title"
"""The context of titles, which are made of codes."""

CATALOGUE: Final = Path(__file__).parent / "locales" / "id.po"
_PLACE: Final = re.compile(r"\{(\d)\}")
_PREFERENCES_MAX: Final = 20


def language_of(accept_language: str | None) -> str:
    """The language of ours that an Accept-Language header likes best (RFC 9110).

    Indonesian for whoever says nothing, or likes nothing that we have.
    """
    best, weight = DEFAULT, 0.0
    for preference in (accept_language or "").split(",")[:_PREFERENCES_MAX]:
        tag, _, parameters = preference.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        liked = _weight(parameters)
        # Of two that are liked alike the first one counts.
        if language in LANGUAGES and liked > weight:
            best, weight = language, liked
    return best


def _weight(parameters: str) -> float:
    name, equals, value = parameters.strip().partition("=")
    if not equals or name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def translate(
    message: str, language: str, *, context: str | None = None, default: str = ""
) -> str:
    """``message`` in ``language``; ``default``, translated, when nobody foresaw it.

    What is in no catalogue at all stays English: a sentence in the wrong language is
    better than none.
    """
    if language == ENGLISH:
        return message
    found = _translated(message, context)
    if found is None and default:
        found = _translated(default, context)
    return message if found is None else found


@lru_cache(maxsize=2048)
def _translated(message: str, context: str | None) -> str | None:
    exact = catalogue().get(message, context)
    if exact is not None and exact.string:
        return str(exact.string)
    if context is not None:
        return None
    for pattern, sentence in _patterns():
        matched = pattern.fullmatch(message)
        if matched:
            return _PLACE.sub(partial(_fill, matched), sentence)
    return None


def _fill(matched: re.Match[str], place: re.Match[str]) -> str:
    return matched[int(place[1]) + 1]


@cache
def catalogue() -> Catalog:
    """The Indonesian catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale=INDONESIAN)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The sentences with something filled in, the most telling first."""
    known = [
        (str(message.id), str(message.string))
        for message in catalogue()
        if message.id and message.string and _PLACE.search(str(message.id))
    ]
    known.sort(key=lambda pair: len(_PLACE.sub("", pair[0])), reverse=True)
    return [(_pattern(sentence), said) for sentence, said in known]


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in _PLACE.split(sentence)[::2]]
    return re.compile("(.*?)".join(parts), re.DOTALL)
