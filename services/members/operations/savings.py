"""How savings accounts are opened, found and closed.

An account lives in two databases: its owner here, its money in the ledger. It is
numbered here first (`opening`), then opened in the ledger, then active. Nobody learns
the number before that. Should the service die in between, whoever next looks at the
account finishes the opening, which is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import account_numbers, membership, savings
from services.members.domain.peers import Ledger, Transfers
from services.members.models import Account
from services.members.operations import products
from services.members.store import departures as departures_store
from services.members.store import deposits as deposit_store
from services.members.store import membership as members_store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as contract
from services.shared.contracts.members import deposits as deposit_contract
from services.shared.contracts.transfers import NoAgreement
from services.shared.errors import NotFound
from services.shared.persistence import idempotency, numbering, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope

EMPTY: Final = {"balance": 0, "available": 0}
LEDGER_NAMES: Final = {account_numbers.SUKARELA: "Simpanan Sukarela"}


def open_account(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """A savings account for an active member.

    Raises MemberNotActive, and UnknownProduct for a product that is not offered.
    """

    def number_account() -> dict[str, Any]:
        account = _numbered(
            session, cooperative_id, command["member_id"], command["product"]
        )
        return _answer(account, EMPTY)

    with database.tenant(cooperative_id) as session:
        answer = idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=number_account,
        )
    finish_opening(
        database, ledger, cooperative_id, {answer["number"]: answer["product"]}
    )
    return answer


@retrying
def finish_opening(
    database: Database,
    ledger: Ledger,
    cooperative_id: str,
    products: dict[str, str],
) -> None:
    """Open accounts in the ledger and make them active; safe to repeat.

    ``products`` names the product of each account number.
    """
    ledger.open_accounts(
        {
            "accounts": [
                {
                    "key": number,
                    "code": ledger_contract.SAVINGS,
                    "name": LEDGER_NAMES.get(product, f"Simpanan {product}"),
                    "minimum_balance": 0,
                }
                for number, product in products.items()
            ]
        }
    )
    with database.tenant(cooperative_id) as session:
        for account in store.activate_accounts(session, list(products)):
            _tell(session, contract.ACCOUNT_OPENED, account)


def find_opened(
    database: Database, ledger: Ledger, cooperative_id: str, number: str
) -> Account:
    """One account of the cooperative, which the ledger knows."""
    with database.tenant(cooperative_id) as session:
        account = store.find_account(session, number)
    if account is None:
        raise NotFound("There is no such account.")
    if account.status == savings.OPENING:
        finish_opening(database, ledger, cooperative_id, {number: account.product})
    return account


def get_account(
    database: Database, ledger: Ledger, cooperative_id: str, number: str
) -> dict[str, Any]:
    """One account of the cooperative with its balance."""
    account = find_opened(database, ledger, cooperative_id, number)
    return _answers(ledger, [account])[0]


def list_accounts(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The accounts of the cooperative, or of one member, with their balances."""
    member_id, limit = command["member_id"], command["limit"]
    owner = f"accounts {cooperative_id} {member_id or ''}"
    with database.tenant(cooperative_id) as session:
        if member_id and store.find_member(session, member_id) is None:
            raise NotFound("There is no such member.")
        rows = store.list_accounts(
            session,
            member_id=member_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="number")
    unfinished = {
        account.number: account.product
        for account in shown
        if account.status == savings.OPENING
    }
    if unfinished:
        finish_opening(database, ledger, cooperative_id, unfinished)
    return {"items": _answers(ledger, shown), "next_cursor": next_cursor}


def close_account(
    database: Database, ledger: Ledger, cooperative_id: str, number: str
) -> dict[str, Any]:
    """The account takes no more money; again changes nothing.

    The ledger decides, since only it knows the balance, and refuses with
    AccountNotEmpty while there is one. Raises AccountInUse while a time deposit pays
    into the account.
    """
    answer = get_account(database, ledger, cooperative_id, number)
    if answer["status"] == savings.CLOSED:
        return answer
    with database.tenant(cooperative_id) as session:
        if deposit_store.is_payout_account(session, number):
            raise deposit_contract.AccountInUse
    ledger.set_status({"key": number, "status": "closed"})
    with database.tenant(cooperative_id) as session:
        account = store.close_account(session, number)
        if account is not None:
            _tell(session, contract.ACCOUNT_CLOSED, account)
    return answer | EMPTY | {"status": savings.CLOSED}


def inquire_account(
    database: Database, transfers: Transfers, cooperative_id: str, number: str
) -> dict[str, Any]:
    """Whose account it is, with the name masked.

    Without an agreement the answer is NoAgreement whether or not the account exists:
    numbers cannot be probed from outside.
    """
    code = account_numbers.cooperative_code(number)
    with database.hub() as session:
        keeper = store.find_cooperative_by_code(session, code)
        owner_name = store.find_owner(session, number)
    if keeper is None or not account_numbers.is_well_formed(number):
        raise NotFound("There is no such account.")
    if keeper.id != cooperative_id:
        pair = {"cooperatives": [cooperative_id, keeper.id]}
        if not transfers.check_agreement(pair)["in_force"]:
            raise NoAgreement
    if owner_name is None:
        raise NotFound("There is no such account.")
    return answers.one(
        contract.Inquiry(),
        {
            "number": number,
            "cooperative": keeper,
            "owner_name": membership.masked_name(owner_name),
        },
    )


def _numbered(
    session: Session, cooperative_id: str, member_id: str, product: str
) -> Account:
    """The account, known here only."""
    member = members_store.hold_member(session, member_id)
    cooperative = store.find_cooperative(session, cooperative_id)
    if member is None or cooperative is None:
        raise NotFound("There is no such member.")
    is_ending = departures_store.is_ending(session, member_id)
    if is_ending or not membership.may_hold_accounts(member.status):
        raise contract.MemberNotActive
    return store.add_account(
        session,
        number=account_numbers.numbered(
            cooperative.code,
            products.digits_of(session, cooperative_id, product),
            numbering.next_number(session, cooperative_id, f"account {product}"),
        ),
        cooperative_id=cooperative_id,
        member_id=member_id,
        product=product,
        opened_at=clock.now(),
    )


def _answers(ledger: Ledger, accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """Accounts that the ledger knows, with the balances it gives for them."""
    if not accounts:
        return []
    balances = ledger.get_balances({"keys": [account.number for account in accounts]})
    return [_answer(account, balances[account.number]) for account in accounts]


def _answer(account: Account, balance: dict[str, Any]) -> dict[str, Any]:
    is_closed = account.status == savings.CLOSED
    return answers.one(
        contract.Account(),
        {
            "number": account.number,
            "member_id": account.member_id,
            "product": account.product,
            "balance": balance["balance"],
            "available": balance["available"],
            # By the time of the answer an opening has been finished.
            "status": savings.CLOSED if is_closed else savings.ACTIVE,
        },
    )


def _tell(session: Session, event: str, account: Account) -> None:
    outbox.add(
        session,
        event,
        contract.AccountEvent().dump(
            {
                "cooperative_id": account.cooperative_id,
                "member_id": account.member_id,
                "number": account.number,
                "product": account.product,
            }
        ),
    )
