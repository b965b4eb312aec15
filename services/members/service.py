"""Which entrypoints the members service is composed of: composition only."""

from __future__ import annotations

from services.members.entrypoints.accounts import AccountEntrypoints
from services.members.entrypoints.applications import ApplicationEntrypoints
from services.members.entrypoints.audit import AuditEntrypoints
from services.members.entrypoints.branches import BranchEntrypoints
from services.members.entrypoints.cash import CashEntrypoints
from services.members.entrypoints.clients import ClientEntrypoints
from services.members.entrypoints.closing import ClosingEntrypoints
from services.members.entrypoints.cooperatives import CooperativeEntrypoints
from services.members.entrypoints.departures import DepartureEntrypoints
from services.members.entrypoints.deposits import DepositEntrypoints
from services.members.entrypoints.documents import DocumentEntrypoints
from services.members.entrypoints.dues import DuesEntrypoints
from services.members.entrypoints.forms import FormEntrypoints
from services.members.entrypoints.health import HealthEntrypoints
from services.members.entrypoints.identity import IdentityEntrypoints
from services.members.entrypoints.imports import ImportEntrypoints
from services.members.entrypoints.interest import InterestEntrypoints
from services.members.entrypoints.jobs import JobEntrypoints
from services.members.entrypoints.loan_repayments import LoanRepaymentEntrypoints
from services.members.entrypoints.me import MeEntrypoints
from services.members.entrypoints.membership import MembershipEntrypoints
from services.members.entrypoints.notifications import NotificationEntrypoints
from services.members.entrypoints.partners import PartnerEntrypoints
from services.members.entrypoints.passwords import PasswordEntrypoints
from services.members.entrypoints.payments import PaymentEntrypoints
from services.members.entrypoints.products import ProductEntrypoints
from services.members.entrypoints.registration import RegistrationEntrypoints
from services.members.entrypoints.second_factors import SecondFactorEntrypoints
from services.members.entrypoints.sessions import SessionEntrypoints
from services.members.entrypoints.standing import StandingEntrypoints
from services.members.entrypoints.statements import StatementEntrypoints
from services.members.entrypoints.users import UserEntrypoints
from services.members.entrypoints.verification import VerificationEntrypoints
from services.members.entrypoints.webhooks import WebhookEntrypoints
from services.shared.contracts import members as contract


class MembersService(
    ClientEntrypoints,
    UserEntrypoints,
    SessionEntrypoints,
    PasswordEntrypoints,
    SecondFactorEntrypoints,
    CooperativeEntrypoints,
    RegistrationEntrypoints,
    ClosingEntrypoints,
    BranchEntrypoints,
    FormEntrypoints,
    ApplicationEntrypoints,
    MembershipEntrypoints,
    VerificationEntrypoints,
    DocumentEntrypoints,
    IdentityEntrypoints,
    DepartureEntrypoints,
    MeEntrypoints,
    ProductEntrypoints,
    AccountEntrypoints,
    StandingEntrypoints,
    StatementEntrypoints,
    DuesEntrypoints,
    InterestEntrypoints,
    JobEntrypoints,
    LoanRepaymentEntrypoints,
    DepositEntrypoints,
    CashEntrypoints,
    PaymentEntrypoints,
    NotificationEntrypoints,
    WebhookEntrypoints,
    ImportEntrypoints,
    PartnerEntrypoints,
    AuditEntrypoints,
    HealthEntrypoints,
):
    """Keeps cooperatives, their people, and whose account is whose."""

    name = contract.SERVICE
