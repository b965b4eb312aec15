"""What the members service remembers: its tables, one module per area."""

from __future__ import annotations

from services.members.models.accounts import Account
from services.members.models.audit import AuditEntry, AuditHead
from services.members.models.branches import AnnualReport, Branch
from services.members.models.cash import CashDrawer, CashShift, CounterSettings
from services.members.models.clients import Client
from services.members.models.closing import Closing, ClosingExport
from services.members.models.cooperatives import Cooperative
from services.members.models.deposits import (
    Deposit,
    DepositPayout,
    DepositProduct,
    DepositRate,
    DepositTerm,
)
from services.members.models.documents import Document
from services.members.models.dues import Contribution, ContributionPayout, Due
from services.members.models.forms import MemberForm
from services.members.models.imports import (
    Import,
    ImportedMember,
    ImportFile,
    ImportPart,
    ImportProblem,
    ImportRow,
)
from services.members.models.interest import InterestPosting, Withholding
from services.members.models.keys import LookupKey
from services.members.models.membership import Departure, Member
from services.members.models.notifications import Notification
from services.members.models.partners import Partner, PartnerPayment, PartnerRequest
from services.members.models.payments import Payment, PaymentCallback
from services.members.models.products import (
    ContributionTerm,
    SavingsProduct,
    SavingsRate,
)
from services.members.models.registration import (
    ActivationMail,
    CooperativeModules,
    Legality,
    PartnerCode,
    Registration,
)
from services.members.models.sessions import SignInAttempts, UserSession
from services.members.models.slips import Slip
from services.members.models.statements import Passbook
from services.members.models.users import RecoveryCode, User, UserLink
from services.members.models.verification import VerificationCode
from services.members.models.webhooks import Webhook, WebhookAttempt, WebhookDelivery

__all__ = [
    "Account",
    "ActivationMail",
    "AnnualReport",
    "AuditEntry",
    "AuditHead",
    "Branch",
    "CashDrawer",
    "CashShift",
    "Client",
    "Closing",
    "ClosingExport",
    "Contribution",
    "ContributionPayout",
    "ContributionTerm",
    "Cooperative",
    "CooperativeModules",
    "CounterSettings",
    "Departure",
    "Deposit",
    "DepositPayout",
    "DepositProduct",
    "DepositRate",
    "DepositTerm",
    "Document",
    "Due",
    "Import",
    "ImportFile",
    "ImportPart",
    "ImportProblem",
    "ImportRow",
    "ImportedMember",
    "InterestPosting",
    "Legality",
    "LookupKey",
    "Member",
    "MemberForm",
    "Notification",
    "Partner",
    "PartnerCode",
    "PartnerPayment",
    "PartnerRequest",
    "Passbook",
    "Payment",
    "PaymentCallback",
    "RecoveryCode",
    "Registration",
    "SavingsProduct",
    "SavingsRate",
    "SignInAttempts",
    "Slip",
    "User",
    "UserLink",
    "UserSession",
    "VerificationCode",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "Withholding",
]
