"""Which routes the gateway is composed of: composition only."""

from __future__ import annotations

from services.gateway.routes.accounts import AccountRoutes
from services.gateway.routes.agreements import AgreementRoutes
from services.gateway.routes.akad import AkadRoutes
from services.gateway.routes.application_checks import ApplicationCheckRoutes
from services.gateway.routes.application_documents import ApplicationDocumentRoutes
from services.gateway.routes.application_settings import ApplicationSettingsRoutes
from services.gateway.routes.applications import ApplicationRoutes
from services.gateway.routes.arrears import ArrearsRoutes
from services.gateway.routes.audit import AuditRoutes
from services.gateway.routes.autodebits import AutodebitRoutes
from services.gateway.routes.branches import BranchRoutes
from services.gateway.routes.cash import CashRoutes
from services.gateway.routes.cash_flow import CashFlowRoutes
from services.gateway.routes.closing import ClosingRoutes
from services.gateway.routes.collateral import CollateralRoutes
from services.gateway.routes.collections import CollectionRoutes
from services.gateway.routes.cooperatives import CooperativeRoutes
from services.gateway.routes.decisions import DecisionRoutes
from services.gateway.routes.departures import DepartureRoutes
from services.gateway.routes.deposits import DepositRoutes
from services.gateway.routes.disbursements import DisbursementRoutes
from services.gateway.routes.documentation import DocumentationRoutes
from services.gateway.routes.documents import DocumentRoutes
from services.gateway.routes.dues import DuesRoutes
from services.gateway.routes.entrance import EntranceRoutes
from services.gateway.routes.executions import ExecutionRoutes
from services.gateway.routes.forms import FormRoutes
from services.gateway.routes.groups import GroupRoutes
from services.gateway.routes.guarantees import GuaranteeRoutes
from services.gateway.routes.health import HealthRoutes
from services.gateway.routes.home import HomeRoutes
from services.gateway.routes.imports import ImportRoutes
from services.gateway.routes.insurance import InsuranceRoutes
from services.gateway.routes.insurance_claims import InsuranceClaimRoutes
from services.gateway.routes.insurance_resolutions import InsuranceResolutionRoutes
from services.gateway.routes.interest import InterestRoutes
from services.gateway.routes.jobs import JobRoutes
from services.gateway.routes.journals import JournalRoutes
from services.gateway.routes.kyc import KycRoutes
from services.gateway.routes.ledger import LedgerRoutes
from services.gateway.routes.lending import LendingRoutes
from services.gateway.routes.limits import LimitRoutes
from services.gateway.routes.loan_products import LoanProductRoutes
from services.gateway.routes.loans import LoanRoutes
from services.gateway.routes.me import MeRoutes
from services.gateway.routes.members import MemberRoutes
from services.gateway.routes.my_applications import MyApplicationRoutes
from services.gateway.routes.notifications import NotificationRoutes
from services.gateway.routes.oauth import OauthRoutes
from services.gateway.routes.obligations import ObligationRoutes
from services.gateway.routes.pages import PageRoutes
from services.gateway.routes.participants import ParticipantRoutes
from services.gateway.routes.partners import PartnerRoutes
from services.gateway.routes.passwords import PasswordRoutes
from services.gateway.routes.payments import PaymentRoutes
from services.gateway.routes.portfolio import PortfolioRoutes
from services.gateway.routes.products import ProductRoutes
from services.gateway.routes.queue import QueueRoutes
from services.gateway.routes.recovery import RecoveryRoutes
from services.gateway.routes.registration import RegistrationRoutes
from services.gateway.routes.repayments import RepaymentRoutes
from services.gateway.routes.restructurings import RestructuringRoutes
from services.gateway.routes.risk_profile import RiskProfileRoutes
from services.gateway.routes.scoring import ScoringRoutes
from services.gateway.routes.screening import ScreeningRoutes
from services.gateway.routes.second_factors import SecondFactorRoutes
from services.gateway.routes.security import SecurityRoutes
from services.gateway.routes.sessions import SessionRoutes
from services.gateway.routes.settlements import SettlementRoutes
from services.gateway.routes.site import SiteRoutes
from services.gateway.routes.snap import SnapRoutes
from services.gateway.routes.statements import StatementRoutes
from services.gateway.routes.transfers import TransferRoutes
from services.gateway.routes.users import UserRoutes
from services.gateway.routes.verification import VerificationRoutes
from services.gateway.routes.wallet import WalletRoutes
from services.gateway.routes.webhooks import WebhookRoutes


class GatewayService(
    OauthRoutes,
    SessionRoutes,
    PasswordRoutes,
    SecondFactorRoutes,
    PageRoutes,
    SiteRoutes,
    EntranceRoutes,
    HomeRoutes,
    SecurityRoutes,
    UserRoutes,
    RegistrationRoutes,
    CooperativeRoutes,
    ClosingRoutes,
    BranchRoutes,
    FormRoutes,
    MemberRoutes,
    DocumentRoutes,
    DepartureRoutes,
    MeRoutes,
    ProductRoutes,
    AccountRoutes,
    StatementRoutes,
    DuesRoutes,
    InterestRoutes,
    DepositRoutes,
    CashRoutes,
    PaymentRoutes,
    KycRoutes,
    ScreeningRoutes,
    LoanProductRoutes,
    LoanRoutes,
    RepaymentRoutes,
    AutodebitRoutes,
    ArrearsRoutes,
    PortfolioRoutes,
    CashFlowRoutes,
    ObligationRoutes,
    RiskProfileRoutes,
    CollectionRoutes,
    RestructuringRoutes,
    ExecutionRoutes,
    RecoveryRoutes,
    InsuranceRoutes,
    InsuranceClaimRoutes,
    InsuranceResolutionRoutes,
    QueueRoutes,
    ScoringRoutes,
    LendingRoutes,
    DecisionRoutes,
    AkadRoutes,
    DisbursementRoutes,
    ApplicationRoutes,
    MyApplicationRoutes,
    ApplicationSettingsRoutes,
    ApplicationDocumentRoutes,
    ApplicationCheckRoutes,
    VerificationRoutes,
    LimitRoutes,
    CollateralRoutes,
    GroupRoutes,
    GuaranteeRoutes,
    JobRoutes,
    TransferRoutes,
    JournalRoutes,
    ParticipantRoutes,
    AgreementRoutes,
    SettlementRoutes,
    LedgerRoutes,
    WalletRoutes,
    ImportRoutes,
    NotificationRoutes,
    WebhookRoutes,
    SnapRoutes,
    PartnerRoutes,
    AuditRoutes,
    DocumentationRoutes,
    HealthRoutes,
):
    """The public HTTP API of the hub."""

    name = "gateway"
