"""The OpenAPI document of a build: the endpoints that run its Actor, with the input schema as the schema of the body.

Source: platform documentation, "Get OpenAPI definition" of Actor builds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.base.json_text import JsonDict
from runtime.base.records import Actor, Build, User

VERSION = "3.0.1"
ENDPOINTS: dict[str, tuple[str, str, JsonDict]] = {
    "run-sync-get-dataset-items": (
        "Run the Actor, wait for its end, and return the items of its dataset.",
        "The items of the run's default dataset",
        {"type": "array", "items": {"type": "object"}},
    ),
    "runs": (
        "Start the Actor, and return the run without waiting for its end.",
        "The run",
        {"type": "object", "properties": {"data": {"type": "object"}}},
    ),
    "run-sync": (
        "Run the Actor, wait for its end, and return the record OUTPUT of its key-value store.",
        "The record OUTPUT",
        {},
    ),
}
"""The endpoints that run an Actor: what each does, what it returns, and the schema of its response."""
SHARED_KEYWORDS = (
    *("title", "description", "default", "example", "enum", "pattern", "minLength", "maxLength", "nullable"),
    *("minimum", "maximum", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    *("required", "additionalProperties"),
)
"""The keywords of an input schema that OpenAPI has too, apart from types and nested fields."""
ADDRESS: JsonDict = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string", "format": "uri"}}}
ITEMS: dict[Any, JsonDict] = {
    "requestListSources": ADDRESS,
    "stringList": {"type": "string"},
    "fileupload": {"type": "string"},
    "globs": {"type": "object", "properties": {"glob": {"type": "string"}}},
    "pseudoUrls": {"type": "object", "properties": {"purl": {"type": "string"}}},
    "keyValue": {"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "string"}}},
}
"""The schema of an array's items by the array's editor, for input schemas that do not define the items."""


def openapi_document(build: Build, actor: Actor, owner: User, base: str) -> JsonDict:
    """The document. `base` is the address of the API, without its version."""
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
        "paths": {f"/acts/{name}/{endpoint}": {"post": _operation(endpoint, name)} for endpoint in ENDPOINTS},
        "components": {"schemas": {"inputSchema": _input(build.input_schema)}},
    }


def _operation(endpoint: str, name: str) -> JsonDict:
    summary, result, schema = ENDPOINTS[endpoint]
    return {
        "operationId": f"{endpoint}-{name.replace('~', '-')}",
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
                "description": result,
                "content": {"application/json": {"schema": schema}},
            }
        },
    }


def _input(schema: Mapping[str, Any] | None) -> JsonDict:
    return {"type": "object"} if schema is None else _translate({**schema, "type": "object"})


def _translate(field: Mapping[str, Any]) -> JsonDict:
    """The schema of a field of the input, with OpenAPI's keywords."""
    kind = field.get("type")
    types: JsonDict = {"anyOf": [{"type": each} for each in kind]} if isinstance(kind, list) else {"type": kind}
    translated = {**types, **{keyword: field[keyword] for keyword in SHARED_KEYWORDS if keyword in field}}
    if not translated.get("required", True):  # OpenAPI 3.0 does not allow an empty list here
        del translated["required"]
    if isinstance(field.get("properties"), Mapping):
        translated["properties"] = {name: _translate(part) for name, part in field["properties"].items()}
    if kind == "array":
        translated["items"] = _translate(field["items"]) if "items" in field else ITEMS.get(field.get("editor"), {})
    return translated
