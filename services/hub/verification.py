"""Can everything be recomputed, and do the services agree with each other?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.hub import clearing_check, loans_check
from services.hub.comparing import Difference
from services.hub.rupiah import format_number
from services.ledger.operations import integrity
from services.members.operations import audit
from services.shared.persistence.database import Database
from services.shared.settings import SettingsError

NEEDED = ("ledger", "loans", "members", "transfers")

__all__ = ["Difference", "verify"]


def verify(databases: Mapping[str, Database]) -> Iterator[str]:
    """Sentences on what agrees, as each check ends.

    Raises Difference at the first thing that does not, SettingsError when the
    connection of a service that takes part is not known.
    """
    for service in NEEDED:
        if service not in databases:
            raise SettingsError(
                f"Set {service.upper()}_DATABASE_URL or DATABASE_URL: verify compares "
                "the ledger with clearing and loans, and reads the audit trails."
            )
    yield from _verify_ledger(databases["ledger"])
    yield from clearing_check.check(databases["ledger"], databases["transfers"])
    yield from loans_check.check(databases["ledger"], databases["loans"])
    yield verify_trails(databases["members"])


def _verify_ledger(database: Database) -> Iterator[str]:
    """What the ledger finds out about itself."""
    report = integrity.verify(database)
    for finding in report.findings:
        if finding.difference:
            raise Difference(f"{finding.name}: no, {finding.difference}")
        yield finding.name
    yield (
        f"{format_number(report.journals)} journals, "
        f"{format_number(report.postings)} postings and "
        f"{format_number(report.links)} links of the chain were recomputed"
    )


def verify_trails(database: Database) -> str:
    """Whether the audit trail of every cooperative is what was written."""
    report = audit.verify_trails(database)
    if report.difference is not None:
        raise Difference(report.difference)
    return (
        f"{format_number(report.entries)} entries of {report.chains} audit trails "
        "were recomputed"
    )
