"""How is an amount of whole rupiah written for people?"""

from __future__ import annotations


def format_rupiah(amount: int) -> str:
    """``Rp 1.000.000``: a space, dots between thousands, no decimals; ``-Rp 500``.

    >>> format_rupiah(-1250000)
    '-Rp 1.250.000'
    """
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp {format_number(abs(amount))}"


def format_number(number: int) -> str:
    """Thousands with dots, as Indonesians write them: ``1.000``."""
    return f"{number:,}".replace(",", ".")
