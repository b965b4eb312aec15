"""A vendor of identity checks: Dukcapil, faces and BPJSTK, as Verihubs would tell.

Everybody exists and matches: any NIK is answered as the person that was asked about.
Who is to meet with something else has a NIK whose last four digits, the serial, say so:

| serial | what happens |
|---|---|
| 9901 | the NIK is not found |
| 9902 | the name is another one (score 20) |
| 9903 | the name is nearly the same (score 67): a person has to look |
| 9904 | the birth date is another one |
| 9905 | the faces are nearly the same (score 68): a person has to look |
| 9906 | the faces are two persons' (score 31) |
| 9907 | the answer comes late, after `slow_seconds` |
| 9908 | the vendor fails with 500, again and again |
| 9909 | the vendor lies: it answers about another NIK |
| 9910 | the answer is no JSON |
| 9911 | the vendor fails with 503 the first time, and answers the second |
| 9912 | BPJSTK does not know the person |
| 9913 | the wage is just the ceiling of JP, so the true one may be higher |
| 9914 | the person is not insured any more |
| 9915 | Dukcapil answers, but what BPJSTK says comes as 500 |
| 9916 | the vendor refuses the request with 400 |

Beside the API, `GET /simulate/calls` tells how often each path was asked, and
`POST /simulate/outage` `{"is_down"}` answers everything with 503, or no more. The same
`reference_id` is always answered the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from services.hub.simulators import web
from services.shared import clock

VERIFY: Final = "/data-verification/certificate-electronic/verify"
COMPARE: Final = "/v1/face/compare"
INCOME: Final = "/data-verification/bpjstk/income"

NOT_FOUND: Final = "9901"
OTHER_NAME: Final = "9902"
NEAR_NAME: Final = "9903"
OTHER_BIRTH_DATE: Final = "9904"
NEAR_FACE: Final = "9905"
OTHER_FACE: Final = "9906"
SLOW: Final = "9907"
FAILING: Final = "9908"
LYING: Final = "9909"
GARBAGE: Final = "9910"
FAILING_ONCE: Final = "9911"
NOT_INSURED: Final = "9912"
CAPPED: Final = "9913"
INSURED_ONCE: Final = "9914"
INCOME_FAILING: Final = "9915"
REFUSED: Final = "9916"

FACES: Final = {NEAR_FACE: 68, OTHER_FACE: 31}
FACE: Final = 93
NAMES: Final = {OTHER_NAME: 20, NEAR_NAME: 67}
NAME: Final = 98
WAGE: Final = 6_250_000
WAGE_CEILING: Final = 10_547_400
SLOW_SECONDS: Final = 30.0
NEEDED: Final = ("nik", "name", "birth_date", "reference_id", "consent")
SOMEBODY_ELSE: Final = "3174010101800001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account it is: the application's id and its key."""

    app_id: str
    key: str


@dataclass(slots=True, kw_only=True)
class Vendor:
    """Everything that the simulator remembers: no person, only who was asked about."""

    account: Account
    slow_seconds: float = SLOW_SECONDS
    is_down: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    # How often something was asked under a reference, by path and reference.
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    _serials: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        """Answer one request."""
        try:
            content = json.loads(body or b"{}")
            if path.startswith("/simulate/"):
                return self._simulate(method, path, content)
            return self._api(method, path, headers, content)
        except (AttributeError, KeyError, TypeError, ValueError) as fault:
            return 400, {"message": repr(fault), "error_code": "BAD_REQUEST"}

    def _api(
        self, method: str, path: str, headers: dict[str, str], content: dict[str, Any]
    ) -> web.Answer:
        answers: dict[str, Callable[[dict[str, Any], str], web.Answer]] = {
            VERIFY: self._verify,
            COMPARE: self._compare,
            INCOME: self._income,
        }
        if method != "POST" or path not in answers:
            return 404, {"message": "not found", "error_code": "NO_SUCH_PATH"}
        with self._lock:
            self.calls[path] += 1
        if self.is_down:
            return 503, {"message": "down", "error_code": "UNAVAILABLE"}
        if not self._is_known(headers):
            return 401, {"message": "unauthorized", "error_code": "UNAUTHORIZED"}
        reference = str(content["reference_id"])
        with self._lock:
            self.asked[path, reference] += 1
            if "nik" in content:
                self._serials[reference] = str(content["nik"])[-4:]
            serial = self._serials.get(reference, "")
        return self._misbehaving(path, reference, serial) or answers[path](
            content, serial
        )

    def _misbehaving(self, path: str, reference: str, serial: str) -> web.Answer | None:
        """What a vendor in trouble answers, if this is the person for it."""
        if serial == SLOW:
            time.sleep(self.slow_seconds)
        is_first = self.asked[path, reference] == 1
        if serial == FAILING or (serial == INCOME_FAILING and path == INCOME):
            return 500, {"message": "internal error", "error_code": "INTERNAL"}
        if serial == FAILING_ONCE and is_first:
            return 503, {"message": "try again", "error_code": "UNAVAILABLE"}
        if serial == GARBAGE:
            return 200, b"<html>Sedang pemeliharaan</html>"
        if serial == REFUSED:
            return 400, {"message": "no quota", "error_code": "QUOTA"}
        return None

    @staticmethod
    def _verify(content: dict[str, Any], serial: str) -> web.Answer:
        _require(content, *NEEDED)
        if serial == NOT_FOUND:
            return 404, _not_known(content, "NIK_NOT_FOUND")
        rejected = []
        if serial in NAMES:
            rejected.append("name")
        if serial == OTHER_BIRTH_DATE:
            rejected.append("birth_date")
        return 200, {
            "message": "Request Success",
            "error_code": "",
            "data": {
                **_header(content, serial),
                "status": "not_verified" if rejected else "verified",
                "reject_field": rejected,
                "name_similarity": NAMES.get(serial, NAME),
            },
        }

    @staticmethod
    def _compare(content: dict[str, Any], serial: str) -> web.Answer:
        _require(content, "image_1", "image_2")
        return 200, {
            "message": "Request Success",
            "error_code": "",
            "data": {
                "id": _number(content),
                "reference_id": content["reference_id"],
                "similarity": FACES.get(serial, FACE),
            },
        }

    @staticmethod
    def _income(content: dict[str, Any], serial: str) -> web.Answer:
        _require(content, *NEEDED)
        if serial == NOT_INSURED:
            return 404, _not_known(content, "NOT_REGISTERED")
        today = clock.business_date()
        year, month = divmod(today.year * 12 + today.month - 2, 12)
        return 200, {
            "message": "Request Success",
            "error_code": "",
            "data": {
                **_header(content, serial),
                "kepesertaan": {
                    "nomor_kpj": str(content["nik"])[5:],
                    "nama": str(content["name"]).upper(),
                    "perusahaan": "PT Kopi Nusantara",
                    "upah_terakhir": WAGE_CEILING if serial == CAPPED else WAGE,
                    "periode_upah": f"{year:04d}-{month + 1:02d}",
                    "masa_iur_bulan": 48,
                    "status_kepesertaan": "NON AKTIF"
                    if serial == INSURED_ONCE
                    else "AKTIF",
                    "program": ["JHT", "JKK", "JKM", "JP"],
                },
            },
        }

    def _is_known(self, headers: dict[str, str]) -> bool:
        given, known = headers.get("api-key", ""), self.account.key
        is_key = hmac.compare_digest(given.encode(), known.encode())
        return is_key and headers.get("app-id") == self.account.app_id

    def _simulate(self, method: str, path: str, content: dict[str, Any]) -> web.Answer:
        if (method, path) == ("GET", "/simulate/calls"):
            return 200, dict(self.calls)
        if (method, path) == ("POST", "/simulate/outage"):
            self.is_down = bool(content["is_down"])
            return 200, {}
        return 404, {"detail": "See the table at the top of this simulator."}


def _require(content: dict[str, Any], *names: str) -> None:
    missing = [name for name in names if not content.get(name)]
    if missing:
        message = f"required: {', '.join(missing)}"
        raise ValueError(message)


def _number(content: dict[str, Any]) -> str:
    """The same number for the same reference."""
    digest = hashlib.sha256(str(content["reference_id"]).encode())
    return digest.hexdigest()[:24]


def _header(content: dict[str, Any], serial: str) -> dict[str, Any]:
    return {
        "id": _number(content),
        "reference_id": content["reference_id"],
        "nik": SOMEBODY_ELSE if serial == LYING else content["nik"],
    }


def _not_known(content: dict[str, Any], error_code: str) -> dict[str, Any]:
    return {
        "id": _number(content),
        "reference_id": content["reference_id"],
        "nik": content["nik"],
        "message": "not found",
        "error_code": error_code,
    }


def run(
    address: tuple[str, int], account: Account, emit: Callable[[str], object]
) -> None:
    """Listen until the process is told to end; emits the API's URL once it does."""
    vendor = Vendor(account=account)
    bound = web.server(address, vendor.respond)
    emit(json.dumps({"url": f"http://{web.address_of(bound)}"}))
    bound.serve_forever()


def start(
    account: Account,
    address: tuple[str, int] = ("127.0.0.1", 0),
    *,
    slow_seconds: float = SLOW_SECONDS,
) -> tuple[str, Vendor, Callable[[], None]]:
    """Listen on a thread of this process: the API's URL, its memory, how to stop."""
    vendor = Vendor(account=account, slow_seconds=slow_seconds)
    bound = web.server(address, vendor.respond)
    stop = web.serve_aside(bound)
    return f"http://{web.address_of(bound)}", vendor, stop
