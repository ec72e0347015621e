"""Reads the definition of an Actor from its source: `.actor/actor.json` and the files that belong to it.

Source: "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from runtime.base.errors import Invalid
from runtime.base.json_text import Json, JsonDict, JsonObject, loads_with_comments
from runtime.base.records import Definition
from runtime.base.source_paths import resolve_path
from runtime.builds.definition_rules import check_actor_json, check_dataset, check_key_value_store, check_output
from runtime.inputs import schema_rules
from runtime.memory_expressions import ExpressionError, parse_expression

ACTOR_JSON = ".actor/actor.json"
USUAL_INPUT_SCHEMAS = (
    *(".actor/INPUT_SCHEMA.json", ".actor/input_schema.json"),
    *("INPUT_SCHEMA.json", "input_schema.json"),
)
MAX_INPUT_SCHEMA_BYTES = 512_000
MAX_FILE_BYTES = 3 * 1024 * 1024
"""For each other file whose content the build stores."""


def read_definition(actor_folder: Path) -> Definition:
    """Read and check the definition. Raises Invalid, with the file and what is wrong with it."""
    document = _document(actor_folder)
    return Definition(
        document=document,
        input_schema=_input_schema(actor_folder, document),
        readme=_text(actor_folder, document.get("readme"), ".actor/README.md", "README.md"),
    )


def warnings(definition: Definition) -> list[str]:
    """Return what the Actor's author should know about a definition that can be built."""
    memory = definition.default_memory
    if not isinstance(memory, str):
        return []
    try:
        parse_expression(memory)
    except ExpressionError as problem:
        return [
            f"defaultMemoryMbytes in {ACTOR_JSON} is not a valid expression ({problem}). Runs get the Actor's default"
            " memory instead."
        ]
    return []


def _document(actor_folder: Path) -> JsonObject:
    """Return actor.json with schemas and the changelog in place of the names of their files; empty without the file."""
    content = _json_file(actor_folder, ACTOR_JSON)
    if content is None:
        return {}
    check_actor_json(content, ACTOR_JSON)
    return {
        **content,
        **_storages(actor_folder, content),
        **_output(actor_folder, content),
        **_web_server(actor_folder, content),
        **_changelog(actor_folder, content),
    }


def _storages(actor_folder: Path, content: JsonObject) -> JsonDict:
    if "storages" not in content:
        return {}
    storages = dict(content["storages"])
    for name, check in (("dataset", check_dataset), ("keyValueStore", check_key_value_store)):
        if name in storages:
            storages[name] = _schema(actor_folder, storages[name], f"storages.{name}", check)
    if "datasets" in storages:
        storages["datasets"] = {
            alias: _schema(actor_folder, value, f"storages.datasets.{alias}", check_dataset)
            for alias, value in storages["datasets"].items()
        }
    return {"storages": storages}


def _output(actor_folder: Path, content: JsonObject) -> JsonDict:
    value = content.get("output", content.get("outputSchema"))
    return {} if value is None else {"output": _schema(actor_folder, value, "output", check_output)}


def _web_server(actor_folder: Path, content: JsonObject) -> JsonDict:
    """The web server schema is an OpenAPI document, which Greenroom does not check."""
    value = content.get("webServerSchema")
    if value is None:
        return {}
    return {"webServerSchema": _schema(actor_folder, value, "webServerSchema", lambda *_: None)}


def _changelog(actor_folder: Path, content: JsonObject) -> JsonDict:
    text = _text(actor_folder, content.get("changelog"), ".actor/CHANGELOG.md", "CHANGELOG.md")
    return {} if text is None and "changelog" not in content else {"changelog": text}


def _schema(actor_folder: Path, value: Json, field: str, check: Callable[[Json, str], None]) -> JsonObject:
    """Return the schema in a field of actor.json, or in the file that the field names. Raises Invalid."""
    if not isinstance(value, str):
        check(value, f"{field} of {ACTOR_JSON}")
        return cast(JsonObject, value)
    schema = _json_file(actor_folder, f".actor/{value}")
    if schema is None:
        raise Invalid("invalid-value", f"{ACTOR_JSON} names the file '{value}' as {field}, but there is no such file")
    check(schema, value)
    return schema


def _input_schema(actor_folder: Path, document: JsonObject) -> JsonObject | None:
    """Return the input schema: inline, in the file that actor.json names, or in the first of the usual files."""
    declared = document.get("input", document.get("inputSchema"))
    if isinstance(declared, Mapping):
        return _checked_input_schema(declared, f"of {ACTOR_JSON}")
    path = _first_file(actor_folder, declared, *USUAL_INPUT_SCHEMAS)
    if path is None:
        return None
    name = str(path.relative_to(actor_folder.resolve()))
    if path.stat().st_size > MAX_INPUT_SCHEMA_BYTES:
        raise Invalid("invalid-input-schema", f"{name} has more than {MAX_INPUT_SCHEMA_BYTES} bytes")
    try:
        schema = loads_with_comments(path.read_bytes())
    except ValueError as problem:
        raise Invalid("invalid-input-schema", f"{name} is not valid JSON: {problem}") from problem
    return _checked_input_schema(schema, name)


def _checked_input_schema(schema: Json, name: str) -> JsonObject:
    try:
        schema_rules.check(schema)
    except schema_rules.InvalidSchema as problem:
        raise Invalid("invalid-input-schema", f"The input schema {name}: {problem}") from problem
    return cast(JsonObject, schema)


def _json_file(actor_folder: Path, name: str) -> JsonObject | None:
    path = _file_inside(actor_folder, name)
    if path is None:
        return None
    try:
        value = loads_with_comments(_content(actor_folder, path))
    except ValueError as problem:
        raise Invalid("invalid-value", f"{name} is not valid JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise Invalid("invalid-value", f"{name} must contain a JSON object")
    return value


def _text(actor_folder: Path, declared: Any, *usual: str) -> str | None:
    path = _first_file(actor_folder, declared, *usual)
    return None if path is None else _content(actor_folder, path).decode(errors="replace")


def _first_file(actor_folder: Path, declared: Any, *usual: str) -> Path | None:
    """Return the file that actor.json names, or else the first of the usual ones that exists."""
    names = (*([f".actor/{declared}"] if isinstance(declared, str) else []), *usual)
    return next((path for name in names if (path := _file_inside(actor_folder, name)) is not None), None)


def _file_inside(actor_folder: Path, name: str) -> Path | None:
    """Return the path of a file; None if there is none, or if it is outside: actor.json can name any path."""
    path = resolve_path(actor_folder, name)
    return path if path.is_file() and path.is_relative_to(actor_folder.resolve()) else None


def _content(actor_folder: Path, path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        name = path.relative_to(actor_folder.resolve())
        raise Invalid("invalid-value", f"{name} has more than {MAX_FILE_BYTES} bytes")
    return path.read_bytes()
