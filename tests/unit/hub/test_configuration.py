"""An embedded hub makes its own secret, once; any other must be given one."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.hub import configuration
from services.shared.settings import SettingsError


def test_an_embedded_hub_makes_its_secret_once_and_keeps_it_private(
    tmp_path: Path,
) -> None:
    environ = {"HUB_DATA_DIR": str(tmp_path / "hub")}
    first = configuration.load(environ)
    again = configuration.load(environ)
    assert first.is_database_embedded
    assert first.settings.secret_key == again.settings.secret_key
    assert len(first.settings.secret_key) >= 32
    assert first.secret_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in first.secret_file.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("name", ["DATABASE_URL", "LEDGER_DATABASE_URL"])
def test_a_hub_with_a_given_database_needs_a_given_secret(
    tmp_path: Path, name: str
) -> None:
    environ = {"HUB_DATA_DIR": str(tmp_path), name: "postgresql://localhost/hub"}
    with pytest.raises(SettingsError, match="HUB_SECRET_KEY"):
        configuration.load(environ)
    assert not list(tmp_path.iterdir())


def test_a_given_secret_is_used_and_none_is_written(tmp_path: Path) -> None:
    given = "x" * 40
    loaded = configuration.load(
        {"HUB_DATA_DIR": str(tmp_path), "HUB_SECRET_KEY": given}
    )
    assert loaded.settings.secret_key == given
    assert not list(tmp_path.iterdir())
