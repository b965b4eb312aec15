"""What the documents say of the code is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.shared import settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("services/**/*.md")]
    if ".venv" not in path.parts
)
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("row", settings.TABLE, ids=lambda row: row.name)
def test_the_readme_lists_every_setting_as_it_is(row: settings.Setting) -> None:
    default = "required" if row.default is None else f"`{row.default}`"
    shown = default if row.default != "" else ""

    assert f"| `{row.name}` | {shown} | {row.meaning} |" in README


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?m)(?:^|`)make ([a-z]+)", README)))
)
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_file_that_a_document_links_to_exists(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_path_that_the_architecture_names_exists() -> None:
    named = re.findall(
        r"`((?:services|tests|deploy|shared|gateway|transfers|ledger|messaging|domain"
        r"|operations|store|persistence)/[\w/.]+)(?::\w+)?`",
        (ROOT / "ARCHITECTURE.md").read_text(),
    )
    folders = [ROOT, ROOT / "services", ROOT / "services/shared"]
    folders += [ROOT / "services" / name for name in ("transfers", "ledger")]

    missing = [
        path
        for path in named
        if not any((folder / path).exists() for folder in folders)
    ]
    assert missing == []
