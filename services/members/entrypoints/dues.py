"""Simpanan pokok and wajib: what is due and what is in arrears."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class DuesEntrypoints(Peers):
    """Simpanan pokok and wajib: what is due and what is in arrears."""
