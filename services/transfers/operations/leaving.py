"""How a cooperative leaves clearing: owing nothing, owed nothing, paid out, for good.

Asked by the register of cooperatives, which repeats its question until it is answered.
The status is closed before the funds are paid out, so that nothing can change what is
paid; the journal's id follows from what is paid to whom, so that it is paid once.
"""

from __future__ import annotations

from typing import Any, Final

from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import transfers as contract
from services.shared.errors import ServiceError
from services.shared.identity import HUB
from services.shared.persistence.database import Database, retrying
from services.transfers.domain import participants, settlement, transfer
from services.transfers.domain.peers import Ledger
from services.transfers.operations.participants import standings
from services.transfers.store import leaving as store
from services.transfers.store import participants as participant_store

JOB: Final = "close participant"


def check_leaving(
    database: Database, ledger: Ledger, cooperative_id: str
) -> dict[str, Any]:
    """What still binds a participant. Raises ParticipantNotFound."""
    with database.hub() as session:
        row = participant_store.find(session, cooperative_id)
        if row is None:
            raise contract.ParticipantNotFound
        unfinished = store.count_unfinished(session, cooperative_id)
        unsettled = store.count_unsettled(session, cooperative_id)
    [standing] = standings(ledger, [row])
    return {
        "cooperative_id": cooperative_id,
        "status": row.status,
        "position": standing.position,
        "pending": standing.pending,
        "liquidity": standing.liquidity,
        "unfinished_transfers": unfinished,
        "unsettled_windows": unsettled,
    }


def close_participant(
    database: Database, ledger: Ledger, cooperative_id: str
) -> dict[str, Any]:
    """Let a participant that owes and is owed nothing leave, and pay its funds out.

    Doing it again gives the same. Raises ParticipantNotFound, ParticipantStillActive
    for one that took part until now (ask again shortly), ParticipantBound while
    anything is open.
    """
    _suspend(database, cooperative_id)
    bound = check_leaving(database, ledger, cooperative_id)
    if bound["status"] != participants.CLOSED:
        _refuse_bound(bound)
        _set_closed(database, cooperative_id)
    journal_id = _pay_out(ledger, cooperative_id)
    return {
        "cooperative_id": cooperative_id,
        "status": participants.CLOSED,
        "journal_id": journal_id,
    }


@retrying
def _suspend(database: Database, cooperative_id: str) -> None:
    """See that no transfer can begin any more.

    One that was judged just before may be stored just after: so who was active until
    now is told to ask again, and sees it then.
    """
    with database.hub() as session:
        row = participant_store.find_locked(session, cooperative_id)
        if row is None:
            raise contract.ParticipantNotFound
        was_active = row.status == participants.ACTIVE
        if was_active:
            row.status = participants.SUSPENDED
    if was_active:
        raise contract.ParticipantStillActive


def _refuse_bound(bound: dict[str, Any]) -> None:
    names = ("position", "pending", "unfinished_transfers", "unsettled_windows")
    found = {name: bound[name] for name in names if bound[name]}
    if found:
        raise contract.ParticipantBound(None, found)


def _set_closed(database: Database, cooperative_id: str) -> None:
    with database.hub() as session:
        participant_store.set_status(session, cooperative_id, participants.CLOSED)


def _pay_out(ledger: Ledger, cooperative_id: str) -> str | None:
    """Give back liquidity and wallet through the bank; None if there was nothing."""
    wallet = ledger_contract.wallet_account(cooperative_id)
    liquidity = transfer.liquidity(cooperative_id)
    keys = [liquidity, wallet]
    found = ledger.get_balances({"keys": keys})
    held = {key: found[key]["balance"] if key in found else 0 for key in keys}
    postings = settlement.payout_postings(
        cooperative_id, liquidity=held[liquidity], wallet=held[wallet]
    )
    if not postings:
        return None
    # With the amounts: what a late top-up brings is paid out too, by another journal.
    amounts = (str(held[liquidity]), str(held[wallet]))
    journal_id = identifiers.derived("jrn", HUB, JOB, cooperative_id, *amounts)
    [outcome] = ledger.post_journals(
        [
            {
                "id": journal_id,
                "kind": "participant_payout",
                "description": "Pengembalian dana likuiditas dan dompet",
                "business_date": clock.business_date().isoformat(),
                "reference": cooperative_id,
                "postings": postings,
            }
        ]
    )
    if isinstance(outcome, ServiceError):
        raise outcome
    return journal_id
