"""How simpanan pokok and wajib are paid back when a membership ends."""

from __future__ import annotations

from typing import Any, Final

from services.members.domain import products
from services.members.domain.peers import Ledger
from services.members.operations.dues import accounts, finishing
from services.members.store import dues as store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.errors import RefusedError
from services.shared.persistence.database import Database, retrying

BACK: Final = {
    products.POKOK: "Pengembalian simpanan pokok",
    products.WAJIB: "Pengembalian simpanan wajib",
}


def pay_back_contributions(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    member_id: str,
    channel: str,
    key: str,
) -> list[str]:
    """The journals that pay back simpanan pokok and wajib of a member who leaves.

    Safe to repeat. What is paid back is decided once; afterwards the accounts are
    closed and nothing more is owed. Whoever calls has ended the membership, so that
    nothing is paid in, or cancelled, meanwhile. Raises what the ledger refuses; what
    was refused may succeed when it is repeated.
    """
    finishing.finish_of_member(database, ledger, cooperative_id, member_id)
    keys = {
        kind: accounts.account_key(cooperative_id, kind, member_id)
        for kind in products.KINDS
    }
    balances = ledger.get_balances({"keys": list(keys.values())})
    held = {
        kind: balances[one]["balance"]
        for kind, one in keys.items()
        if balances.get(one, {}).get("balance", 0) > 0
    }
    payouts = _decided_payouts(
        database,
        cooperative_id,
        member_id,
        held,
        accounts.channel_account(cooperative_id, channel),
        key,
    )
    for payout in payouts:
        _post_payout(database, ledger, cooperative_id, payout)
    for one in keys.values():
        if one in balances:
            ledger.set_status({"key": one, "status": "closed"})
    return [payout["journal_id"] for payout in payouts]


@retrying
def _decided_payouts(
    database: Database,
    cooperative_id: str,
    member_id: str,
    held: dict[str, int],
    target_account: str,
    key: str,
) -> list[dict[str, Any]]:
    with database.tenant(cooperative_id) as session:
        store.add_payouts(
            session,
            [
                {
                    "cooperative_id": cooperative_id,
                    "member_id": member_id,
                    "kind": kind,
                    "amount": amount,
                    "target_account": target_account,
                    "journal_id": identifiers.derived(
                        "jrn", cooperative_id, "payout", member_id, kind, key
                    ),
                    "decided_at": clock.now(),
                }
                for kind, amount in held.items()
            ],
        )
        store.waive_open(session, member_id)
        return [
            {
                "journal_id": one.journal_id,
                "kind": one.kind,
                "amount": one.amount,
                "source": accounts.account_key(cooperative_id, one.kind, member_id),
                "target": one.target_account,
            }
            for one in store.payouts(session, member_id)
        ]


def _post_payout(
    database: Database, ledger: Ledger, cooperative_id: str, payout: dict[str, Any]
) -> None:
    try:
        ledger.post_journal(
            {
                "id": payout["journal_id"],
                "kind": "contribution_returned",
                "description": BACK[payout["kind"]],
                "business_date": clock.business_date().isoformat(),
                "reference": None,
                "postings": [[payout["source"], payout["target"], payout["amount"]]],
            }
        )
    except RefusedError as error:
        if error.code in ledger_contract.REFUSALS:
            _plan_anew(database, ledger, cooperative_id, payout)
        raise


def _plan_anew(
    database: Database, ledger: Ledger, cooperative_id: str, refused: dict[str, Any]
) -> None:
    """Give what was refused another journal, with what the account holds by now.

    The ledger remembers the refusal of a journal for ever: only so can it be posted
    when the reason has gone.
    """
    source = refused["source"]
    balance = ledger.get_balances({"keys": [source]})[source]["balance"]
    anew = identifiers.derived("jrn", refused["journal_id"], "again")
    with database.tenant(cooperative_id) as session:
        store.plan_payout_anew(session, refused["journal_id"], anew, balance)
