"""What the members' stand-in answers about partners and the audit trail."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts import members
from services.shared.contracts.members import audit, partners

METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "create_partner": (partners.CreatePartner, partners.NewPartner),
    "list_partners": (members.Page, partners.PartnerPage),
    "renew_partner_secret": (partners.ChangePartner, partners.NewPartner),
    "revoke_partner": (partners.ChangePartner, partners.Partner),
    "list_partner_requests": (
        partners.ListPartnerRequests,
        partners.PartnerRequestPage,
    ),
    "authenticate_partner": (partners.AuthenticatePartner, partners.PartnerToken),
    "admit_partner_request": (partners.AdmitPartnerRequest, partners.AdmittedRequest),
    "record_partner_answer": (partners.RecordPartnerAnswer, partners.RecordedAnswer),
    "find_partner_request": (partners.FindPartnerRequest, partners.FoundRequest),
    "get_partner_account": (members.AccountCommand, partners.PartnerAccount),
    "list_audit_entries": (audit.ListAuditEntries, audit.AuditPage),
}
