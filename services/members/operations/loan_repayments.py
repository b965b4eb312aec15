"""How cash becomes a repayment of a loan: a slip here, a journal by the loans service.

The slip is stored with the drawer that the cash goes into. The loans service decides
what of the loan it pays and posts it, under an id that is made of the slip's journal;
then the slip is numbered. Whoever is cut short is followed by `finish_due`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from services.members.domain import cash, slips
from services.members.domain.peers import Loans
from services.members.domain.slips import Draft
from services.members.models import Slip
from services.members.operations import slips as counter
from services.members.store import slips as store
from services.shared import clock, identifiers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans.repayments import (
    Overpaid,
    RepaymentUnderWay,
    SettlementChanged,
)
from services.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Identity
from services.shared.persistence import sweeping
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=60)
SWEEP_SIZE: Final = 50

TEXTS: Final = {
    slips.LOAN_REPAYMENT: "Angsuran pinjaman",
    slips.LOAN_SETTLEMENT: "Pelunasan pinjaman",
}
_NOTHING_STORED: Final = (
    RepaymentUnderWay,
    Overpaid,
    SettlementChanged,
    loans_contract.LoanNotActive,
    NotFound,
)
"""What loans answers before it has stored anything."""

LoansOf = Callable[[str], Loans]

_log = logging.getLogger(__name__)


def take(
    database: Database,
    loans: Loans,
    cooperative_id: str,
    command: dict[str, Any],
    by: Identity,
) -> dict[str, Any]:
    """Take cash for a loan into the drawer that ``by`` has open.

    Raises what the counter refuses (`slips.begin`) and what loans does: NotFound,
    LoanNotActive, RepaymentUnderWay, Overpaid, SettlementChanged.
    """
    part = command["idempotency"]
    kind = slips.LOAN_SETTLEMENT if command["settles"] else slips.LOAN_REPAYMENT
    journal_id = identifiers.derived(
        "jrn", cooperative_id, part["operation"], part["key"]
    )
    try:
        payable = loans.get_payable({"loan_id": command["loan_id"]})
    except loans_contract.LoanNotActive:
        # Perhaps it was this very request that has paid the loan off.
        if not _is_begun(database, cooperative_id, journal_id, kind, command):
            raise
        return finish(database, loans, cooperative_id, journal_id)
    draft = Draft(
        journal_id=journal_id,
        kind=kind,
        description=f"{TEXTS[kind]} {payable['number']} a.n. {payable['member_name']}",
        account=payable["account_key"],
        channel=counter.CASH,
        posting=(
            cash.vault_key(cooperative_id),
            payable["account_key"],
            command["amount"],
        ),
        reference=command["reference"],
    )
    _begin(database, cooperative_id, draft, by)
    return finish(database, loans, cooperative_id, journal_id)


def finish(
    database: Database, loans: Loans, cooperative_id: str, journal_id: str
) -> dict[str, Any]:
    """Have loans post what a slip has taken, and number it; safe to repeat."""
    slip = counter.find(database, cooperative_id, journal_id)
    try:
        paid = loans.record_repayment(_command(slip))
    except UnavailableError as error:
        # The slip is stored, so somebody will finish it: not "nothing was done".
        raise OutcomeUnknown from error
    except _NOTHING_STORED:
        counter.record_void(database, slip)
        raise
    except RefusedError:
        counter.record_refused(database, slip)
        raise
    try:
        numbered = counter.record_posted(
            database, cooperative_id, journal_id, paid["outstanding"]
        )
    except UnavailableError as error:
        raise OutcomeUnknown from error
    return paid | {"slip_number": numbered.number}


def finish_due(database: Database, loans_of: LoansOf) -> int:
    """Finish repayments that were left on their way; how many there were."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due(
            session,
            until=now,
            again_at=now + PATIENCE,
            limit=SWEEP_SIZE,
            kinds=slips.OF_LOANS,
        )

    def carry_on(cooperative_id: str, journal_id: str) -> None:
        try:
            finish(database, loans_of(cooperative_id), cooperative_id, journal_id)
        except RepaymentUnderWay:
            # Another one is just being posted: that passes by itself.
            raise
        except _NOTHING_STORED:
            # Whoever asked before was answered or never heard: nobody asks any more.
            counter.end_void(database, cooperative_id, journal_id)
            raise

    return sweeping.one_by_one(_log, "slip of journal", due, carry_on)


def _is_begun(
    database: Database,
    cooperative_id: str,
    journal_id: str,
    kind: str,
    command: dict[str, Any],
) -> bool:
    """Whether this request took the cash before. Raises IdempotencyKeyReused."""
    with database.tenant(cooperative_id) as session:
        slip = store.find(session, journal_id)
    if slip is None or slip.status == slips.VOID:
        return False
    _, _, loan_id = slip.account.rpartition(":")
    begun = (slip.kind, loan_id, slip.amount, slip.reference)
    wanted = (kind, command["loan_id"], command["amount"], command["reference"])
    if begun != wanted:
        raise IdempotencyKeyReused
    return True


@retrying
def _begin(database: Database, cooperative_id: str, draft: Draft, by: Identity) -> None:
    with database.tenant(cooperative_id) as session:
        counter.begin(session, cooperative_id, draft, by)


def _command(slip: Slip) -> dict[str, Any]:
    """The repayment of a slip: its id is the journal's, its loan the account's."""
    _, _, loan_id = slip.account.rpartition(":")
    return {
        "id": f"rep_{slip.journal_id.removeprefix('jrn_')}",
        "loan_id": loan_id,
        "amount": slip.amount,
        "channel": slip.channel,
        "source_key": slip.debit_account,
        "settles": slip.kind == slips.LOAN_SETTLEMENT,
        "reference": slip.reference,
    }
