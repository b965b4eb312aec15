"""How a contribution that was recorded by mistake is undone."""

from __future__ import annotations

from typing import Any

from services.members.domain import dues, duties
from services.members.domain import slips as domain_slips
from services.members.domain.audit import Actor
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.models import Contribution
from services.members.operations import audit, slips
from services.members.operations.dues import accounts, views
from services.members.operations.dues.recording import DESCRIPTIONS
from services.members.store import dues as store
from services.shared import identifiers
from services.shared.contracts.members import dues as contract
from services.shared.identity import Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying


def cancel_contribution(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    command: dict[str, Any],
    by: Identity | None = None,
) -> dict[str, Any]:
    """A contribution recorded by mistake: its money goes back where it came from.

    Cash comes out of the drawer that ``by`` has open, else out of the vault. The months
    are owed again, simpanan pokok may be paid anew. Raises
    ContributionNotFound, ContributionNotPosted, SameProposer for whoever recorded it,
    or what the ledger refuses.
    """
    cooperative_id = actor.cooperative_id
    contribution_id = command["contribution_id"]
    with database.tenant(cooperative_id) as session:
        contribution = store.find_contribution(session, contribution_id)
    if contribution is None:
        raise contract.ContributionNotFound
    duties.refuse_same(contribution.recorded_by, actor.subject)

    def cancel() -> dict[str, Any]:
        if contribution.state not in {dues.POSTED, dues.CANCELLED}:
            raise contract.ContributionNotPosted
        _post_back(database, ledger, contribution, by)
        return _cancelled(database, actor, contribution_id, command["reason"])

    return idempotency.answer_once(
        database, cooperative_id, command["idempotency"], cancel
    )


def _post_back(
    database: Database,
    ledger: Ledger,
    contribution: Contribution,
    by: Identity | None,
) -> None:
    cooperative_id = contribution.cooperative_id
    source = accounts.account_key(
        cooperative_id, contribution.kind, contribution.member_id
    )
    draft = Draft(
        journal_id=identifiers.derived(
            "jrn", cooperative_id, "contribution cancelled", contribution.id
        ),
        kind=domain_slips.CONTRIBUTION_CANCELLED,
        description=f"Pembatalan {DESCRIPTIONS[contribution.kind].lower()}",
        account=source,
        channel=contribution.channel,
        posting=(source, contribution.source_account, contribution.amount),
        reference=contribution.journal_id,
    )
    with database.tenant(cooperative_id) as session:
        slips.begin(session, cooperative_id, draft, by)
    slips.finish(database, ledger, cooperative_id, draft.journal_id)


@retrying
def _cancelled(
    database: Database, actor: Actor, contribution_id: str, reason: str
) -> dict[str, Any]:
    with database.tenant(actor.cooperative_id) as session:
        locked = store.lock_contribution(session, contribution_id)
        if locked is None:
            raise contract.ContributionNotFound
        if locked.state == dues.POSTED:
            locked.state = dues.CANCELLED
            session.flush()
            store.reopen_months(session, contribution_id)
            views.tell(session, contract.CONTRIBUTION_CANCELLED, locked)
            audit.record(
                session,
                actor,
                "contribution.cancelled",
                contribution_id,
                after={"amount": locked.amount, "reason": reason},
            )
        return views.answers_of(session, [locked])[0]
