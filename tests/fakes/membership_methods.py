"""What the members' stand-in answers about members, their documents and forms."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts import files, ledger, members
from services.shared.contracts.members import (
    documents,
    dues,
    forms,
    me,
    membership,
    verification,
)


class Nothing(Schema):
    """A command without content."""


METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "search_members": (membership.SearchMembers, membership.FoundMembers),
    "change_member": (membership.ChangeMember, members.MemberDetails),
    "get_member_nik": (members.MemberCommand, membership.FullNik),
    "refuse_candidate": (membership.RefuseCandidate, members.Member),
    "invite_member": (membership.InviteMember, membership.MemberLogin),
    "list_duplicate_identities": (members.Page, membership.DuplicateIdentityPage),
    "send_verification_code": (verification.SendCode, verification.CodeSent),
    "confirm_verification_code": (verification.ConfirmCode, verification.Verified),
    "put_member_form": (forms.PutMemberForm, forms.MemberForm),
    "get_member_form": (forms.GetMemberForm, forms.MemberForm),
    "get_application_form": (
        membership.ApplicationFormCommand,
        membership.ApplicationForm,
    ),
    "apply_for_membership": (membership.Application, membership.ApplicationReceived),
    "confirm_application": (verification.ConfirmApplication, verification.Verified),
    "propose_departure": (membership.ProposeDeparture, membership.Departure),
    "get_departure": (membership.DepartureCommand, membership.Departure),
    "list_departures": (membership.ListDepartures, membership.DeparturePage),
    "approve_departure": (membership.ApproveDeparture, membership.Departure),
    "withdraw_departure": (membership.WithdrawDeparture, membership.Departure),
    "upload_document": (documents.UploadDocument, documents.Document),
    "list_documents": (documents.ListDocuments, documents.DocumentPage),
    "get_document": (documents.DocumentCommand, documents.Document),
    "get_document_content": (documents.DocumentCommand, files.File),
    "accept_document": (documents.AcceptDocument, documents.Document),
    "reject_document": (documents.RejectDocument, documents.Document),
    "get_me": (Nothing, members.MemberDetails),
    "change_me": (me.MyChanges, members.MemberDetails),
    "list_my_accounts": (members.Page, members.AccountPage),
    "get_my_statement": (me.GetMyStatement, ledger.Statement),
    "list_my_contributions": (members.Page, dues.ContributionPage),
    "get_my_dues": (members.Page, dues.MemberDues),
    "list_my_documents": (members.Page, documents.DocumentPage),
    "upload_my_document": (me.UploadMyDocument, documents.Document),
    "get_my_document_content": (documents.DocumentCommand, files.File),
    "send_my_verification_code": (me.SendMyCode, verification.CodeSent),
    "confirm_my_verification_code": (
        verification.ConfirmBody,
        verification.Verified,
    ),
}
