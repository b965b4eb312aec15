"""Which routes the gateway is composed of: composition only."""

from __future__ import annotations

from services.gateway.routes.accounts import AccountRoutes
from services.gateway.routes.agreements import AgreementRoutes
from services.gateway.routes.cooperatives import CooperativeRoutes
from services.gateway.routes.documentation import DocumentationRoutes
from services.gateway.routes.health import HealthRoutes
from services.gateway.routes.journals import JournalRoutes
from services.gateway.routes.ledger import LedgerRoutes
from services.gateway.routes.members import MemberRoutes
from services.gateway.routes.oauth import OauthRoutes
from services.gateway.routes.participants import ParticipantRoutes
from services.gateway.routes.settlements import SettlementRoutes
from services.gateway.routes.transfers import TransferRoutes
from services.gateway.routes.wallet import WalletRoutes


class GatewayService(
    OauthRoutes,
    CooperativeRoutes,
    MemberRoutes,
    AccountRoutes,
    TransferRoutes,
    JournalRoutes,
    ParticipantRoutes,
    AgreementRoutes,
    SettlementRoutes,
    LedgerRoutes,
    WalletRoutes,
    DocumentationRoutes,
    HealthRoutes,
):
    """The public HTTP API of the hub."""

    name = "gateway"
