"""A settlement that can be checked without the hub, by anyone with the bundle.

The signed body names each window's boundaries, the digest of its entries, the nets and
the head of the ledger's hash chain. The entries travel beside it, page by page when
they are many, and prove themselves by the digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.shared import crypto

FORMAT: Final = "koperasi-hub settlement proof 1"

Entry = Sequence[Any]
"""Sequence number, transfer id, payer's cooperative, payee's cooperative, amount."""

_ENTRY_LENGTH: Final = 5


def canonical(value: object) -> bytes:
    """The one way to write ``value`` as JSON: what is hashed and signed."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


class Tally:
    """Adds up the entries of one window as they pass: any number, in little memory."""

    def __init__(self) -> None:
        self._digest = hashlib.sha512()
        self.count = 0
        self.first: int | None = None
        self.last: int | None = None
        self.nets: dict[str, int] = {}

    def add(self, entry: Entry) -> None:
        """Count one more entry, in the order of the sequence numbers."""
        sequence, _, payer, payee, amount = entry
        self._digest.update(canonical(list(entry)) + b"\n")
        self.count += 1
        self.first = sequence if self.first is None else self.first
        self.last = sequence
        self.nets[payer] = self.nets.get(payer, 0) + amount
        self.nets[payee] = self.nets.get(payee, 0) - amount

    def summary(self) -> dict[str, Any]:
        """What the body says about these entries."""
        return {
            "entry_count": self.count,
            "first_sequence": self.first,
            "last_sequence": self.last,
            "entries_digest": self._digest.hexdigest(),
            "nets": as_list(self.nets),
        }


def as_list(nets: Mapping[str, int]) -> list[dict[str, Any]]:
    """Nets in the order of the cooperatives' ids."""
    return [
        {"cooperative_id": cooperative, "net": nets[cooperative]}
        for cooperative in sorted(nets)
    ]


def total(lists: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The sum of several lists of nets."""
    nets: dict[str, int] = {}
    for one in lists:
        for item in one:
            cooperative = item["cooperative_id"]
            nets[cooperative] = nets.get(cooperative, 0) + item["net"]
    return as_list(nets)


def sign(body: Mapping[str, Any], seed: bytes) -> dict[str, str]:
    """Public key and signature of ``body``, both base64."""
    return {
        "public_key": base64.b64encode(crypto.ed25519_public_key(seed)).decode(),
        "signature": base64.b64encode(
            crypto.ed25519_sign(seed, canonical(body))
        ).decode(),
    }


def merge(pages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The pages of one proof, in order, as one bundle."""
    merged = dict(pages[0])
    merged["entries"] = [entry for page in pages for entry in page["entries"]]
    merged["next_cursor"] = pages[-1].get("next_cursor")
    return merged


def verify(bundle: Mapping[str, Any], public_key: str | None = None) -> list[str]:
    """What is wrong with ``bundle``, one sentence each; empty when nothing is.

    ``public_key`` (base64) is the hub's as the reader knows it. Without it only the
    bundle's own key is used, which shows that nothing was changed but not by whom it
    was made.
    """
    try:
        return [
            *_signature_faults(bundle, public_key),
            *_content_faults(bundle["body"], bundle["entries"]),
            *(["Pages of entries are missing."] if bundle.get("next_cursor") else []),
        ]
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        return [f"This is not a settlement proof: {fault!r}."]


def _signature_faults(bundle: Mapping[str, Any], public_key: str | None) -> list[str]:
    faults = []
    if public_key is not None and public_key.strip() != bundle["public_key"]:
        faults.append("The proof was signed by another key than the hub's.")
    try:
        key = base64.b64decode(bundle["public_key"], validate=True)
        signed = base64.b64decode(bundle["signature"], validate=True)
    except binascii.Error:
        return [*faults, "The key or the signature is not base64."]
    if not crypto.ed25519_is_signed(key, canonical(bundle["body"]), signed):
        faults.append("The signature does not fit the body.")
    return faults


def _content_faults(body: Mapping[str, Any], entries: Sequence[Entry]) -> list[str]:
    if body["format"] != FORMAT:
        return [f"The format {body['format']!r} is not known here."]
    strange = [entry for entry in entries if not _is_entry(entry)]
    if not isinstance(entries, list) or strange:
        return [f"These are not entries: {strange[:3]!r}."]
    faults = _order_faults(body["windows"], entries)
    position = 0
    for window in body["windows"]:
        own = entries[position : position + window["entry_count"]]
        position += window["entry_count"]
        faults += _window_faults(window, own)
    if position != len(entries):
        faults.append(f"There are {len(entries)} entries instead of {position}.")
    if total(window["nets"] for window in body["windows"]) != body["nets"]:
        faults.append("The nets of the settlement are not the sum of its windows'.")
    return faults


def _order_faults(
    windows: Sequence[Mapping[str, Any]], entries: Sequence[Entry]
) -> list[str]:
    """Each transfer once, sequence numbers rising, also from window to window."""
    faults = []
    sequences = [entry[0] for entry in entries]
    if any(later <= earlier for earlier, later in itertools.pairwise(sequences)):
        faults.append("The sequence numbers of the entries do not rise.")
    if len({entry[1] for entry in entries}) != len(entries):
        faults.append("A transfer stands twice.")
    if len({window["id"] for window in windows}) != len(windows):
        faults.append("A window stands twice.")
    return faults


def _window_faults(window: Mapping[str, Any], entries: Sequence[Entry]) -> list[str]:
    name = window["id"]
    tally = Tally()
    for entry in entries:
        tally.add(entry)
    faults = [
        f"Window {name}: {key} is {window[key]!r}, counted {counted!r}."
        for key, counted in tally.summary().items()
        if window[key] != counted
    ]
    if sum(item["net"] for item in window["nets"]) != 0:
        faults.append(f"Window {name}: the nets do not sum to zero.")
    return faults


def _is_entry(entry: object) -> bool:
    """Shape and types; a boolean is no amount although Python counts it as an int."""
    if not isinstance(entry, list) or len(entry) != _ENTRY_LENGTH:
        return False
    sequence, transfer_id, payer, payee, amount = entry
    return (
        type(sequence) is int
        and type(amount) is int
        and amount > 0
        and all(isinstance(one, str) for one in (transfer_id, payer, payee))
        and payer != payee
    )
