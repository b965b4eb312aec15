"""Simpanan pokok and wajib."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class DuesRoutes(Peers):
    """Simpanan pokok and wajib."""
