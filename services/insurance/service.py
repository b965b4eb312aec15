"""Which entrypoints the insurance service is composed of: composition only."""

from __future__ import annotations

from services.insurance.entrypoints.claims import ClaimEntrypoints
from services.insurance.entrypoints.health import HealthEntrypoints
from services.insurance.entrypoints.insurers import InsurerEntrypoints
from services.insurance.entrypoints.policies import PolicyEntrypoints
from services.insurance.entrypoints.resolutions import ResolutionEntrypoints
from services.insurance.entrypoints.subrogations import SubrogationEntrypoints
from services.shared.contracts import insurance as contract
from services.shared.messaging import TenantEntrypoints


class InsuranceService(
    InsurerEntrypoints,
    PolicyEntrypoints,
    ClaimEntrypoints,
    SubrogationEntrypoints,
    ResolutionEntrypoints,
    TenantEntrypoints,
    HealthEntrypoints,
):
    """Insures loans: policies, premiums and claims."""

    name = contract.SERVICE
