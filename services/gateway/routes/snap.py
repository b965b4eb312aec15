"""A bank-like API for a cooperative's own system, in the form of SNAP BI.

"Intrabank" means inside the hub: the beneficiary may be a member of another cooperative
when an agreement is in force, exactly as in `POST /v1/transfers`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from services.gateway import snap
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.oauth import TokenRate
from services.gateway.routes.peers import Peers
from services.gateway.snap import Refused
from services.shared import access, clock, identifiers
from services.shared.contracts import transfers as transfers_contract
from services.shared.contracts.fields import text
from services.shared.contracts.members.partners import REFERENCE_LENGTH_MAX
from services.shared.errors import (
    NotFoundError,
    RequestInProgress,
    ServiceError,
)
from services.shared.messaging import BatchedRpc

TAG: Final = "SNAP"
OPERATION: Final = "SNAP transfer-intrabank"
"""Under which the clearing remembers the payments of partners."""

PAGE_SIZE_MAX: Final = 50
LINES_PER_CALL: Final = 200
LINES_MAX: Final = 10_000
"""Pages are counted from the start of the period; so deep a history can be read."""

READS_ACCOUNTS: Final = access.scope("accounts:read")
READS_TRANSFERS: Final = access.scope("transfers:read")
WRITES_TRANSFERS: Final = access.scope("transfers:write")

# 0001 active, 0002 closed, 0004 new: SNAP's own codes.
ACCOUNT_STATUS: Final = {"active": "0001", "closed": "0002", "opening": "0004"}

_log = logging.getLogger(__name__)


class SnapBody(Schema):
    """Unknown fields are ignored, as SNAP has it: banks add their own."""

    class Meta:
        """What marshmallow does with them."""

        unknown = EXCLUDE


def _account(**options: Any) -> fields.String:
    return fields.String(
        validate=validate.Regexp(r"^[0-9]{1,16}\Z"),
        metadata={"example": "0101100000000016"},
        **options,
    )


def _reference(**options: Any) -> fields.String:
    return fields.String(
        validate=validate.Regexp(rf"^[\x21-\x7e]{{1,{REFERENCE_LENGTH_MAX}}}\Z"),
        metadata={"example": "20261122000000001"},
        **options,
    )


def _moment(**options: Any) -> fields.String:
    return fields.String(
        validate=validate.Length(max=40),
        metadata={"example": "2026-11-22T16:15:03+07:00"},
        **options,
    )


def _whole_rupiah(value: str) -> None:
    try:
        snap.rupiah(value)
    except ValueError:
        raise ValidationError("Must be such as 10000.00.") from None


class SnapAmount(SnapBody):
    """Rupiah with the two decimals that SNAP asks for, both 0."""

    value = fields.String(
        required=True, validate=_whole_rupiah, metadata={"example": "150000.00"}
    )
    currency = fields.String(
        required=True,
        validate=validate.Equal(snap.CURRENCY),
        metadata={"example": snap.CURRENCY},
    )


class SnapTokenBody(SnapBody):
    """What kind of token is asked for."""

    grantType = fields.String(  # noqa: N815  SNAP's own names here and below
        required=True,
        validate=validate.Equal("client_credentials"),
        metadata={"example": "client_credentials"},
    )


class SnapBalanceBody(SnapBody):
    """An account of the partner's cooperative."""

    partnerReferenceNo = _reference()  # noqa: N815
    accountNo = _account(required=True)  # noqa: N815
    balanceTypes = fields.List(  # noqa: N815
        text(longest=30), validate=validate.Length(max=10)
    )


class SnapInquiryBody(SnapBody):
    """An account that is to be paid to."""

    partnerReferenceNo = _reference()  # noqa: N815
    beneficiaryAccountNo = _account(required=True)  # noqa: N815


class SnapTransferBody(SnapBody):
    """A payment from an account of the partner's cooperative."""

    partnerReferenceNo = _reference(required=True)  # noqa: N815
    amount = fields.Nested(SnapAmount, required=True)
    beneficiaryAccountNo = _account(required=True)  # noqa: N815
    sourceAccountNo = _account(required=True)  # noqa: N815
    transactionDate = _moment(required=True)  # noqa: N815
    beneficiaryEmail = text(longest=50)  # noqa: N815
    currency = fields.String(validate=validate.Equal(snap.CURRENCY))
    customerReference = text(longest=30)  # noqa: N815
    feeType = fields.String(validate=validate.OneOf(("OUR", "BEN", "SHA")))  # noqa: N815
    remark = text(longest=50, metadata={"example": "Bayar beras"})


class SnapStatusBody(SnapBody):
    """A payment by one of the three numbers that it has."""

    originalPartnerReferenceNo = _reference()  # noqa: N815
    originalReferenceNo = fields.String(  # noqa: N815
        validate=validate.Regexp(r"^[A-Za-z0-9_]{1,64}\Z"),
        metadata={"example": "trf_01jd8x"},
    )
    originalExternalId = fields.String(  # noqa: N815
        validate=validate.Regexp(r"^[0-9]{1,36}\Z")
    )
    serviceCode = fields.String(  # noqa: N815
        required=True,
        validate=validate.Equal(snap.TRANSFER),
        metadata={"example": snap.TRANSFER},
    )
    transactionDate = _moment()  # noqa: N815
    amount = fields.Nested(SnapAmount)


class SnapHistoryBody(SnapBody):
    """What happened on an account, at most a month of it."""

    partnerReferenceNo = _reference()  # noqa: N815
    accountNo = _account(required=True)  # noqa: N815
    fromDateTime = _moment()  # noqa: N815
    toDateTime = _moment()  # noqa: N815
    pageSize = fields.String(  # noqa: N815
        load_default="10",
        validate=validate.Regexp(r"^([1-9]|[1-4][0-9]|50)\Z"),
        metadata={"example": "10"},
    )
    pageNumber = fields.String(  # noqa: N815
        load_default="1",
        validate=validate.Regexp(r"^[1-9][0-9]{0,3}\Z"),
        metadata={"example": "1"},
    )


class SnapAnswer(Schema):
    """What every answer begins with."""

    responseCode = fields.String(  # noqa: N815
        required=True, metadata={"example": "2001700"}
    )
    responseMessage = fields.String(  # noqa: N815
        required=True, metadata={"example": snap.SUCCESSFUL}
    )


class SnapTokenAnswer(SnapAnswer):
    """A token for `/snap`, good for 900 seconds."""

    accessToken = fields.String(required=True)  # noqa: N815
    tokenType = fields.String(  # noqa: N815
        required=True, metadata={"example": "Bearer"}
    )
    expiresIn = fields.String(  # noqa: N815
        required=True, metadata={"example": "900"}
    )


class SnapBalanceAnswer(SnapAnswer):
    """The balances of an account."""

    accountNo = _account(required=True)  # noqa: N815
    name = fields.String(required=True)
    accountInfos = fields.List(fields.Dict(), required=True)  # noqa: N815


class SnapInquiryAnswer(SnapAnswer):
    """Whose account it is, masked."""

    beneficiaryAccountName = fields.String(required=True)  # noqa: N815
    beneficiaryAccountNo = _account(required=True)  # noqa: N815
    beneficiaryAccountStatus = fields.String(required=True)  # noqa: N815
    beneficiaryAccountType = fields.String(required=True)  # noqa: N815
    currency = fields.String(required=True)


class SnapTransferAnswer(SnapAnswer):
    """A payment that was made, or with 202 is still under way."""

    referenceNo = fields.String(required=True)  # noqa: N815
    partnerReferenceNo = _reference(required=True)  # noqa: N815
    amount = fields.Nested(SnapAmount, required=True)
    beneficiaryAccountNo = _account(required=True)  # noqa: N815
    sourceAccountNo = _account(required=True)  # noqa: N815
    transactionDate = _moment(required=True)  # noqa: N815


class SnapStatusAnswer(SnapAnswer):
    """How a payment stands."""

    latestTransactionStatus = fields.String(  # noqa: N815
        required=True,
        metadata={"description": "00 success, 03 pending, 04 refunded, 06 failed."},
    )
    transactionStatusDesc = fields.String(required=True)  # noqa: N815


class SnapHistoryAnswer(SnapAnswer):
    """One page of what happened on an account, oldest first."""

    detailData = fields.List(fields.Dict(), required=True)  # noqa: N815


def _transaction(service: str) -> dict[str, Any]:
    """What the operations that are signed with a token have in common."""
    return {
        "tag": TAG,
        "key": Idempotency.NONE,
        "dialect": snap.dialect(service, snap.TRANSACTION_HEADERS),
    }


Fields = dict[str, Any]
Result = tuple[int, str, Fields]
"""Status, message and the fields of an answer."""


class SnapRoutes(Peers):
    """A bank-like API for a cooperative's own system."""

    partner_submissions = BatchedRpc(transfers_contract.SERVICE, "submit_transfers")
    partner_token_rate = TokenRate()

    @route(
        "POST",
        "/snap/v1.0/access-token/b2b",
        tag=TAG,
        rule=access.anyone,
        key=Idempotency.NONE,
        body=SnapTokenBody,
        answer=SnapTokenAnswer,
        dialect=snap.dialect(snap.TOKEN, snap.TOKEN_HEADERS),
    )
    def issue_partner_token(self, request: Request) -> Answer:
        """Give a partner that signs with its private key a token for `/snap`."""
        headers = snap.headers_of(request, snap.TOKEN_HEADERS)
        self.partner_token_rate.check_rate(
            f"{request.address} {headers['X-CLIENT-KEY']}"
        )
        token = self.members.authenticate_partner(
            {
                "client_key": headers["X-CLIENT-KEY"],
                "timestamp": headers["X-TIMESTAMP"],
                "signature": headers["X-SIGNATURE"],
                "address": request.address,
            }
        )
        return snap.answer(
            snap.TOKEN,
            200,
            "00",
            snap.SUCCESSFUL,
            {
                "accessToken": token["access_token"],
                "tokenType": "Bearer",
                "expiresIn": str(token["expires_in"]),
            },
        )

    @route(
        "POST",
        "/snap/v1.0/balance-inquiry",
        rule=READS_ACCOUNTS,
        body=SnapBalanceBody,
        answer=SnapBalanceAnswer,
        **_transaction(snap.BALANCE),
    )
    def inquire_balance(self, request: Request) -> Answer:
        """Tell the balances of an account of the partner's cooperative."""
        return self._answered(request, snap.BALANCE, self._balance)

    @route(
        "POST",
        "/snap/v1.0/account-inquiry-internal",
        rule=READS_ACCOUNTS,
        body=SnapInquiryBody,
        answer=SnapInquiryAnswer,
        **_transaction(snap.INQUIRY),
    )
    def inquire_beneficiary(self, request: Request) -> Answer:
        """Tell whose account a number is, with the name masked.

        An account of another cooperative only when an agreement is in force.
        """
        return self._answered(request, snap.INQUIRY, self._inquiry)

    @route(
        "POST",
        "/snap/v1.0/transfer-intrabank",
        rule=WRITES_TRANSFERS,
        body=SnapTransferBody,
        answer=SnapTransferAnswer,
        other_statuses={202: "The payment is under way; ask for its status."},
        **_transaction(snap.TRANSFER),
    )
    def transfer_intrabank(self, request: Request) -> Answer:
        """Pay from an account of the partner's cooperative to one inside the hub.

        The beneficiary may be of another cooperative. `partnerReferenceNo` stands for
        one payment for ever: asked again after it succeeded it is refused with
        `4091701` and the first `referenceNo`, with other parameters with `4041718`.
        """
        return self._answered(
            request, snap.TRANSFER, self._transfer, _parameters_hash(request.json)
        )

    @route(
        "POST",
        "/snap/v1.0/transfer/status",
        rule=READS_TRANSFERS,
        body=SnapStatusBody,
        answer=SnapStatusAnswer,
        **_transaction(snap.STATUS),
    )
    def inquire_transfer_status(self, request: Request) -> Answer:
        """Tell how a payment stands, by its reference or external id of that day."""
        return self._answered(request, snap.STATUS, self._status)

    @route(
        "POST",
        "/snap/v1.0/transaction-history-list",
        rule=READS_ACCOUNTS,
        body=SnapHistoryBody,
        answer=SnapHistoryAnswer,
        **_transaction(snap.HISTORY),
    )
    def list_partner_transactions(self, request: Request) -> Answer:
        """List what happened on an account, at most a month, 50 lines a page."""
        return self._answered(request, snap.HISTORY, self._history)

    # What each operation does once its request is admitted.

    def _answered(
        self,
        request: Request,
        service: str,
        work: Callable[[Request], Result],
        parameters_hash: str | None = None,
    ) -> Answer:
        """Admit the request, do the work, and have the answer remembered."""
        admitted = self._admit(request, service, parameters_hash)
        try:
            if not admitted["is_consistent"]:
                raise Refused(404, "18", "Inconsistent Request")
            status, message, more = work(request)
            answer = snap.answer(service, status, "00", message, more)
        except ServiceError as refusal:
            answer = snap.refusal(service, refusal, request)
        self._record(admitted["id"], answer)
        return answer

    def _admit(
        self, request: Request, service: str, parameters_hash: str | None
    ) -> dict[str, Any]:
        headers = snap.headers_of(request, snap.TRANSACTION_HEADERS)
        identity = request.identity
        if identity is None or headers["X-PARTNER-ID"] != identity.subject:
            raise Refused(401, "00", "Unauthorized. [X-PARTNER-ID]")
        token = request.headers["authorization"].partition(" ")[2].strip()
        query = f"?{request.query_string}" if request.query_string else ""
        command = {
            "service_code": service,
            "timestamp": headers["X-TIMESTAMP"],
            "signature": headers["X-SIGNATURE"],
            "string_to_sign": snap.string_to_sign(
                request.method,
                f"{request.path}{query}",
                token,
                request.body,
                headers["X-TIMESTAMP"],
            ),
            "external_id": headers["X-EXTERNAL-ID"],
            "address": request.address,
            "reference": request.json.get("partnerReferenceNo"),
            "parameters_hash": parameters_hash,
            "body": snap.kept_of(request.json),
        }
        return dict(self.members.admit_partner_request(command))

    def _record(self, request_id: str, answer: Answer) -> None:
        try:
            self.members.record_partner_answer(
                {"id": request_id, "response_code": snap.code_of(answer)}
            )
        except ServiceError as error:
            # What was done is done: the partner must learn of it all the same.
            _log.warning("the answer to %s was not kept: %r", request_id, error)

    def _balance(self, request: Request) -> Result:
        number = request.json["accountNo"]
        account = self.members.get_partner_account({"number": number})
        available = snap.amount_of(account["available"])
        held = snap.amount_of(account["balance"] - account["available"])
        more = {
            "accountNo": number,
            "name": account["name"],
            "accountInfos": [
                {
                    "balanceType": "Cash",
                    "amount": snap.amount_of(account["balance"]),
                    "floatAmount": snap.amount_of(0),
                    "holdAmount": held,
                    "availableBalance": available,
                    "ledgerBalance": snap.amount_of(account["balance"]),
                    "currentMultilateralLimit": snap.amount_of(0),
                    "status": ACCOUNT_STATUS[account["status"]],
                }
            ],
        }
        return 200, snap.SUCCESSFUL, _with_reference(request, more)

    def _inquiry(self, request: Request) -> Result:
        number = request.json["beneficiaryAccountNo"]
        found = self.members.inquire_account({"number": number})
        more = {
            "beneficiaryAccountName": found["owner_name"],
            "beneficiaryAccountNo": number,
            # Only accounts that can be paid to are told of; all are savings.
            "beneficiaryAccountStatus": ACCOUNT_STATUS["active"],
            "beneficiaryAccountType": "S",
            "currency": snap.CURRENCY,
        }
        return 200, snap.SUCCESSFUL, _with_reference(request, more)

    def _transfer(self, request: Request) -> Result:
        asked = request.json
        try:
            transfer = self.partner_submissions.call(_submission(request))
        except (transfers_contract.TransferPending, RequestInProgress) as pending:
            reference = str(pending.details.get("transfer_id", ""))
            return 202, snap.IN_PROGRESS, _payment(asked, reference)
        if transfer["state"] != "committed":
            return 202, snap.IN_PROGRESS, _payment(asked, transfer["id"])
        if transfer.get("replayed"):
            more = {
                "referenceNo": transfer["id"],
                "partnerReferenceNo": asked["partnerReferenceNo"],
            }
            raise Refused(409, "01", "Duplicate partnerReferenceNo", more)
        return 200, snap.SUCCESSFUL, _payment(asked, transfer["id"])

    def _status(self, request: Request) -> Result:
        transfer_id = request.json.get("originalReferenceNo")
        try:
            if transfer_id:
                found = self.transfers.get_transfer({"transfer_id": transfer_id})
            else:
                found = self._find_payment(request)
        except NotFoundError:
            raise Refused(404, "01", "Transaction Not Found") from None
        return _standing(request.json, found)

    def _find_payment(self, request: Request) -> dict[str, Any] | None:
        """A payment of this partner; None while it may just be under way."""
        asked = request.json
        reference = asked.get("originalPartnerReferenceNo")
        external_id = asked.get("originalExternalId")
        if not reference and not external_id:
            field = "originalPartnerReferenceNo"
            raise Refused(400, "02", f"Invalid Mandatory Field {field}")
        known = self.members.find_partner_request(
            {
                "reference": reference,
                "external_id": external_id,
                "business_date": _day(asked.get("transactionDate")),
            }
        )
        key = {"operation": OPERATION, "key": _key(request, known["reference"])}
        try:
            return dict(self.transfers.find_transfer(key))
        except NotFoundError:
            if known["is_recent"]:
                return None
            raise

    def _history(self, request: Request) -> Result:
        asked = SnapHistoryBody().load(request.json)
        size, number = int(asked["pageSize"]), int(asked["pageNumber"])
        if size * number > LINES_MAX:
            raise Refused(400, "01", "Invalid Field Format pageNumber")
        since, until = snap.bounds(asked.get("fromDateTime"), asked.get("toDateTime"))
        # By the services' own rule the ledger shows a tenant its own accounts alone.
        command = {
            "key": asked["accountNo"],
            "from": since.isoformat(),
            "to": until.isoformat(),
            "limit": LINES_PER_CALL,
        }
        lines: list[Fields] = []
        while len(lines) < size * number:
            page = self.ledger.get_statement(command)
            lines += page["items"]
            if page["next_cursor"] is None:
                break
            command["cursor"] = page["next_cursor"]
        shown = lines[size * (number - 1) : size * number]
        more = {"detailData": [_line(one) for one in shown]}
        return 200, snap.SUCCESSFUL, _with_reference(request, more)


def _with_reference(request: Request, more: Fields) -> Fields:
    """The answer's fields with the partner's own reference, if it gave one."""
    given = request.json.get("partnerReferenceNo")
    return {"partnerReferenceNo": given, **more} if given else more


def _parameters_hash(asked: Fields) -> str:
    """What makes two payments the same; not the time at which they are asked for."""
    parameters = [
        snap.rupiah(asked["amount"]["value"]),
        asked["sourceAccountNo"],
        asked["beneficiaryAccountNo"],
        asked.get("remark"),
        asked.get("customerReference"),
    ]
    return hashlib.sha512(json.dumps(parameters).encode()).hexdigest()


def _key(request: Request, reference: str) -> str:
    """Under which key the clearing remembers a payment of this partner."""
    partner_id = request.identity.subject if request.identity else ""
    return identifiers.derived("snap", partner_id, reference)


def _submission(request: Request) -> dict[str, Any]:
    asked = request.json
    command = {
        "payer_account": asked["sourceAccountNo"],
        "payee_account": asked["beneficiaryAccountNo"],
        "amount": snap.rupiah(asked["amount"]["value"]),
        "idempotency": {
            "operation": OPERATION,
            "key": _key(request, asked["partnerReferenceNo"]),
            "request_hash": _parameters_hash(asked),
        },
    }
    if asked.get("remark"):
        command["description"] = asked["remark"]
    return command


def _payment(asked: Fields, transfer_id: str) -> Fields:
    return {
        "referenceNo": transfer_id,
        "partnerReferenceNo": asked["partnerReferenceNo"],
        "amount": asked["amount"],
        "beneficiaryAccountNo": asked["beneficiaryAccountNo"],
        "sourceAccountNo": asked["sourceAccountNo"],
        "transactionDate": asked["transactionDate"],
    }


def _standing(asked: Fields, transfer: dict[str, Any] | None) -> Result:
    """How a payment stands; None is one that the clearing has not seen yet."""
    status, said = _latest(transfer)
    more: Fields = {
        "serviceCode": asked["serviceCode"],
        "latestTransactionStatus": status,
        "transactionStatusDesc": said,
    }
    for name in ("originalPartnerReferenceNo", "originalExternalId"):
        if name in asked:
            more[name] = asked[name]
    if transfer is not None:
        more |= {
            "originalReferenceNo": transfer["id"],
            "amount": snap.amount_of(transfer["amount"]),
            "sourceAccountNo": transfer["payer_account"],
            "beneficiaryAccountNo": transfer["payee_account"],
            "transactionDate": snap.moment_of(transfer["created_at"]),
        }
    return 200, snap.SUCCESSFUL, more


def _latest(transfer: dict[str, Any] | None) -> tuple[str, str]:
    if transfer is None or transfer["state"] in {"received", "reserved"}:
        return "03", "Pending"
    if transfer["state"] == "aborted":
        return "06", f"Failed: {transfer['code']}"
    if transfer["returned_amount"] >= transfer["amount"]:
        return "04", "Refunded"
    return "00", "Success"


def _day(transaction_date: str | None) -> str | None:
    """The day in Jakarta of SNAP's moment."""
    if transaction_date is None:
        return None
    moment, _ = snap.bounds(transaction_date, transaction_date)
    return clock.business_date(moment).isoformat()


def _line(line: dict[str, Any]) -> Fields:
    is_credit = line["credit"] > 0
    return {
        "dateTime": snap.moment_of(line["at"]),
        "amount": snap.amount_of(line["credit"] or line["debit"]),
        "remark": line["description"],
        "type": "CREDIT" if is_credit else "DEBIT",
        "status": "SUCCESS",
        "additionalInfo": {
            "referenceNo": line["journal_id"],
            "endBalance": snap.amount_of(line["balance"]),
        },
    }
