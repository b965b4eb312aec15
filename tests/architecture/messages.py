"""Every sentence that a refusal can be made of, found in the code.

``python -m tests.architecture.messages`` prints, as entries for the catalogue, those
that it lacks.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from marshmallow import fields, validate

import services
from services.gateway import translations
from services.gateway.http import problems
from services.shared.errors import ServiceError

ROOT: Final = Path(__file__).parents[2]
SAYS_A_SENTENCE: Final = {"ValidationError", "Length", "Range", "OneOf", "Regexp"}
# The library puts these together out of parts.
RANGES: Final = (
    "Must be greater than or equal to {min} and less than or equal to {max}.",
    "Must be greater than or equal to {min}.",
    "Must be less than or equal to {max}.",
    "Must be greater than {min}.",
)
_FIELD: Final = re.compile(r"\{\w*[^{}]*\}")


def kinds() -> list[type[ServiceError]]:
    """Every class of refusal in the services."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if ".migrations" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)
    return sorted(_below(ServiceError), key=lambda kind: kind.__qualname__)


def _below(kind: type[ServiceError]) -> set[type[ServiceError]]:
    found = {kind}
    for one in kind.__subclasses__():
        if one.__module__.startswith("services."):
            found |= _below(one)
    return found


def titles() -> set[str]:
    """The titles of all problems."""
    return {problems.title_of(kind.code) for kind in kinds()}


def sentences() -> set[str]:
    """Default messages, messages given where an error is raised, and of validation."""
    names = {kind.__name__ for kind in kinds()}
    found = {(kind.__doc__ or "").strip().splitlines()[0] for kind in kinds()}
    found |= {problems.HIDDEN}
    own = ROOT / "services"
    trees = [
        ast.parse(path.read_text())
        for path in sorted(own.rglob("*.py"))
        if {"hub", "migrations"}.isdisjoint(path.relative_to(own).parts)
    ]
    tables = {table for tree in trees for table in _tables(tree)}
    for tree in trees:
        found |= set(_said(tree, names)) | set(_of_tables(tree, tables))
    return found | _of_marshmallow()


def _details(tree: ast.Module) -> Iterator[ast.expr]:
    """What is said of single fields: each ``"detail"`` where errors are made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "detail":
                    yield value


def _tables(tree: ast.Module) -> Iterator[str]:
    """The names of tables in which a detail is looked up by its code."""
    for value in _details(tree):
        if isinstance(value, ast.Subscript):
            yield _name(value.value)


def _of_tables(tree: ast.Module, tables: set[str]) -> Iterator[str]:
    """The sentences that such tables hold, and details that are said right there."""
    for value in _details(tree):
        yield from _texts(value)
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and _name(node.target) in tables:
            yield from _texts(node.value) if node.value else ()


def _said(tree: ast.Module, errors: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name in errors | {"invalid"} and node.args:
                yield from _texts(node.args[0])
            if name == "ValidationError" and node.args:
                yield from _texts(node.args[0])
            if name in SAYS_A_SENTENCE:
                for keyword in node.keywords:
                    if keyword.arg == "error":
                        yield from _texts(keyword.value)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _texts(value: ast.expr) -> Iterator[str]:
    """The sentences in an argument, with places for what is filled in."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield from _filled_in(value)
    else:
        for part in _parts(value):
            yield from _texts(part)


def _filled_in(value: ast.JoinedStr) -> Iterator[str]:
    places = iter(range(10))
    text = "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{next(places)}}}"
        for part in value.values
    )
    # A message that is all filled in was made elsewhere.
    if re.search(r"[a-z]{3}", re.sub(r"\{\d\}", "", text)):
        yield text


def _parts(value: ast.expr) -> list[ast.expr]:
    if isinstance(value, ast.IfExp):
        return [value.body, value.orelse]
    if isinstance(value, ast.Dict):
        return value.values
    return value.elts if isinstance(value, ast.List) else []


def _of_marshmallow() -> set[str]:
    """What the fields and validators of the library say by themselves."""
    found: set[str] = set()
    for kind in (
        fields.Field,
        fields.String,
        fields.Integer,
        fields.Boolean,
        fields.Date,
        fields.AwareDateTime,
        fields.List,
        fields.Dict,
        fields.Nested,
        fields.Email,
        fields.Url,
    ):
        for owner in inspect.getmro(kind):
            found |= set(vars(owner).get("default_error_messages", {}).values())
    for name, value in (
        *vars(validate.Length).items(),
        *vars(validate.OneOf).items(),
        *vars(validate.Regexp).items(),
        *vars(validate.Equal).items(),
        *vars(validate.Email).items(),
        *vars(validate.URL).items(),
    ):
        if name.startswith(("message", "default_message")) and isinstance(value, str):
            found.add(value)
    found |= set(RANGES)
    return {_numbered(message) for message in found}


def _numbered(message: str) -> str:
    places = iter(range(10))
    return _FIELD.sub(lambda _: f"{{{next(places)}}}", message)


def missing() -> tuple[set[str], set[str]]:
    """The titles and the sentences that the catalogue lacks."""
    known = translations.catalogue()
    return (
        {one for one in titles() if not _has(known, one, translations.TITLE)},
        {one for one in sentences() if not _has(known, one, None)},
    )


def _has(known: Catalog, text: str, context: str | None) -> bool:
    message: Message | None = known.get(text, context)
    return message is not None and bool(message.string)


if __name__ == "__main__":
    import sys

    lacking_titles, lacking_sentences = missing()
    for text in sorted(lacking_titles):
        sys.stdout.write(f'\nmsgctxt "title"\nmsgid "{text}"\nmsgstr ""\n')
    for text in sorted(lacking_sentences):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        sys.stdout.write(f'\nmsgid "{quoted}"\nmsgstr ""\n')
