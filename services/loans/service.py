"""Which entrypoints the loans service is composed of: composition only."""

from __future__ import annotations

from services.loans.entrypoints.akad import AkadEntrypoints
from services.loans.entrypoints.application_checks import ApplicationCheckEntrypoints
from services.loans.entrypoints.application_documents import (
    ApplicationDocumentEntrypoints,
)
from services.loans.entrypoints.application_settings import (
    ApplicationSettingsEntrypoints,
)
from services.loans.entrypoints.applications import ApplicationEntrypoints
from services.loans.entrypoints.arrears import ArrearsEntrypoints
from services.loans.entrypoints.autodebits import AutodebitEntrypoints
from services.loans.entrypoints.cash_flow import CashFlowEntrypoints
from services.loans.entrypoints.claims import ClaimEntrypoints
from services.loans.entrypoints.collateral import CollateralEntrypoints
from services.loans.entrypoints.collections import CollectionEntrypoints
from services.loans.entrypoints.decisions import DecisionEntrypoints
from services.loans.entrypoints.disbursements import DisbursementEntrypoints
from services.loans.entrypoints.executions import ExecutionEntrypoints
from services.loans.entrypoints.groups import GroupEntrypoints
from services.loans.entrypoints.guarantees import GuaranteeEntrypoints
from services.loans.entrypoints.health import HealthEntrypoints
from services.loans.entrypoints.imports import ImportEntrypoints
from services.loans.entrypoints.jobs import JobEntrypoints
from services.loans.entrypoints.lending import LendingEntrypoints
from services.loans.entrypoints.limits import LimitEntrypoints
from services.loans.entrypoints.loans import LoanEntrypoints
from services.loans.entrypoints.my_applications import MyApplicationEntrypoints
from services.loans.entrypoints.obligations import ObligationEntrypoints
from services.loans.entrypoints.portfolio import PortfolioEntrypoints
from services.loans.entrypoints.products import ProductEntrypoints
from services.loans.entrypoints.queue import QueueEntrypoints
from services.loans.entrypoints.recovery import RecoveryEntrypoints
from services.loans.entrypoints.reminders import ReminderEntrypoints
from services.loans.entrypoints.repayments import RepaymentEntrypoints
from services.loans.entrypoints.restructurings import RestructuringEntrypoints
from services.loans.entrypoints.risk_profile import RiskProfileEntrypoints
from services.loans.entrypoints.scoring import ScoringEntrypoints
from services.loans.entrypoints.verification import VerificationEntrypoints
from services.loans.entrypoints.write_offs import WriteOffEntrypoints
from services.shared.contracts import loans as contract
from services.shared.messaging import TenantEntrypoints


class LoansService(
    TenantEntrypoints,
    ProductEntrypoints,
    ApplicationSettingsEntrypoints,
    ApplicationEntrypoints,
    MyApplicationEntrypoints,
    ApplicationDocumentEntrypoints,
    ApplicationCheckEntrypoints,
    VerificationEntrypoints,
    LimitEntrypoints,
    CollateralEntrypoints,
    GroupEntrypoints,
    GuaranteeEntrypoints,
    QueueEntrypoints,
    ScoringEntrypoints,
    LendingEntrypoints,
    DecisionEntrypoints,
    AkadEntrypoints,
    DisbursementEntrypoints,
    LoanEntrypoints,
    RepaymentEntrypoints,
    AutodebitEntrypoints,
    ReminderEntrypoints,
    ImportEntrypoints,
    ArrearsEntrypoints,
    PortfolioEntrypoints,
    CashFlowEntrypoints,
    ObligationEntrypoints,
    RiskProfileEntrypoints,
    CollectionEntrypoints,
    RestructuringEntrypoints,
    ExecutionEntrypoints,
    WriteOffEntrypoints,
    ClaimEntrypoints,
    RecoveryEntrypoints,
    JobEntrypoints,
    HealthEntrypoints,
):
    """Loans from application to the last rupiah."""

    name = contract.SERVICE
