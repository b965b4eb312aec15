"""Which entrypoints the kyc service is composed of: composition only."""

from __future__ import annotations

from services.kyc.entrypoints.bureau import BureauEntrypoints
from services.kyc.entrypoints.checks import CheckEntrypoints
from services.kyc.entrypoints.health import HealthEntrypoints
from services.kyc.entrypoints.income import IncomeEntrypoints
from services.kyc.entrypoints.screening import ScreeningEntrypoints
from services.shared.contracts import kyc as contract
from services.shared.messaging import TenantEntrypoints


class KycService(
    CheckEntrypoints,
    BureauEntrypoints,
    IncomeEntrypoints,
    ScreeningEntrypoints,
    TenantEntrypoints,
    HealthEntrypoints,
):
    """Checks who somebody is: identities, income, credit bureau and sanction lists."""

    name = contract.SERVICE
