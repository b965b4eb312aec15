"""What is done about loans that are late: tasks, visits, promises, letters (R142-R147).

The daily job makes the tasks, judges promises and asks for claims; all of it compares
with the due days themselves, so that it does not matter in which order the jobs of a
day run, and twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import collections as domain
from services.loans.models import (
    CollectionLetter,
    CollectionTask,
    CollectionVisit,
    Loan,
    PaymentPromise,
)
from services.loans.operations import collection_papers, loans
from services.loans.operations.job_context import ACTOR, Job, JobContext
from services.loans.operations.repayments import debt_of
from services.loans.store import application_documents as documents_store
from services.loans.store import arrears as arrears_store
from services.loans.store import claims as claims_store
from services.loans.store import collections as store
from services.loans.store import loans as loans_store
from services.loans.store import recovery as recovery_store
from services.shared import clock, identifiers
from services.shared.contracts import answers, files
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import collections as contract
from services.shared.errors import InvariantViolated, NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, numbering, tenants, trail
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.jobs import Step
from services.shared.presentation import formats, pdf
from services.shared.settings import Settings

NAME: Final = "collections"
PREFIX: Final = "SP"


def run(context: JobContext, position: str | None) -> Step:
    """Make the tasks of a day, judge promises, ask for claims: one step."""
    del position
    return Step(done=_work_on(context))


JOB: Final = Job(name=NAME, is_due=lambda _day: True, run=run)
"""Every day."""


@retrying
def _work_on(context: JobContext) -> int:
    cooperative_id, day = context.cooperative_id, context.business_date
    with context.database.tenant(cooperative_id) as session:
        stages = arrears_store.settings_of(session, cooperative_id).stages
        bounds = recovery_store.settings_of(session, cooperative_id)
        made = store.make_tasks(session, cooperative_id, day, stages)
        store.judge_promises(session, cooperative_id, day)
        claims_store.request_defaults(
            session,
            cooperative_id,
            since=day - timedelta(days=bounds.claim_after_days),
            by=ACTOR,
            now=clock.now(),
        )
    return made


# Tasks


def list_tasks(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """Tasks by officer, branch, loan and state, what is due first at the top."""
    limit = command["limit"]
    filters = {name: command[name] for name in ("state", "assignee", "loan_id")}
    branch_code = command["branch_code"]
    owner = f"collection_tasks {cooperative_id} {filters} {branch_code}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_tasks(
            session,
            filters=filters,
            branch_code=branch_code,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    items = [_task(task, loan) for task, loan in rows[:limit]]
    next_cursor = None
    if len(rows) > limit:
        last = rows[limit - 1][0]
        place = f"{last.due_on.isoformat()} {last.id}"
        next_cursor = answers.cursor_at(owner, place)
    return {"items": items, "next_cursor": next_cursor}


@retrying
def assign_task(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Let another do a task. Raises NotFound, TaskEnded."""
    with database.tenant(actor.cooperative_id) as session:
        task = _open_task(session, command["task_id"])
        before, task.assignee = task.assignee, command["assignee"]
        session.flush()
        trail.note(
            session,
            actor,
            "collection_task.assigned",
            task.id,
            before={"assignee": before},
            after={"assignee": task.assignee},
        )
        return _task(task, loans.found(loans_store.find_loan(session, task.loan_id)))


@retrying
def finish_task(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Say what came of a task. Raises NotFound, TaskEnded."""
    with database.tenant(actor.cooperative_id) as session:
        task = _open_task(session, command["task_id"])
        task.state, task.outcome = domain.DONE, command["outcome"]
        task.ended_by, task.ended_at = actor.subject, clock.now()
        session.flush()
        trail.note(session, actor, "collection_task.done", task.id)
        return _task(task, loans.found(loans_store.find_loan(session, task.loan_id)))


# Visits and promises


@retrying
def record_visit(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what a visit found, encrypted. Raises NotFound, VisitDateInvalid."""

    def keep(session: Session) -> dict[str, Any]:
        loan = loans.found(loans_store.find_loan(session, command["loan_id"]))
        if command["visited_on"] > clock.business_date():
            raise contract.VisitDateInvalid
        _require_photo(session, loan, command["photo_document_id"])
        visit_id = identifiers.new("cvi")
        cipher = keyring.cipher(
            session, settings, loans_contract.SERVICE, actor.cooperative_id
        )
        visit = CollectionVisit(
            id=visit_id,
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            visited_on=command["visited_on"],
            officer=command["officer"],
            finding=cipher.encrypt(command["finding"].encode(), _place(visit_id)),
            latitude=command["latitude"],
            longitude=command["longitude"],
            photo_document_id=command["photo_document_id"],
            recorded_by=actor.subject,
            recorded_at=clock.now(),
        )
        store.add(session, visit)
        trail.note(
            session, actor, "collection.visited", loan.id, after={"visit_id": visit.id}
        )
        return _visit(visit, command["finding"])

    return idempotency.once(database, actor, command, keep)


def _require_photo(session: Session, loan: Loan, document_id: str | None) -> None:
    """Raises NotFound for a photo that is no paper of what the loan came from."""
    if document_id is None:
        return
    application_id = recovery_store.origin_of(session, loan.id).application_id
    if application_id is None or not documents_store.has_document(
        session, application_id, document_id
    ):
        raise NotFound("There is no such document.")


def list_visits(
    database: Database, settings: Settings, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The visits for a loan, with what they found."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"collection_visits {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = store.visits_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        cipher = keyring.cipher(
            session, settings, loans_contract.SERVICE, cooperative_id
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        items = [
            _visit(one, cipher.decrypt(one.finding, _place(one.id)).decode())
            for one in shown
        ]
    return {"items": items, "next_cursor": next_cursor}


@retrying
def record_promise(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what a borrower promised to pay.

    Raises NotFound, LoanNotActive, PromiseDateInvalid.
    """

    def keep(session: Session) -> dict[str, Any]:
        loan = loans.found(loans_store.find_loan(session, command["loan_id"]))
        loans.require_owing(loan)
        today = clock.business_date()
        if command["due_on"] < today:
            raise contract.PromiseDateInvalid
        promise = PaymentPromise(
            id=identifiers.new("ptp"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            amount=command["amount"],
            promised_on=today,
            due_on=command["due_on"],
            state=domain.OPEN,
            recorded_by=actor.subject,
            recorded_at=clock.now(),
        )
        store.add(session, promise)
        trail.note(
            session,
            actor,
            "collection.promised",
            loan.id,
            after={"amount": promise.amount, "due_on": promise.due_on.isoformat()},
        )
        return answers.one(contract.PaymentPromise(), promise)

    return idempotency.once(database, actor, command, keep)


def list_promises(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The promises for a loan, and whether they were kept."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"payment_promises {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = store.promises_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.PaymentPromise(), shown),
        "next_cursor": next_cursor,
    }


# Letters and causes


@retrying
def issue_letter(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Send the borrower a letter with what is overdue today.

    Raises NotFound, LoanNotActive, NotLate, LetterOutOfOrder.
    """

    def issue(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        loans.require_owing(loan)
        level, last = command["level"], store.last_level(session, loan.id)
        following = domain.TEGURAN + 1 if last is None else last + 1
        if level > following:
            raise contract.LetterOutOfOrder(details={"next": following})
        today = clock.business_date()
        letter = CollectionLetter(
            id=identifiers.new("ltr"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            level=level,
            content=_letter_content(session, loan),
            number=numbering.next_document(
                session, actor.cooperative_id, PREFIX, today
            ),
            issued_on=today,
            issued_by=actor.subject,
            issued_at=clock.now(),
        )
        store.add(session, letter)
        trail.note(
            session,
            actor,
            "collection.letter_issued",
            loan.id,
            after={"number": letter.number, "level": level},
        )
        return _letter(letter)

    return idempotency.once(database, actor, command, issue)


def get_letter(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """One letter as it was sent, or on paper. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        letter = store.find_letter(session, command["letter_id"])
    if letter is None or letter.loan_id != command["loan_id"]:
        raise NotFound("There is no such letter.")
    if command["format"] == files.JSON:
        return _letter(letter)
    name = f"{letter.number.replace('/', '-')}.pdf"
    paper = collection_papers.letter(letter.number, letter.level, letter.content)
    return files.file_of(name, pdf.MEDIA_TYPE, paper)


def list_letters(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The letters for a loan."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"collection_letters {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = store.letters_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_letter(one) for one in shown], "next_cursor": next_cursor}


@retrying
def set_cause(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Say why a loan fell behind. Raises NotFound."""
    with database.tenant(actor.cooperative_id) as session:
        loan = loans.locked(session, command["loan_id"])
        before, loan.cause = loan.cause, command["cause"]
        session.flush()
        trail.note(
            session,
            actor,
            "loan.cause_set",
            loan.id,
            before={"cause": before},
            after={"cause": loan.cause},
        )
        return answers.one(
            contract.ArrearsCause(), {"loan_id": loan.id, "cause": loan.cause}
        )


def _letter_content(session: Session, loan: Loan) -> dict[str, Any]:
    tenant = tenants.find(session, loan.cooperative_id)
    if tenant is None:
        raise InvariantViolated("only tenants have loans")
    today = clock.business_date()
    debt = debt_of(loan, loans_store.instalments_of(session, loan.id), today)
    overdue = [one for one in debt.due if one.due_on < today]
    # What was put off falls due with the last instalment.
    deferred = debt.deferred if loan.matures_on < today else 0
    if not overdue and not deferred:
        raise contract.NotLate
    oldest = overdue[0].due_on if overdue else loan.matures_on
    total = sum(one.left for one in overdue) + deferred
    return answers.one(
        contract.CollectionLetterContent(),
        {
            "cooperative_name": tenant.name,
            "cooperative_code": tenant.code,
            "member_name": loan.member_name,
            "loan_number": loan.number,
            "issued_at": clock.now(),
            "issued_on": today,
            "oldest_due_on": oldest,
            "dpd": (today - oldest).days,
            "principal": sum(one.principal_left for one in overdue),
            "interest": sum(one.interest_left for one in overdue) + deferred,
            "penalty": sum(one.penalty_left for one in overdue),
            "total": total,
            "terbilang": formats.terbilang(total),
            "pay_by": today + timedelta(days=domain.LETTER_DAYS),
        },
    )


_LETTER_COLUMNS: Final = ("id", "loan_id", "level", "number", "issued_on", "issued_by")


def _letter(letter: CollectionLetter) -> dict[str, Any]:
    columns = {name: getattr(letter, name) for name in _LETTER_COLUMNS}
    content = contract.CollectionLetterContent().load(letter.content)
    return answers.one(contract.CollectionLetter(), columns | {"content": content})


def _open_task(session: Session, task_id: str) -> CollectionTask:
    task = store.lock_task(session, task_id)
    if task is None:
        raise NotFound("There is no such task.")
    if task.state != domain.OPEN:
        raise contract.TaskEnded
    return task


_TASK_COLUMNS: Final = (
    "id",
    "loan_id",
    "code",
    "action",
    "since",
    "due_on",
    "assignee",
    "state",
    "outcome",
    "ended_by",
    "ended_at",
)


def _task(task: CollectionTask, loan: Loan) -> dict[str, Any]:
    columns = {name: getattr(task, name) for name in _TASK_COLUMNS}
    return answers.one(
        contract.CollectionTask(),
        columns
        | {
            "loan_number": loan.number,
            "member_id": loan.member_id,
            "member_name": loan.member_name,
            "branch_code": loan.branch_code,
        },
    )


_VISIT_COLUMNS: Final = (
    "id",
    "loan_id",
    "visited_on",
    "officer",
    "latitude",
    "longitude",
    "photo_document_id",
    "recorded_by",
    "recorded_at",
)


def _visit(visit: CollectionVisit, finding: str) -> dict[str, Any]:
    columns = {name: getattr(visit, name) for name in _VISIT_COLUMNS}
    return answers.one(contract.CollectionVisit(), columns | {"finding": finding})


def _place(visit_id: str) -> bytes:
    return f"collection_visits.finding:{visit_id}".encode()
