"""What the loans service remembers: its tables, one module per area."""

from __future__ import annotations

from services.loans.models.akad import Akad
from services.loans.models.application_checks import ApplicationCheck
from services.loans.models.application_documents import ApplicationDocument
from services.loans.models.application_settings import ApplicationSettings
from services.loans.models.applications import LoanApplication
from services.loans.models.arrears import ArrearsJournal, ArrearsSettings, LoanDay
from services.loans.models.autodebits import Autodebit
from services.loans.models.claims import (
    ClaimRecovery,
    ClaimRequest,
    LoanProceeds,
)
from services.loans.models.collateral import Appraisal, Collateral
from services.loans.models.collections import (
    CollectionLetter,
    CollectionTask,
    CollectionVisit,
    PaymentPromise,
)
from services.loans.models.decisions import CommitteeVote, LoanDecision
from services.loans.models.disbursements import Disbursement
from services.loans.models.executions import Execution
from services.loans.models.groups import LoanGroup, LoanGroupMember
from services.loans.models.guarantees import Guarantee, GuaranteeCall, GuaranteeHold
from services.loans.models.lending import LendingSettings
from services.loans.models.limits import LimitApproval, LimitAssessment
from services.loans.models.loans import Instalment, Loan
from services.loans.models.obligations import NpfObligation
from services.loans.models.products import LoanProduct
from services.loans.models.queue import QueueEntry, QueueEvent, QueueSettings
from services.loans.models.recovery import LoanJournal, RecoverySettings
from services.loans.models.reminders import InstalmentReminder, ReminderSettings
from services.loans.models.repayments import (
    PenaltyWaiver,
    PolicyEnding,
    PremiumRefund,
    Repayment,
)
from services.loans.models.restructurings import Restructuring
from services.loans.models.risk_profile import RiskProfile, StaffTraining
from services.loans.models.scoring import (
    ApplicationScore,
    Scorecard,
    ScoringActivation,
    ScoringModel,
    ScoringSettings,
)
from services.loans.models.verification import (
    Checklist,
    FieldVisit,
    Training,
    Verification,
)
from services.loans.models.write_offs import WriteOff

__all__ = [
    "Akad",
    "ApplicationCheck",
    "ApplicationDocument",
    "ApplicationScore",
    "ApplicationSettings",
    "Appraisal",
    "ArrearsJournal",
    "ArrearsSettings",
    "Autodebit",
    "Checklist",
    "ClaimRecovery",
    "ClaimRequest",
    "Collateral",
    "CollectionLetter",
    "CollectionTask",
    "CollectionVisit",
    "CommitteeVote",
    "Disbursement",
    "Execution",
    "FieldVisit",
    "Guarantee",
    "GuaranteeCall",
    "GuaranteeHold",
    "Instalment",
    "InstalmentReminder",
    "LendingSettings",
    "LimitApproval",
    "LimitAssessment",
    "Loan",
    "LoanApplication",
    "LoanDay",
    "LoanDecision",
    "LoanGroup",
    "LoanGroupMember",
    "LoanJournal",
    "LoanProceeds",
    "LoanProduct",
    "NpfObligation",
    "PaymentPromise",
    "PenaltyWaiver",
    "PolicyEnding",
    "PremiumRefund",
    "QueueEntry",
    "QueueEvent",
    "QueueSettings",
    "RecoverySettings",
    "ReminderSettings",
    "Repayment",
    "Restructuring",
    "RiskProfile",
    "Scorecard",
    "ScoringActivation",
    "ScoringModel",
    "ScoringSettings",
    "StaffTraining",
    "Training",
    "Verification",
    "WriteOff",
]
