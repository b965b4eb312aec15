"""How a loan gets new terms: proposed, approved by another, signed, carried out."""

from services.loans.operations.restructurings.deciding import (
    approve,
    propose,
    reject,
    report,
)
from services.loans.operations.restructurings.signing import sign
from services.loans.operations.restructurings.views import get, list_restructurings

__all__ = [
    "approve",
    "get",
    "list_restructurings",
    "propose",
    "reject",
    "report",
    "sign",
]
