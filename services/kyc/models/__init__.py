"""What the kyc service remembers: its tables, one module per area."""

from __future__ import annotations

from services.kyc.models.bureau import BureauReport
from services.kyc.models.checks import (
    Check,
    CheckPart,
    CheckSettings,
    Consent,
    VendorCall,
)
from services.kyc.models.income import IncomeStatement
from services.kyc.models.screening import (
    Alert,
    ListEntry,
    ListName,
    ListVersion,
    ScreenedPerson,
    ScreeningList,
)

__all__ = [
    "Alert",
    "BureauReport",
    "Check",
    "CheckPart",
    "CheckSettings",
    "Consent",
    "IncomeStatement",
    "ListEntry",
    "ListName",
    "ListVersion",
    "ScreenedPerson",
    "ScreeningList",
    "VendorCall",
]
