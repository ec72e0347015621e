"""The page that shows the OpenAPI document of the local controls. It needs no script and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from runtime.base.json_text import JsonObject

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid #8886; margin-top: 2rem }
code, h2 { font-family: ui-monospace, monospace }
h2 { font-size: 1.1rem }
dd { margin: 0 0 .4rem 1.5rem }
"""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
        + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        + "'"
    ),
    "X-Content-Type-Options": "nosniff",
}
"""The page may use its own style, and nothing else."""


def docs_page(document: JsonObject) -> str:
    """The HTML page for an OpenAPI document."""
    info = document["info"]
    title = escape(info["title"])
    operations = "".join(
        _operation(document, method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1><p>{escape(info['description'])}</p>"
        f'<p><a href="openapi.json">openapi.json</a>, version {escape(info["version"])}</p>{operations}</body></html>\n'
    )


def _operation(document: JsonObject, method: str, path: str, operation: JsonObject) -> str:
    parameters = _definitions(
        (f"{each['name']} (in {each['in']})", _type(document, each["schema"]), each.get("description", ""))
        for each in operation.get("parameters", ())
    )
    responses = "".join(
        f"<h3>{escape(status)} {escape(response['description'])}</h3>{_content(document, response)}"
        for status, response in operation["responses"].items()
    )
    return (
        f"<section><h2>{escape(method.upper())} {escape(path)}</h2><p>{escape(operation.get('description', ''))}</p>"
        f"{_tokens(document, operation)}{f'<h3>Parameters</h3>{parameters}' if parameters else ''}{responses}</section>"
    )


def _tokens(document: JsonObject, operation: JsonObject) -> str:
    """Which bearer token the operation needs."""
    schemes = document["components"]["securitySchemes"]
    names = [name for requirement in operation.get("security", ()) for name in requirement]
    return "".join(f"<p>Bearer token: {escape(schemes[name]['description'])}</p>" for name in names)


def _content(document: JsonObject, response: JsonObject) -> str:
    schemas = (media["schema"] for media in response.get("content", {}).values() if "schema" in media)
    return "".join(_definitions(_fields(document, schema)) for schema in schemas)


def _fields(document: JsonObject, schema: JsonObject, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """The fields of an object and, with a dot between the names, of the objects in it: name, type, description."""
    for name, field in _resolve(document, schema).get("properties", {}).items():
        yield prefix + name, _type(document, field), field.get("description", "")
        yield from _fields(document, field, f"{prefix}{name}.")


def _definitions(rows: Iterable[tuple[str, str, str]]) -> str:
    items = "".join(
        f"<dt><code>{escape(name)}</code>: {escape(type)}</dt>" + (f"<dd>{escape(text)}</dd>" if text else "")
        for name, type, text in rows
    )
    return f"<dl>{items}</dl>" if items else ""


def _type(document: JsonObject, schema: JsonObject) -> str:
    schema = _resolve(document, schema)
    if "anyOf" in schema:
        return " or ".join(_type(document, each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    return f"array of {_type(document, schema['items'])}" if "items" in schema else str(schema.get("type", "any"))


def _resolve(document: JsonObject, schema: JsonObject) -> JsonObject:
    """The schema that a `$ref` to the document's components names, or the schema itself."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    resolved: JsonObject = document["components"]["schemas"][name] if name else schema
    return resolved
