"""Which imports there are, and what people decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import cooperatives, duties
from services.members.models import Import, ImportFile
from services.members.operations import audit
from services.members.store.imports import batches, staging, takeover
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import CooperativeNotActive
from services.shared.contracts.members import imports as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying

EDITABLE: Final = frozenset({"draft", "ready"})


@retrying
def create_import(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A new batch. Raises CutOverInFuture."""
    if command["cut_over"] > clock.business_date():
        raise contract.CutOverInFuture

    def create(session: Session) -> dict[str, Any]:
        now = clock.now()
        made = batches.add(
            session,
            id=identifiers.new("imp"),
            cooperative_id=actor.cooperative_id,
            cut_over=command["cut_over"],
            created_by=actor.subject,
            created_at=now,
            due_at=now,
        )
        audit.record(session, actor, "import.created", made.id)
        return answer(made, [])

    return idempotency.once(database, actor, command, create)


def get_import(
    database: Database, cooperative_id: str, import_id: str
) -> dict[str, Any]:
    """One import and how far it has come."""
    with database.tenant(cooperative_id) as session:
        found = found_import(batches.find(session, import_id))
        return answer(found, batches.files(session, [import_id]))


def list_imports(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The imports of the cooperative, oldest first."""
    owner, limit = f"imports {cooperative_id}", command["limit"]
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = batches.list_imports(session, after=after, limit=limit + 1)
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        files = batches.files(session, [one.id for one in shown])
    return {
        "items": [
            answer(one, [file for file in files if file.import_id == one.id])
            for one in shown
        ],
        "next_cursor": next_cursor,
    }


@retrying
def validate_import(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Read and check the files in the background; under way already, it goes on.

    Raises ImportNotEditable, and ImportEmpty without any file.
    """
    import_id = command["import_id"]
    with database.tenant(actor.cooperative_id) as session:
        found = found_import(batches.lock(session, import_id))
        files = batches.files(session, [import_id])
        if found.state != "validating":
            require_editable(found)
            if not files:
                raise contract.ImportEmpty
            staging.clear(session, import_id)
            forget_findings(found)
            begin(found, "validating", "reading")
            session.flush()
        return answer(found, files)


@retrying
def sign_off_import(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Accept the differences as they are now.

    Raises ImportNotReady, NothingToSignOff, and SameProposer for who made the import.
    """
    import_id = command["import_id"]
    with database.tenant(actor.cooperative_id) as session:
        found = found_import(batches.lock(session, import_id))
        if found.state != "ready":
            raise contract.ImportNotReady
        duties.refuse_same(found.created_by, actor.subject)
        if found.differences is None:
            raise contract.NothingToSignOff
        if found.signed_differences != found.differences:
            found.signed_off_by = actor.subject
            found.signed_off_at = clock.now()
            found.sign_off_reason = command["reason"]
            found.signed_differences = found.differences
            session.flush()
            audit.record(
                session,
                actor,
                "import.signed_off",
                import_id,
                after={"reason": command["reason"], "differences": found.differences},
            )
        return answer(found, batches.files(session, [import_id]))


@retrying
def commit_import(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Take over what was validated, in one piece; under way or done, it stays so.

    Raises ImportNotReady, ImportHasProblems, ImportNotReconciled, ImportEmpty,
    ImportRunning or CooperativeNotActive. What happens is done by `work`.
    """
    import_id, is_partial = command["import_id"], command["is_partial"]
    with database.tenant(actor.cooperative_id) as session:
        _require_active(session, actor.cooperative_id)
        found = found_import(batches.lock(session, import_id))
        if found.state not in {"committing", "committed"}:
            if found.state != "ready" or found.counts is None:
                raise contract.ImportNotReady
            refuse_unfit(found, is_partial=is_partial)
            if batches.is_committing(session):
                raise contract.ImportRunning
            found.is_partial = is_partial
            found.committed_by = actor.subject
            begin(found, "committing", "reserving")
            session.flush()
            audit.record(
                session,
                actor,
                "import.commit_requested",
                import_id,
                after={"partial": is_partial},
            )
        return answer(found, batches.files(session, [import_id]))


@retrying
def cancel_import(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Give an import up and forget what was uploaded; again changes nothing.

    Raises ImportNotEditable while it is being taken over, and when it was.
    """
    import_id = command["import_id"]
    with database.tenant(actor.cooperative_id) as session:
        found = found_import(batches.lock(session, import_id))
        if found.state != "cancelled":
            if found.state in {"committing", "committed"}:
                raise contract.ImportNotEditable
            found.state, found.stage, found.position = "cancelled", None, None
            found.finished_at = clock.now()
            session.flush()
            takeover.forget(session, import_id)
            batches.drop_parts(session, import_id)
            audit.record(session, actor, "import.cancelled", import_id)
        return answer(found, batches.files(session, [import_id]))


# What the steps of an import share


def found_import(found: Import | None) -> Import:
    """The import. Raises NotFound."""
    if found is None:
        raise NotFound("There is no such import.")
    return found


def require_editable(found: Import) -> None:
    """Refuse to change an import that is worked on. Raises ImportNotEditable."""
    if found.state not in EDITABLE:
        raise contract.ImportNotEditable


def begin(found: Import, state: str, stage: str) -> None:
    """Give the import to the background, from the beginning of a stage."""
    found.state = state
    found.fault = None
    found.attempts = 0
    found.due_at = clock.now()
    enter_stage(found, stage)


def enter_stage(found: Import, stage: str, total: int | None = None) -> None:
    """The next stage begins, with as much to do as ``total`` says."""
    found.stage, found.position = stage, None
    found.done, found.total = 0, total


def come_to_rest(found: Import, state: str, fault: str | None = None) -> None:
    """The background has nothing more to do until a person decides."""
    found.state, found.fault = state, fault
    found.stage = found.position = None


def forget_findings(found: Import) -> None:
    """What was found is about files that are no more."""
    found.counts = found.lines = found.differences = None
    found.is_balanced = True


def refuse_unfit(found: Import, *, is_partial: bool) -> None:
    """Refuse to take over what has problems or does not agree.

    Raises ImportHasProblems, ImportNotReconciled or ImportEmpty.
    """
    counts = found.counts or {}
    # A sheet that cannot be read as a whole has no rows that could be left out.
    if counts["errors"] and (not is_partial or counts["errors_of_sheets"]):
        raise contract.ImportHasProblems
    if not is_reconciled(found):
        raise contract.ImportNotReconciled
    if all(sheet["rows"] == sheet["bad_rows"] for sheet in counts["sheets"]):
        raise contract.ImportEmpty


def is_reconciled(found: Import) -> bool | None:
    """Whether details and balance sheet agree or were signed off; None is unknown."""
    if found.counts is None:
        return None
    return found.is_balanced and (
        found.differences is None or found.differences == found.signed_differences
    )


def sign_off_of(found: Import) -> dict[str, Any] | None:
    """Who accepted the differences that there are now, and why."""
    if found.differences is None or found.differences != found.signed_differences:
        return None
    return {
        "by": found.signed_off_by,
        "at": found.signed_off_at,
        "reason": found.sign_off_reason,
    }


def answer(found: Import, files: Sequence[ImportFile]) -> dict[str, Any]:
    """An import as it is shown."""
    return answers.one(
        contract.Import(),
        {
            "id": found.id,
            "cut_over": found.cut_over,
            "state": found.state,
            "is_partial": found.is_partial,
            "progress": {
                "stage": found.stage,
                "done": found.done,
                "total": found.total,
            },
            "files": files,
            "counts": found.counts,
            "is_reconciled": is_reconciled(found),
            "sign_off": sign_off_of(found),
            # Before, it is that of the next attempt.
            "journal_id": found.journal_id if found.state == "committed" else None,
            "fault": found.fault,
            "created_by": found.created_by,
            "created_at": found.created_at,
            "finished_at": found.finished_at,
        },
    )


def moment_of(found: Import) -> datetime:
    """When who is taken over becomes a member here: as the day of cut-over ends.

    Dues up to that day were paid, or owed, in the old system.
    """
    morning = datetime.combine(
        found.cut_over + timedelta(days=1), datetime.min.time(), clock.JAKARTA
    )
    return min(morning, clock.now())


def _require_active(session: Session, cooperative_id: str) -> None:
    cooperative = store.find_cooperative(session, cooperative_id)
    if cooperative is None or cooperative.status != cooperatives.ACTIVE:
        raise CooperativeNotActive
