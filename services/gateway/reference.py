"""The browsable page of the API: one HTML document that loads nothing else.

It is written here because the Swagger UI that exists as a plain wheel does not know
OpenAPI 3.1. Without scripts there is nothing that could be loaded or injected.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections import defaultdict
from typing import Any, Final

STYLE: Final = """\
:root { color-scheme: light dark; --line: #8885; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem;
  padding: 1rem; }
nav ul { columns: 2; list-style: none; padding: 0; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); overflow-x: auto; padding: .75rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0;
  padding: .5rem .75rem; }
summary { cursor: pointer; }
summary code { font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left;
  vertical-align: top; }
td p, td ul { margin: 0; }
.method { display: inline-block; min-width: 3.5rem; }
@media (max-width: 40rem) { nav ul { columns: 1; } }
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(document: dict[str, Any]) -> str:
    """The page that shows an OpenAPI document."""
    return _Page(document).render()


class _Page:
    """Renders one document; `$ref` is looked up in its components."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._schemas: dict[str, Any] = document["components"]["schemas"]

    def render(self) -> str:
        info = self._document["info"]
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{_text(info['title'])} API</title><style>{STYLE}</style></head>"
            f"<body><h1>{_text(info['title'])} API {_text(info['version'])}</h1>"
            f"{_prose(info['description'])}"
            '<p>The same as <a href="/v1/openapi.json">OpenAPI 3.1</a>.</p>'
            f"{self._operations()}{self._schema_list()}{self._problems()}"
            "</body></html>"
        )

    def _operations(self) -> str:
        by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = defaultdict(list)
        for path, methods in self._document["paths"].items():
            for method, operation in methods.items():
                by_tag[operation["tags"][0]].append((path, method.upper(), operation))
        links = "".join(
            f'<li><a href="#tag-{_text(tag)}">{_text(tag)}</a></li>' for tag in by_tag
        )
        sections = "".join(
            f'<h2 id="tag-{_text(tag)}">{_text(tag)}</h2>'
            + "".join(self._operation(*entry) for entry in entries)
            for tag, entries in by_tag.items()
        )
        return (
            f"<nav><ul>{links}"
            '<li><a href="#schemas">Schemas</a></li>'
            '<li><a href="#problems">Problems</a></li></ul></nav>'
            f"{sections}"
        )

    def _operation(self, path: str, method: str, operation: dict[str, Any]) -> str:
        parts = [
            f'<details id="{_text(operation["operationId"])}">',
            f'<summary><code><span class="method">{method}</span> {_text(path)}</code>',
            f" {_text(operation['summary'])}</summary>",
            _prose(operation.get("description", "")),
        ]
        if operation["parameters"]:
            parts.append(self._parameters(operation["parameters"]))
        if "requestBody" in operation:
            parts.append("<h4>Body</h4>")
            parts.append(self._content(operation["requestBody"]["content"]))
        parts.append(self._responses(operation["responses"]))
        parts.append("</details>")
        return "".join(parts)

    def _parameters(self, parameters: list[dict[str, Any]]) -> str:
        rows = "".join(
            f"<tr><td><code>{_text(one['name'])}</code></td>"
            f"<td>{_text(one['in'])}{', required' if one['required'] else ''}</td>"
            f"<td>{self._kind(one['schema'])}</td>"
            f"<td>{_prose(one.get('description', ''))}</td></tr>"
            for one in parameters
        )
        return f"<h4>Parameters</h4><table>{rows}</table>"

    def _content(self, content: dict[str, Any]) -> str:
        parts = []
        for media_type, described in content.items():
            kind = self._kind(described["schema"])
            parts.append(f"<p>{kind} as <code>{_text(media_type)}</code></p>")
            if "example" in described:
                example = json.dumps(described["example"], ensure_ascii=False, indent=1)
                parts.append(f"<pre>{_text(example)}</pre>")
        return "".join(parts)

    def _responses(self, responses: dict[str, Any]) -> str:
        resolved = {
            status: self._resolve(response) for status, response in responses.items()
        }
        rows = "".join(
            f"<tr><td><code>{_text(status)}</code></td>"
            f"<td>{_prose(response['description'])}"
            f"{self._content(response.get('content', {}))}</td></tr>"
            for status, response in resolved.items()
        )
        return f"<h4>Answers</h4><table>{rows}</table>"

    def _resolve(self, response: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in response:
            return response
        name = response["$ref"].rsplit("/", 1)[-1]
        found: dict[str, Any] = self._document["components"]["responses"][name]
        return found

    def _kind(self, schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            return f'<a href="#schema-{_text(name)}">{_text(name)}</a>'
        types = schema.get("type", "any")
        named = " or ".join(types) if isinstance(types, list) else types
        if "items" in schema:
            return f"list of {self._kind(schema['items'])}"
        for nested in schema.get("allOf", ()) or schema.get("anyOf", ()):
            return self._kind(nested)
        return f"{_text(named)}{_bounds(schema)}"

    def _schema_list(self) -> str:
        parts = ['<h2 id="schemas">Schemas</h2>']
        for name, schema in sorted(self._schemas.items()):
            required = set(schema.get("required", ()))
            rows = "".join(
                f"<tr><td><code>{_text(field)}</code></td>"
                f"<td>{'required' if field in required else ''}</td>"
                f"<td>{self._kind(described)}</td>"
                f"<td>{_prose(described.get('description', ''))}</td></tr>"
                for field, described in schema.get("properties", {}).items()
            )
            parts.append(
                f'<details id="schema-{_text(name)}"><summary><code>{_text(name)}'
                f"</code></summary><table>{rows}</table></details>"
            )
        return "".join(parts)

    def _problems(self) -> str:
        found: dict[str, dict[str, Any]] = {}
        for response in self._document["components"]["responses"].values():
            problem = response["content"]["application/problem+json"]
            for code, example in problem["examples"].items():
                found[code] = example["value"]
        rows = "".join(
            f'<tr id="problem-{_text(code)}"><td><code>{_text(code)}</code></td>'
            f"<td>{problem['status']}</td><td>{_text(problem['detail'])}</td></tr>"
            for code, problem in sorted(found.items())
        )
        return f'<h2 id="problems">Problems</h2><table>{rows}</table>'


def _bounds(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ": " + ", ".join(f"<code>{_text(one)}</code>" for one in schema["enum"])
    if "format" in schema and schema["format"] != "int64":
        return f" ({_text(schema['format'])})"
    limits = [
        f"{label} {schema[key]}"
        for key, label in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
        )
        if key in schema
    ]
    return f" ({_text(' '.join(limits))})" if limits else ""


def _prose(markdown: str) -> str:
    """The little Markdown that our own descriptions use: paragraphs, lists, code."""
    parts = []
    for block in markdown.strip().split("\n\n"):
        if not block:
            continue
        if block.startswith("- "):
            items = "".join(
                f"<li>{_code(line.removeprefix('- '))}</li>"
                for line in block.splitlines()
            )
            parts.append(f"<ul>{items}</ul>")
        else:
            parts.append(f"<p>{_code(block)}</p>")
    return "".join(parts)


def _code(text: str) -> str:
    pieces = _text(text).split("`")
    return "".join(
        f"<code>{piece}</code>" if index % 2 else piece
        for index, piece in enumerate(pieces)
    )


def _text(value: Any) -> str:
    return html.escape(str(value), quote=True)
