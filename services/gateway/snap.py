"""How the bank-like API speaks: SNAP BI's signatures, response codes and amounts.

After the Indonesian standard of payment APIs (KEP GBI 23/10/KEP.GBI/2021 and ASPI's
developer site). The hub is no licensed provider: it follows the form towards systems
of its own cooperatives only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from marshmallow import Schema, fields

from services.gateway.http import answers
from services.gateway.http.answers import Answer, Headers
from services.gateway.http.operations import Dialect
from services.gateway.http.problems import (
    MalformedJson,
    TooManyRequests,
    UnsupportedMediaType,
)
from services.gateway.http.requests import Request
from services.shared import clock, errors
from services.shared.contracts import ledger, transfers
from services.shared.contracts.fields import AMOUNT_MAX
from services.shared.contracts.members import partners
from services.shared.errors import ServiceError

TOKEN: Final = "73"  # noqa: S105  the code of a service
BALANCE: Final = "11"
HISTORY: Final = "12"
INQUIRY: Final = "15"
TRANSFER: Final = "17"
STATUS: Final = "36"

SUCCESSFUL: Final = "Successful"
IN_PROGRESS: Final = "Request In Progress"
MESSAGE_LENGTH_MAX: Final = 150
CURRENCY: Final = "IDR"
AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,15})\.00")
"""SNAP writes two decimals; there is no money of less than a rupiah."""

_OUTSIDE_STRINGS: Final = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', re.DOTALL)

TRANSACTION_HEADERS: Final = {
    "X-TIMESTAMP": "ISO 8601 with offset, within five minutes of the hub's clock.",
    "X-SIGNATURE": "HMAC-SHA512 with the client secret, in base64, over "
    "`METHOD:path:token:lower(hex(sha256(minified body))):X-TIMESTAMP`.",
    "X-PARTNER-ID": "The partner's id.",
    "X-EXTERNAL-ID": "Digits, at most 36, unique on each day in Jakarta.",
    "CHANNEL-ID": "Digits or letters, at most 5.",
}
TOKEN_HEADERS: Final = {
    "X-TIMESTAMP": "ISO 8601 with offset, within five minutes of the hub's clock.",
    "X-CLIENT-KEY": "The partner's id.",
    "X-SIGNATURE": "SHA256withRSA with the private key, in base64, over "
    "`X-CLIENT-KEY|X-TIMESTAMP`.",
}
_HEADER_FORMS: Final = {
    "X-SIGNATURE": re.compile(r"[A-Za-z0-9+/=]{1,2000}"),
    "X-PARTNER-ID": re.compile(r"[A-Za-z0-9_-]{1,36}"),
    "X-CLIENT-KEY": re.compile(r"[A-Za-z0-9_-]{1,100}"),
    "X-EXTERNAL-ID": re.compile(r"[0-9]{1,36}"),
    "CHANNEL-ID": re.compile(r"[A-Za-z0-9]{1,5}"),
}
DIGITS_SHOWN: Final = 4
KEPT_LENGTH_MAX: Final = 64
ACCOUNT_FIELDS: Final = frozenset(
    {"accountNo", "beneficiaryAccountNo", "sourceAccountNo"}
)
KEPT_FIELDS: Final = frozenset(
    {
        "currency",
        "feeType",
        "fromDateTime",
        "originalExternalId",
        "originalPartnerReferenceNo",
        "originalReferenceNo",
        "pageNumber",
        "pageSize",
        "partnerReferenceNo",
        "serviceCode",
        "toDateTime",
        "transactionDate",
        "value",
    }
)
REFUSAL_STATUSES: Final = (400, 401, 403, 404, 409, 429, 500, 504)


class Refused(ServiceError):
    """A refusal in SNAP's own terms: status, case of two digits, message."""

    code = "snap_refused"

    def __init__(
        self, status: int, case: str, message: str, more: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message, {"status": status, "case": case, "more": more or {}})


class Refusal(Schema):
    """A refusal: status, service and case in seven digits."""

    responseCode = fields.String(  # noqa: N815  SNAP's own name
        required=True, metadata={"example": "4031714"}
    )
    responseMessage = fields.String(  # noqa: N815
        required=True, metadata={"example": "Insufficient Funds"}
    )
    referenceNo = fields.String()  # noqa: N815
    partnerReferenceNo = fields.String()  # noqa: N815


def minified(body: bytes) -> bytes:
    """The body without white space between its tokens; nothing is sorted."""
    return _OUTSIDE_STRINGS.sub(lambda found: found[1] or b"", body)


def string_to_sign(
    method: str, path: str, token: str, body: bytes, timestamp: str
) -> str:
    """What the signature of a request covers; ``path`` with its query string."""
    digest = hashlib.sha256(minified(body)).hexdigest()
    return f"{method}:{path}:{token}:{digest}:{timestamp}"


def rupiah(value: str) -> int:
    """Whole rupiah out of SNAP's ``10000.00``. Raises ValueError."""
    if not AMOUNT.fullmatch(value):
        raise ValueError(value)
    amount = int(value[:-3])
    if not 0 < amount <= AMOUNT_MAX:
        raise ValueError(value)
    return amount


def amount_of(rupiah: int) -> dict[str, str]:
    """Whole rupiah as SNAP writes them."""
    return {"value": f"{rupiah}.00", "currency": CURRENCY}


def moment_of(moment: str) -> str:
    """A moment of the hub as SNAP writes it: Jakarta's time, whole seconds."""
    local = datetime.fromisoformat(moment).astimezone(clock.JAKARTA)
    return local.isoformat(timespec="seconds")


def headers_of(request: Request, expected: Mapping[str, str]) -> dict[str, str]:
    """The headers that must be there, each in its form. Raises Refused."""
    found: dict[str, str] = {}
    for name in expected:
        value = request.headers.get(name.lower(), "").strip()
        if not value:
            raise Refused(400, "02", f"Invalid Mandatory Field {name}")
        form = _HEADER_FORMS.get(name)
        if form is not None and not form.fullmatch(value):
            raise Refused(400, "01", f"Invalid Field Format {name}")
        found[name] = value
    if not _is_moment(found["X-TIMESTAMP"]):
        raise Refused(400, "01", "Invalid Field Format X-TIMESTAMP")
    return found


def _is_moment(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text and moment.utcoffset() is not None


def kept_of(body: dict[str, Any]) -> dict[str, Any]:
    """What of a request's body is kept for ten years: no names, no whole numbers.

    What is not known to be harmless is left out, and so is what no schema looked at.
    """
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict) and name == "amount":
            kept[name] = kept_of({key: value.get(key) for key in ("value", "currency")})
        elif not isinstance(value, str) or len(value) > KEPT_LENGTH_MAX:
            continue
        elif name in ACCOUNT_FIELDS:
            kept[name] = _masked(value)
        elif name in KEPT_FIELDS:
            kept[name] = value
    return kept


def _masked(number: str) -> str:
    """An account number by its last digits; a short one not even so."""
    shown = number[-DIGITS_SHOWN:] if len(number) > DIGITS_SHOWN else ""
    return f"{'•' * (len(number) - len(shown))}{shown}"


def bounds(begin: str | None, end: str | None) -> tuple[datetime, datetime]:
    """The period of a history: by default the last 31 days, never more than that.

    Raises Refused for a period that ends before it begins, is longer than a month
    or begins more than a year ago.
    """
    now = clock.now()
    until = _moment(end, "toDateTime") if end else now
    since = _moment(begin, "fromDateTime") if begin else until - MONTH
    if not since <= until <= since + MONTH:
        raise Refused(400, "01", "Invalid Field Format toDateTime")
    if since < now - YEAR:
        raise Refused(400, "01", "Invalid Field Format fromDateTime")
    return since, until


MONTH: Final = timedelta(days=31)
YEAR: Final = timedelta(days=366)


def _moment(text: str, field: str) -> datetime:
    if not _is_moment(text):
        raise Refused(400, "01", f"Invalid Field Format {field}")
    return datetime.fromisoformat(text)


# Refusals.

Case = tuple[int, str, str]

_NOT_PERMITTED: Final = (403, "15", "Transaction Not Permitted")
_DO_NOT_HONOR: Final = (403, "05", "Do Not Honor")
_UNAUTHORIZED: Final = (401, "00", "Unauthorized. [Signature]")
_NOT_FOUND: Final = (404, "01", "Transaction Not Found")
_INVALID_ACCOUNT: Final = (404, "11", "Invalid Account")
_CASES: Final[dict[str, Case]] = {
    MalformedJson.code: (400, "00", "Bad Request"),
    UnsupportedMediaType.code: (400, "00", "Bad Request. [Content-Type]"),
    TooManyRequests.code: (429, "00", "Too Many Requests"),
    partners.InvalidPartnerSignature.code: _UNAUTHORIZED,
    partners.AddressNotAllowed.code: (401, "00", "Unauthorized. [IP address]"),
    partners.ExternalIdReused.code: (409, "00", "Conflict"),
    transfers.AccountNotFound.code: _INVALID_ACCOUNT,
    transfers.AccountNotActive.code: (403, "18", "Inactive Account"),
    transfers.SameAccount.code: _NOT_PERMITTED,
    transfers.NoAgreement.code: _NOT_PERMITTED,
    transfers.TransferLimitExceeded.code: (
        403,
        "02",
        "Exceeds Transaction Amount Limit",
    ),
    transfers.DailyLimitExceeded.code: (403, "23", "Account Limit Exceeded"),
    transfers.LimitExceeded.code: (403, "23", "Account Limit Exceeded"),
    transfers.ParticipantSuspendedError.code: _NOT_PERMITTED,
    transfers.InsufficientFunds.code: (403, "14", "Insufficient Funds"),
    transfers.InsufficientLiquidity.code: _DO_NOT_HONOR,
    transfers.NetDebitCapExceeded.code: _DO_NOT_HONOR,
    transfers.PayeeRejected.code: _DO_NOT_HONOR,
    transfers.TransferRefused.code: _DO_NOT_HONOR,
    transfers.TransferExpired.code: (403, "00", "Transaction Expired"),
    transfers.PeriodClosed.code: _NOT_PERMITTED,
    ledger.BookNotOpen.code: _NOT_PERMITTED,
    errors.IdempotencyKeyReused.code: (404, "18", "Inconsistent Request"),
}
_CASES_OF_CATEGORIES: Final[tuple[tuple[type[ServiceError], Case], ...]] = (
    (errors.NotAuthenticatedError, (401, "01", "Invalid Token (B2B)")),
    (errors.NotAllowedError, (403, "01", "Feature Not Allowed")),
    (errors.NotFoundError, _INVALID_ACCOUNT),
    (errors.OutcomeUnknownError, (504, "00", "Timeout")),
    (errors.RefusedError, _DO_NOT_HONOR),
)
_FAILED: Final = (500, "00", "General Error")


def dialect(service: str, headers: Mapping[str, str]) -> Dialect:
    """How the operation with this service code speaks."""

    def refuse(error: ServiceError, request: Request) -> Answer:
        return refusal(service, error, request)

    return Dialect(
        audience=partners.TOKEN_AUDIENCE,
        refuse=refuse,
        refusal=Refusal,
        refusal_statuses=REFUSAL_STATUSES,
        headers=headers,
    )


def refusal(service: str, error: ServiceError, request: Request) -> Answer:
    """The answer to a request that was refused."""
    status, case, message = _case(error, request)
    more = error.details["more"] if isinstance(error, Refused) else {}
    return answer(service, status, case, message, more)


def answer(
    service: str, status: int, case: str, message: str, more: dict[str, Any]
) -> Answer:
    """An answer with its code of seven digits: status, service, case."""
    body = {
        "responseCode": f"{status}{service}{case}",
        "responseMessage": message[:MESSAGE_LENGTH_MAX],
        **more,
    }
    stamp = clock.now().astimezone(clock.JAKARTA).isoformat(timespec="seconds")
    headers: Headers = (("X-TIMESTAMP", stamp),)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers = (*headers, ("Retry-After", "1"))
    return answers.of_json(status, body, headers=headers)


def code_of(answer: Answer) -> str:
    """The seven digits that an answer says."""
    code: str = json.loads(answer.body)["responseCode"]
    return code


def _case(error: ServiceError, request: Request) -> Case:
    if isinstance(error, Refused):
        return error.details["status"], error.details["case"], error.message
    if error.code == errors.Malformed.code:
        return _malformed(error)
    if error.code in _CASES:
        return _CASES[error.code]
    if isinstance(error, errors.NotAuthenticated) and not request.headers.get(
        "authorization"
    ):
        return 401, "03", "Token Not Found (B2B)"
    for category, case in _CASES_OF_CATEGORIES:
        if isinstance(error, category):
            return case
    return _FAILED


def _malformed(error: ServiceError) -> Case:
    """Which field is missing or has the wrong form."""
    listed = error.details.get("errors") or [{"field": "", "code": ""}]
    first = listed[0]
    if not first["field"]:
        return 400, "00", "Bad Request"
    if first["code"] == "required":
        return 400, "02", f"Invalid Mandatory Field {first['field']}"
    return 400, "01", f"Invalid Field Format {first['field']}"
