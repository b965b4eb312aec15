"""Each fault has one status, and a problem document that tells no more than it may."""

import json

import pytest

from services.gateway.http import problems
from services.shared import errors
from services.shared.contracts import ledger, members, transfers
from services.shared.contracts.loans.repayments import SettlementChanged
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import ServiceError


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Malformed, 400),
        (problems.MalformedJson, 400),
        (InvalidCursor, 400),
        (errors.NotAuthenticated, 401),
        (members.InvalidClient, 401),
        (errors.NotAllowed, 403),
        (errors.NotFound, 404),
        (problems.MethodNotAllowed, 405),
        (problems.RequestTimeout, 408),
        (errors.RequestInProgress, 409),
        (ledger.AlreadyReversed, 409),
        (problems.BodyTooLarge, 413),
        (problems.UnsupportedMediaType, 415),
        (errors.IdempotencyKeyReused, 422),
        (transfers.NetDebitCapExceeded, 422),
        (problems.TooManyRequests, 429),
        (errors.RemoteFault, 500),
        (errors.ServiceBusy, 503),
        (transfers.TransferNotStarted, 503),
        (errors.DeadlinePassed, 504),
        (transfers.TransferPending, 504),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_fault_has_the_status_of_its_category(
    kind: type[ServiceError], status: int
) -> None:
    answer = problems.answer_to(kind())
    document = json.loads(answer.body)
    assert answer.status == document["status"] == status
    assert answer.media_type == "application/problem+json"
    assert set(document) >= {"type", "title", "status", "code", "detail"}


def test_a_refusal_tells_its_code_and_its_own_words() -> None:
    answer = problems.answer_to(transfers.NoAgreement("Tidak ada perjanjian."))
    assert json.loads(answer.body) == {
        "type": "/docs#problem-no_agreement",
        "title": "No agreement",
        "status": 422,
        "code": "no_agreement",
        "detail": "Tidak ada perjanjian.",
    }


def test_an_unforeseen_fault_tells_nothing_of_the_inside() -> None:
    answer = problems.answer_to(errors.RemoteFault("KeyError: 'secret'"))
    assert b"secret" not in answer.body
    assert json.loads(answer.body)["code"] == "internal_error"


def test_a_refusal_given_again_says_so() -> None:
    answer = problems.answer_to(transfers.SameAccount(details={"replayed": True}))
    assert ("Idempotency-Replayed", "true") in answer.headers


@pytest.mark.parametrize(
    "kind", [problems.TooManyRequests, errors.ServiceBusy, errors.RequestInProgress]
)
def test_what_passes_says_when_to_try_again(kind: type[ServiceError]) -> None:
    assert dict(problems.answer_to(kind()).headers)["Retry-After"] == "1"


def test_a_conflict_that_does_not_pass_says_no_such_thing() -> None:
    assert "Retry-After" not in dict(
        problems.answer_to(ledger.AlreadyReversed()).headers
    )


def test_an_unauthenticated_caller_is_told_how_to_authenticate() -> None:
    headers = dict(problems.answer_to(errors.NotAuthenticated()).headers)
    assert headers["WWW-Authenticate"].startswith("Bearer")


def test_field_errors_name_the_path_of_each_field() -> None:
    messages = {
        "transfers": {3: {"amount": ["Must be an integer of whole rupiah."]}},
        "note": ["Unknown field."],
        "_schema": ["Invalid input type."],
    }
    assert problems.field_errors(messages) == [
        {
            "field": "transfers.3.amount",
            "code": "invalid",
            "detail": "Must be an integer of whole rupiah.",
        },
        {"field": "note", "code": "unknown_field", "detail": "Unknown field."},
        {"field": "", "code": "invalid", "detail": "Invalid input type."},
    ]


def test_a_refusal_tells_what_it_knows_and_nothing_of_the_inside() -> None:
    refusal = SettlementChanged(details={"total": 250_000, "account": "coop_1:1-1100"})

    told = json.loads(problems.answer_to(refusal).body)

    assert told["facts"] == {"total": 250_000}
