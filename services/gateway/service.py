"""Which routes the gateway is composed of: composition only."""

from __future__ import annotations

from services.gateway.routes.accounts import AccountRoutes
from services.gateway.routes.agreements import AgreementRoutes
from services.gateway.routes.audit import AuditRoutes
from services.gateway.routes.branches import BranchRoutes
from services.gateway.routes.cash import CashRoutes
from services.gateway.routes.closing import ClosingRoutes
from services.gateway.routes.cooperatives import CooperativeRoutes
from services.gateway.routes.departures import DepartureRoutes
from services.gateway.routes.deposits import DepositRoutes
from services.gateway.routes.documentation import DocumentationRoutes
from services.gateway.routes.documents import DocumentRoutes
from services.gateway.routes.dues import DuesRoutes
from services.gateway.routes.entrance import EntranceRoutes
from services.gateway.routes.forms import FormRoutes
from services.gateway.routes.health import HealthRoutes
from services.gateway.routes.home import HomeRoutes
from services.gateway.routes.imports import ImportRoutes
from services.gateway.routes.interest import InterestRoutes
from services.gateway.routes.jobs import JobRoutes
from services.gateway.routes.journals import JournalRoutes
from services.gateway.routes.ledger import LedgerRoutes
from services.gateway.routes.me import MeRoutes
from services.gateway.routes.members import MemberRoutes
from services.gateway.routes.notifications import NotificationRoutes
from services.gateway.routes.oauth import OauthRoutes
from services.gateway.routes.pages import PageRoutes
from services.gateway.routes.participants import ParticipantRoutes
from services.gateway.routes.partners import PartnerRoutes
from services.gateway.routes.passwords import PasswordRoutes
from services.gateway.routes.payments import PaymentRoutes
from services.gateway.routes.products import ProductRoutes
from services.gateway.routes.registration import RegistrationRoutes
from services.gateway.routes.second_factors import SecondFactorRoutes
from services.gateway.routes.security import SecurityRoutes
from services.gateway.routes.sessions import SessionRoutes
from services.gateway.routes.settlements import SettlementRoutes
from services.gateway.routes.site import SiteRoutes
from services.gateway.routes.snap import SnapRoutes
from services.gateway.routes.statements import StatementRoutes
from services.gateway.routes.transfers import TransferRoutes
from services.gateway.routes.users import UserRoutes
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
