"""Paying: single and bulk transfers from the caller's cooperative.

The hot path. A batch of any size is two transactions of ours around one batch of the
ledger's: store what was asked, let the ledger move the money, store what came of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from services.shared.errors import Malformed, ServiceError
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.transfers.domain import transfer
from services.transfers.domain.peers import Ledger, Outcome
from services.transfers.domain.transfer import Transfer
from services.transfers.operations import answers, drive, intake
from services.transfers.operations.intake import Submission

_log = logging.getLogger(__name__)


def submit_transfers(
    database: Database,
    ledger: Ledger,
    submissions: Sequence[Submission],
    *,
    reserved_seconds: float = drive.RESERVED_SECONDS,
) -> list[Outcome]:
    """One transfer per submission; its answer or its refusal, in order."""
    intake.take_in(database, submissions)
    _drive_received(database, ledger, submissions, reserved_seconds)
    return [_answer(submission) for submission in submissions]


def submit_bulk_transfers(
    database: Database,
    ledger: Ledger,
    submissions: Sequence[Submission],
    *,
    reserved_seconds: float = drive.RESERVED_SECONDS,
) -> list[Outcome]:
    """Many transfers per submission, all submissions as one set."""
    intake.take_in(database, submissions)
    _drive_received(database, ledger, submissions, reserved_seconds)
    return [_bulk_answer(submission) for submission in submissions]


def _drive_received(
    database: Database,
    ledger: Ledger,
    submissions: Sequence[Submission],
    reserved_seconds: float,
) -> None:
    """Drive on what is unfinished; a failure from here on is for the sweeper."""
    received = {
        one.id: one
        for submission in submissions
        for one in submission.transfers
        if one.state == transfer.RECEIVED
    }
    if not received:
        return
    requests = {
        one.subject_id: submission.identity
        for submission in submissions
        for one in submission.transfers
    }
    done = drive_or_leave(
        database,
        ledger,
        list(received.values()),
        requests=requests,
        reserved_seconds=reserved_seconds,
    )
    for submission in submissions:
        submission.transfers = [done.get(one.id, one) for one in submission.transfers]


def drive_or_leave(
    database: Database,
    ledger: Ledger,
    received: Sequence[Transfer],
    *,
    requests: Mapping[str, drive.Identity] = drive.NO_REQUESTS,
    reserved_seconds: float = drive.RESERVED_SECONDS,
) -> dict[str, Transfer]:
    """Drive on what is unfinished; what could not be recorded is left to the sweeper.

    After the ledger was asked "nothing was done" would be a lie, so a database that
    went away in between must not be reported as such.
    """
    try:
        return drive.drive(
            database,
            ledger,
            received,
            requests=requests,
            reserved_seconds=reserved_seconds,
        )
    except ServiceError as error:
        _log.warning("%d transfers left to the sweeper: %r", len(received), error)
        return {one.id: one for one in received}


def _answer(submission: Submission) -> Outcome:
    if submission.error is not None:
        return submission.error
    answer = answers.submitted(submission.transfers[0])
    return answers.replayed(answer, is_replayed=submission.is_replayed)


def _bulk_answer(submission: Submission) -> Outcome:
    """All lines at once, and only when each has an outcome."""
    if submission.error is not None:
        return submission.error
    for one in submission.transfers:
        if one.state == transfer.RECEIVED or _is_withdrawn(one):
            return answers.replayed(
                _unanswered(one), is_replayed=submission.is_replayed
            )
    items = [answers.bulk_item(one) for one in submission.transfers]
    return answers.replayed({"items": items}, is_replayed=submission.is_replayed)


def _unanswered(one: Transfer) -> ServiceError:
    answer = answers.submitted(one)
    assert isinstance(answer, ServiceError)  # noqa: S101
    return answer


def _is_withdrawn(one: Transfer) -> bool:
    return one.code == drive.UNREACHABLE


class Call(Protocol):
    """One item of a batched call, as the bus hands it over."""

    @property
    def payload(self) -> dict[str, Any]:
        """JSON primitives."""

    @property
    def identity(self) -> Identity:
        """Who calls."""

    @property
    def request_id(self) -> str:
        """The request that caused it."""


def answer_each(
    calls: Sequence[Call],
    *,
    load: Callable[..., Submission],
    operate: Callable[[list[Submission]], list[Outcome]],
) -> list[Outcome]:
    """An answer for every call, in order; a malformed one fails alone."""
    answers_in_place: list[Outcome] = []
    loaded: dict[int, Submission] = {}
    for place, call in enumerate(calls):
        try:
            loaded[place] = load(
                call.payload,
                cooperative_id=call.identity.cooperative_id,
                request_id=call.request_id,
            )
            # Taken by the real outcome below.
            answers_in_place.append({})
        except Malformed as error:
            answers_in_place.append(error)
    outcomes = operate(list(loaded.values())) if loaded else []
    for place, outcome in zip(loaded, outcomes, strict=True):
        answers_in_place[place] = outcome
    return answers_in_place
