"""Claims on policies."""

from __future__ import annotations

from typing import Any, Final

from services.insurance.adapters.http_insurer import read_callback
from services.insurance.entrypoints.peers import Peers
from services.insurance.entrypoints.policies import LOANS, READS
from services.insurance.operations import claims
from services.shared import access
from services.shared.contracts.insurance import claims as contract
from services.shared.messaging import Event, loaded, on_event, rpc, timer

WRITES: Final = access.scope("insurance:write")


class ClaimEntrypoints(Peers):
    """Claims on policies."""

    @rpc(access.any_of(WRITES, LOANS))
    def open_claim(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a claim."""
        request = loaded(contract.OpenClaim(), command)
        return claims.open_claim(self.database, self.actor, request)

    @rpc(WRITES)
    def upload_claim_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a document of a claim."""
        request = loaded(contract.UploadClaimDocument(), command)
        return claims.upload_document(self.database, self.settings, self.actor, request)

    @rpc(access.scope("insurance:read"))
    def get_claim_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the file itself, and write down who looked."""
        request = loaded(contract.ClaimDocumentCommand(), command)
        return claims.get_document(self.database, self.settings, self.actor, request)

    @rpc(WRITES)
    def submit_claim(self, command: dict[str, Any]) -> dict[str, Any]:
        """Submit a claim to the insurer."""
        request = loaded(contract.ChangeClaim(), command)
        return self.once(
            request,
            lambda: claims.submit_claim(self.desk, self.actor, request["claim_id"]),
        )

    @rpc(WRITES)
    def withdraw_claim(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a claim back."""
        request = loaded(contract.ChangeClaim(), command)
        return self.once(
            request,
            lambda: claims.withdraw_claim(
                self.database, self.actor, request["claim_id"]
            ),
        )

    @rpc(READS)
    def get_claim(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a claim and its papers."""
        request = loaded(contract.ClaimCommand(), command)
        return claims.get_claim(self.database, self.tenant, request["claim_id"])

    @rpc(READS)
    def list_claims(self, command: dict[str, Any]) -> dict[str, Any]:
        """List claims."""
        request = loaded(contract.ListClaims(), command)
        return claims.list_claims(self.database, self.tenant, request)

    @rpc(access.anyone)
    def record_insurer_callback(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take what somebody calls back about a claim."""
        request = loaded(contract.RecordInsurerCallback(), command)
        key = self.settings.insurer_key
        return claims.record_callback(
            self.database,
            lambda body, signed: read_callback(body, signed, key),
            request,
        )

    @on_event("members", "member_left")
    def on_members_member_left(self, event: Event) -> None:
        """Draft claims on the life of a member who has died."""
        claims.open_for_deceased(self.database, event.event_id, event.payload)

    @timer(seconds=5.0)
    def sweep_claims(self) -> None:
        """Carry on with claims that are due."""
        claims.sweep(self.desk)

    @timer(seconds=600.0)
    def remind_of_claims(self) -> None:
        """Tell of drafts whose deadline is near."""
        claims.remind(self.database)
