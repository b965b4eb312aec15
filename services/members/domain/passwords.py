"""Which passwords and PINs people may choose, and how strong they are (R7, C10)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

LENGTH_MIN: Final = 6
"""R7: what the registration form has always accepted."""
STAFF_LENGTH_MIN: Final = 8
LENGTH_GOOD: Final = 12
LENGTH_MAX: Final = 200
PIN_DIGITS: Final = 6
SCORE_MAX: Final = 4
DISTINCT_MIN: Final = 4
"""Fewer different characters than this are no password but a held-down key."""
CLASSES_GOOD: Final = 3
PART_LENGTH_MIN: Final = 4
"""Shorter parts of a name or address occur in good passwords by chance."""

COMMON: Final = frozenset(
    # A list of literals would be a line per word.
    """
    123456 1234567 12345678 123456789 1234567890 12345 123123 123123123 123321 1234qwer
    123qwe 123qweasd 1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 111111 11111111
    112233 121212 147258 147258369 159357 159753 222222 333333 444444 555555 654321
    666666 666888 7777777 777777 789456 789456123 87654321 888888 88888888 987654321
    0987654321 999999 000000 00000000 a123456 a12345678 aa123456 aa12345678 abc123
    abc12345 abcd1234 abcdef abcdefg abcdefgh admin admin123 admin1234 administrator
    adminadmin akusayangkamu akucintakamu anggota anggota123 anjing asdasd
    asdf1234 asdfgh asdfghjk asdfghjkl bahagia bandung bendahara bendahara123 bintang
    bismillah bismillah1 bismillah123 cantik cinta cintaku cobain denpasar dragon
    doraemon garuda garuda123 ganteng gantengbanget hello123 iloveyou iloveyou1
    indonesia indonesia1 indonesia123 indonesiaku jakarta jakarta123 jayapura kampung
    kamukamu kasihku keluarga kesayangan kkkkkk koperasi koperasi1 koperasi123
    koperasiku kucing letmein liverpool makassar malaikat manchester master medan123
    merdeka merdeka45 monkey namaku nasigoreng p@ssw0rd p@ssword pancasila pass1234
    passw0rd password password1 password12 password123 password1234 pengurus
    pengurus123 persib persija princess q1w2e3r4 qazwsx qazwsxedc qwe123 qwer1234
    qwert12345 qwerty qwerty1 qwerty12 qwerty123 qwertyui qwertyuiop rahasia rahasia1
    rahasia12 rahasia123 rahasiaku sahabat salam123 sandi123 sandiku sayang sayang123
    sayangku semangat semarang simpanan simpanpinjam spiderman sukses sukses123
    sunshine superman surabaya surabaya1 terserah test1234 testing teller teller123
    tolong trustno1 user1234 welcome welcome1 welcome123 yogyakarta zaq12wsx zxcvbn
    zxcvbnm
    """.split()  # noqa: SIM905
)
"""Those tried first: the usual ones of the world and those of Indonesia."""

_ROWS: Final = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How good a password is: 0 (refused) to 4, and what would make it better.

    ``advice`` holds the codes ``too_short``, ``common``, ``personal``, ``repetitive``,
    ``longer`` and ``mix``.
    """

    score: int
    advice: tuple[str, ...]


def prepared(password: str) -> str:
    """``password`` as it is hashed: the same on whichever keyboard it is typed."""
    return unicodedata.normalize("NFC", password)


def fault(
    password: str, *, is_staff: bool, personal: Collection[str] = ()
) -> str | None:
    """What forbids ``password``, as a code of `Strength.advice`; None if nothing does.

    ``personal`` is what everybody knows of its owner: name, e-mail, telephone.
    """
    text = prepared(password)
    if len(text) < (STAFF_LENGTH_MIN if is_staff else LENGTH_MIN):
        return "too_short"
    if text.casefold() in COMMON:
        return "common"
    if _is_personal(text, personal):
        return "personal"
    if len(set(text)) < DISTINCT_MIN or _is_sequence(text):
        return "repetitive"
    return None


def strength(
    password: str, *, is_staff: bool = False, personal: Collection[str] = ()
) -> Strength:
    """How good ``password`` is. R7: a mix of letters, digits and signs is advised."""
    refused = fault(password, is_staff=is_staff, personal=personal)
    if refused is not None:
        return Strength(score=0, advice=(refused,))
    text = prepared(password)
    if _has_common_root(text):
        return Strength(score=1, advice=("common",))
    classes = _classes(text)
    score = 1
    score += len(text) >= STAFF_LENGTH_MIN
    score += len(text) >= LENGTH_GOOD
    score += classes >= CLASSES_GOOD
    advice = []
    if len(text) < LENGTH_GOOD:
        advice.append("longer")
    if classes < CLASSES_GOOD:
        advice.append("mix")
    return Strength(score=min(score, SCORE_MAX), advice=tuple(advice))


def is_pin(pin: str) -> bool:
    """Whether ``pin`` is six digits that are not the first ones anybody would try."""
    if len(pin) != PIN_DIGITS or not pin.isascii() or not pin.isdigit():
        return False
    halves_repeat = pin[:3] == pin[3:] or pin[:2] * 3 == pin
    return not (halves_repeat or _is_sequence(pin) or pin in COMMON)


def _has_common_root(text: str) -> bool:
    # Signs and digits at the end are what everybody adds when told to add some.
    return text.casefold().rstrip("0123456789!@#$%&*?.") in COMMON


def _is_personal(text: str, personal: Collection[str]) -> bool:
    """Whether it is one of the owner's own words with at most little around it."""
    small = text.casefold()
    for value in personal:
        words = value.casefold().replace("@", " ").replace(".", " ").split()
        for word in [value.casefold(), *words]:
            is_found = len(word) >= PART_LENGTH_MIN and word in small
            if is_found and len(small) - len(word) < PART_LENGTH_MIN:
                return True
    return False


def _is_sequence(text: str) -> bool:
    """Whether it runs along the digits, the alphabet or the keyboard, either way."""
    small = text.casefold()
    if len(set(small)) == 1:
        return True
    return any(small in row * 2 or small[::-1] in row * 2 for row in _ROWS)


def _classes(text: str) -> int:
    """How many of small letters, capitals, digits and other signs there are."""
    return sum(
        (
            any(one.islower() for one in text),
            any(one.isupper() for one in text),
            any(one.isdigit() for one in text),
            any(not one.isalnum() for one in text),
        )
    )
