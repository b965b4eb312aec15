"""The running hub keeps to the table of who may do what, and tenants stay apart.

Every operation is really asked for: by everybody of their own cooperative with ids of
nothing, so that only the rule decides; and by everybody of another cooperative with
ids of something that exists. Those are collected by doing, as the document describes
it, whatever makes something.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from services.gateway.http import entrypoints
from services.gateway.http.operations import Operation
from services.gateway.openapi import example_of
from services.gateway.service import GatewayService
from services.shared import identity as identities
from services.shared.contracts.members.partners import TOKEN_AUDIENCE
from services.shared.errors import NotAllowed, NotAuthenticated
from services.shared.identity import Identity
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories import access
from tests.factories import partners as partner_factory
from tests.factories.access import CALLERS, MACHINE, OPERATOR, PARTNER
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers", "kyc", "loans", "insurance")
OPERATIONS: Final = [
    one for one in entrypoints.operations_of(GatewayService) if not one.is_public
]

# Not ids of something: what a tenant calls its own things, the same for all tenants.
NATURAL: Final = frozenset({"business_date", "code", "job", "sheet", "year", "name"})

# Whose own id it is, or what anybody may see, with nothing in it of another tenant.
KNOWN_ANSWERS: Final = {"get_window": 200, "inquire_account": 422}

# What must be there for the test to mean something; more is welcome.
COLLECTED_AT_LEAST: Final = frozenset(
    {
        "account", "branch_id", "client_id", "cooperative_id", "import_id",
        "journal_id", "member_id", "number", "partner_id", "transfer_id", "user_id",
    }
)  # fmt: skip

KEPT_OUT: Final = (NotAllowed, NotAuthenticated)

# Asked for with ids of nothing, these would do something to the whole hub.
SWEEPING: Final = frozenset({"close_window"})


class Everything:
    """One cooperative with something of everything, and a neighbour without."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        self.ids: dict[str, str] = {}
        self.own = self._cooperative("0201", "KSP Maju Bersama")
        self.other = self._cooperative("0202", "KSU Karya Mandiri")
        self._start()
        self._collect()

    def token(self, identity: Identity, audience: str = "api") -> str:
        """A token as signing in would give it."""
        key = self.hub.settings.identity_key
        return identities.sign(identity, key, audience=audience, seconds=600)

    def token_of(self, caller: str, operation: Operation) -> str:
        """What a caller of this kind shows; a partner has a token of its own kind."""
        identity = access.identity_of(caller, self.own, self.ids.get("member_id", ""))
        is_partner = caller == PARTNER
        return self.token(identity, TOKEN_AUDIENCE if is_partner else "api")

    def send(
        self, method: str, path: str, token: str, body: Any = None, **more: Any
    ) -> Reply:
        """One request, with a key of its own when it may need one."""
        key = uuid.uuid4().hex if method == "POST" else None
        return self.hub.request(method, path, body, token=token, key=key, **more)

    def ask(
        self, operation: Operation, token: str, ids: dict[str, str], body: Any
    ) -> Reply:
        """Ask for an operation; ids that are not known are those of nothing."""
        path = re.sub(
            r"\{([a-z_]+)\}",
            lambda found: ids.get(found[1], f"nothing_{found[1]}"),
            operation.path,
        )
        if operation.raw_body is not None:
            given = {"Content-Type": operation.raw_body.media_types[0]}
            return self.send(operation.method, path, token, b"x", headers=given)
        return self.send(operation.method, path, token, body)

    def _must(self, method: str, path: str, token: str, body: Any = None) -> Any:
        reply = self.send(method, path, token, body)
        assert reply.status < 300, (path, reply.body)
        return reply.json

    def _cooperative(self, code: str, name: str) -> str:
        operator = self.hub.operator()
        registered = {"code": code, "name": name, "kind": "ksp_primer"}
        made: str = self._must("POST", "/v1/cooperatives", operator, registered)["id"]
        self._must("POST", f"/v1/cooperatives/{made}/activate", operator)
        cap = {"net_debit_cap": 1_000_000_000}
        self._must("PUT", f"/v1/participants/{made}", operator, cap)
        return made

    def _start(self) -> None:
        """What the examples of the document cannot know: a member with money."""
        token = self.token(access.identity_of(MACHINE, self.own))
        member = self._must("POST", "/v1/members", token, {"name": "Budi Santoso"})
        self.ids |= {"cooperative_id": self.own, "member_id": member["id"]}
        self._must("POST", f"/v1/members/{member['id']}/activate", token)
        wanted = {"member_id": member["id"], "product": "sukarela"}
        numbers = [
            self._must("POST", "/v1/accounts", token, wanted)["number"]
            for _ in range(2)
        ]
        self.ids |= {"number": numbers[0], "account": numbers[0]}
        paid = {"amount": 5_000_000, "channel": "cash"}
        path = f"/v1/accounts/{numbers[0]}/deposits"
        self.ids["journal_id"] = self._must("POST", path, token, paid)["journal_id"]
        payment = {
            "payer_account": numbers[0],
            "payee_account": numbers[1],
            "amount": 1000,
        }
        made = self._must("POST", "/v1/transfers", token, payment)
        self.ids["transfer_id"] = made["id"]
        closed = self._must("POST", "/v1/settlement-windows/close", self.hub.operator())
        self.ids["window_id"] = closed["closed"]["id"]

    def _collect(self) -> None:
        """Make whatever can be made with the examples, and remember what it is called.

        Twice, because some things need others.
        """
        everybody = self.token(access.everybody_in_one(self.own))
        operator = self.token(access.identity_of(OPERATOR, self.own))
        for _ in range(2):
            for operation in OPERATIONS:
                parameter = _parameter_of(operation)
                if parameter is None or parameter in self.ids:
                    continue
                body = example_of(operation.body()) if operation.body else {}
                for token in (everybody, operator):
                    reply = self.ask(operation, token, self.ids, self._own(body))
                    if reply.status < 300 and "json" in reply.headers["Content-Type"]:
                        self._remember(parameter, reply.json)

    def _own(self, value: Any, name: str = "") -> Any:
        """An example with the ids in it of what exists."""
        if isinstance(value, dict):
            return {key: self._own(below, key) for key, below in value.items()}
        if isinstance(value, list):
            return [self._own(below, name) for below in value]
        if name == "public_key":
            return partner_factory.public_pem()
        return self.ids.get(name, value) if isinstance(value, str) else value

    def _remember(self, parameter: str, made: dict[str, Any]) -> None:
        for name in (parameter, "id", "client_id", "number"):
            if isinstance(made.get(name), str):
                self.ids[parameter] = made[name]
                return


def _parameter_of(operation: Operation) -> str | None:
    """What is made by this operation is called so in the paths below it."""
    if operation.method != "POST":
        return None
    for other in OPERATIONS:
        below = re.fullmatch(
            rf"{re.escape(operation.path)}/\{{([a-z_]+)\}}(/.*)?", other.path
        )
        if below and below[1] not in NATURAL:
            return below[1]
    return None


@pytest.fixture(scope="module")
def everything(database_factory: Callable[[str], Database]) -> Iterator[Everything]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Everything(hub)
    hub.stop()


def test_enough_exists_for_strangers_to_reach_for(everything: Everything) -> None:
    assert everything.ids.keys() >= COLLECTED_AT_LEAST


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.name not in SWEEPING],
    ids=lambda one: one.name,
)
def test_each_role_may_do_what_the_table_says(
    everything: Everything, operation: Operation
) -> None:
    for caller in CALLERS:
        token = everything.token_of(caller, operation)
        reply = everything.ask(operation, token, {}, {} if operation.body else None)

        assert reply.status < 500, (caller, reply.body)
        assert _is_let_in(operation, reply) is access.may_call(operation, caller), (
            caller,
            reply.status,
            reply.body,
        )


def _is_let_in(operation: Operation, reply: Reply) -> bool:
    """Whether the rule let the caller in, whatever was said after that."""
    if "html" in reply.headers["Content-Type"]:
        # Of a page one reads, so what stood against it is said on the side.
        page = reply.body.decode()
        return not any(f'data-code="{one.code}"' in page for one in KEPT_OUT)
    if reply.status == 401:
        # Past the rule there is only SNAP's own complaint about a signature.
        return str(reply.json.get("responseCode")).endswith("00")
    if reply.status != 403:
        return True
    if operation.dialect is not None:
        return not str(reply.json.get("responseCode")).endswith("01")
    code: str = reply.json["code"]
    return code != NotAllowed.code


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if set(one.parameters) - NATURAL],
    ids=lambda one: one.name,
)
def test_what_belongs_to_another_cooperative_is_out_of_reach(
    everything: Everything, operation: Operation
) -> None:
    body = example_of(operation.body()) if operation.body else None
    sent = {everything.ids.get(name, "") for name in operation.parameters}
    secrets = set(everything.ids.values()) - sent
    for stranger in (
        access.identity_of(MACHINE, everything.other),
        access.everybody_in_one(everything.other),
    ):
        token = everything.token(stranger)
        reply = everything.ask(operation, token, everything.ids, body)

        expected = KNOWN_ANSWERS.get(operation.name)
        allowed = {expected} if expected else {400, 403, 404, 415}
        assert reply.status in allowed, reply.body
        if reply.status == 400:
            # Only the form was wrong, so nothing was looked for.
            assert reply.json.get("errors"), reply.body
        assert not [
            one for one in secrets if one in reply.body.decode(errors="replace")
        ]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_without_a_token_there_is_nothing(
    everything: Everything, operation: Operation
) -> None:
    path = re.sub(r"\{[a-z_]+\}", "nothing", operation.path)

    reply = everything.hub.request(operation.method, path, token=None)

    assert reply.status == 401
