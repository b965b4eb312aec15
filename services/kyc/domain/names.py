"""Whether two names can be the same person's, however they are spelled.

Indonesian names come with titles before and behind, in the spelling of before 1972
(`Soekardjo` is `Sukarjo`, `Tjipto` is `Cipto`, `Jusuf` is `Yusuf`), transcribed from
Arabic in many ways (`Achmad`, `Mohammed`, `Sjarif`), shortened (`Moh.`), with or
without `bin`, and written in one word or two. All of that is folded away before names
are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

SUBSET_SCORE_MAX: Final = 95
"""What one name is worth that is only part of the other: less than the same name."""

WORDS_OF_A_PART: Final = 2
"""Of one word alone nobody can tell whose part it is."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


MUHAMAD: Final = "muhamad"
ABDUL_CHARACTERS: Final = len("abdulah")

TITLES: Final = _words(
    # Religious, noble and polite, before the name.
    "h hj kh ki nyi haji hajah hajjah kph r rm rr raden tn ny sdr sdri bpk bapak "
    "ust ustad ustadz ustaz kiai kyai habib tgk "
    # Academic, before and behind.
    "drs dra dr drg drh ir prof apt ns "
    "se sh sp spd spdi sag ssi ssos sip skom skm sked skep sfarm spt ssn ssy "
    "amd amk amdkep amdkeb bsc mm mh mhum msi mpd mpdi mag mkes mkom mkn "
    "msc mba mak map meng phd cpa llm"
)
ABBREVIATED: Final = _words("ma ba be ca ak mt st str sei ra hc")
"""Titles that are also names: they count as titles only where dots say so."""

PARTICLES: Final = _words("bin binti bt ibn ibnu alm almh almarhum dan")

_MUHAMAD: Final = _words(
    "m md mhd moh mohd muh muhd muhamad mohamad mohamed muhamed mohammed "
    "muchamad mochamad mokhamad mukhamad muhammed"
)
_DOTTED: Final = re.compile(r"\b(?:[a-z]{1,3}\.){1,3}[a-z]{0,4}\b")
_OTHER: Final = re.compile(r"[^a-z0-9 ]+")
_DOUBLED: Final = re.compile(r"(.)\1+")
_ALIAS: Final = re.compile(r"(?i)\b(?:alias|als|a\.?k\.?a)\b\.?")
# In this order: what was `j` before 1972 is `y` today and what was `dj` is `j`, so
# both become one letter, or one of the two would never be found.
_SPELLINGS: Final = (
    ("oe", "u"),
    ("dj", "j"),
    ("tj", "c"),
    ("sj", "sy"),
    ("j", "y"),
    ("kh", "h"),
    ("ch", "h"),
    ("sh", "s"),
    ("sy", "s"),
    ("ts", "s"),
    ("dh", "d"),
    ("dz", "d"),
    ("th", "t"),
    ("gh", "g"),
    ("ph", "p"),
    ("ae", "ai"),
    ("ie", "i"),
    ("v", "f"),
    ("f", "p"),
    ("q", "k"),
    ("x", "ks"),
)
_SILENT: Final = re.compile(r"[aeiouh]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name as it is compared: words in their order, in one spelling."""

    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words with spaces between them."""
        return " ".join(self.words)

    @property
    def keys(self) -> tuple[str, ...]:
        """What finds the name in an index: the consonants of words and of neighbours.

        Whoever spells a vowel otherwise, or one word as two, shares at least one.
        Everybody's Muhammad is left out wherever there is another word.
        """
        telling = [one for one in self.words if one != MUHAMAD] or list(self.words)
        pairs = [
            one + two for one, two in zip(self.words, self.words[1:], strict=False)
        ]
        return tuple(sorted({_skeleton(one) for one in (*telling, *pairs)}))


def folded(written: str) -> Name:
    """A name without titles, particles and differences of spelling."""
    plain = unicodedata.normalize("NFKD", written.casefold())
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    plain = re.sub(r"['`’ʼ]", "", plain)  # noqa: RUF001  apostrophes of transcription
    undotted = _DOTTED.sub(_undotted, plain)
    words = _OTHER.sub(" ", undotted).split()
    kept = [one for one in words if one not in TITLES and one not in PARTICLES]
    spelled = [one for one in map(_spelled, kept or words) if one]
    return Name(words=tuple(_joined(spelled)))


def aliases(written: str) -> list[str]:
    """The names in `A alias B`."""
    return [one.strip(" ,;@") for one in _ALIAS.split(written) if one.strip(" ,;@")]


def similarity(one: Name, other: Name, *, is_corroborated: bool = False) -> int:
    """How alike two names are, 0 to 100.

    A name that is part of the other counts, but a single word only when something else
    speaks for it (``is_corroborated``): half the country is called Budi.
    """
    if not one.words or not other.words:
        return 0
    scores = [
        fuzz.ratio(one.text.replace(" ", ""), other.text.replace(" ", "")),
        fuzz.token_sort_ratio(one.text, other.text),
    ]
    if is_corroborated or min(len(one.words), len(other.words)) >= WORDS_OF_A_PART:
        part = fuzz.token_set_ratio(one.text, other.text)
        scores.append(min(part, SUBSET_SCORE_MAX))
    return int(max(scores))


def _undotted(found: re.Match[str]) -> str:
    """`s.e.` and `k.h.` are titles; of `h.ahmad` only the first part is."""
    together = found[0].replace(".", "")
    if together in TITLES or together in ABBREVIATED:
        return " "
    return found[0].replace(".", " ")


def _spelled(word: str) -> str:
    if _DOUBLED.sub(r"\1", word) in _MUHAMAD or word in _MUHAMAD:
        return MUHAMAD
    for old, new in _SPELLINGS:
        word = word.replace(old, new)
    word = _DOUBLED.sub(r"\1", word)
    if word.endswith("loh"):
        word = f"{word[:-2]}ah"
    if word.endswith("y"):
        word = f"{word[:-1]}i"
    return word.removesuffix("h") if len(word) > WORDS_OF_A_PART else word


def _joined(words: Sequence[str]) -> list[str]:
    """`Abdul Rahman`, `Abd. Rahman` and `Abdurrahman` are one name."""
    joined: list[str] = []
    is_open = False
    for word in words:
        if is_open:
            joined[-1] += word
            is_open = False
        elif word in {"abdul", "abdur", "abdus", "abd", "abdu"} and word != words[-1]:
            joined.append("abdu")
            is_open = True
        elif word.startswith("abdul") and len(word) >= ABDUL_CHARACTERS:
            joined.append(f"abdu{word.removeprefix('abdul')}")
        else:
            joined.append(word)
    return [_DOUBLED.sub(r"\1", one) for one in joined]


def _skeleton(word: str) -> str:
    consonants = _DOUBLED.sub(r"\1", _SILENT.sub("", word))
    return consonants or word
