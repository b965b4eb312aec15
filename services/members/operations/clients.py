"""Who may call the API: clients, their secrets and the tokens they are given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import clients, cooperatives
from services.members.operations import audit, lookup
from services.shared import access, clock, crypto, identifiers, identity
from services.shared.contracts import answers
from services.shared.contracts import members as contract
from services.shared.errors import InvariantViolated, NotFound
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.settings import Settings

OPERATOR_NAME: Final = "Hub operator"


def authenticate_client(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """An access token for a client that knows its secret.

    Whatever is wrong, the answer is the same InvalidClient, and takes as long: it does
    not tell which ids exist. Raises InvalidScope for more than the client was given.
    """
    with database.hub() as session:
        sign_in = store.find_sign_in(session, command["client_id"])
        given = _secret_hash(session, settings, command["client_secret"])
    knows_secret = crypto.is_same(sign_in.secret_hash if sign_in else b"", given)
    if sign_in is None or not knows_secret or not _may_sign_in(sign_in):
        raise contract.InvalidClient
    try:
        held = clients.held_scopes(sign_in.scopes)
        scopes = clients.granted_scopes(held, command["scope"])
    except ValueError as error:
        raise contract.InvalidScope(
            f"This client was not given the scope {error}."
        ) from error
    caller = Identity(
        subject=command["client_id"],
        cooperative_id=sign_in.cooperative_id,
        scopes=scopes,
    )
    seconds = settings.token_seconds
    return answers.one(
        contract.Token(),
        {
            "access_token": identity.sign(
                caller, settings.identity_key, audience="api", seconds=seconds
            ),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": " ".join(sorted(scopes)),
        },
    )


def create_client(
    database: Database,
    settings: Settings,
    command: dict[str, Any],
    actor: Actor = audit.UNATTENDED,
) -> dict[str, Any]:
    """A client of a cooperative; its secret is in this answer and nowhere else."""
    # Kept as they are given, so that they are answered so; a token spells them out.
    scopes = list(dict.fromkeys(command["scopes"]))
    try:
        access.expand(scopes)
    except ValueError as error:
        known = ", ".join(sorted(access.TENANT_SCOPES))
        raise contract.InvalidScope(
            f"There is no scope {error}. There are {known}, and * for all of them."
        ) from error
    cooperative_id = command["cooperative_id"]

    def create() -> dict[str, Any]:
        cooperative = store.lock_cooperative(session, cooperative_id)
        if cooperative is None:
            raise NotFound("There is no such cooperative.")
        if not cooperatives.may_have_new_clients(cooperative.status):
            raise contract.CooperativeNotActive
        secret = crypto.new_secret()
        client = store.add_client(
            session,
            client_id=identifiers.new("cli"),
            cooperative_id=cooperative_id,
            name=command["name"],
            scopes=scopes,
            secret_hash=_secret_hash(session, settings, secret),
            created_at=clock.now(),
        )
        # In the trail of the cooperative, for which the client may act from now on.
        own = replace(actor, cooperative_id=cooperative_id)
        after = {"scopes": client.scopes}
        audit.record(session, own, "client.created", client.client_id, after=after)
        return answers.one(
            contract.NewClient(),
            {
                "client_id": client.client_id,
                "client_secret": secret,
                "scopes": client.scopes,
            },
        )

    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(HUB, command["idempotency"]),
            operation=create,
        )


def list_clients(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """The clients of a cooperative, without secrets."""
    cooperative_id, limit = command["cooperative_id"], command["limit"]
    owner = f"clients {cooperative_id}"
    with database.hub() as session:
        if store.find_cooperative(session, cooperative_id) is None:
            raise NotFound("There is no such cooperative.")
        rows = store.list_clients(
            session,
            cooperative_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="client_id")
    return {
        "items": answers.many(contract.Client(), shown),
        "next_cursor": next_cursor,
    }


def revoke_client(
    database: Database,
    command: dict[str, Any],
    actor: Actor = audit.UNATTENDED,
) -> dict[str, Any]:
    """The client gets no more tokens; those it has end by themselves in minutes."""
    cooperative_id, now = command["cooperative_id"], clock.now()
    with database.hub() as session:
        client = store.revoke_client(session, cooperative_id, command["client_id"], now)
        if client is None:
            raise NotFound("There is no such client.")
        if client.revoked_at == now:
            own = replace(actor, cooperative_id=cooperative_id)
            audit.record(session, own, "client.revoked", client.client_id)
        return answers.one(contract.Client(), client)


def bootstrap_operator(database: Database, settings: Settings) -> dict[str, Any]:
    """See that the operator's client exists, with the id and secret of the settings.

    May be run any number of times. A secret that changed is taken over, and a client
    that the settings named before is revoked. The secret is told when the client is
    new and the secret was made here and not given.
    """
    client_id = settings.operator_client_id
    with database.hub() as session:
        secret_hash = _secret_hash(session, settings, settings.operator_secret)
        is_new = store.add_operator_client(
            session,
            client_id=client_id,
            name=OPERATOR_NAME,
            scopes=sorted(clients.OPERATOR_SCOPES),
            secret_hash=secret_hash,
            created_at=clock.now(),
        )
        if not is_new and not store.renew_operator_client(
            session, client_id, secret_hash
        ):
            raise InvariantViolated(
                f"{client_id} is a cooperative's client; "
                "choose another HUB_OPERATOR_CLIENT_ID."
            )
        store.revoke_other_operator_clients(session, client_id, clock.now())
    is_told = is_new and not settings.operator_client_secret
    return {
        "client_id": client_id,
        "client_secret": settings.operator_secret if is_told else None,
        "created": is_new,
    }


def _may_sign_in(sign_in: store.SignIn) -> bool:
    if sign_in.client_status != clients.ACTIVE:
        return False
    if sign_in.cooperative_id == HUB:
        return True
    return cooperatives.may_sign_in(sign_in.cooperative_status or "")


def _secret_hash(session: Session, settings: Settings, secret: str) -> bytes:
    # A client secret made here has 256 random bits: there is nothing to guess, so a
    # keyed hash is enough, and the slowness of a password hash would only slow down
    # signing in. Whoever gives the operator a short one is warned.
    return lookup.hashed(session, settings, lookup.CLIENT_SECRET, secret)
