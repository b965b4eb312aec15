"""Does a settlement's proof hold? Read from files, checked without any connection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.hub.errors import HubError
from services.hub.rupiah import format_number, format_rupiah
from services.transfers.domain import proof


class NotAProof(HubError):
    """The file cannot be read as JSON, or is no object."""


def read(paths: Sequence[Path]) -> dict[str, Any]:
    """The proof in one file, or in several that hold its pages in order.

    Raises NotAProof naming the file that is none.
    """
    pages = [_read_page(path) for path in paths]
    try:
        return proof.merge(pages)
    except (KeyError, TypeError) as error:
        raise NotAProof(f"This is not a settlement's proof: {error!r}.") from error


def _read_page(path: Path) -> dict[str, Any]:
    try:
        page = json.loads(path.read_bytes())
    except ValueError as error:
        raise NotAProof(f"{path} is not JSON: {error}.") from error
    if not isinstance(page, dict):
        raise NotAProof(f"{path} holds no proof.")
    return page


def check(bundle: dict[str, Any], public_key: str | None = None) -> list[str]:
    """What is wrong with the proof, one sentence each; nothing when it holds."""
    return proof.verify(bundle, public_key)


def describe(bundle: dict[str, Any]) -> str:
    """One sentence about a proof that holds."""
    nets = [net["net"] for net in bundle["body"]["nets"]]
    paid = sum(net for net in nets if net > 0)
    return (
        f"{format_number(len(bundle['entries']))} payments, "
        f"{format_rupiah(sum(entry[4] for entry in bundle['entries']))} in all, "
        f"settled by {format_rupiah(paid)}; digests, nets and signature are right"
    )
