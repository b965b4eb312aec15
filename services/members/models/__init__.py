"""What the members service remembers: its tables, one module per area."""

from __future__ import annotations

from services.members.models.accounts import Account
from services.members.models.audit import AuditEntry, AuditHead
from services.members.models.clients import Client
from services.members.models.cooperatives import Cooperative, Counter, DataKey
from services.members.models.documents import Document
from services.members.models.forms import MemberForm
from services.members.models.membership import Departure, Member
from services.members.models.notifications import Notification
from services.members.models.verification import VerificationCode

__all__ = [
    "Account",
    "AuditEntry",
    "AuditHead",
    "Client",
    "Cooperative",
    "Counter",
    "DataKey",
    "Departure",
    "Document",
    "Member",
    "MemberForm",
    "Notification",
    "VerificationCode",
]
