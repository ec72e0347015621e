"""The OpenAPI document of a build: how its Actor is run, with the input schema as the body's.

Source: platform documentation, "Get OpenAPI definition" of Actor builds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.base.json_text import JsonDict
from runtime.base.records import Actor, Build, User

VERSION = "3.0.1"
WAYS: dict[str, tuple[str, str, JsonDict]] = {
    "run-sync-get-dataset-items": (
        "Runs the Actor, waits for its end, and answers with the items of its dataset.",
        "The items of the run's default dataset",
        {"type": "array", "items": {"type": "object"}},
    ),
    "runs": (
        "Starts the Actor and answers at once.",
        "The run",
        {"type": "object", "properties": {"data": {"type": "object"}}},
    ),
    "run-sync": (
        "Runs the Actor, waits for its end, and answers with the record OUTPUT of its key-value store.",
        "The record OUTPUT",
        {},
    ),
}
"""The ways to run an Actor: what each does, what it answers, and the answer's schema."""
KEPT = (
    *("title", "description", "default", "example", "enum", "pattern", "minLength", "maxLength", "nullable"),
    *("minimum", "maximum", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    *("required", "additionalProperties"),
)
"""What a field's schema and OpenAPI's have in common, but for the types and parts."""
ADDRESS: JsonDict = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string", "format": "uri"}}}
ITEMS: dict[Any, JsonDict] = {
    "requestListSources": ADDRESS,
    "stringList": {"type": "string"},
    "fileupload": {"type": "string"},
    "globs": {"type": "object", "properties": {"glob": {"type": "string"}}},
    "pseudoUrls": {"type": "object", "properties": {"purl": {"type": "string"}}},
    "keyValue": {"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "string"}}},
}
"""What an editor makes, where the schema does not say it."""


def document(build: Build, actor: Actor, owner: User, base: str) -> JsonDict:
    """`base` is the address of the API, without its version."""
    name = f"{owner.username}~{actor.name}"
    return {
        "openapi": VERSION,
        "info": {
            "title": actor.title or actor.name,
            "description": actor.description or "",
            "version": build.version_number,
            "x-build-id": build.id,
        },
        "servers": [{"url": f"{base}/v2"}],
        "paths": {f"/acts/{name}/{way}": {"post": _operation(way, name)} for way in WAYS},
        "components": {"schemas": {"inputSchema": _input(build.input_schema)}},
    }


def _operation(way: str, name: str) -> JsonDict:
    summary, answer, schema = WAYS[way]
    return {
        "operationId": f"{way}-{name.replace('~', '-')}",
        "summary": summary,
        "tags": ["Run Actor"],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/inputSchema"}}},
        },
        "parameters": [
            {"name": "token", "in": "query", "required": True, "schema": {"type": "string"}, "description": "API token"}
        ],
        "responses": {
            "201": {
                "description": answer,
                "content": {"application/json": {"schema": schema}},
            }
        },
    }


def _input(schema: Mapping[str, Any] | None) -> JsonDict:
    return {"type": "object"} if schema is None else _translated({**schema, "type": "object"})


def _translated(field: Mapping[str, Any]) -> JsonDict:
    """A field's schema in OpenAPI's words."""
    kind = field.get("type")
    types: JsonDict = {"anyOf": [{"type": each} for each in kind]} if isinstance(kind, list) else {"type": kind}
    told = {**types, **{keyword: field[keyword] for keyword in KEPT if keyword in field}}
    if not told.get("required", True):  # OpenAPI 3.0 knows no empty list here
        del told["required"]
    if isinstance(field.get("properties"), Mapping):
        told["properties"] = {name: _translated(part) for name, part in field["properties"].items()}
    if kind == "array":
        told["items"] = _translated(field["items"]) if "items" in field else ITEMS.get(field.get("editor"), {})
    return told
