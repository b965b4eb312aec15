"""What a lender is told of a member: membership, contributions and savings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from services.members import store
from services.members.domain import products
from services.members.domain.peers import Ledger
from services.members.operations import directory, dues
from services.members.operations.membership import found
from services.members.store import accounts as accounts_store
from services.members.store import departures as departures_store
from services.members.store import dues as dues_store
from services.members.store import users as users_store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import standing as contract
from services.shared.persistence.database import Database
from services.shared.settings import Settings

RELATED_ROLES: Final = frozenset({"pengurus", "pengawas"})
"""Whose loans are loans to related parties (Permenkop 8/2023 art. 44)."""

MONTHS_OF_YEAR: Final = 12


def get_standing(
    database: Database,
    settings: Settings,
    ledger: Ledger,
    cooperative_id: str,
    member_id: str,
) -> dict[str, Any]:
    """How a member of the cooperative stands today. Raises NotFound.

    Savings accounts that are closed are left out: nothing is paid out to them.
    """
    today = clock.business_date()
    with database.tenant(cooperative_id) as session:
        member = found(store.find_member(session, member_id))
        birth_date = directory.personal(session, settings, member)["birth_date"]
        # Where no simpanan pokok is asked for, none is owed.
        missing = dues.missing_for_entry(session, cooperative_id, member_id, today)
        months_open, _amount = dues_store.arrears_of(session, member_id, today)
        user = users_store.find_user_of_member(session, member_id)
        accounts = departures_store.list_open_accounts(session, member_id)[
            : contract.ACCOUNTS_MAX
        ]
    own = [
        ledger_contract.member_account(cooperative_id, code, member_id)
        for code in (
            ledger_contract.PRINCIPAL_SAVINGS,
            ledger_contract.MANDATORY_SAVINGS,
        )
    ]
    numbers = [one.number for one in accounts]
    balances = ledger.get_balances({"keys": own + numbers})
    active_since = _day(member.activated_at)
    return answers.one(
        contract.Standing(),
        {
            "member_id": member.id,
            "number": member.number,
            "name": member.name,
            "status": member.status,
            "birth_date": date.fromisoformat(birth_date) if birth_date else None,
            "active_since": active_since,
            "member_since_months": _months_between(active_since, today),
            "has_paid_principal": products.POKOK not in missing,
            "mandatory_months_open": months_open,
            "is_related": user is not None and not RELATED_ROLES.isdisjoint(user.roles),
            "savings": [
                {
                    "number": one.number,
                    "product": one.product,
                    "balance": balances[one.number]["balance"],
                    "available": balances[one.number]["available"],
                }
                for one in accounts
                if one.number in balances
            ],
            "savings_total": sum(one["balance"] for one in balances.values()),
        },
    )


def get_minimum_balances(
    database: Database, cooperative_id: str, numbers: Sequence[str]
) -> dict[str, int]:
    """What stays in these accounts by their products, in whole rupiah, by number.

    Accounts that are not active are left out.
    """
    with database.tenant(cooperative_id) as session:
        return accounts_store.minimum_balances(session, numbers)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else clock.business_date(moment)


def _months_between(start: date | None, today: date) -> int:
    """How many whole months lie between two days; 0 for who is no member yet."""
    if start is None or start > today:
        return 0
    months = (today.year - start.year) * MONTHS_OF_YEAR + today.month - start.month
    return months - (today.day < start.day)
