"""How a cooperative registers itself, proves its legality and is activated.

| entrypoint | rule | command | result |
|---|---|---|---|
| `start_registration` | anyone | `StartRegistration` | `RegistrationAccepted` |
| `resend_activation` | anyone | `ResendActivation` | `RegistrationAccepted` |
| `activate_registration` | anyone | `ActivateRegistration` | `ActivatedRegistration` |
| `list_registrations` | operator | `ListRegistrations` | `RegistrationPage` |
| `get_registration` | operator | `RegistrationCommand` | `RegistrationDetails` |
| `approve_registration` | operator | `ApproveRegistration` | `Registration` |
| `refuse_registration` | operator | `RefuseRegistration` | `Registration` |
| `get_own_registration` | cooperative:read | `{}` | `Registration` |
| `submit_registration` | cooperative:write | `Command` | `Registration` |
| `put_legality` | cooperative:write | `PutLegality` | `Legality` |
| `get_legality` | cooperative:read, service loans | `{}` | `Legality` |
| `list_licences` | operator | `ListLicences` | `LicencePage` |
| `put_modules` | cooperative:write | `PutModules` | `Modules` |
| `get_modules` | cooperative:read | `{}` | `Modules` |
| `put_partner_code` | operator | `PutPartnerCode` | `PartnerCode` |
| `list_partner_codes` | operator | `ListPartnerCodes` | `PartnerCodePage` |

What a stranger is answered never tells whether an e-mail address is known.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.members import (
    COOPERATIVE_KINDS,
    Command,
    Cooperative,
    Page,
    identifier,
    name_field,
)
from services.shared.errors import ConflictError, RateLimitedError, RefusedError

REGISTRATION_STATES: Final = (
    "awaiting_activation",
    "activated",
    "submitted",
    "refused",
    "approved",
)
AREAS: Final = ("kabupaten_kota", "provinsi", "nasional")
MODULES: Final = ("ekyc", "scoring", "loans", "insurance", "bot")
TERMS_VERSION: Final = "2026-11-01"

# Events, published to the exchange of the members service.
REGISTRATION_SUBMITTED: Final = "registration_submitted"  # RegistrationEvent


class TermsNotCurrent(RefusedError):
    """These are not the terms and conditions in force; read and accept the new ones."""

    code = "terms_not_current"


class InvalidActivationLink(RefusedError):
    """The activation link is unknown, was used or has expired; ask for a new one."""

    code = "invalid_activation_link"


class LegalityIncomplete(RefusedError):
    """The legality data is missing or does not allow activation yet."""

    code = "legality_incomplete"


class KindIsFixed(ConflictError):
    """The kind of an active cooperative does not change."""

    code = "kind_is_fixed"


class RegistrationUnderReview(ConflictError):
    """The registration is being reviewed; nothing of it changes until that is over."""

    code = "registration_under_review"


class RegistrationNotSubmitted(ConflictError):
    """Only a registration that was submitted can be decided."""

    code = "registration_not_submitted"


class RegistrationAlreadyDecided(ConflictError):
    """The registration was approved already."""

    code = "registration_already_decided"


class RegistrationUndecided(ConflictError):
    """The cooperative registered itself; decide its registration instead."""

    code = "registration_undecided"


class ActivationMailTooSoon(RateLimitedError):
    """This address was sent a link a moment ago; look into the spam folder too."""

    code = "activation_mail_too_soon"


class NoCodeLeft(RefusedError):
    """The hub has no code left for another cooperative."""

    code = "no_code_left"


class TermsOfService(Schema):
    """Which terms and conditions a new cooperative accepts."""

    version = fields.String(required=True, metadata={"example": TERMS_VERSION})


class RegistrationBody(Schema):
    """A cooperative that its person in charge registers (R6)."""

    name = name_field("KSP Maju Bersama")
    email = fields.Email(
        required=True,
        validate=validate.Length(max=200),
        metadata={
            "description": "Of the cooperative; the activation link goes there.",
            "example": "pengurus@majubersama.example",
        },
    )
    phone = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^\+?[0-9][0-9 -]{7,18}\Z", error="Must be a telephone number."
        ),
        metadata={
            "description": "Mobile number of the person in charge.",
            "example": "+6281234567890",
        },
    )
    password = text(
        longest=200,
        required=True,
        load_only=True,
        metadata={"example": "Melati-Putih-17"},
    )
    partner_code = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(
            r"^[A-Za-z0-9_-]{1,40}\Z", error="Must be a partner code."
        ),
        metadata={"description": "Who brought it here (R20).", "example": "MITRA-01"},
    )
    terms_version = text(
        longest=40,
        required=True,
        metadata={
            "description": "The version of the terms that was accepted.",
            "example": TERMS_VERSION,
        },
    )


class StartRegistration(RegistrationBody):
    """A cooperative that registers itself."""


class RegistrationAccepted(Schema):
    """The request was taken; whatever follows comes by e-mail, if the address is right.

    The answer is the same for known and unknown addresses.
    """

    status = fields.String(
        required=True,
        validate=validate.Equal("accepted"),
        metadata={"example": "accepted"},
    )


class ResendBody(Schema):
    """The address that an activation link is sent to once more."""

    email = fields.Email(
        required=True,
        validate=validate.Length(max=200),
        metadata={"example": "pengurus@majubersama.example"},
    )


class ResendActivation(ResendBody):
    """A link that is sent again; the ones before stop working."""


class ActivateBody(Schema):
    """What the activation link carries."""

    token = text(
        longest=200,
        required=True,
        load_only=True,
        metadata={"example": "Zx3rT9bWq0"},
    )


class ActivateRegistration(ActivateBody):
    """A link that was followed: the address is the cooperative's."""


class ActivatedRegistration(Schema):
    """The cooperative that came into being; its first user may sign in now."""

    registration_id = identifier("reg_01jd8x")
    cooperative = fields.Nested(Cooperative, required=True)


class RegistrationCommand(Schema):
    """Something about one registration."""

    registration_id = identifier("reg_01jd8x")


class ApproveRegistration(RegistrationCommand, Command):
    """A registration whose legality was checked."""


class RefuseBody(Schema):
    """Why a registration is refused; the cooperative reads it."""

    reason = text(
        longest=500,
        required=True,
        metadata={"example": "Nomor izin usaha tidak ditemukan di OSS."},
    )


class RefuseRegistration(RefuseBody, RegistrationCommand, Command):
    """A registration that is sent back for correction."""


class ListRegistrations(Page):
    """The registrations of the hub."""

    status = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(REGISTRATION_STATES),
    )


class Registration(Schema):
    """A registration as listed: without personal data."""

    id = identifier("reg_01jd8x")
    status = fields.String(required=True, validate=validate.OneOf(REGISTRATION_STATES))
    name = fields.String(required=True, metadata={"example": "KSP Maju Bersama"})
    cooperative_id = fields.String(required=True, allow_none=True)
    partner_code = fields.String(required=True, allow_none=True)
    partner_name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null for a code that nobody knows."},
    )
    terms_version = fields.String(required=True)
    terms_accepted_at = UtcField(required=True)
    activated_at = UtcField(required=True, allow_none=True)
    submitted_at = UtcField(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)
    refusal_reason = fields.String(required=True, allow_none=True)


class RegistrationPage(Schema):
    """Registrations, oldest first."""

    items = fields.List(fields.Nested(Registration), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RegistrationEvent(Schema):
    """Payload of ``registration_submitted``."""

    registration_id = identifier("reg_01jd8x")
    cooperative_id = identifier("coop_01jd8x")


# Legality


class LegalityBody(Schema):
    """What the cooperative says of its legal standing (R3, R65, R66, R82)."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(COOPERATIVE_KINDS),
        metadata={"example": "ksp_primer"},
    )
    legal_entity_number = text(
        longest=100,
        required=True,
        metadata={
            "description": "Number of the badan hukum.",
            "example": "AHU-0001234.AH.01.26",
        },
    )
    legal_entity_on = fields.Date(required=True, metadata={"example": "2015-03-02"})
    licence_number = text(
        longest=100,
        required=True,
        metadata={
            "description": "Number of the izin usaha simpan pinjam from OSS.",
            "example": "9120001234567",
        },
    )
    licence_issued_on = fields.Date(required=True, metadata={"example": "2023-07-10"})
    licence_expires_on = fields.Date(
        required=True,
        allow_none=True,
        metadata={
            "description": "Null for a licence without end.",
            "example": "2028-07-09",
        },
    )
    kbli = fields.String(
        required=True,
        validate=validate.Regexp(r"^6414[1-8]\Z", error="Must be 64141 to 64148."),
        metadata={"example": "64141"},
    )
    area = fields.String(
        required=True,
        validate=validate.OneOf(AREAS),
        metadata={"description": "Area of membership.", "example": "provinsi"},
    )
    initial_capital = AmountField(required=True, metadata={"example": 1_500_000_000})
    founder_count = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=100_000),
        metadata={"example": 21},
    )
    business_since = fields.Date(
        required=True,
        metadata={
            "description": "When savings and loans began.",
            "example": "2015-06-01",
        },
    )


class PutLegality(LegalityBody):
    """The whole of the legality data, as it is from now on."""


class Finding(Schema):
    """One thing that stands against activation."""

    field = fields.String(required=True, metadata={"example": "initial_capital"})
    code = fields.String(required=True, metadata={"example": "capital_below_minimum"})
    detail = fields.String(required=True)


class Legality(LegalityBody):
    """The legality data with what stands against activation."""

    changed_at = UtcField(required=True)
    findings = fields.List(fields.Nested(Finding), required=True)


class RegistrationDetails(Registration):
    """A registration with whom to ask and what to check."""

    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    legality = fields.Nested(Legality, required=True, allow_none=True)


class LicenceQuery(Page):
    """Licences that end by a day."""

    expires_before = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "By default 90 days from now; expired ones are listed too.",
            "example": "2027-02-20",
        },
    )


class ListLicences(LicenceQuery):
    """Licences of cooperatives that take part, by the day they end."""


class Licence(Schema):
    """A licence that ends, or has ended."""

    cooperative_id = identifier("coop_01jd8x")
    code = fields.String(required=True, metadata={"example": "0101"})
    name = fields.String(required=True, metadata={"example": "KSP Maju Bersama"})
    licence_number = fields.String(required=True)
    licence_expires_on = fields.Date(required=True)


class LicencePage(Schema):
    """Licences, the one that ends first first."""

    items = fields.List(fields.Nested(Licence), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Modules


class ModulesBody(Schema):
    """What the cooperative uses beside its books (R27)."""

    modules = fields.List(
        fields.String(validate=validate.OneOf(MODULES)),
        required=True,
        validate=validate.Length(max=len(MODULES)),
        metadata={"example": ["ekyc", "loans"]},
    )


class PutModules(ModulesBody):
    """The modules that are in use from now on."""


class Modules(ModulesBody):
    """The modules in use, in the order of the list above."""

    changed_at = UtcField(required=True, allow_none=True)


# Partner codes


class PartnerCodeBody(Schema):
    """Whose code it is."""

    name = name_field("Dinas Koperasi Bali")


class PutPartnerCode(PartnerCodeBody):
    """A code that is known from now on."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9_-]{1,40}\Z"),
        metadata={"example": "MITRA-01"},
    )


class ListPartnerCodes(Page):
    """The codes that the hub knows."""


class PartnerCode(Schema):
    """A partner and its code, in capitals."""

    code = fields.String(required=True, metadata={"example": "MITRA-01"})
    name = fields.String(required=True, metadata={"example": "Dinas Koperasi Bali"})


class PartnerCodePage(Schema):
    """Partner codes in their order."""

    items = fields.List(fields.Nested(PartnerCode), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
