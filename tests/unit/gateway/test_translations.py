"""In which language callers are told, and that nothing is left untranslated."""

from __future__ import annotations

import json

import pytest

from services.gateway import translations
from services.gateway.http import operations, problems
from services.gateway.translations import ENGLISH, INDONESIAN, translate
from services.shared.contracts import ledger, members
from services.shared.contracts.loans import applications, verification
from tests.architecture import messages


def test_every_sentence_of_the_services_is_in_the_catalogue() -> None:
    titles, sentences = messages.missing()

    # `python -m tests.architecture.messages` prints them as catalogue entries.
    assert (sorted(titles), sorted(sentences)) == ([], [])


def test_what_is_said_by_code_is_found_too() -> None:
    said = {*applications.REASONS.values(), *verification.MISSING.values()}

    assert said <= messages.sentences()


def test_a_translation_fills_in_only_what_the_sentence_has() -> None:
    for message in translations.catalogue():
        places = set(translations._PLACE.findall(str(message.id)))
        said = set(translations._PLACE.findall(str(message.string)))

        assert said <= places, message.id


@pytest.mark.parametrize(
    ("header", "language"),
    [
        pytest.param(None, INDONESIAN, id="nothing said"),
        pytest.param("*", INDONESIAN, id="anything"),
        pytest.param("fr, de;q=0.9", INDONESIAN, id="none of ours"),
        pytest.param("en", ENGLISH, id="english"),
        pytest.param("en-GB,en;q=0.9", ENGLISH, id="british"),
        pytest.param("id-ID, en;q=0.8", INDONESIAN, id="indonesian first"),
        pytest.param("id;q=0.3, en;q=0.8", ENGLISH, id="english liked better"),
        pytest.param("en;q=0, id;q=0.1", INDONESIAN, id="english not at all"),
        pytest.param("en;q=x", INDONESIAN, id="nonsense"),
    ],
)
def test_the_language_is_the_one_liked_best(header: str | None, language: str) -> None:
    assert translations.language_of(header) == language


def test_what_is_filled_in_survives_translation() -> None:
    said = translate("This needs the scope members:read.", INDONESIAN)

    assert said == "Ini memerlukan izin members:read."


def test_a_sentence_that_nobody_foresaw_becomes_the_general_one() -> None:
    answer = problems.answer_to(ledger.PeriodClosed("Not a known sentence"), INDONESIAN)

    assert json.loads(answer.body)["detail"].startswith("Hari buku sudah ditutup")


def test_title_and_detail_are_translated_and_the_code_is_not() -> None:
    document = json.loads(
        problems.answer_to(ledger.InsufficientFunds(), INDONESIAN).body
    )

    assert document["title"] == "Dana tidak cukup"
    assert document["detail"] == "Saldo rekening tidak cukup untuk jumlah ini."
    assert document["code"] == "insufficient_funds"


def test_what_is_wrong_with_a_field_is_translated() -> None:
    fault = operations.invalid({"amount": ["Must be an integer of whole rupiah."]})
    document = json.loads(problems.answer_to(fault, INDONESIAN).body)

    assert document["detail"] == "amount: Harus berupa bilangan bulat rupiah."
    assert document["errors"][0]["detail"] == "Harus berupa bilangan bulat rupiah."


def test_in_english_nothing_changes() -> None:
    answer = problems.answer_to(members.DuplicateNik(), ENGLISH)

    assert json.loads(answer.body)["detail"] == members.DuplicateNik().message
    assert dict(answer.headers)["Content-Language"] == ENGLISH
