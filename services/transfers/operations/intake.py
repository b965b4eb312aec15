"""First transaction of a submission: what was asked is stored before anything moves.

A batch of requests, each with one transfer or (bulk) many, becomes rows in a handful
of statements. What the hub can refuse by itself is aborted here; the rest is left
`received` for the ledger. From the commit on, every one of these transfers has an
outcome or somebody who will see to it (`recovery.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from services.shared import clock, identifiers
from services.shared.contracts import transfers as contract
from services.shared.errors import (
    IdempotencyKeyReused,
    RequestInProgress,
    ServiceError,
)
from services.shared.persistence.database import Database, retrying
from services.transfers.domain import agreements, limits, transfer
from services.transfers.domain.limits import DailyUsage, Ruling, Terms
from services.transfers.domain.participants import Participant
from services.transfers.domain.transfer import Transfer
from services.transfers.store import agreements as agreement_store
from services.transfers.store import participants as participant_store
from services.transfers.store import transfers as store
from services.transfers.store.transfers import Request, StoredRequest

PATIENCE_SECONDS: Final = 10.0
"""How long a repeated request is told that the first one is still running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A transfer as it is asked for, before anybody judged it."""

    payer_account: str
    payee_account: str
    amount: int
    description: str | None
    reference: str | None = None


@dataclass(slots=True, kw_only=True)
class Submission:
    """One request and its transfers: one, or those of a bulk in order."""

    cooperative_id: str
    operation: str
    key: str
    request_hash: str
    request_id: str
    drafts: Sequence[Draft]
    is_bulk: bool = False

    transfers: list[Transfer] = field(default_factory=list)
    """The rows of this request: new ones, or those it made when it came first."""

    is_replayed: bool = False
    error: ServiceError | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two submissions share exactly when they are the same request."""
        return (self.cooperative_id, self.operation, self.key)


@retrying
def take_in(database: Database, submissions: Sequence[Submission]) -> None:
    """Store what is new and find what is not; fills in `transfers` or `error`.

    Committed at return: only then may the ledger be asked.
    """
    for submission in submissions:
        submission.transfers, submission.error = [], None
        submission.is_replayed = False
    with database.hub() as session:
        terms = _load_terms(session, submissions)
        known = _refuse_unknown(terms, submissions)
        fresh, repeated = _remember(session, known)
        if fresh:
            _store_new(session, terms, fresh)
        if repeated:
            _find_stored(session, repeated)


def _load_terms(session: Session, submissions: Sequence[Submission]) -> Terms:
    """Participants and agreements that any transfer of the batch could concern."""
    concerned = participant_store.load_concerned(
        session,
        ids={submission.cooperative_id for submission in submissions},
        codes={
            transfer.cooperative_code(draft.payee_account)
            for submission in submissions
            for draft in submission.drafts
        },
    )
    by_id = {one.cooperative_id: one for one in concerned}
    by_code = {one.code: one for one in concerned}
    pairs = {
        agreements.pair(submission.cooperative_id, payee.cooperative_id)
        for submission in submissions
        for draft in submission.drafts
        if (payee := by_code.get(transfer.cooperative_code(draft.payee_account)))
        and payee.cooperative_id != submission.cooperative_id
    }
    in_force = agreement_store.load_in_force(session, pairs, clock.business_date())
    return Terms(by_id=by_id, by_code=by_code, agreements=in_force)


def _refuse_unknown(
    terms: Terms, submissions: Sequence[Submission]
) -> list[Submission]:
    """Those whose cooperative is a participant; the others are not stored at all."""
    for submission in submissions:
        if submission.cooperative_id not in terms.by_id:
            submission.error = contract.ParticipantNotReady()
    return [one for one in submissions if one.error is None]


def _remember(
    session: Session, submissions: Sequence[Submission]
) -> tuple[list[tuple[Submission, str]], list[Submission]]:
    """Which requests are new, with the id of what they make, and which came before.

    Of two with the same key in one batch the first is the new one.
    """
    firsts: dict[tuple[str, str, str], Submission] = {}
    for submission in submissions:
        firsts.setdefault(submission.identity, submission)
    requests = {
        identity: Request(
            cooperative_id=one.cooperative_id,
            operation=one.operation,
            key=one.key,
            request_hash=one.request_hash,
            subject_id=identifiers.new("blk" if one.is_bulk else "trf"),
            request_id=one.request_id,
        )
        for identity, one in firsts.items()
    }
    added = store.add_requests(session, requests.values()) if requests else set()
    fresh, repeated = [], []
    for submission in submissions:
        subject_id = requests[submission.identity].subject_id
        if submission is firsts[submission.identity] and subject_id in added:
            fresh.append((submission, subject_id))
        else:
            repeated.append(submission)
    return fresh, repeated


def _store_new(
    session: Session, terms: Terms, fresh: Sequence[tuple[Submission, str]]
) -> None:
    today, now = clock.business_date(), store.database_now(session)
    for submission, subject_id in fresh:
        payer = terms.by_id[submission.cooperative_id]
        for draft in submission.drafts:
            made = _received(terms, payer, submission, draft)
            made.id = identifiers.new("trf") if submission.is_bulk else subject_id
            made.bulk_id = subject_id if submission.is_bulk else None
            made.business_date, made.created_at = today, now
            submission.transfers.append(made)
    _apply_limits(session, terms, [submission for submission, _ in fresh], today)
    for rows in _rows(submission for submission, _ in fresh):
        for made in rows:
            made.finished_at = now if made.state == transfer.ABORTED else None
        store.add(session, rows)


def _rows(submissions: Iterable[Submission]) -> Iterable[list[Transfer]]:
    """Singles in one statement; each bulk in its own, which numbers its positions."""
    singles: list[Transfer] = []
    for submission in submissions:
        if submission.is_bulk:
            yield submission.transfers
        else:
            singles += submission.transfers
    if singles:
        yield singles


def _received(
    terms: Terms, payer: Participant, submission: Submission, draft: Draft
) -> Transfer:
    ruling = limits.judge(
        terms,
        payer,
        payer_account=draft.payer_account,
        payee_account=draft.payee_account,
    )
    made = new_transfer(ruling, draft, submission.request_id)
    if ruling.code is not None:
        made.state, made.code = transfer.ABORTED, ruling.code
    return made


def new_transfer(ruling: Ruling, draft: Draft, request_id: str) -> Transfer:
    """A received transfer between the two sides of ``ruling``, without an id yet."""
    payer, payee = ruling.payer, ruling.payee
    return Transfer(
        id="",
        kind=transfer.TRANSFER,
        state=transfer.RECEIVED,
        cooperative_id=payer.cooperative_id,
        payer_account=draft.payer_account,
        payee_account=draft.payee_account,
        payer_cooperative_id=payer.cooperative_id,
        payee_cooperative_id=payee.cooperative_id if payee else None,
        payer_mode=payer.mode,
        payee_mode=payee.mode if payee else transfer.HOSTED,
        amount=draft.amount,
        description=draft.description,
        reference=draft.reference,
        business_date=date.min,
        created_at=clock.now(),
        agreement_id=ruling.agreement.id if ruling.agreement else None,
        request_id=request_id,
    )


def _apply_limits(
    session: Session, terms: Terms, submissions: Sequence[Submission], today: date
) -> None:
    """Refuse what passes a limit of its agreement, in the order of the batch."""
    by_id = {one.id: one for one in terms.agreements.values()}
    open_transfers = [
        one
        for submission in submissions
        for one in submission.transfers
        if one.state == transfer.RECEIVED and one.agreement_id is not None
    ]
    concerned = {str(one.agreement_id) for one in open_transfers}
    usage = DailyUsage(
        agreement_store.lock_usage(session, [by_id[one] for one in concerned], today)
    )
    for one in open_transfers:
        code = limits.exceeded(by_id[str(one.agreement_id)], one.amount, usage)
        if code is not None:
            one.state, one.code = transfer.ABORTED, code
    if usage.reserved:
        agreement_store.add_usage(session, usage.reserved, today)


def _find_stored(session: Session, repeated: Sequence[Submission]) -> None:
    """Give each repeated request what its first one made, or the reason it may not."""
    stored = store.find_requests(session, [one.identity for one in repeated])
    found = _load_subjects(session, stored.values())
    driven: list[str] = []
    for submission in repeated:
        request = stored.get(submission.identity)
        if request is None:
            # Withdrawn between our two looks; whoever repeats again begins anew.
            submission.error = RequestInProgress()
            continue
        submission.is_replayed = True
        if request.request_hash != submission.request_hash:
            submission.error = IdempotencyKeyReused()
            continue
        transfers = found[request.subject_id]
        unfinished = [one for one in transfers if one.state == transfer.RECEIVED]
        if unfinished and is_still_running(request, submission.request_id):
            submission.error = RequestInProgress()
            continue
        submission.transfers = transfers
        driven += [one.id for one in unfinished]
    if driven:
        store.claim(session, sorted(set(driven)))


def is_still_running(request: StoredRequest, request_id: str) -> bool:
    """Whether the first request may yet answer; its own message may always retry."""
    return request.age_seconds < PATIENCE_SECONDS and request.request_id != request_id


def _load_subjects(
    session: Session, requests: Iterable[StoredRequest]
) -> dict[str, list[Transfer]]:
    subjects = [request.subject_id for request in requests]
    bulks = [one for one in subjects if one.startswith("blk_")]
    singles = [one for one in subjects if not one.startswith("blk_")]
    found: dict[str, list[Transfer]] = {}
    if bulks:
        found |= store.load_bulks(session, bulks)
    if singles:
        found |= {key: [one] for key, one in store.load(session, singles).items()}
    return found
