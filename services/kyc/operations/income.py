"""What members earn: statements that they hand in, or that a vendor tells."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.kyc.domain import checks, names
from services.kyc.domain import income as domain
from services.kyc.domain.income import Statement
from services.kyc.domain.peers import Members
from services.kyc.models import IncomeStatement
from services.kyc.operations import sealing
from services.kyc.store import income as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.kyc import bureau as bureau_contract
from services.shared.contracts.kyc import income as contract
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

NAME_SCORE_MIN: Final = checks.Thresholds().name_review
"""How alike the name on a statement and the member's have to be at least."""

NOTHING: Final = {
    "monthly_income": None,
    "source": None,
    "is_capped": False,
    "as_of": None,
    "employer": None,
    "is_active": False,
    "recorded_at": None,
}


@retrying
def upload_income(
    database: Database,
    settings: Settings,
    members: Members,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Keep a statement that a member has handed in.

    Raises NotThisMember, IncomePeriodInvalid, NotFound.
    """
    member_id, statement = command["member_id"], Statement.of_told(command)
    told = members.get_identity({"member_id": member_id, "with_photos": False})
    if statement.month > clock.business_date():
        raise contract.IncomePeriodInvalid
    likeness = names.similarity(
        names.folded(told["name"]), names.folded(statement.name)
    )
    if likeness < NAME_SCORE_MIN:
        raise bureau_contract.NotThisMember

    def keep(session: Session) -> dict[str, Any]:
        made = add(session, settings, actor, member_id, domain.UPLOAD, statement)
        known = {"member_id": member_id}
        trail.note(session, actor, "income.uploaded", made.id, after=known)
        return _answer(made, statement)

    return idempotency.once(database, actor, command, keep)


def get_income(
    database: Database, settings: Settings, cooperative_id: str, member_id: str
) -> dict[str, Any]:
    """The newest statement of a member; nulls where there is none."""
    with database.tenant(cooperative_id) as session:
        found = store.find_newest(session, member_id)
        if found is None:
            return dict(NOTHING)
        return _answer(found, opened(session, settings, found))


def add(
    session: Session,
    settings: Settings,
    actor: Actor,
    member_id: str,
    source: str,
    statement: Statement,
) -> IncomeStatement:
    """Keep a statement, encrypted."""
    statement_id = identifiers.new("inc")
    own = sealing.cipher(session, settings, actor.cooperative_id)
    return store.add_statement(
        session,
        id=statement_id,
        cooperative_id=actor.cooperative_id,
        member_id=member_id,
        source=source,
        month=statement.month,
        content=sealing.sealed(own, _place(statement_id), statement.told),
        recorded_by=actor.subject,
        recorded_at=clock.now(),
    )


def fresh_upload(
    session: Session, settings: Settings, member_id: str
) -> Statement | None:
    """What the member has handed in itself, if it still speaks for the present."""
    found = store.find_newest(session, member_id, domain.UPLOAD)
    if found is None or not domain.is_fresh(found.month, clock.business_date()):
        return None
    return opened(session, settings, found)


def opened(session: Session, settings: Settings, found: IncomeStatement) -> Statement:
    """A statement as it was told."""
    own = sealing.cipher(session, settings, found.cooperative_id)
    return Statement.of_told(sealing.opened(own, _place(found.id), found.content))


def _place(statement_id: str) -> str:
    return f"income_statements.content:{statement_id}"


def _answer(found: IncomeStatement, statement: Statement) -> dict[str, Any]:
    told = {
        "monthly_income": statement.wage,
        "source": found.source,
        "is_capped": statement.is_capped,
        "as_of": statement.month,
        "employer": statement.employer,
        "is_active": statement.is_active,
        "recorded_at": found.recorded_at,
    }
    return answers.one(contract.Income(), told)
