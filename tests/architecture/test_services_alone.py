"""Each service runs from its own folder and `shared` alone, as in its image."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
NOT_SERVICES = {"shared", "hub"}

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
# An editable install would find in the checkout what is missing here.
sys.meta_path = [each for each in sys.meta_path if "Editable" not in repr(each)]
import eventlet
eventlet.monkey_patch()
import services
assert services.__file__.startswith(sys.argv[1]), services.__file__
for module in pkgutil.walk_packages(services.__path__, "services."):
    if not module.name.endswith("__main__") and ".versions" not in module.name:
        importlib.import_module(module.name)
"""


def names() -> list[str]:
    """The services of this checkout."""
    folders = (path.parent.name for path in SERVICES.glob("*/__init__.py"))
    return sorted(set(folders) - NOT_SERVICES)


def import_alone(place: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    """Import every module of a copy that holds only ``parts`` of the services."""
    package = place / "services"
    package.mkdir()
    shutil.copy(SERVICES / "__init__.py", package)
    for part in parts:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SERVICES / part, package / part, ignore=ignored)
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_EVERYTHING, str(place)],
        cwd=place,
        env={"PYTHONPATH": str(place), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("service", names())
def test_a_service_needs_nothing_but_itself_and_shared(
    service: str, tmp_path: Path
) -> None:
    finished = import_alone(tmp_path, "shared", service)
    assert finished.returncode == 0, finished.stderr


def test_shared_needs_no_service(tmp_path: Path) -> None:
    finished = import_alone(tmp_path, "shared")
    assert finished.returncode == 0, finished.stderr


def test_a_service_that_imports_another_is_caught(tmp_path: Path) -> None:
    # The runner is allowed to import services, so it cannot do without them.
    (planted := tmp_path / "planted").mkdir()
    finished = import_alone(planted, "hub", "shared")
    assert finished.returncode != 0
    assert "No module named 'services." in finished.stderr
