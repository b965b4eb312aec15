"""Templates of messages: every one that is named exists and can be written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError

from services.members.domain import notifications as domain
from services.members.operations import notifications

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted(notifications.TEMPLATES.glob("*.txt"))


def named_templates() -> Iterator[str]:
    """Every template that the service names where it writes a message."""
    for path in (ROOT / "services" / "members").rglob("*.py"):
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (
                node.targets if isinstance(node, ast.Assign) else [node.target]
            )
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.keyword) or node.arg != "template":
                continue
            if isinstance(node.value, ast.Constant):
                yield str(node.value.value)
            elif isinstance(node.value, ast.Name) and node.value.id in constants:
                yield str(constants[node.value.id])


@pytest.mark.parametrize("template", sorted(set(named_templates())))
def test_every_message_that_is_written_has_a_template(template: str) -> None:
    assert (notifications.TEMPLATES / f"{template}.id.txt").exists()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_begins_with_its_subject(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith("Subject: ")
    environment = Environment()  # noqa: S701  nothing is rendered here
    environment.filters["rupiah"] = str
    environment.parse(path.read_text())


def test_a_message_is_rendered_with_its_subject() -> None:
    subject, text = notifications.rendered(
        "payment_credited",
        "id",
        {"name": "Budi", "amount": 1_250_000, "purpose": "Setoran", "reference": "p1"},
    )
    assert subject == "Pembayaran Rp 1.250.000 telah diterima"
    assert "Yth. Budi" in text
    assert "Rp 1.250.000 untuk Setoran" in text


def test_a_language_without_a_template_is_written_in_indonesian() -> None:
    values = {"name": "Budi", "amount": 1, "purpose": "x", "reference": "p1"}
    assert notifications.rendered("payment_credited", "fr", values) == (
        notifications.rendered("payment_credited", "id", values)
    )


def test_a_value_that_is_missing_is_a_fault_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        notifications.rendered("payment_credited", "id", {"name": "Budi"})


def test_a_subject_stays_one_line_whatever_is_put_into_it() -> None:
    rendered = "Subject: Halo Budi\tBcc: x\n\nIsi"
    assert domain.split_subject(rendered) == ("Halo Budi Bcc: x", "Isi")


@pytest.mark.parametrize("rendered", ["", "Halo", "Subject:", "Subject: \nIsi", "x: y"])
def test_a_template_without_a_subject_is_a_fault(rendered: str) -> None:
    with pytest.raises(ValueError, match="first line"):
        domain.split_subject(rendered)


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [domain.pause_seconds(attempts) for attempts in (1, 2, 3, 9, 10_000)]
    assert pauses == [15, 30, 60, 3600, 3600]
