"""Checks of members for tests: the real services, and a vendor on a real socket."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.hub.simulators import dukcapil
from services.kyc.service import KycService
from services.ledger.operations import wallets
from services.ledger.service import LedgerService
from services.members.service import MembersService
from services.shared import identifiers
from services.shared.identity import Identity
from services.shared.persistence import tenants
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.members import OPERATOR, Tenant, idempotency
from tests.factories.membership import upload
from tests.fakes import in_process
from tests.fakes.kyc_vendor import Faults, Peer

ACCOUNT: Final = dukcapil.Account(app_id="hub-uji", key="KUNCI-UJI")
CONSENT: Final = {
    "at": "2026-11-20T09:00:00+07:00",
    "text_version": "ekyc-2026-01",
    "given_by": "Budi Santoso",
}
BORN: Final = date(1990, 8, 17)
FEE: Final = 5_000
SCOPES: Final = ("kyc:write", "kyc:read", "members:read", "cooperative:write")
ANALYST: Final = "usr_analis"
_regencies = itertools.count(1)


def nik_of(serial: str) -> str:
    """A NIK of Budi's birth date with these last four digits; another each time."""
    number = next(_regencies)
    return f"51{number // 98 + 1:02d}{number % 98 + 1:02d}170890{serial}"


@dataclass(kw_only=True)
class CheckDesk:
    """A cooperative that has members checked, the vendor, and the way between them."""

    tenant: Tenant
    database: Database
    settings: Settings
    vendor: dukcapil.Vendor
    ledger_faults: Faults = field(default_factory=Faults)
    members_faults: Faults = field(default_factory=Faults)

    def service(
        self, subject: str = ANALYST, *scopes: str, through: str = "gateway"
    ) -> KycService:
        """The service as somebody of the cooperative reaches it."""
        caller = Identity(
            subject=subject,
            cooperative_id=self.tenant.id,
            scopes=frozenset(scopes or SCOPES),
            service=through,
        )
        made: KycService = in_process.service(
            KycService,
            database=self.database,
            settings=self.settings,
            caller=caller,
            ledger=self._peer(
                LedgerService, self.tenant.world.ledger, caller, self.ledger_faults
            ),
            members=self._peer(
                MembersService, self.tenant.world.members, caller, self.members_faults
            ),
        )
        return made

    def call(
        self, method: str, command: dict[str, Any], *, subject: str = ANALYST
    ) -> dict[str, Any]:
        """The answer to a member of the staff."""
        return in_process.call(self.service(subject), method, command)

    def operator(self, method: str, command: dict[str, Any]) -> dict[str, Any]:
        """The answer to the hub's operator."""
        service = in_process.service(
            KycService,
            database=self.database,
            settings=self.settings,
            caller=OPERATOR,
        )
        return in_process.call(service, method, command)

    def member(
        self,
        serial: str = "0001",
        *,
        name: str = "Budi Santoso",
        with_photos: bool = True,
        **body: Any,
    ) -> str:
        """A member whose NIK ends so: the simulator goes by it."""
        told = {"nik": nik_of(serial), "birth_date": BORN, "gender": "male"} | body
        member_id: str = self.tenant.register_member(name, **told)["id"]
        if with_photos:
            upload(self.tenant, member_id, kind="ktp")
            upload(self.tenant, member_id, kind="selfie")
        return member_id

    def top_up(self, amount: int) -> None:
        """Money in the cooperative's wallet."""
        wallets.top_up_wallet(
            self.tenant.world.ledger,
            cooperative_id=self.tenant.id,
            amount=amount,
            reference=identifiers.new("trf"),
            idempotency=idempotency("POST /v1/topups", {"amount": amount}),
        )

    @property
    def balance(self) -> int:
        """What is left in the wallet."""
        found = wallets.get_wallet(self.tenant.world.ledger, self.tenant.id)
        return int(found["balance"])

    def ask(
        self, member_id: str, request_id: str | None = None, **body: Any
    ) -> dict[str, Any]:
        """A check, asked for by the loans service for an analyst."""
        command = {
            "member_id": member_id,
            "feature": "ekyc",
            "request_id": request_id or identifiers.new("req"),
            "applied_amount": 3_000_000,
            "consent": CONSENT,
        } | body
        service = self.service(ANALYST, "applications:write", through="loans")
        return in_process.call(service, "request_check", command)

    def show(self, check: dict[str, Any] | str) -> dict[str, Any]:
        """A check as it stands."""
        check_id = check if isinstance(check, str) else check["id"]
        return self.call("get_check", {"check_id": check_id})

    def only_check(self) -> dict[str, Any]:
        """The one check that there is."""
        [found] = self.call("list_checks", {})["items"]
        return dict(found)

    def sweep(self) -> None:
        """Let a minute pass, and the timer look for what was left."""
        with self.database.hub() as session:
            session.execute(
                text(
                    "UPDATE checks SET due_at = now() - interval '1 second' "
                    "WHERE due_at IS NOT NULL AND cooperative_id = :cooperative_id"
                ),
                {"cooperative_id": self.tenant.id},
            )
        self.service().carry_on_checks()

    def asked(self, path: str) -> int:
        """How often the vendor was asked."""
        return self.vendor.calls[path]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the tables about this cooperative."""
        with self.database.tenant(self.tenant.id) as session:
            return [tuple(row) for row in session.execute(text(query))]

    def trail(self, subject: str) -> list[str]:
        """What the audit trail is told of something, oldest first."""
        with self.database.hub() as session:
            rows = session.execute(
                text(
                    "SELECT payload->>'action' FROM outbox WHERE name = 'audited' "
                    "AND payload->>'subject' = :subject ORDER BY id"
                ),
                {"subject": subject},
            )
            return [row[0] for row in rows]

    def upload_ideb(self, member_id: str, report: object) -> dict[str, Any]:
        """An iDEB that a member hands in."""
        return self.call(
            "upload_bureau_report",
            {"member_id": member_id, "content": encoded(json.dumps(report))},
        )

    def load_list(self, name: str, content: str) -> dict[str, Any]:
        """A list that the operator loads."""
        return self.operator("load_list", {"name": name, "content": encoded(content)})

    def _peer(
        self, kind: type, database: Database, caller: Identity, faults: Faults
    ) -> Peer:
        return Peer(
            kind=kind,
            database=database,
            settings=self.settings,
            caller=caller.through("kyc"),
            faults=faults,
        )


def open_desk(
    tenant: Tenant, database: Database, *, wallet: int = 100_000, **vendor: Any
) -> tuple[CheckDesk, Callable[[], None]]:
    """A cooperative with money and a vendor; with it, what stops the vendor."""
    url, simulated, stop = dukcapil.start(ACCOUNT, **vendor)
    settings = replace(
        tenant.world.settings,
        kyc_vendor="verihubs",
        kyc_url=url,
        kyc_app_id=ACCOUNT.app_id,
        kyc_key=ACCOUNT.key,
    )
    introduce(tenant, database, settings)
    desk = CheckDesk(
        tenant=tenant, database=database, settings=settings, vendor=simulated
    )
    desk.top_up(wallet)
    return desk, stop


def introduce(tenant: Tenant, database: Database, settings: Settings) -> None:
    """Let the service know a cooperative, as the register's event does."""
    payload = {
        "cooperative_id": tenant.id,
        "code": tenant.code,
        "name": "KSP Maju Bersama",
        "kind": "ksp_primer",
    }
    tenants.take_in(database, settings, "kyc", identifiers.new("evt"), payload)


def encoded(content: str) -> str:
    """A file as it travels."""
    return base64.b64encode(content.encode()).decode("ascii")


def ideb(nik: str, *facilities: dict[str, Any], **overview: Any) -> dict[str, Any]:
    """An iDEB about somebody, in the JSON form of SLIK."""
    return {
        "header": {
            "kodeReferensiPengguna": "KSP-1",
            "tanggalHasil": "20261031102233",
            "idPermintaan": "123",
        },
        "individual": {
            "nomorLaporan": "1/IDEB/0101/2026",
            "posisiDataTerakhir": "202609",
            "dataPokokDebitur": [
                {"namaDebitur": "BUDI SANTOSO", "noIdentitas": nik, "npwp": ""}
            ],
            "ringkasanFasilitas": overview,
            "fasilitas": {
                "kreditPembiayan": list(facilities),
                "lc": [],
                "garansiYgDiberikan": [],
                "fasilitasLain": [],
            },
        },
    }


def facility(
    outstanding: str = "12500000", *, quality: str = "1", **months: str
) -> dict[str, Any]:
    """A loan at somebody else's, as an iDEB lists it."""
    return {
        "ljkKet": "PT Bank Contoh",
        "bakiDebet": outstanding,
        "kualitas": quality,
        "jumlahHariTunggakan": "0",
        "tahunBulan01": "202609",
        "tahunBulan01Kol": "1",
        "tahunBulan01Ht": "0",
    } | months
