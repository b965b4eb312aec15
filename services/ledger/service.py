"""How the ledger service is called: its entrypoints, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from marshmallow import Schema, ValidationError

from services.ledger.domain.holds import Resolution
from services.ledger.operations import (
    batches,
    books,
    disbursements,
    exports,
    holds,
    integrity,
    journals,
    periods,
    statements,
    upkeep,
    wallets,
)
from services.shared import access
from services.shared.contracts import ledger as contract
from services.shared.messaging import (
    Call,
    Caller,
    DatabaseProvider,
    Outcome,
    batched_rpc,
    rpc,
    timer,
)
from services.shared.persistence import idempotency

CLEARING: Final = access.service("transfers")
MEMBERS: Final = access.service("members")
LOANS: Final = access.service("loans")
BOOKKEEPERS: Final = access.service("members", "loans")
HOLDING_SERVICES: Final = access.service("transfers", "loans")
CHARGING_SERVICES: Final = access.service("loans", "kyc", "insurance")
READS_LEDGER: Final = access.any_of(
    access.scope("ledger:read"), access.operator, MEMBERS
)
WRITES_LEDGER: Final = access.any_of(access.scope("ledger:write"), access.operator)


class LedgerService:
    """Keeps the books: accounts, journals, holds. The only place money is written."""

    name = contract.SERVICE
    database = DatabaseProvider()
    caller = Caller()

    @property
    def tenant(self) -> str:
        """The cooperative for which the caller asks; the operator's is the hub."""
        cooperative_id: str = self.caller.identity.cooperative_id
        return cooperative_id

    # The money path

    @batched_rpc(CLEARING, max_batch=1000)
    def post_journals(self, calls: list[Call]) -> list[Outcome]:
        """Post journals that may span books."""
        return batches.answer_each(
            calls,
            load=partial(_journal, contract.PostJournal()),
            operate=partial(journals.post_journals, self.database),
            result=contract.PostedJournal(),
        )

    @batched_rpc(HOLDING_SERVICES, max_batch=1000)
    def place_holds(self, calls: list[Call]) -> list[Outcome]:
        """Reserve journals that are posted or voided later."""
        return batches.answer_each(
            calls,
            load=partial(_journal, contract.PlaceHold()),
            operate=partial(holds.place_holds, self.database),
            result=contract.PlacedHold(),
        )

    @batched_rpc(HOLDING_SERVICES, max_batch=1000)
    def resolve_holds(self, calls: list[Call]) -> list[Outcome]:
        """Post or void holds."""
        return batches.answer_each(
            calls,
            load=_resolution,
            operate=partial(holds.resolve_holds, self.database),
            result=contract.ResolvedHold(),
        )

    @rpc(BOOKKEEPERS)
    def post_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post one journal inside the tenant's own book."""
        request = _loaded(contract.PostJournal(), command)
        journal = batches.journal_of(request, self.caller.request_id)
        posted = journals.post_journal(self.database, self.tenant, journal)
        return _answer(contract.PostedJournal(), posted)

    @rpc(LOANS)
    def post_disbursement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay a loan out with everything that belongs to it, or nothing of it."""
        request = _loaded(contract.PostDisbursement(), command)
        agreed = [disbursements.AgreedFee(**fee) for fee in request.pop("fees")]
        journal = batches.journal_of(request, self.caller.request_id)
        posted = disbursements.post_disbursement(
            self.database, self.tenant, journal, agreed
        )
        return _answer(contract.PostedDisbursement(), posted)

    @rpc(MEMBERS)
    def post_large_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post one journal whose postings come packed."""
        request = _loaded(contract.PostLargeJournal(), command)
        journal = batches.journal_of(request, self.caller.request_id)
        posted = journals.post_journal(self.database, self.tenant, journal)
        return _answer(contract.PostedLargeJournal(), posted)

    @rpc(access.scope("ledger:write"))
    def reverse_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Undo a journal of the tenant's own book, once."""
        request = _loaded(contract.ReverseJournal(), command)
        reversal = journals.reverse_journal(
            self.database, self.tenant, **request, request_id=self.caller.request_id
        )
        return _answer(contract.Reversal(), reversal)

    @rpc(access.scope("ledger:read"))
    def get_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a journal that names the tenant's book."""
        request = _loaded(contract.GetJournal(), command)
        journal = journals.get_journal(self.database, self.tenant, **request)
        return _answer(contract.Journal(), journal)

    # Books and accounts

    @rpc(access.service("members", "transfers"))
    def open_book(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a cooperative's book and its accounts at the hub."""
        request = _loaded(contract.OpenBook(), command)
        return books.open_book(self.database, request["cooperative_id"])

    @rpc(BOOKKEEPERS)
    def open_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open accounts in the tenant's own book."""
        request = _loaded(contract.OpenAccounts(), command)
        keys = books.open_accounts(self.database, self.tenant, request["accounts"])
        return {"keys": keys}

    @rpc(MEMBERS)
    def get_chart(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the codes of a cooperative's book and their normal sides."""
        del command
        return _answer(contract.Chart(), {"accounts": books.chart_lines()})

    @rpc(CLEARING)
    def set_limit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how far an account may go."""
        request = _loaded(contract.SetLimit(), command)
        return books.set_limit(self.database, **request)

    @rpc(BOOKKEEPERS)
    def set_status(self, command: dict[str, Any]) -> dict[str, Any]:
        """Freeze, thaw or close an account of the tenant's own book."""
        request = _loaded(contract.SetStatus(), command)
        return books.set_status(self.database, self.tenant, **request)

    @rpc(
        access.any_of(
            access.service("members", "transfers", "loans"),
            access.scope("accounts:read"),
        )
    )
    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what accounts hold."""
        request = _loaded(contract.GetBalances(), command)
        return books.get_balances(self.database, self.caller.identity, request["keys"])

    # Reports

    # The members service lets a member see its own accounts, and nobody else's.
    @rpc(access.any_of(access.scope("accounts:read"), MEMBERS))
    def get_statement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show what happened on an account."""
        request = _loaded(contract.GetStatement(), command)
        statement = statements.get_statement(
            self.database, self.caller.identity, **request
        )
        return _answer(contract.Statement(), statement)

    @rpc(BOOKKEEPERS)
    def get_balance_days(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the balances of a period that interest is computed from."""
        request = _loaded(contract.GetBalanceDays(), command)
        return statements.get_balance_days(self.database, self.tenant, **request)

    @rpc(MEMBERS)
    def list_postings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a page of all postings of the tenant's book."""
        request = _loaded(contract.ListPostings(), command)
        page = exports.list_postings(self.database, self.tenant, **request)
        return _answer(contract.PostingPage(), page)

    @rpc(access.any_of(BOOKKEEPERS, READS_LEDGER))
    def get_trial_balance(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show where the caller's book stood at a moment."""
        request = _loaded(contract.GetTrialBalance(), command)
        balance = statements.get_trial_balance(self.database, self.tenant, **request)
        return _answer(contract.TrialBalance(), balance)

    @rpc(WRITES_LEDGER)
    def close_period(self, command: dict[str, Any]) -> dict[str, Any]:
        """Close business days of the caller's book."""
        request = _loaded(contract.ClosePeriod(), command)
        part, through = request["idempotency"], request["through"]
        return idempotency.answer_once(
            self.database,
            self.tenant,
            part,
            lambda: _answer(
                contract.Period(),
                periods.close_period(self.database, self.tenant, through),
            ),
        )

    @rpc(READS_LEDGER)
    def get_period(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell through which business day the caller's book is closed."""
        del command
        period = periods.get_period(self.database, self.tenant)
        return _answer(contract.Period(), period)

    # Wallets and fees

    @rpc(MEMBERS)
    def receive_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Book money that the payment provider took for the tenant."""
        request = _loaded(contract.ReceivePayment(), command)
        payment = wallets.Payment(
            **request,
            cooperative_id=self.tenant,
            request_id=self.caller.request_id,
        )
        posted = wallets.receive_payment(self.database, payment)
        return _answer(contract.PostedJournal(), posted)

    @rpc(access.operator)
    def top_up_wallet(self, command: dict[str, Any]) -> dict[str, Any]:
        """Book money that a cooperative paid into its wallet."""
        request = _loaded(contract.TopUpWallet(), command)
        top_up = wallets.top_up_wallet(
            self.database, **request, request_id=self.caller.request_id
        )
        return _answer(contract.TopUp(), top_up)

    @rpc(access.any_of(access.scope("wallet:read"), CHARGING_SERVICES))
    def get_wallet(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the tenant has left for fees."""
        del command
        return wallets.get_wallet(self.database, self.tenant)

    @rpc(access.any_of(access.operator, CHARGING_SERVICES))
    def charge_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a fee out of a wallet, once per kind and reference."""
        request = _loaded(contract.ChargeFee(), command)
        idempotency = request.pop("idempotency")
        asked = wallets.Asked(**request, request_id=self.caller.request_id)
        return wallets.charge_fee(self.database, asked, idempotency)

    @rpc(CHARGING_SERVICES)
    def refund_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a fee back into a wallet."""
        request = _loaded(contract.RefundFee(), command)
        return disbursements.refund_fee(self.database, request, self.caller.request_id)

    @rpc(access.scope("wallet:read"))
    def list_fees(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the fees that the tenant was charged."""
        request = _loaded(contract.ListFees(), command)
        page = wallets.list_fees(self.database, self.tenant, **request)
        return _answer(contract.FeePage(), page)

    # A loan tells a member what it costs, so its service may ask by itself.
    @rpc(access.any_of(access.staff, CHARGING_SERVICES))
    def get_fee_schedule(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the prices in force on a day."""
        request = _loaded(contract.GetFeeSchedule(), command)
        schedule = wallets.get_fee_schedule(self.database, request["on"])
        return _answer(contract.FeeSchedule(), schedule)

    # Integrity and upkeep

    @rpc(access.operator)
    def get_integrity(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether the books are whole."""
        del command
        return integrity.get_integrity(self.database)

    @rpc(CLEARING)
    def get_chain_head(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the newest link of the chain."""
        del command
        return integrity.get_chain_head(self.database)

    @rpc(access.anyone)
    def get_health(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether the database answers, and what waits."""
        del command
        return upkeep.get_health(self.database)

    @timer(seconds=1.0)
    def extend_chain(self) -> None:
        """Seal journals into the chain, away from those who post them."""
        upkeep.extend_chain(self.database)

    @timer(seconds=1.0)
    def expire_holds(self) -> None:
        """Return what holds reserved when their time is up."""
        upkeep.expire_holds(self.database)


def _loaded(schema: Schema, command: dict[str, Any]) -> dict[str, Any]:
    try:
        return batches.storable(schema.load(command))
    except ValidationError as error:
        raise batches.malformed(error) from error


def _answer(schema: Schema, result: object) -> dict[str, Any]:
    answer: dict[str, Any] = schema.dump(result)
    return answer


def _journal(schema: Schema, call: Call) -> Any:
    return batches.journal_of(
        batches.storable(schema.load(call.payload)), call.request_id
    )


def _resolution(call: Call) -> Resolution:
    return Resolution(**contract.ResolveHold().load(call.payload))
