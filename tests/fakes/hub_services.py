"""Stand-ins for members, ledger and transfers, generated from their contracts.

Each method checks its command against the contract's schema and answers with the
example of its result schema, so that a stand-in cannot drift from what it stands for.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, cast

from marshmallow import Schema, ValidationError

from services.gateway import openapi
from services.shared import access
from services.shared.contracts import files, ledger, members, transfers
from services.shared.contracts.members import (
    passwords,
    second_factors,
    sessions,
    users,
)
from services.shared.errors import Malformed, NotAuthenticated, ServiceError
from services.shared.identity import Identity
from services.shared.messaging import Call, Caller, batched_rpc, rpc
from tests.fakes import (
    counter_methods,
    import_methods,
    joining_methods,
    membership_methods,
    partner_methods,
    payment_methods,
    savings_methods,
)

Methods = dict[str, tuple[type[Schema], type[Schema]]]


class Nothing(Schema):
    """A command without content."""


PEOPLE: Final[Methods] = {
    "sign_in": (sessions.SignIn, sessions.SignedIn),
    "refresh_session": (sessions.RefreshSession, sessions.SignedIn),
    "step_up": (sessions.StepUp, sessions.SignedIn),
    "list_sessions": (members.Page, sessions.SessionPage),
    "end_session": (sessions.SessionCommand, sessions.Session),
    "list_ended_sessions": (sessions.ListEndedSessions, sessions.EndedSessions),
    "rate_password": (passwords.RatePassword, passwords.PasswordStrength),
    "forget_password": (passwords.ForgetPassword, passwords.LinkSent),
    "reset_password": (passwords.UseLink, passwords.PasswordSet),
    "accept_invitation": (passwords.UseLink, passwords.PasswordSet),
    "change_password": (passwords.ChangePassword, passwords.PasswordSet),
    "set_pin": (passwords.SetPin, passwords.PinSet),
    "get_security": (Nothing, second_factors.Security),
    "enrol_second_factor": (
        second_factors.EnrolSecondFactor,
        second_factors.Enrolment,
    ),
    "confirm_second_factor": (
        second_factors.ConfirmSecondFactor,
        second_factors.RecoveryCodes,
    ),
    "renew_recovery_codes": (
        second_factors.ConfirmSecondFactor,
        second_factors.RecoveryCodes,
    ),
    "remove_second_factor": (
        second_factors.RemoveSecondFactor,
        second_factors.Security,
    ),
    "invite_user": (users.InviteUser, users.User),
    "invite_user_again": (users.ChangeUser, users.User),
    "get_user": (users.UserCommand, users.User),
    "get_own_user": (Nothing, users.OwnUser),
    "list_users": (users.ListUsers, users.UserPage),
    "change_user": (users.PutUser, users.User),
    "disable_user": (users.ChangeUser, users.User),
    "enable_user": (users.ChangeUser, users.User),
    "reset_second_factor": (users.ChangeUser, users.User),
}
BACKGROUND: Final = frozenset({"list_ended_sessions"})
"""What a gateway asks by itself, at moments that no test chooses: not recorded."""

MEMBERS: Final[Methods] = {
    **counter_methods.METHODS,
    **membership_methods.METHODS,
    **import_methods.METHODS,
    **joining_methods.METHODS,
    **partner_methods.METHODS,
    **payment_methods.METHODS,
    **savings_methods.METHODS,
    **PEOPLE,
    "authenticate_client": (members.AuthenticateClient, members.Token),
    "register_cooperative": (members.RegisterCooperative, members.Cooperative),
    "activate_cooperative": (members.ChangeCooperative, members.Cooperative),
    "deactivate_cooperative": (members.ChangeCooperative, members.Cooperative),
    "get_cooperative": (members.CooperativeCommand, members.Cooperative),
    "list_cooperatives": (members.ListCooperatives, members.CooperativePage),
    "create_client": (members.CreateClient, members.NewClient),
    "list_clients": (members.ListClients, members.ClientPage),
    "revoke_client": (members.RevokeClient, members.Client),
    "register_member": (members.RegisterMember, members.Member),
    "activate_member": (members.ActivateMember, members.Member),
    "get_member": (members.MemberCommand, members.MemberDetails),
    "list_members": (members.ListMembers, members.MemberPage),
    "open_account": (members.OpenAccount, members.Account),
    "get_account": (members.AccountCommand, members.Account),
    "list_accounts": (members.ListAccounts, members.AccountPage),
    "close_account": (members.CloseAccount, members.Account),
    "deposit": (members.Movement, members.MovementResult),
    "withdraw": (members.Movement, members.MovementResult),
    "inquire_account": (members.AccountCommand, members.Inquiry),
}
LEDGER: Final[Methods] = {
    "get_statement": (ledger.GetStatement, ledger.Statement),
    "get_trial_balance": (ledger.GetTrialBalance, ledger.TrialBalance),
    "get_journal": (ledger.GetJournal, ledger.Journal),
    "reverse_journal": (ledger.ReverseJournal, ledger.Reversal),
    "close_period": (ledger.ClosePeriod, ledger.Period),
    "get_period": (Nothing, ledger.Period),
    "top_up_wallet": (ledger.TopUpWallet, ledger.TopUp),
    "get_wallet": (Nothing, ledger.Wallet),
    "charge_fee": (ledger.ChargeFee, ledger.FeeCharge),
    "list_fees": (ledger.ListFees, ledger.FeePage),
    "get_fee_schedule": (ledger.GetFeeSchedule, ledger.FeeSchedule),
    "get_integrity": (Nothing, ledger.Integrity),
}
TRANSFERS: Final[Methods] = {
    "return_transfer": (transfers.ReturnTransfer, transfers.Transfer),
    "accept_transfer": (transfers.AcceptTransfer, transfers.TransferDetails),
    "reject_transfer": (transfers.RejectTransfer, transfers.TransferDetails),
    "get_transfer": (transfers.TransferCommand, transfers.TransferDetails),
    "list_transfers": (transfers.ListTransfers, transfers.TransferPage),
    "put_participant": (transfers.PutParticipant, transfers.Participant),
    "get_participant": (transfers.ParticipantCommand, transfers.Participant),
    "list_participants": (transfers.ListParticipants, transfers.ParticipantPage),
    "suspend_participant": (transfers.ChangeParticipant, transfers.Participant),
    "reactivate_participant": (transfers.ChangeParticipant, transfers.Participant),
    "move_funds": (transfers.MoveFunds, transfers.FundsMovement),
    "create_agreement": (transfers.CreateAgreement, transfers.Agreement),
    "get_agreement": (transfers.AgreementCommand, transfers.Agreement),
    "list_agreements": (transfers.ListAgreements, transfers.AgreementPage),
    "end_agreement": (transfers.EndAgreement, transfers.Agreement),
    "close_window": (transfers.CloseWindow, transfers.ClosedWindow),
    "get_window": (transfers.WindowCommand, transfers.Window),
    "list_windows": (transfers.ListWindows, transfers.WindowPage),
    "create_settlement": (transfers.CreateSettlement, transfers.Settlement),
    "settle": (transfers.Settle, transfers.Settlement),
    "cancel_settlement": (transfers.CancelSettlement, transfers.Settlement),
    "get_settlement": (transfers.SettlementCommand, transfers.Settlement),
    "list_settlements": (transfers.ListSettlements, transfers.SettlementPage),
    "get_settlement_proof": (transfers.GetProof, transfers.Proof),
}
BATCHED: Final[Methods] = {
    "submit_transfers": (transfers.SubmitTransfer, transfers.Transfer),
    "submit_bulk_transfers": (transfers.SubmitBulk, transfers.BulkResult),
}

Outcome = dict[str, Any] | ServiceError


class Script:
    """What the stand-ins were asked, and what they are to answer instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], Identity | None, str]] = []
        self.answers: dict[str, Outcome | Callable[[dict[str, Any]], Outcome]] = {}
        self.health: dict[str, str] = {}

    @property
    def last(self) -> tuple[str, dict[str, Any], Identity | None, str]:
        """Method, command, caller and request id of the last call."""
        return self.asked[-1]

    def outcome(
        self,
        method: str,
        schemas: tuple[type[Schema], type[Schema]],
        command: dict[str, Any],
        caller: tuple[Identity | None, str],
    ) -> Outcome:
        """Record a call and decide what it is answered."""
        if method not in BACKGROUND:
            self.asked.append((method, command, *caller))
        try:
            schemas[0]().load(command)
        except ValidationError as error:
            return Malformed(f"{method}: {error.messages}")
        answer = self.answers.get(method)
        if callable(answer):
            answer = answer(command)
        if answer is None:
            wants_file = command.get("format", files.JSON) != files.JSON
            return openapi.example_of(files.File() if wants_file else schemas[1]())
        return copy.deepcopy(answer)


def services(script: Script) -> list[type]:
    """The three service classes, ready to be started in a container."""
    return [
        _service(members.SERVICE, MEMBERS, {}, script),
        _service(ledger.SERVICE, LEDGER, {}, script),
        _service(transfers.SERVICE, TRANSFERS, BATCHED, script),
    ]


def _service(name: str, plain: Methods, batched: Methods, script: Script) -> type:
    body: dict[str, Any] = {"name": name, "caller": Caller()}
    for method, schemas in plain.items():
        body[method] = _plain(method, schemas, script)
    for method, schemas in batched.items():
        body[method] = _batched(method, schemas, script)
    body["get_health"] = _health(name, script)
    return type(f"{name.capitalize()}StandIn", (), body)


def _plain(
    method: str, schemas: tuple[type[Schema], type[Schema]], script: Script
) -> Any:
    def answer(self: Any, command: dict[str, Any]) -> dict[str, Any]:
        caller = (_identity_of(self.caller), self.caller.request_id)
        outcome = script.outcome(method, schemas, command, caller)
        if isinstance(outcome, ServiceError):
            raise outcome
        return outcome

    answer.__name__ = method
    return rpc(access.anyone)(answer)


def _identity_of(caller: Any) -> Identity | None:
    """Who calls; nobody in a public operation."""
    try:
        return cast("Identity", caller.identity)
    except NotAuthenticated:
        return None


def _batched(
    method: str, schemas: tuple[type[Schema], type[Schema]], script: Script
) -> Any:
    def answer(_self: Any, calls: list[Call]) -> list[Outcome]:
        return [
            script.outcome(
                method, schemas, call.payload, (call.identity, call.request_id)
            )
            for call in calls
        ]

    answer.__name__ = method
    return batched_rpc(access.anyone)(answer)


def _health(name: str, script: Script) -> Any:
    def get_health(_self: Any, _command: dict[str, Any]) -> dict[str, Any]:
        database = script.health.get(name, "up")
        gauges = {"outbox_lag_seconds": 0.5}
        return {"service": name, "database": database, "gauges": gauges}

    return rpc(access.anyone)(get_health)
