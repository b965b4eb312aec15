"""What the insurance service remembers: its tables, one module per area."""

from services.insurance.models.claims import Claim, ClaimDocument
from services.insurance.models.insurers import InsuranceProduct, Insurer
from services.insurance.models.policies import Policy
from services.insurance.models.resolutions import Resolution
from services.insurance.models.subrogations import Recovery, Subrogation

__all__ = [
    "Claim",
    "ClaimDocument",
    "InsuranceProduct",
    "Insurer",
    "Policy",
    "Recovery",
    "Resolution",
    "Subrogation",
]
