"""Speaks with iPaymu, API version 2 (domain.md, topic 3)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import requests

from services.members.domain.payments import (
    Callback,
    ProviderAway,
    ProviderRefused,
    Reading,
    Request,
    VirtualAccount,
)
from services.shared import clock
from services.shared.contracts.fields import AMOUNT_MAX
from services.shared.settings import Settings

TIMEOUT_SECONDS: Final = 8.0
"""Shorter than a call between services may take: the one who waits gets an answer."""

ANSWER_BYTES_MAX: Final = 262_144
FORM: Final = "application/x-www-form-urlencoded"
FIELDS_MAX: Final = 100
DIGITS_MAX: Final = 30
WORD_CHARACTERS_MAX: Final = 100
_JAKARTA: Final = ZoneInfo("Asia/Jakarta")
_NUMBERS: Final = ("trx_id", "status_code", "transaction_status_code", "paid_off")
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_OK: Final = 200


class Ipaymu:
    """The hub's account at iPaymu."""

    def __init__(
        self,
        *,
        url: str,
        va: str,
        key: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url = url
        self._va = va
        self._key = key
        self._timeout_seconds = timeout_seconds

    @classmethod
    def of(cls, settings: Settings) -> Ipaymu | None:
        """The account of the settings; None when the hub has none."""
        if not (settings.ipaymu_url and settings.ipaymu_va and settings.ipaymu_key):
            return None
        return cls(
            url=settings.ipaymu_url, va=settings.ipaymu_va, key=settings.ipaymu_key
        )

    def request(self, asked: Request) -> VirtualAccount:
        """A virtual account for one payment. Raises ProviderAway, ProviderRefused.

        The payer bears the provider's fee, so that the amount arrives whole.
        """
        data = self._post(
            "/payment/direct",
            {
                "account": self._va,
                "name": asked.name,
                "phone": asked.phone,
                "email": asked.email,
                "amount": asked.amount,
                "notifyUrl": asked.notify_url,
                "expired": asked.hours,
                "expiredType": "hours",
                "referenceId": asked.reference,
                "paymentMethod": "va",
                "paymentChannel": asked.channel,
                "product": [asked.product],
                "qty": [1],
                "price": [asked.amount],
                "feeDirection": "BUYER",
            },
        )
        try:
            return VirtualAccount(
                transaction_id=_text(data["TransactionId"]),
                number=_text(data["PaymentNo"]),
                name=_text(data.get("PaymentName") or asked.name),
                total=rupiah(data.get("Total")) or asked.amount,
                fee=rupiah(data.get("Fee")) or 0,
            )
        except (KeyError, ValueError) as fault:
            raise ProviderAway(
                "The provider's answer has no payment number."
            ) from fault

    def read(self, transaction_id: str) -> Reading:
        """What became of a transaction. Raises ProviderAway, ProviderRefused."""
        body = {"transactionId": transaction_id, "account": self._va}
        data = self._post("/transaction", body)
        try:
            return Reading(
                transaction_id=_text(data["TransactionId"]),
                reference=_text(data["ReferenceId"]),
                amount=rupiah(data["Amount"]),
                status=int(data["Status"]),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise ProviderAway("The provider's answer cannot be read.") from fault

    def _post(self, path: str, content: dict[str, Any]) -> Mapping[str, Any]:
        body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            status, answer = self._exchange(path, body)
        except (requests.RequestException, OSError, ValueError) as fault:
            # The name of the fault, not its text: that repeats the whole URL.
            raise ProviderAway(type(fault).__name__) from fault
        if status >= _SERVER_ERROR or status == _TOO_MANY:
            raise ProviderAway(f"The provider answered {status}.")
        is_success = isinstance(answer, dict) and answer.get("Success") is True
        data = answer.get("Data") if is_success else None
        if status != _OK or not isinstance(data, dict):
            raise ProviderRefused(f"The provider refused with {status}.")
        return data

    def _exchange(self, path: str, body: bytes) -> tuple[int, Any]:
        with requests.Session() as session:
            # Neither proxies nor credentials come from the environment.
            session.trust_env = False
            with session.post(
                self._url + path,
                data=body,
                headers=self._headers("POST", body),
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = response.raw.read(ANSWER_BYTES_MAX, decode_content=True)
                is_json = response.status_code < _SERVER_ERROR
                return response.status_code, _json(content) if is_json else None

    def _headers(self, method: str, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "koperasi-hub",
            "va": self._va,
            "signature": signature(self._va, self._key, body, method=method),
            "timestamp": clock.now().astimezone(_JAKARTA).strftime("%Y%m%d%H%M%S"),
        }


def read_callback(
    body: bytes, media_type: str, signed: str | None, va: str
) -> Callback:
    """What a callback says; of what cannot be read, nothing.

    ``va`` is our account's number, ``signed`` what the callback's header says.
    """
    fields = _fields(body, media_type)
    expected = callback_signature(fields, va)
    return Callback(
        transaction_id=_short(fields.get("trx_id")),
        reference=_short(fields.get("reference_id")),
        amount=rupiah(fields.get("amount")),
        status=_short(fields.get("status")),
        is_signed=signed is not None
        and hmac.compare_digest(expected.encode(), signed.encode()),
    )


def signature(va: str, key: str, body: bytes, *, method: str = "POST") -> str:
    """The signature of a request to iPaymu, in hex."""
    digest = hashlib.sha256(body).hexdigest().lower()
    told = f"{method}:{va}:{digest}:{key}"
    return hmac.digest(key.encode(), told.encode(), hashlib.sha256).hex()


def callback_signature(fields: Mapping[str, Any], va: str) -> str:
    """The signature of a callback, in hex.

    Its key is the account's number, which is no secret: who signs well may still lie.
    """
    normal: dict[str, Any] = dict(fields)
    for name in _NUMBERS:
        number = _integer(normal.get(name))
        if number is not None:
            normal[name] = number
    if "is_escrow" in normal:
        normal["is_escrow"] = str(normal["is_escrow"]).lower() in {"1", "true"}
    normal["additional_info"] = normal.get("additional_info") or []
    told = json.dumps(
        normal, sort_keys=True, separators=(",", ":"), default=str
    ).replace("/", "\\/")
    return hmac.digest(va.encode(), told.encode(), hashlib.sha256).hex()


def rupiah(value: object) -> int | None:
    """Whole rupiah out of 150000, "150000" or "150000.00"; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    if len(str(value)) > DIGITS_MAX:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    is_whole = amount.is_finite() and amount == amount.to_integral_value()
    return int(amount) if is_whole and 0 <= amount <= AMOUNT_MAX else None


def _json(content: bytes | str) -> Any:
    # An amount with a fraction is read as it is written, never as a float.
    return json.loads(content, parse_float=Decimal)


def _fields(body: bytes, media_type: str) -> dict[str, Any]:
    try:
        text = body.decode()
        if media_type == FORM:
            return dict(
                parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
            )
        found = _json(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _integer(value: object) -> int | None:
    text = str(value)
    if isinstance(value, bool) or not text.removeprefix("-").isdigit():
        return None
    return int(text) if len(text) <= DIGITS_MAX and text.isascii() else None


def _short(value: object) -> str | None:
    """An id or a word as text; None when it is neither, or holds what no id holds."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value)
    is_short = 0 < len(text) <= WORD_CHARACTERS_MAX
    return text if is_short and text.isprintable() else None


def _text(value: object) -> str:
    found = _short(value)
    if found is None:
        message = "not a number or a word"
        raise ValueError(message)
    return found
