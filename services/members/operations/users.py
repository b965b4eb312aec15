"""Who may sign in: the people of a cooperative, and the operators of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import duties, logins
from services.members.models import User
from services.members.operations import audit, links, profiles
from services.members.operations.attempts import opened
from services.members.operations.profiles import Profile
from services.members.store import branches, cooperatives, sessions
from services.members.store import membership as members
from services.members.store import users as store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import users as contract
from services.shared.errors import NotFound
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.settings import Settings

ADMIN: Final = "admin"
INVITED: Final = "invited"
ACTIVE: Final = "active"
DISABLED: Final = "disabled"

OPERATORS_MAX: Final = 1000
COMMAND_LINE: Final = Actor(cooperative_id=HUB, subject="command line")
"""Whoever runs `hub` holds the master secret, and needs nobody's leave."""


# What other areas use, in transactions of theirs.


def create_first_admin(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    *,
    name: str,
    email: str,
    phone: str,
    password_hash: str,
) -> str:
    """The PIC of a new cooperative (R4), who can sign in at once; the user's id.

    ``password_hash`` is what `passwords.accepted` made. Raises LoginTaken.
    """
    user = add(
        session,
        settings,
        cooperative_id,
        profiles.given(name=name, email=email, phone=phone),
        roles=[ADMIN],
        password_hash=password_hash,
    )
    return user.id


def invite_member(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    member_id: str,
    *,
    name: str,
    email: str,
    phone: str | None = None,
) -> str:
    """A login for a member, with a link by e-mail to choose a password; the user's id.

    Raises LoginTaken.
    """
    user = add(
        session,
        settings,
        cooperative_id,
        profiles.given(name=name, email=email, phone=phone),
        roles=[access.MEMBER_ROLE],
        member_id=member_id,
    )
    links.send(session, settings, user, links.INVITATION)
    return user.id


def end_membership(session: Session, member_id: str) -> None:
    """Who left the cooperative signs in no more, unless as its staff."""
    user = store.find_user_of_member(session, member_id)
    if user is None:
        return
    user.roles = [role for role in user.roles if role != access.MEMBER_ROLE]
    user.member_id = None
    if not user.roles:
        # A row keeps the role that it had; the status says that it is over.
        user.roles, user.member_id = [access.MEMBER_ROLE], member_id
        user.status, user.disabled_at = DISABLED, clock.now()
    session.flush()
    sessions.end_sessions(session, [user.id], "roles_changed", clock.now())


def disable_all(session: Session, cooperative_id: str) -> int:
    """Nobody of a cooperative that closes signs in any more; how many were ended."""
    disabled = store.disable_users(session, cooperative_id, clock.now())
    sessions.end_sessions(session, disabled, "disabled", clock.now())
    return len(disabled)


def add(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    profile: Profile,
    *,
    roles: Sequence[str],
    password_hash: str | None = None,
    **columns: Any,
) -> User:
    """A user: active with a password, else invited. Raises LoginTaken."""
    user_id, now = identifiers.new("usr"), clock.now()
    user = store.add_user(
        session,
        id=user_id,
        cooperative_id=cooperative_id,
        roles=sorted(roles),
        status=ACTIVE if password_hash else INVITED,
        password_hash=password_hash,
        personal_data=profiles.seal(
            session, settings, cooperative_id, user_id, profile
        ),
        created_at=now,
        activated_at=now if password_hash else None,
        **profiles.hashes(session, settings, profile),
        **columns,
    )
    if user is None:
        raise contract.LoginTaken
    return user


# What the administrators of a cooperative do.


def invite_user(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Invite a person by e-mail. Raises LoginTaken, IncompatibleRoles."""
    profile = profiles.given(
        name=command["name"], email=command["email"], phone=command["phone"]
    )

    def invite() -> dict[str, Any]:
        rights = _rights(session, command)
        user = add(
            session,
            settings,
            actor.cooperative_id,
            profile,
            invited_by=actor.subject,
            **rights,
        )
        links.send(session, settings, user, links.INVITATION)
        audit.record(session, actor, "user.invited", user.id, after=_audited(user))
        return _answer(session, settings, user)

    with opened(database, actor.cooperative_id) as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(actor.cooperative_id, command["idempotency"]),
            operation=invite,
        )


def invite_again(
    database: Database, settings: Settings, actor: Actor, user_id: str
) -> dict[str, Any]:
    """Send a new invitation; the earlier ones are void. Raises InvitationAccepted."""
    with opened(database, actor.cooperative_id) as session:
        user = _locked(session, actor, user_id)
        if user.status != INVITED:
            raise contract.InvitationAccepted
        links.refuse_flood(session, user, links.INVITATION)
        store.void_links(session, user.id, clock.now())
        links.send(session, settings, user, links.INVITATION)
        audit.record(session, actor, "user.invited_again", user.id)
        return _answer(session, settings, user)


def get_user(
    database: Database, settings: Settings, cooperative_id: str, user_id: str
) -> dict[str, Any]:
    """One person of the cooperative."""
    with opened(database, cooperative_id) as session:
        user = _found(store.find_user(session, user_id), cooperative_id)
        return _answer(session, settings, user)


def get_own_user(
    database: Database, settings: Settings, caller: Identity
) -> dict[str, Any]:
    """The caller, with the cooperative that it signed in to."""
    with opened(database, caller.cooperative_id) as session:
        user = _found(store.find_user(session, caller.subject), caller.cooperative_id)
        cooperative = cooperatives.find_cooperative(session, caller.cooperative_id)
        known = _answer(session, settings, user)
        return known | answers.one(
            contract.OwnUser(only=["cooperative"]), {"cooperative": cooperative}
        )


def list_users(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The people of the cooperative in the order in which they were invited."""
    owner, limit = f"users {cooperative_id}", command["limit"]
    with opened(database, cooperative_id) as session:
        rows = store.list_users(
            session,
            cooperative_id,
            status=command["status"],
            role=command["role"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        items = [_answer(session, settings, user) for user in shown]
    return {"items": items, "next_cursor": next_cursor}


def change_user(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Give a person other roles or another branch; who is signed in must do so again.

    Raises OwnRights, IncompatibleRoles and LastAdministrator.
    """
    with opened(database, actor.cooperative_id) as session:
        administrators = store.lock_administrators(session, actor.cooperative_id)
        user = _another(session, actor, command["user_id"])
        rights = _rights(session, command)
        if ADMIN not in rights["roles"]:
            _keep_an_administrator(user, administrators)
        before = _audited(user)
        for name, value in rights.items():
            setattr(user, name, value)
        session.flush()
        if _audited(user) != before:
            sessions.end_sessions(session, [user.id], "roles_changed", clock.now())
            audit.record(
                session,
                actor,
                "user.rights_changed",
                user.id,
                before=before,
                after=_audited(user),
            )
        return _answer(session, settings, user)


def disable_user(
    database: Database, settings: Settings, actor: Actor, user_id: str
) -> dict[str, Any]:
    """The person is signed out everywhere and signs in no more; again changes nothing.

    Raises OwnRights and LastAdministrator.
    """
    with opened(database, actor.cooperative_id) as session:
        administrators = store.lock_administrators(session, actor.cooperative_id)
        user = _another(session, actor, user_id)
        if user.status != DISABLED:
            _keep_an_administrator(user, administrators)
            now = clock.now()
            user.status, user.disabled_at = DISABLED, now
            session.flush()
            store.void_links(session, user.id, now)
            sessions.end_sessions(session, [user.id], "disabled", now)
            audit.record(session, actor, "user.disabled", user.id)
        return _answer(session, settings, user)


def enable_user(
    database: Database, settings: Settings, actor: Actor, user_id: str
) -> dict[str, Any]:
    """Who was disabled signs in again, or is invited again without ever having been.

    Raises OwnRights.
    """
    with opened(database, actor.cooperative_id) as session:
        user = _another(session, actor, user_id)
        if user.status == DISABLED:
            user.status = ACTIVE if user.password_hash else INVITED
            user.disabled_at = None
            session.flush()
            audit.record(session, actor, "user.enabled", user.id)
        return _answer(session, settings, user)


def reset_second_factor(
    database: Database, settings: Settings, actor: Actor, user_id: str
) -> dict[str, Any]:
    """Whoever lost authenticator and recovery codes enrols anew. Raises OwnRights."""
    with opened(database, actor.cooperative_id) as session:
        user = _another(session, actor, user_id)
        forget_second_factor(session, user)
        sessions.end_sessions(session, [user.id], "second_factor_changed", clock.now())
        links.tell(
            session,
            settings,
            user,
            "second_factor_changed",
            {"change": "dihapus oleh administrator"},
        )
        audit.record(session, actor, "user.second_factor_reset", user.id)
        return _answer(session, settings, user)


def forget_second_factor(session: Session, user: User) -> None:
    """The user has no second factor any more."""
    user.totp_secret = user.totp_confirmed_at = user.totp_step = None
    user.pin_hash = None
    store.replace_recovery_codes(session, user.cooperative_id, user.id, [])


# The hub's own people.


def add_operator(
    database: Database, settings: Settings, *, name: str, email: str
) -> dict[str, Any]:
    """A person who runs the hub, with the address of the page that sets a password.

    Raises LoginTaken.
    """
    profile = profiles.given(name=name, email=email)
    with database.hub() as session:
        user = add(session, settings, HUB, profile, roles=[contract.OPERATOR_ROLE])
        _link, url = links.make(session, settings, user, links.INVITATION)
        audit.record(
            session, COMMAND_LINE, "user.invited", user.id, after=_audited(user)
        )
        return {"user_id": user.id, "invitation_url": url}


def list_operators(database: Database, settings: Settings) -> list[dict[str, Any]]:
    """Everybody who runs the hub."""
    with database.hub() as session:
        rows = store.list_users(
            session, HUB, status=None, role=None, after=None, limit=OPERATORS_MAX
        )
        return [_answer(session, settings, user) for user in rows]


def disable_operator(
    database: Database, settings: Settings, email: str
) -> dict[str, Any]:
    """Whoever has this address runs the hub no more. Raises NotFound."""
    with database.hub() as session:
        login_hash = profiles.login_hash(session, settings, logins.email(email))
        found = store.find_by_login(session, login_hash, store.HUB_CODE)
    if not found:
        raise NotFound("There is no such user.")
    return disable_user(database, settings, COMMAND_LINE, found[0].user.id)


def _rights(session: Session, command: dict[str, Any]) -> dict[str, Any]:
    """Roles, branch and membership, once they fit each other."""
    roles, member_id = sorted(set(command["roles"])), command["member_id"]
    if not duties.are_compatible(roles):
        raise contract.IncompatibleRoles
    if (access.MEMBER_ROLE in roles) != (member_id is not None):
        raise contract.MemberRequired
    if member_id is not None and members.find_member(session, member_id) is None:
        raise NotFound("There is no such member.")
    branch_id = command["branch_id"]
    if branch_id is not None and branches.find_branch(session, branch_id) is None:
        raise NotFound("There is no such branch.")
    return {
        "roles": roles,
        "branch_id": branch_id,
        "member_id": member_id,
    }


def _keep_an_administrator(user: User, administrators: Sequence[str]) -> None:
    """Refuse what would lock a cooperative out. Raises LastAdministrator.

    ``administrators`` are those who can sign in. They are locked before anybody else,
    so that two who remove each other take turns.
    """
    if administrators == [user.id]:
        raise contract.LastAdministrator


def _another(session: Session, actor: Actor, user_id: str) -> User:
    """A user that is not the actor. Raises OwnRights."""
    if user_id == actor.subject:
        raise contract.OwnRights
    return _locked(session, actor, user_id)


def _locked(session: Session, actor: Actor, user_id: str) -> User:
    return _found(store.lock_user(session, user_id), actor.cooperative_id)


def _found(user: User | None, cooperative_id: str) -> User:
    # The operators' transactions see every tenant; their own people are the hub's.
    if user is None or user.cooperative_id != cooperative_id:
        raise NotFound("There is no such user.")
    return user


def _audited(user: User) -> dict[str, Any]:
    return {
        "roles": list(user.roles),
        "branch_id": user.branch_id,
        "member_id": user.member_id,
        "status": user.status,
    }


def _answer(session: Session, settings: Settings, user: User) -> dict[str, Any]:
    profile = profiles.of_user(session, settings, user)
    return answers.one(
        contract.User(),
        {
            "id": user.id,
            "name": profile.name,
            "email": profile.email,
            "phone": profile.phone,
            "roles": list(user.roles),
            "status": user.status,
            "branch_id": user.branch_id,
            "member_id": user.member_id,
            "has_second_factor": user.totp_confirmed_at is not None,
            "created_at": user.created_at,
            "signed_in_at": user.signed_in_at,
        },
    )
