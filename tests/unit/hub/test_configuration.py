"""A hub of one machine makes its own secret, once; any other must be given one."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.hub import configuration, provision
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


@pytest.mark.parametrize(
    ("name", "is_whole_hub"), [("DATABASE_URL", False), ("LEDGER_DATABASE_URL", True)]
)
def test_a_service_by_itself_needs_a_given_secret(
    tmp_path: Path, name: str, *, is_whole_hub: bool
) -> None:
    environ = {"HUB_DATA_DIR": str(tmp_path), name: "postgresql://localhost/hub"}
    with pytest.raises(SettingsError, match="HUB_SECRET_KEY"):
        configuration.load(environ, is_whole_hub=is_whole_hub)
    assert not list(tmp_path.iterdir())


def test_a_new_hub_on_a_given_server_makes_its_secret_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {
        "HUB_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://localhost/hub",
    }
    monkeypatch.setattr(provision, "existing", lambda _settings: [])
    first = configuration.load(environ)
    assert not first.is_database_embedded
    assert str(tmp_path / "secret") in caplog.text

    monkeypatch.setattr(provision, "existing", lambda _settings: ["koperasi_ledger"])
    assert configuration.load(environ).settings.secret_key == first.settings.secret_key


def test_databases_made_with_another_secret_are_not_given_a_second_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {
        "HUB_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://localhost/hub",
    }
    monkeypatch.setattr(provision, "existing", lambda _settings: ["koperasi_ledger"])
    with pytest.raises(SettingsError, match=r"HUB_SECRET_KEY .*koperasi_ledger"):
        configuration.load(environ)
    assert not list(tmp_path.iterdir())


def test_a_data_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=str(tmp_path / "file")):
        configuration.load({"HUB_DATA_DIR": str(tmp_path / "file")})


def test_a_given_secret_is_used_and_none_is_written(tmp_path: Path) -> None:
    given = "x" * 40
    loaded = configuration.load(
        {"HUB_DATA_DIR": str(tmp_path), "HUB_SECRET_KEY": given}
    )
    assert loaded.settings.secret_key == given
    assert not list(tmp_path.iterdir())
