"""A payment provider that speaks iPaymu's protocol, and can be told to lie.

The API side checks signatures and keeps its transactions in memory. Beside it:

| request | what it does |
|---|---|
| `GET /simulate/transactions` | lists what was asked for |
| `POST /simulate/pay/{trx}` | lets it be paid, and calls back |
| `POST /simulate/expire/{trx}` | lets its time run out, and calls back |
| `POST /simulate/outage` `{"is_down"}` | answers every call with 503, or no more |

The body of `pay` and `expire` may hold what makes the callback a lie: `amount`,
`reference_id` and `trx_id` replace what is true in it, `signature` its signature,
`repeat` sends it that often, `is_paid: false` calls back without having been paid,
`is_called_back: false` pays and keeps silent, `format: "json"` sends JSON, and
`paid_amount` lets another amount be paid than was asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import requests

from services.hub.simulators import web
from services.shared import clock

BASE: Final = "/api/v2"
FEE: Final = 4000
"""What a virtual account costs its payer, in rupiah."""

CALLBACK_SECONDS: Final = 15.0
UNAUTHORIZED: Final = {
    "Status": 401,
    "Success": False,
    "Message": "unauthorized signature",
}
NEEDED: Final = ("name", "phone", "email", "amount", "notifyUrl", "referenceId")
PAID: Final = 1
EXPIRED: Final = -2
WORDS: Final = {PAID: "berhasil", 0: "pending", EXPIRED: "expired"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account it is: its number, and the key that signs its requests."""

    va: str
    key: str


@dataclass(slots=True, kw_only=True)
class Transaction:
    """A virtual account that was asked for."""

    id: int
    session: str
    reference: str
    amount: int
    channel: str
    name: str
    notify_url: str
    number: str
    status: int = 0

    @property
    def shown(self) -> dict[str, Any]:
        """As `POST /transaction` shows it."""
        return {
            "TransactionId": self.id,
            "SessionId": self.session,
            "ReferenceId": self.reference,
            "Via": "va",
            "Channel": self.channel,
            "PaymentNo": self.number,
            "Amount": str(self.amount),
            "Fee": str(FEE),
            "Status": self.status,
            "StatusDesc": WORDS.get(self.status, "gagal"),
            "PaidStatus": "paid" if self.status == PAID else "unpaid",
        }


@dataclass(slots=True, kw_only=True)
class Provider:
    """Everything that the simulator remembers."""

    account: Account
    transactions: dict[int, Transaction] = field(default_factory=dict)
    is_down: bool = False
    # A simulator that is started anew gives no number a second time.
    _numbers: itertools.count[int] = field(
        default_factory=lambda: itertools.count(int(clock.now().timestamp() * 1000))
    )

    def respond(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        """Answer one request."""
        try:
            content = json.loads(body or b"{}")
            if path.startswith("/simulate/"):
                return self._simulate(method, path, content)
            return self._api(method, path, headers, body)
        except (AttributeError, KeyError, TypeError, ValueError) as fault:
            return 400, {"Status": 400, "Success": False, "Message": repr(fault)}

    def _api(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        if self.is_down:
            return 503, {}
        if not self._is_signed(method, headers, body):
            return 401, UNAUTHORIZED
        content = json.loads(body)
        answers: dict[str, Callable[[dict[str, Any]], web.Answer]] = {
            "/payment/direct": self._direct,
            "/transaction": self._transaction,
            "/balance": self._balance,
        }
        operation = answers.get(path.removeprefix(BASE))
        if method != "POST" or operation is None:
            return 404, {"Status": 404, "Success": False, "Message": "not found"}
        return operation(content)

    def _is_signed(self, method: str, headers: dict[str, str], body: bytes) -> bool:
        digest = hashlib.sha256(body).hexdigest()
        told = f"{method}:{self.account.va}:{digest}:{self.account.key}"
        key = self.account.key.encode()
        expected = hmac.digest(key, told.encode(), hashlib.sha256).hex()
        given = headers.get("signature", "")
        has_moment = len(headers.get("timestamp", "")) == len("YYYYMMDDhhmmss")
        return (
            has_moment
            and headers.get("va") == self.account.va
            and hmac.compare_digest(given.encode(), expected.encode())
        )

    def _direct(self, content: dict[str, Any]) -> web.Answer:
        missing = [name for name in NEEDED if not content.get(name)]
        if missing or content.get("paymentMethod") != "va":
            told = f"required: {', '.join(missing) or 'paymentMethod va'}"
            return 400, {"Status": 400, "Success": False, "Message": told}
        number = next(self._numbers)
        made = Transaction(
            id=number,
            session=hashlib.sha256(str(number).encode()).hexdigest()[:32],
            reference=str(content["referenceId"]),
            amount=int(content["amount"]),
            channel=str(content["paymentChannel"]),
            name=str(content["name"]),
            notify_url=str(content["notifyUrl"]),
            number=f"8888{number % 10**12:012d}",
        )
        self.transactions[number] = made
        return _success(self._made(made, content))

    @staticmethod
    def _made(made: Transaction, content: dict[str, Any]) -> dict[str, Any]:
        return {
            "SessionId": made.session,
            "TransactionId": made.id,
            "ReferenceId": made.reference,
            "Via": "VA",
            "Channel": made.channel.upper(),
            "PaymentNo": made.number,
            "PaymentName": made.name,
            "Total": made.amount + FEE,
            "Fee": FEE,
            "Expired": f"{content.get('expired', 24)} hours",
            "Note": None,
            "Url": None,
        }

    def _transaction(self, content: dict[str, Any]) -> web.Answer:
        found = self.transactions.get(int(content["transactionId"]))
        if found is None:
            return 404, {"Status": 404, "Success": False, "Message": "not found"}
        return _success(found.shown)

    def _balance(self, _content: dict[str, Any]) -> web.Answer:
        paid = [one.amount for one in self.transactions.values() if one.status == PAID]
        return _success(
            {
                "Va": self.account.va,
                "MerchantBalance": str(sum(paid)),
                "MemberBalance": 0,
            }
        )

    def _simulate(self, method: str, path: str, content: dict[str, Any]) -> web.Answer:
        parts = path.removeprefix("/simulate/").split("/")
        if (method, parts) == ("GET", ["transactions"]):
            return 200, {"items": [one.shown for one in self.transactions.values()]}
        if (method, parts) == ("POST", ["outage"]):
            self.is_down = bool(content["is_down"])
            return 200, {}
        if method == "POST" and parts[0] in {"pay", "expire"}:
            status = PAID if parts[0] == "pay" else EXPIRED
            return self._change(self.transactions[int(parts[1])], status, content)
        return 404, {"detail": "See the table at the top of this simulator."}

    def _change(
        self, transaction: Transaction, status: int, content: dict[str, Any]
    ) -> web.Answer:
        if content.get("is_paid", True):
            transaction.status = status
            transaction.amount = int(content.get("paid_amount", transaction.amount))
        is_told = content.get("is_called_back", True)
        times = int(content.get("repeat", 1)) if is_told else 0
        answered = [self._call_back(transaction, status, content) for _ in range(times)]
        return 200, {"callbacks": answered}

    def _call_back(
        self, transaction: Transaction, status: int, lies: dict[str, Any]
    ) -> int | str:
        fields = _fields(transaction, status, lies)
        is_json = lies.get("format") == "json"
        signed = lies.get("signature") or callback_signature(fields, self.account.va)
        body = json.dumps(fields) if is_json else urlencode(_flat(fields))
        media_type = "json" if is_json else "x-www-form-urlencoded"
        headers = {
            "Content-Type": f"application/{media_type}",
            "X-Signature": signed,
            "X-Timestamp": clock.now().isoformat(timespec="seconds"),
            "X-External-ID": f"{transaction.id}",
        }
        try:
            return requests.post(
                transaction.notify_url,
                data=body.encode(),
                headers=headers,
                timeout=CALLBACK_SECONDS,
                allow_redirects=False,
            ).status_code
        except requests.RequestException as fault:
            return type(fault).__name__


def callback_signature(fields: Mapping[str, Any], va: str) -> str:
    """How iPaymu signs a callback: sorted JSON, under the account's number."""
    told = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    escaped = told.replace("/", "\\/")
    return hmac.digest(va.encode(), escaped.encode(), hashlib.sha256).hex()


def _fields(
    transaction: Transaction, status: int, lies: dict[str, Any]
) -> dict[str, Any]:
    amount = lies.get("amount", transaction.amount)
    return {
        "trx_id": int(lies.get("trx_id", transaction.id)),
        "sid": transaction.session,
        "reference_id": lies.get("reference_id", transaction.reference),
        "status": WORDS[status],
        "status_code": status,
        "transaction_status_code": PAID,
        "via": "va",
        "channel": transaction.channel,
        "amount": str(amount),
        "fee": str(FEE),
        "total": str(int(amount) + FEE),
        "paid_off": int(amount),
        "va": transaction.number,
        "payment_no": transaction.number,
        "settlement_status": "unsettled",
        "is_escrow": False,
        "additional_info": [],
    }


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    """As a form carries them: booleans as PHP writes them, empty lists left out."""
    return {
        name: int(value) if isinstance(value, bool) else value
        for name, value in fields.items()
        if value != []
    }


def _success(data: dict[str, Any]) -> web.Answer:
    return 200, {"Status": 200, "Success": True, "Message": "success", "Data": data}


def run(
    address: tuple[str, int], account: Account, emit: Callable[[str], object]
) -> None:
    """Listen until the process is told to end; emits the API's URL once it does."""
    provider = Provider(account=account)
    bound = web.server(address, provider.respond)
    emit(json.dumps({"url": f"http://{web.address_of(bound)}{BASE}"}))
    bound.serve_forever()


def start(
    account: Account, address: tuple[str, int] = ("127.0.0.1", 0)
) -> tuple[str, Provider, Callable[[], None]]:
    """Listen on a thread of this process: the API's URL, its memory, how to stop."""
    provider = Provider(account=account)
    bound = web.server(address, provider.respond)
    stop = web.serve_aside(bound)
    return f"http://{web.address_of(bound)}{BASE}", provider, stop
