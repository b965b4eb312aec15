"""How a savings account is numbered.

Sixteen digits: the cooperative's code (4), the product (2), a sequence (9) and a
Damm check digit (1), which notices every single wrong digit and every swap of two
neighbours.
"""

from __future__ import annotations

from typing import Final

from stdnum import damm

SUKARELA: Final = "sukarela"
PRODUCT_CODES: Final = {SUKARELA: "10"}

CODE_DIGITS: Final = 4
SEQUENCE_DIGITS: Final = 9
NUMBER_DIGITS: Final = 16


class NumbersExhausted(Exception):
    """A cooperative opened more accounts of a product than numbers exist."""


def account_number(cooperative_code: str, product: str, sequence: int) -> str:
    """The number of the account that is the ``sequence``-th of a built-in product."""
    return numbered(cooperative_code, PRODUCT_CODES[product], sequence)


def numbered(cooperative_code: str, digits: str, sequence: int) -> str:
    """The number of the ``sequence``-th account of the product with these digits."""
    if sequence >= 10**SEQUENCE_DIGITS:
        raise NumbersExhausted(digits)
    body = f"{cooperative_code}{digits}{sequence:0{SEQUENCE_DIGITS}d}"
    return f"{body}{damm.calc_check_digit(body)}"


def is_well_formed(number: str) -> bool:
    """Whether the length and the check digit are right."""
    return (
        len(number) == NUMBER_DIGITS
        and number.isascii()
        and number.isdigit()
        and bool(damm.is_valid(number))
    )


def cooperative_code(number: str) -> str:
    """The code of the cooperative that keeps the account."""
    return number[:CODE_DIGITS]
