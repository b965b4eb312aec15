"""An insurer that covers loans, pays claims, and can be told to lie.

The API side checks signatures, is idempotent by the hub's ids and keeps everything in
memory. What it does with a loan depends on the last three digits of its principal:

| principal | what happens |
|---|---|
| …001 | the cover is refused |
| …002 | the reservation is answered after `SLOW_SECONDS` |
| …003 | another premium is answered than was told |
| …004 | the policy is not activated, until somebody allows it |
| …010 | a claim is approved for half of what was claimed |
| …020 | a claim is rejected |
| …030 | a claim stays in review until somebody decides it |
| …040 | a claim is approved for ten times what was claimed |
| any other | everything is covered, and a claim is approved in full and paid |

Each time a claim is asked about it moves one step, and the hub is called back about it.
Beside the API:

| request | what it does |
|---|---|
| `GET /simulate/policies`, `GET /simulate/claims` | lists what was asked for |
| `POST /simulate/policies/{id}/allow` | lets a policy be activated after all |
| `POST /simulate/claims/{id}/decide` | lets a claim be decided, and calls back |
| `POST /simulate/outage` `{"is_down"}` | answers every call with 503, or no more |

The body of `decide` holds `status` (`in_review`, `approved`, `rejected` or `paid`), and
may hold `amount`, `paid_on`, `reason`, `signature` (of the callback) and
`is_called_back`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from services.hub.simulators import web
from services.shared import clock

SLOW_SECONDS: Final = 5.0
CALLBACK_SECONDS: Final = 10.0
CALLED_BACK_AFTER_SECONDS: Final = 0.2

REFUSED: Final = 1
SLOW: Final = 2
OTHER_PREMIUM: Final = 3
NOT_ACTIVATED: Final = 4
HALF: Final = 10
REJECTED: Final = 20
UNDECIDED: Final = 30
LYING: Final = 40

STEPS: Final = ("received", "in_review", "approved", "paid")


@dataclass(slots=True, kw_only=True)
class SimulatedPolicy:
    """A loan that is or was covered."""

    id: str
    insurer: str
    number: str
    principal: int
    premium: int
    status: str = "provisional"
    is_allowed: bool = False
    was_refused: bool = False

    @property
    def rule(self) -> int:
        """What is done with it: the last three digits of its principal."""
        return self.principal % 1000

    @property
    def is_unwanted(self) -> bool:
        """Whether it is not activated."""
        return self.rule == NOT_ACTIVATED and not self.is_allowed

    @property
    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        premium = self.premium + (self.rule == OTHER_PREMIUM)
        return {
            "policy_id": self.id,
            "number": self.number,
            "status": self.status,
            "premium": premium,
        }


@dataclass(slots=True, kw_only=True)
class SimulatedClaim:
    """A claim that was submitted."""

    id: str
    policy: SimulatedPolicy
    claimed: int
    documents: list[str]
    callback_url: str
    status: str = "received"
    amount: int | None = None
    paid_on: str | None = None
    reason: str | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "claim_id": self.id,
            "policy_id": self.policy.id,
            "status": self.status,
            "amount": self.amount,
            "paid_on": self.paid_on,
            "reason": self.reason,
        }

    def step(self) -> bool:
        """Move on by the rule of its principal; whether it has."""
        rule = self.policy.rule
        if self.status in {"paid", "rejected"}:
            return False
        following = STEPS[STEPS.index(self.status) + 1]
        if following == "approved" and rule == UNDECIDED:
            return False
        if following == "approved" and rule == REJECTED:
            self.status, self.reason = "rejected", "Pengecualian polis"
            return True
        if following == "approved":
            factor = {HALF: (1, 2), LYING: (10, 1)}.get(rule, (1, 1))
            self.amount = self.claimed * factor[0] // factor[1]
        if following == "paid":
            self.paid_on = clock.business_date().isoformat()
        self.status = following
        return True


@dataclass(slots=True, kw_only=True)
class Company:
    """Everything that the simulator remembers."""

    key: str
    is_down: bool = False
    # Whether the hub is called back by itself; decisions always can.
    calls_back: bool = True
    policies: dict[str, SimulatedPolicy] = field(default_factory=dict)
    claims: dict[str, SimulatedClaim] = field(default_factory=dict)
    papers: dict[str, set[str]] = field(default_factory=dict)

    def respond(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        """Answer one request."""
        try:
            if path.startswith("/simulate/"):
                return self._simulate(method, path, json.loads(body or b"{}"))
            return self._api(method, path, headers, body)
        except (AttributeError, KeyError, TypeError, ValueError) as fault:
            return 400, {"reason": repr(fault)}

    def _api(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        if self.is_down:
            return 503, {}
        if method != "POST" or not self._is_signed(path, headers, body):
            return 401, {"reason": "signature"}
        parts = path.strip("/").split("/")
        if parts[1:2] == ["policies"]:
            return self._of_policies(parts, json.loads(body))
        return self._of_claims(parts, body)

    def _of_policies(self, parts: list[str], content: dict[str, Any]) -> web.Answer:
        match parts:
            case [insurer, _, policy_id]:
                return self._reserve(insurer, policy_id, content)
            case [_, _, policy_id, "activate" | "cancel" as what]:
                return self._change(policy_id, what)
        return 404, {"reason": "unknown"}

    def _of_claims(self, parts: list[str], body: bytes) -> web.Answer:
        match parts:
            case [_, "claims", claim_id, "documents", document_id]:
                self.papers.setdefault(claim_id, set()).add(document_id)
                return 201, {"document_id": document_id}
            case [_, "claims", claim_id]:
                return self._submit(claim_id, json.loads(body))
            case [_, "claims", claim_id, "status"]:
                return self._read(claim_id)
            case [_, "claims", claim_id, "withdraw"]:
                return self._withdraw(claim_id)
        return 404, {"reason": "unknown"}

    def _is_signed(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        digest = hashlib.sha256(body).hexdigest()
        told = f"POST\n{path}\n{headers.get('x-timestamp', '')}\n{digest}"
        expected = hmac.digest(self.key.encode(), told.encode(), hashlib.sha256).hex()
        given = headers.get("x-signature", "")
        return hmac.compare_digest(expected.encode(), given.encode())

    def _reserve(
        self, insurer: str, policy_id: str, content: dict[str, Any]
    ) -> web.Answer:
        rule = int(content["principal"]) % 1000
        if rule == REFUSED:
            return 422, {"reason": "Di luar ketentuan penerimaan risiko"}
        if policy_id not in self.policies:
            self.policies[policy_id] = SimulatedPolicy(
                id=policy_id,
                insurer=insurer,
                number=f"POLIS-{len(self.policies) + 1:06d}",
                principal=int(content["principal"]),
                premium=int(content["premium"]),
            )
        if rule == SLOW:
            time.sleep(SLOW_SECONDS)
        return 201, self.policies[policy_id].shown

    def _change(self, policy_id: str, what: str) -> web.Answer:
        policy = self.policies.get(policy_id)
        if policy is None:
            return 404, {"reason": "unknown"}
        status = "active" if what == "activate" else "cancelled"
        if status == "active" and policy.status == "cancelled":
            return 409, {"reason": "Polis sudah dibatalkan"}
        if status == "active" and policy.is_unwanted:
            policy.was_refused = True
            return 422, {"reason": "Usia peserta melebihi ketentuan"}
        if policy.was_refused and policy.is_unwanted:
            return 409, {"reason": "Polis tidak pernah berlaku"}
        policy.status = status
        return 200, policy.shown

    def _submit(self, claim_id: str, content: dict[str, Any]) -> web.Answer:
        policy = self.policies.get(str(content["policy_id"]))
        if policy is None or policy.status != "active":
            return 422, {"reason": "Polis tidak aktif"}
        missing = set(content["documents"]) - self.papers.get(claim_id, set())
        if missing:
            return 422, {"reason": f"Dokumen belum diterima: {len(missing)}"}
        if claim_id not in self.claims:
            self.claims[claim_id] = SimulatedClaim(
                id=claim_id,
                policy=policy,
                claimed=int(content["claimed_amount"]),
                documents=list(content["documents"]),
                callback_url=str(content["callback_url"]),
            )
            self._call_back_soon(self.claims[claim_id])
        return 202, self.claims[claim_id].shown

    def _read(self, claim_id: str) -> web.Answer:
        claim = self.claims.get(claim_id)
        if claim is None:
            return 404, {"reason": "unknown"}
        if claim.step():
            self._call_back_soon(claim)
        return 200, claim.shown

    def _withdraw(self, claim_id: str) -> web.Answer:
        claim = self.claims.get(claim_id)
        if claim is None:
            return 404, {"reason": "unknown"}
        if claim.status not in {"received", "in_review"}:
            return 409, {"reason": "Klaim sudah diputuskan"}
        del self.claims[claim_id]
        return 200, {"claim_id": claim_id}

    def _simulate(self, method: str, path: str, content: dict[str, Any]) -> web.Answer:
        match method, path.removeprefix("/simulate/").split("/"):
            case "GET", ["policies"]:
                return 200, {"items": [one.shown for one in self.policies.values()]}
            case "GET", ["claims"]:
                return 200, {"items": [one.shown for one in self.claims.values()]}
            case "POST", ["outage"]:
                self.is_down = bool(content["is_down"])
                return 200, {}
            case "POST", ["policies", policy_id, "allow"]:
                self.policies[policy_id].is_allowed = True
                return 200, self.policies[policy_id].shown
            case "POST", ["claims", claim_id, "decide"]:
                return 200, {"callback": self.decide(claim_id, content)}
        return 404, {"reason": "See the table at the top of this simulator."}

    def decide(self, claim_id: str, content: dict[str, Any]) -> int | str | None:
        """Let a claim be decided; what the hub answered to the callback."""
        claim = self.claims[claim_id]
        claim.status = content["status"]
        claim.amount = content.get("amount", claim.amount or claim.claimed)
        claim.reason = content.get("reason")
        if claim.status == "paid":
            claim.paid_on = content.get("paid_on", clock.business_date().isoformat())
        if not content.get("is_called_back", True):
            return None
        return self._call_back(claim, content.get("signature"))

    def _call_back_soon(self, claim: SimulatedClaim) -> None:
        if self.calls_back:
            threading.Timer(
                CALLED_BACK_AFTER_SECONDS, self._call_back, (claim,)
            ).start()

    def _call_back(
        self, claim: SimulatedClaim, signature: str | None = None
    ) -> int | str:
        told = {"claim_id": claim.id, "status": claim.status, "amount": claim.amount}
        body = json.dumps(told).encode()
        signed = hmac.digest(self.key.encode(), body, hashlib.sha256).hex()
        headers = {
            "Content-Type": "application/json",
            "X-Signature": signature or signed,
        }
        try:
            return requests.post(
                claim.callback_url,
                data=body,
                headers=headers,
                timeout=CALLBACK_SECONDS,
                allow_redirects=False,
            ).status_code
        except requests.RequestException as fault:
            return type(fault).__name__


def run(address: tuple[str, int], key: str, emit: Callable[[str], object]) -> None:
    """Listen until the process is told to end; emits the API's URL once it does."""
    bound = web.server(address, Company(key=key).respond)
    emit(json.dumps({"url": f"http://{web.address_of(bound)}"}))
    bound.serve_forever()


def start(
    key: str, address: tuple[str, int] = ("127.0.0.1", 0)
) -> tuple[str, Company, Callable[[], None]]:
    """Listen on a thread of this process: the API's URL, its memory, how to stop."""
    company = Company(key=key, calls_back=False)
    bound = web.server(address, company.respond)
    stop = web.serve_aside(bound)
    return f"http://{web.address_of(bound)}", company, stop
