"""How the transfers service is called: its entrypoints, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from marshmallow import Schema, ValidationError

from services.shared import access
from services.shared.contracts import transfers as contract
from services.shared.crypto import FieldCipher
from services.shared.errors import Malformed
from services.shared.messaging import (
    BatchedRpc,
    Call,
    Caller,
    DatabaseProvider,
    Event,
    Outcome,
    ServiceRpc,
    SettingsProvider,
    batched_rpc,
    on_event,
    rpc,
    timer,
)
from services.shared.outbound.http import SignedSender
from services.shared.outbound.messages import is_local
from services.shared.persistence import idempotency
from services.transfers.adapters.ledger import BusLedger
from services.transfers.operations import (
    agreements,
    alarms,
    callbacks,
    commands,
    events,
    health,
    leaving,
    participants,
    proofs,
    queries,
    recovery,
    reservations,
    returns,
    rotation,
    settlements,
    submission,
    windows,
)

READS: Final = access.scope("transfers:read")
WRITES: Final = access.scope("transfers:write")
EITHER: Final = access.any_of(access.operator, READS, WRITES)

BATCHES_AT_ONCE: Final = 2
"""While one batch waits for the ledger the next can be stored."""

BULKS_AT_ONCE: Final = 4


class TransfersService:
    """Clears payments between cooperatives and settles what they owe one another."""

    name = contract.SERVICE
    database = DatabaseProvider()
    settings = SettingsProvider()
    caller = Caller()
    members = ServiceRpc("members")
    ledger_calls = ServiceRpc("ledger")
    ledger_post = BatchedRpc("ledger", "post_journals")
    ledger_hold = BatchedRpc("ledger", "place_holds")
    ledger_resolve = BatchedRpc("ledger", "resolve_holds")

    @property
    def ledger(self) -> BusLedger:
        """The ledger, asked in the name of this worker's caller."""
        return BusLedger(
            post=self.ledger_post,
            hold=self.ledger_hold,
            resolve=self.ledger_resolve,
            calls=self.ledger_calls,
            call_seconds=self.settings.call_seconds,
        )

    @property
    def cipher(self) -> FieldCipher:
        """Hides the callback secrets."""
        return rotation.cipher(self.settings)

    @property
    def tenant(self) -> str:
        """The cooperative on whose behalf the caller asks."""
        cooperative_id: str = self.caller.identity.cooperative_id
        return cooperative_id

    def _once(
        self, request: dict[str, Any], operation: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Answer a request that came before with the answer it was given then."""
        part = request["idempotency"]
        return idempotency.answer_once(self.database, self.tenant, part, operation)

    # Transfers

    @batched_rpc(WRITES, max_batch=1000, workers=BATCHES_AT_ONCE)
    def submit_transfers(self, calls: list[Call]) -> list[Outcome]:
        """Pay from accounts of the callers' cooperatives."""
        return submission.answer_each(
            calls,
            load=commands.single,
            operate=lambda batch: submission.submit_transfers(
                self.database, self.ledger, batch
            ),
        )

    @batched_rpc(WRITES, max_batch=BULKS_AT_ONCE)
    def submit_bulk_transfers(self, calls: list[Call]) -> list[Outcome]:
        """Carry out bulk requests."""
        return submission.answer_each(
            calls,
            load=commands.bulk,
            operate=lambda batch: submission.submit_bulk_transfers(
                self.database, self.ledger, batch
            ),
        )

    @rpc(WRITES)
    def return_transfer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send all or part of a received payment back."""
        return returns.return_transfer(
            self.database,
            self.ledger,
            _loaded(contract.ReturnTransfer(), command),
            cooperative_id=self.tenant,
            request_id=self.caller.request_id,
        )

    @rpc(WRITES)
    def accept_transfer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a reserved payment."""
        request = _loaded(contract.AcceptTransfer(), command)
        return self._once(
            request,
            lambda: reservations.accept_transfer(
                self.database,
                self.ledger,
                request["transfer_id"],
                cooperative_id=self.tenant,
            ),
        )

    @rpc(WRITES)
    def reject_transfer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do not take a reserved payment."""
        request = _loaded(contract.RejectTransfer(), command)
        return self._once(
            request,
            lambda: reservations.reject_transfer(
                self.database,
                self.ledger,
                request["transfer_id"],
                cooperative_id=self.tenant,
                reason=request["reason"],
            ),
        )

    @rpc(READS)
    def get_transfer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a transfer that the caller's cooperative pays or is paid."""
        request = _loaded(contract.TransferCommand(), command)
        return queries.get_transfer(
            self.database, request["transfer_id"], cooperative_id=self.tenant
        )

    @rpc(READS)
    def find_transfer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about the transfer that a request of the caller's cooperative made."""
        request = _loaded(contract.FindTransfer(), command)
        return queries.find_transfer(
            self.database,
            cooperative_id=self.tenant,
            operation=request["operation"],
            key=request["key"],
        )

    @rpc(READS)
    def list_transfers(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the transfers of the caller's cooperative."""
        request = _loaded(contract.ListTransfers(), command)
        return queries.list_transfers(
            self.database, request, cooperative_id=self.tenant
        )

    # Participants

    @rpc(access.operator)
    def put_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set a participant's terms."""
        return participants.put_participant(
            self.database,
            self.ledger,
            self.members,
            _loaded(contract.PutParticipant(), command),
            cipher=self.cipher,
            is_local=is_local(self.settings.public_url),
        )

    @rpc(EITHER)
    def get_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a participant's standing; a cooperative only its own."""
        request = _loaded(contract.ParticipantCommand(), command)
        return participants.show_participant(
            self.database,
            self.ledger,
            request["cooperative_id"],
            reader=self.caller.identity,
        )

    @rpc(access.operator)
    def list_participants(self, command: dict[str, Any]) -> dict[str, Any]:
        """List all participants with their standings."""
        request = _loaded(contract.ListParticipants(), command)
        return participants.list_participants(self.database, self.ledger, request)

    @rpc(access.operator)
    def suspend_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a cooperative neither pay nor be paid."""
        request = _loaded(contract.ChangeParticipant(), command)
        return self._once(
            request,
            lambda: participants.suspend_participant(
                self.database, self.ledger, request["cooperative_id"]
            ),
        )

    @rpc(access.operator)
    def reactivate_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a cooperative pay and be paid again."""
        request = _loaded(contract.ChangeParticipant(), command)
        return self._once(
            request,
            lambda: participants.reactivate_participant(
                self.database, self.ledger, request["cooperative_id"]
            ),
        )

    @rpc(access.operator)
    def move_funds(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take in a cooperative's liquidity, or give it back."""
        request = _loaded(contract.MoveFunds(), command)
        return participants.move_funds(self.database, self.ledger, request)

    @rpc(access.service("members"))
    def check_leaving(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what still binds a participant that wants to leave."""
        request = _loaded(contract.ParticipantCommand(), command)
        return leaving.check_leaving(
            self.database, self.ledger, request["cooperative_id"]
        )

    @rpc(access.service("members"))
    def close_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a cooperative leave clearing for good, and pay its funds out."""
        request = _loaded(contract.ParticipantCommand(), command)
        return leaving.close_participant(
            self.database, self.ledger, request["cooperative_id"]
        )

    # Agreements

    @rpc(access.operator)
    def create_agreement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register an agreement between two cooperatives."""
        request = _loaded(contract.CreateAgreement(), command)
        return agreements.create_agreement(self.database, self.members, request)

    @rpc(EITHER)
    def get_agreement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about an agreement; a cooperative only about its own."""
        request = _loaded(contract.AgreementCommand(), command)
        return agreements.get_agreement(
            self.database, request["agreement_id"], reader=self.caller.identity
        )

    @rpc(EITHER)
    def list_agreements(self, command: dict[str, Any]) -> dict[str, Any]:
        """List agreements; a cooperative sees its own."""
        request = _loaded(contract.ListAgreements(), command)
        return agreements.list_agreements(
            self.database, request, reader=self.caller.identity
        )

    @rpc(access.operator)
    def end_agreement(self, command: dict[str, Any]) -> dict[str, Any]:
        """End an agreement before its last day."""
        request = _loaded(contract.EndAgreement(), command)
        return self._once(
            request,
            lambda: agreements.end_agreement(self.database, request["agreement_id"]),
        )

    @rpc(access.service("members"))
    def check_agreement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether two cooperatives may deal with each other today."""
        request = _loaded(contract.CheckAgreement(), command)
        return agreements.check_agreement(self.database, request["cooperatives"])

    # Settlement

    @rpc(access.operator)
    def close_window(self, command: dict[str, Any]) -> dict[str, Any]:
        """Close the open settlement window and open the next."""
        request = _loaded(contract.CloseWindow(), command)
        return windows.close_window(self.database, request)

    @rpc(EITHER)
    def get_window(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a settlement window."""
        request = _loaded(contract.WindowCommand(), command)
        return windows.get_window(
            self.database, request["window_id"], reader=self.caller.identity
        )

    @rpc(EITHER)
    def list_windows(self, command: dict[str, Any]) -> dict[str, Any]:
        """List settlement windows."""
        request = _loaded(contract.ListWindows(), command)
        return windows.list_windows(self.database, request, reader=self.caller.identity)

    @rpc(access.operator)
    def create_settlement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Bind closed windows to a settlement."""
        request = _loaded(contract.CreateSettlement(), command)
        return settlements.create_settlement(self.database, request)

    @rpc(access.operator)
    def settle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay the nets of a settlement."""
        request = _loaded(contract.Settle(), command)
        return self._once(
            request,
            lambda: settlements.settle(
                self.database, self.ledger, request["settlement_id"]
            ),
        )

    @rpc(access.operator)
    def cancel_settlement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give up a settlement that is not paid, and free its windows."""
        request = _loaded(contract.CancelSettlement(), command)
        return settlements.cancel_settlement(self.database, request)

    @rpc(access.operator)
    def get_settlement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a settlement."""
        request = _loaded(contract.SettlementCommand(), command)
        return settlements.get_settlement(self.database, request["settlement_id"])

    @rpc(access.operator)
    def list_settlements(self, command: dict[str, Any]) -> dict[str, Any]:
        """List settlements."""
        request = _loaded(contract.ListSettlements(), command)
        return settlements.list_settlements(self.database, request)

    @rpc(EITHER)
    def get_settlement_proof(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give what a settlement can be checked by without the hub."""
        return proofs.get_settlement_proof(
            self.database,
            self.ledger,
            _loaded(contract.GetProof(), command),
            reader=self.caller.identity,
            seed=self.settings.settlement_seed,
        )

    # Events, timers, health

    @on_event("members", "cooperative_activated")
    def on_members_cooperative_activated(self, event: Event) -> None:
        """Let a newly active cooperative take part."""
        events.cooperative_activated(self.database, event.event_id, event.payload)

    @on_event("members", "cooperative_deactivated")
    def on_members_cooperative_deactivated(self, event: Event) -> None:
        """Suspend a cooperative that the register deactivated."""
        events.cooperative_deactivated(self.database, event.event_id, event.payload)

    @timer(seconds=1.0)
    def sweep(self) -> None:
        """Carry on with what was left behind or has expired."""
        recovery.recover(self.database, self.ledger)
        settlements.recover(self.database, self.ledger)

    @timer(seconds=0.5)
    def send_callbacks(self) -> None:
        """Send what is due to the systems of connected cooperatives."""
        sender = SignedSender(is_local=is_local(self.settings.public_url))
        callbacks.send_due(self.database, sender, self.cipher)

    @timer(seconds=5.0)
    def watch_positions(self) -> None:
        """Raise alarms: positions near their limits, transfers that are overdue."""
        alarms.watch_positions(self.database, self.ledger)
        recovery.alarm_overdue(self.database)

    @rpc(access.anyone)
    def get_health(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether the database answers, and the gauges of this service."""
        del command
        return health.get_health(self.database)


def _loaded(schema: Schema, command: dict[str, Any]) -> dict[str, Any]:
    """The command, checked and typed. Raises Malformed with the fields at fault."""
    try:
        loaded: dict[str, Any] = schema.load(command)
    except ValidationError as error:
        raise Malformed(details={"errors": error.messages_dict}) from error
    return loaded
