"""How the form of a page is declared, read and told what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError

from services.gateway import pages, translations
from services.gateway.http import bodies, operations, problems
from services.gateway.http.answers import Answer, Headers
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import FORM, RawBody
from services.gateway.http.requests import Request
from services.shared import access
from services.shared.access import Rule
from services.shared.errors import NotAuthenticatedError, ServiceError

TAG: Final = "Pages"
FORM_BYTES_MAX: Final = 8 << 10
FORM_BODY: Final = RawBody(media_types=(FORM,), bytes_max=FORM_BYTES_MAX)
CHECK_THE_FIELDS: Final = "Periksa kembali isian yang ditandai."
MINUTE: Final = 60

SIGN_IN: Final = "/masuk"
HOME: Final = "/beranda"

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Refuse = Callable[[ServiceError, Request], Answer]


class AnyQuery(Schema):
    """Mail programs and social networks add things of their own, which do no harm."""

    class Meta:
        """What others add is ignored."""

        unknown = EXCLUDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong with a form: with all of it, and with its fields by name."""

    general: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The field that is wrong first; nothing for none."""
        return next(iter(self.fields), "")


NO_FAULTS: Final = Faults()


def in_indonesian(refusal: ServiceError) -> str:
    """What the person reads instead of the sentence for machines."""
    said = _said(refusal, refusal.message)
    seconds = refusal.details.get("retry_after", 0)
    if seconds > MINUTE:
        return f"{said} Coba lagi sekitar {-(-seconds // MINUTE)} menit lagi."
    return said


def _said(refusal: ServiceError, sentence: str) -> str:
    """``sentence`` in Indonesian, or what the kind of refusal says in general."""
    default = (type(refusal).__doc__ or "").strip().splitlines()[0]
    return translations.translate(sentence, translations.INDONESIAN, default=default)


def faults_of(refusal: ServiceError, shown: Mapping[str, str]) -> Faults:
    """What to say of a refusal on a form.

    ``shown`` has the form's fields in their order, each with a sentence of its own for
    whatever is wrong with it, or nothing for the service's.
    """
    told = {
        one["field"]: one["detail"]
        for one in reversed(refusal.details.get("errors", ()))
    }
    found = {
        name: own or _said(refusal, told[name])
        for name, own in shown.items()
        if name in told
    }
    if found:
        return Faults(general=CHECK_THE_FIELDS, fields=found)
    return Faults(general=in_indonesian(refusal))


def headers_of(refusal: ServiceError) -> Headers:
    """What a refusal says to the browser, such as for how long to wait."""
    return problems.headers_of(refusal, problems.status_of(type(refusal)))


def refused(refusal: ServiceError, _request: Request) -> Answer:
    """A page for what went wrong where there is no form to say it on."""
    return pages.answer(
        problems.status_of(type(refusal)),
        "message",
        headers_of(refusal),
        title="Maaf",
        text=in_indonesian(refusal),
        code=refusal.code,
        next_step=("/", "KE HALAMAN DEPAN"),
    )


def sent_to(path: str) -> Refuse:
    """Like `refused`, but who has not signed in, or did long ago, is led to ``path``.

    401 is the truth, and browsers show its page; the page leads on by itself.
    """

    def refuse(refusal: ServiceError, request: Request) -> Answer:
        if not isinstance(refusal, NotAuthenticatedError):
            return refused(refusal, request)
        return pages.answer(
            problems.status_of(type(refusal)),
            "message",
            headers_of(refusal),
            title="Silakan masuk",
            text="Halaman ini hanya untuk yang sudah masuk.",
            code=refusal.code,
            leads_to=path,
            next_step=(path, "MASUK"),
        )

    return refuse


def shown(
    path: str,
    *,
    rule: Rule = access.anyone,
    query: type[Schema] = AnyQuery,
    on_refusal: Refuse = refused,
) -> Callable[[Decorated], Decorated]:
    """Declare what answers a GET with a page."""
    return route(
        "GET",
        path,
        tag=TAG,
        rule=rule,
        query=query,
        is_described=False,
        on_refusal=on_refusal,
    )


def submitted(
    path: str, *, rule: Rule = access.anyone, on_refusal: Refuse = refused
) -> Callable[[Decorated], Decorated]:
    """Declare what the button of a page does."""
    return route(
        "POST",
        path,
        tag=TAG,
        rule=rule,
        raw_body=FORM_BODY,
        key=Idempotency.NONE,
        is_described=False,
        on_refusal=on_refusal,
    )


def checked(schema: Schema, command: dict[str, Any]) -> dict[str, Any]:
    """``command`` as it is, if the contract takes it. Raises Malformed by field."""
    try:
        schema.load(command)
    except ValidationError as error:
        raise operations.invalid(error.messages) from error
    return command


read: Final = bodies.parse_form
"""The fields of a form's body. Raises Malformed."""
