"""`python -m tests.benchmarks.applications`: how fast an application is judged.

The real stack as separate processes, with the simulator of the identity vendor beside
it. One path is what happens between "Ajukan Pinjaman" and a place in the line that
counts a score: create, submit, check, score, position. Papers are uploaded in between
and not counted. Non-zero when the 95th percentile is over `LIMIT_MS`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final

from services.hub.simulators import dukcapil
from services.hub.simulators.dukcapil import Account
from services.shared import clock
from tests.benchmarks.__main__ import (
    ROOT,
    Hub,
    console,
    drop_databases,
    environment,
    stack,
    verify,
)

LIMIT_MS: Final = 300
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00foto\xff\xd9"
PDF: Final = b"%PDF-1.7\nslip gaji\n%%EOF\n"
ACCOUNT: Final = Account(app_id="APP-UJI", key="KUNCI-UJI")
FORM: Final = {
    "employment": "self_employed",
    "monthly_income": 6_000_000,
    "monthly_turnover": 15_000_000,
    "business_months": 48,
    "income_cycle": "daily",
}
PRODUCT: Final = {
    "code": "umum",
    "name": "Pinjaman Umum",
    "method": "menurun",
    "rate_bps": 2400,
    "maximum_amount": 10_000_000,
    "maximum_count": 24,
}


class Clerk:
    """A cooperative's own system, and how long each step took it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        operator = hub.token(hub.operator)
        body = {"code": "9002", "name": "KSP Cepat", "kind": "ksp_primer"}
        made = hub.call(operator, "POST", "/v1/cooperatives", body)
        base = f"/v1/cooperatives/{made['id']}"
        hub.call(operator, "POST", f"{base}/activate")
        topped = {"amount": 100_000_000, "reference": "VA-1"}
        hub.call(operator, "POST", f"{base}/wallet/topups", topped)
        client = hub.call(
            operator, "POST", f"{base}/clients", {"name": "Loket", "scopes": ["*"]}
        )
        self.token = hub.token((client["client_id"], client["client_secret"]))
        # Every service learns of a new cooperative by an event.
        time.sleep(3)
        terms = {
            "kind": "pokok",
            "amount": 100_000,
            "valid_from": clock.business_date().replace(day=1).isoformat(),
        }
        self.ask("POST", "/v1/contribution-terms", terms)
        rules = {"minimum_membership_months": 0}
        self.ask("PUT", "/v1/loan-application-settings", rules)
        self.product = self.ask("POST", "/v1/loan-products", PRODUCT)["id"]

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request that must succeed."""
        return self.hub.call(self.token, method, path, body)

    def upload(self, path: str, content: bytes, media_type: str) -> None:
        """A document that is handed in."""
        answer = self.hub.session.post(
            f"{self.hub.base}{path}",
            data=content,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": media_type,
            },
            timeout=60,
        )
        answer.raise_for_status()

    def member(self, number: int) -> str:
        """A member who can be checked."""
        person = {
            "name": "Budi Santoso",
            "nik": f"317101170890{number + 1:04d}",
            "birth_date": "1990-08-17",
        }
        member_id: str = self.ask("POST", "/v1/members", person)["id"]
        for kind in ("ktp", "selfie"):
            path = f"/v1/members/{member_id}/documents?kind={kind}"
            self.upload(path, JPEG, "image/jpeg")
        paid = {"kind": "pokok", "channel": "cash"}
        self.ask("POST", f"/v1/members/{member_id}/contributions", paid)
        self.ask("POST", f"/v1/members/{member_id}/activate")
        return member_id

    def path(self, number: int) -> dict[str, float]:
        """The milliseconds of each step of one application."""
        taken: dict[str, float] = {}

        def timed(
            step: str, method: str, path: str, body: Any = None
        ) -> dict[str, Any]:
            started = time.perf_counter()
            answer = self.ask(method, path, body)
            taken[step] = (time.perf_counter() - started) * 1000
            return answer

        wish = {
            "member_id": self.member(number),
            "product_id": self.product,
            "amount": 3_000_000,
            "count": 12,
            "purpose": "Modal usaha warung",
            "sector": "perdagangan",
            "form": FORM,
        }
        made = timed("create", "POST", "/v1/loan-applications", wish)
        base = f"/v1/loan-applications/{made['id']}"
        for kind in ("application_form", "cash_book"):
            self.upload(f"{base}/documents?kind={kind}", PDF, "application/pdf")
        timed("submit", "POST", f"{base}/submit")
        consent = {
            "at": datetime.now(UTC).isoformat(),
            "text_version": "1",
            "given_by": "Budi",
        }
        timed("check", "POST", f"{base}/checks", {"consent": consent})
        timed("score", "POST", f"{base}/scores", {})
        placed = timed("position", "GET", base)
        if placed["position"] is None:
            message = f"It waits nowhere: {placed}"
            raise SystemExit(message)
        taken["all of it"] = sum(taken.values())
        return taken


def measure(clerk: Clerk, count: int) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of each step; the first few only warm it up."""
    warm = 5
    paths = [clerk.path(number) for number in range(count + warm)][warm:]
    return {
        step: (
            statistics.median(one[step] for one in paths),
            statistics.quantiles([one[step] for one in paths], n=20)[-1],
        )
        for step in paths[0]
    }


def main() -> int:
    """Measure and print; non-zero when it is too slow or the books are not whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=200)
    arguments = parser.parse_args()
    (ROOT / "bench-results").mkdir(exist_ok=True)
    url, _vendor, stop = dukcapil.start(ACCOUNT)
    env = environment() | {
        "HUB_KYC_VENDOR": "verihubs",
        "HUB_KYC_URL": url,
        "HUB_KYC_APP_ID": ACCOUNT.app_id,
        "HUB_KYC_KEY": ACCOUNT.key,
    }
    drop_databases(env)
    try:
        with stack(env, "") as hub:
            found = measure(Clerk(hub), arguments.applications)
    finally:
        stop()
    console.print(f"{arguments.applications} applications, {os.cpu_count()} cores")
    for step, (median, p95) in found.items():
        console.print(f"{step:>10} {median:7.1f} ms, 95 in 100 under {p95:7.1f} ms")
    is_whole = verify(env)
    console.print(f"hub verify: {is_whole}")
    return 0 if is_whole and found["all of it"][1] < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
