"""How a cooperative registers itself and becomes active."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import legality, registration
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.members import Command
from services.shared.contracts.members import registration as contract
from services.shared.messaging import loaded, rpc, timer

READS: Final = access.scope("cooperative:read")
WRITES: Final = access.scope("cooperative:write")
UPKEEP_SECONDS: Final = 600.0


class RegistrationEntrypoints(Peers):
    """How a cooperative registers itself and becomes active."""

    @rpc(access.anyone)
    def start_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a cooperative's registration and send the link that activates it."""
        request = loaded(contract.StartRegistration(), command)
        return registration.start_registration(self.database, self.settings, request)

    @rpc(access.anyone)
    def resend_activation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a new activation link, if there is anything to activate."""
        request = loaded(contract.ResendActivation(), command)
        return registration.resend_activation(self.database, self.settings, request)

    @rpc(access.anyone)
    def activate_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Turn a registration into a cooperative with its first user."""
        request = loaded(contract.ActivateRegistration(), command)
        return registration.activate_registration(
            self.database, self.settings, request["token"], self.caller.request_id
        )

    @rpc(access.operator)
    def list_registrations(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the registrations of the hub."""
        request = loaded(contract.ListRegistrations(), command)
        return registration.list_registrations(self.database, request)

    @rpc(access.operator)
    def get_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a registration, contact and legality included."""
        request = loaded(contract.RegistrationCommand(), command)
        return registration.get_registration(
            self.database, self.settings, request["registration_id"]
        )

    @rpc(access.operator)
    def approve_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a cooperative whose legality was checked take part."""
        request = loaded(contract.ApproveRegistration(), command)
        return self.once(
            request,
            lambda: registration.approve_registration(
                self.database,
                self.settings,
                self.ledger,
                self.actor,
                request["registration_id"],
            ),
        )

    @rpc(access.operator)
    def refuse_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a registration back with a reason."""
        request = loaded(contract.RefuseRegistration(), command)
        return self.once(
            request,
            lambda: registration.refuse_registration(
                self.database, self.settings, self.actor, request
            ),
        )

    @rpc(READS)
    def get_own_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a cooperative how its registration stands."""
        del command
        return registration.get_own_registration(self.database, self.tenant)

    @rpc(WRITES)
    def submit_registration(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask the operator to check the legality data."""
        request = loaded(Command(), command)
        return registration.submit_registration(self.database, self.actor, request)

    @rpc(WRITES)
    def put_legality(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep the legality data of the caller's cooperative."""
        request = loaded(contract.PutLegality(), command)
        return legality.put_legality(self.database, self.actor, request)

    @rpc(access.any_of(READS, access.service(loans.SERVICE)))
    def get_legality(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the legality data of the caller's cooperative."""
        del command
        return legality.get_legality(self.database, self.tenant)

    @rpc(access.operator)
    def list_licences(self, command: dict[str, Any]) -> dict[str, Any]:
        """List licences that end soon or have ended."""
        request = loaded(contract.ListLicences(), command)
        return legality.list_licences(self.database, request)

    @rpc(WRITES)
    def put_modules(self, command: dict[str, Any]) -> dict[str, Any]:
        """Choose what the caller's cooperative uses beside its books."""
        request = loaded(contract.PutModules(), command)
        return legality.put_modules(self.database, self.actor, request["modules"])

    @rpc(READS)
    def get_modules(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show what the caller's cooperative uses beside its books."""
        del command
        return legality.get_modules(self.database, self.tenant)

    @rpc(access.operator)
    def put_partner_code(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a partner's code be known."""
        request = loaded(contract.PutPartnerCode(), command)
        return legality.put_partner_code(self.database, self.actor, request)

    @rpc(access.operator)
    def list_partner_codes(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the partner codes that the hub knows."""
        request = loaded(contract.ListPartnerCodes(), command)
        return legality.list_partner_codes(self.database, request)

    @timer(seconds=UPKEEP_SECONDS)
    def forget_unfinished_registrations(self) -> None:
        """Drop what strangers began and never finished."""
        registration.forget_unfinished(self.database)
