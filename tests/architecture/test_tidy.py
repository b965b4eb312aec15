"""What must never be in the code, and what to write instead."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MONEY = re.compile(
    r"services/(\w+/domain/|\w+/domain\.py|\w+/models|shared/contracts/)"
)
STATISTICS = re.compile(r"services/loans/domain/(rates|scoring/cards)\.py")
"""What is shown to people, or learnt from history: no rupiah is computed from it."""

VAGUE_NAMES = {"utils", "util", "helpers", "common", "misc", "manager", "base"}
CONSTANT = re.compile(r"^_?[A-Z][A-Z0-9_]*$")


@dataclass(frozen=True, kw_only=True)
class Ban:
    """A thing that is not done: where, how to see it, and what to do instead."""

    name: str
    finds: Callable[[str], Iterator[int]]
    """The lines on which a source does it."""

    instead: str
    where: Callable[[str], bool]
    bad: str
    good: str


def code(pattern: str) -> Callable[[str], Iterator[int]]:
    """Finds a pattern in the code: strings and comments may say anything."""
    compiled = re.compile(pattern)

    def finds(source: str) -> Iterator[int]:
        for number, line in enumerate(without_text(source).splitlines(), 1):
            if compiled.search(line):
                yield number

    return finds


def anywhere(pattern: str) -> Callable[[str], Iterator[int]]:
    """Finds a pattern in comments and strings too."""
    compiled = re.compile(pattern)

    def finds(source: str) -> Iterator[int]:
        for number, line in enumerate(source.splitlines(), 1):
            if compiled.search(line):
                yield number

    return finds


@cache
def without_text(source: str) -> str:
    """The source with comments and strings blanked out; every line keeps its number."""
    lines = [list(line) for line in source.splitlines()]
    fstring_middle = getattr(tokenize, "FSTRING_MIDDLE", -1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in {tokenize.STRING, tokenize.COMMENT, fstring_middle}:
            continue
        (first, start), (last, end) = token.start, token.end
        for row in range(first, last + 1):
            line = lines[row - 1]
            begin = start if row == first else 0
            stop = end if row == last else len(line)
            line[begin:stop] = " " * len(line[begin:stop])
    return "\n".join("".join(line) for line in lines)


def spliced_sql(source: str) -> Iterator[int]:
    """Finds statements with values spliced in; constants are no values."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else ""
        name = function.id if isinstance(function, ast.Name) else name
        statement = call.args[0]
        if name not in {"text", "execute"} or not isinstance(statement, ast.JoinedStr):
            continue
        for part in statement.values:
            if isinstance(part, ast.FormattedValue) and not is_fixed(part.value):
                yield call.lineno
                break


def is_fixed(value: ast.expr) -> bool:
    """Whether an expression is the same in every request."""
    if isinstance(value, ast.Call):
        return not value.args and not value.keywords
    name = value.attr if isinstance(value, ast.Attribute) else ""
    name = value.id if isinstance(value, ast.Name) else name
    return CONSTANT.match(name) is not None


def in_services(path: str) -> bool:
    return path.startswith("services/")


def outside(*allowed: str) -> Callable[[str], bool]:
    """In the services, but not in these files and folders."""
    return lambda path: in_services(path) and not path.startswith(allowed)


BANS = [
    Ban(
        name="nameko's own event handler",
        finds=code(r"\bevent_handler\b"),
        instead="services.shared.messaging.on_event: nameko's loses a failed event",
        where=in_services,
        bad="from nameko.events import event_handler\n",
        good="from services.shared.messaging import on_event\n",
    ),
    Ban(
        name="nameko's own rpc",
        finds=code(r"from nameko\.rpc import .*\b(rpc|RpcProxy|ServiceRpc)\b"),
        instead="services.shared.messaging: nameko's has no deadline, no access rule",
        where=outside("services/shared/messaging/"),
        bad="from nameko.rpc import rpc\n",
        good="from services.shared.messaging import rpc\n",
    ),
    Ban(
        name="the machine's clock",
        finds=code(r"\b(datetime|date)\.(now|utcnow|today)\("),
        instead="services.shared.clock.now() or business_date()",
        where=outside("services/shared/clock.py"),
        bad="moment = datetime.now(UTC)\n",
        good="moment = clock.now()  # not datetime.now()\n",
    ),
    Ban(
        name="floating point where money is",
        # Durations may be fractions of a second.
        finds=code(
            r"^(?!.*(seconds|deadline)).*\b([Ff]loat|FLOAT|REAL|DOUBLE_PRECISION)\b"
        ),
        instead="int for rupiah, Decimal for rates, rounded once by name",
        where=lambda path: bool(MONEY.match(path)) and not STATISTICS.match(path),
        bad="interest: float = 0.01\n",
        good='interest = Decimal("0.01")  # a float cannot hold it\n',
    ),
    Ban(
        name="print",
        finds=code(r"(?<![\w.])print\("),
        instead="logging; only the runner speaks to people",
        where=outside("services/hub/"),
        bad="print(transfer)\n",
        good="log.info('transfer', extra=details)\n",
    ),
    Ban(
        name="a commit of one's own",
        finds=code(r"\.(commit|rollback)\(\)"),
        instead="the with block of Database.tenant() or hub()",
        where=outside("services/shared/persistence/"),
        bad="session.commit()\n",
        good="with database.hub() as session:\n    pass\n",
    ),
    Ban(
        name="values spliced into SQL",
        finds=spliced_sql,
        instead="bound parameters; names of columns from a constant",
        where=lambda path: (
            "/migrations/" not in path
            and outside(
                "services/hub/",  # names of databases and roles, by administrators
                "services/shared/persistence/",
                "services/transfers/store/transfers.py",  # a page's branches, counted
            )(path)
        ),
        bad="session.execute(text(f'SELECT {column} FROM members'))\n",
        good="session.execute(text(f'SELECT {COLUMNS} FROM members WHERE id = :id'))\n",
    ),
    Ban(
        name="cryptography outside crypto.py",
        finds=code(r"^\s*(from|import) (cryptography|secrets)\b"),
        instead="services.shared.crypto",
        where=outside("services/shared/crypto.py", "services/hub/"),
        bad="from cryptography.fernet import Fernet\n",
        good="from services.shared import crypto\n",
    ),
    Ban(
        name="backref",
        finds=code(r"\bbackref\b"),
        instead="back_populates, which names both sides",
        where=in_services,
        bad="relationship(backref=owner)\n",
        good="relationship(back_populates=owner)\n",
    ),
    Ban(
        name="work left for another day",
        finds=anywhere(r"\b(FIXME|TODO|XXX|HACK)\b"),
        instead="do it, or open an issue",
        where=lambda path: path != "tests/architecture/test_tidy.py",
        bad="# TODO: check the limit\n",
        good="# The limit was checked by the caller.\n",
    ),
]


def sources() -> list[str]:
    """Every Python file of the repository, by its path from the root."""
    files = (
        path
        for folder in ("services", "tests")
        for path in (ROOT / folder).rglob("*.py")
    )
    return sorted(path.relative_to(ROOT).as_posix() for path in files)


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_nobody_uses(ban: Ban) -> None:
    found = [
        f"{path}:{line}"
        for path in sources()
        if ban.where(path)
        for line in ban.finds((ROOT / path).read_text())
    ]
    assert not found, f"{ban.name} in {', '.join(found)}. Instead: {ban.instead}."


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_the_ban_catches_what_it_should(ban: Ban) -> None:
    assert list(ban.finds(ban.bad))


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_the_ban_lets_the_replacement_pass(ban: Ban) -> None:
    assert not list(ban.finds(ban.good))


def vague(paths: list[str]) -> list[str]:
    """Files whose names do not say what they hold."""
    return [
        path
        for path in paths
        if VAGUE_NAMES.intersection({Path(path).stem, Path(path).parent.name})
        and path != "services/shared/persistence/base.py"
    ]


def test_every_file_is_named_after_what_it_holds() -> None:
    assert vague(sources()) == []


def test_a_vague_name_is_caught_and_a_telling_one_is_not() -> None:
    named = ["services/kyc/utils.py", "services/kyc/common/names.py"]
    assert vague(named) == named
    assert vague(["services/kyc/store.py", "services/shared/persistence/base.py"]) == []


def test_every_module_says_which_question_it_answers() -> None:
    silent = [
        path
        for path in sources()
        if (source := (ROOT / path).read_text()).strip()
        and ast.get_docstring(ast.parse(source)) is None
    ]
    assert silent == []
