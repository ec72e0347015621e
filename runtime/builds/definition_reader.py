"""Reads the definition of an Actor from its source: `.actor/actor.json` and the files that belong to it.

Source: "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from runtime.base.errors import Invalid
from runtime.base.json_text import Json, JsonDict, JsonObject, loads_with_comments
from runtime.base.records import Definition
from runtime.base.source_paths import resolve_path
from runtime.builds.definition_rules import (
    KNOWN_FIELDS,
    check_actor_json,
    check_dataset,
    check_key_value_store,
    check_output,
)
from runtime.builds.named_files import ACTOR_JSON, check_paths
from runtime.builds.sources import Source
from runtime.inputs import schema_rules
from runtime.memory_expressions import ExpressionError, parse_expression

USUAL_INPUT_SCHEMAS = (
    *(".actor/INPUT_SCHEMA.json", ".actor/input_schema.json"),
    *("INPUT_SCHEMA.json", "input_schema.json"),
)
MAX_INPUT_SCHEMA_BYTES = 512_000
MAX_FILE_BYTES = 3 * 1024 * 1024
"""For each other file whose content the build stores."""


def read_definition(source: Source) -> Definition:
    """Read and check the definition. Raises Invalid, with the file and what is wrong with it."""
    document = _document(source)
    return Definition(
        document=document,
        input_schema=_input_schema(source, document),
        readme=_text(source, "readme", document.get("readme"), ".actor/README.md", "README.md"),
    )


def warnings(source: Source, definition: Definition) -> list[str]:
    """Return what the Actor's author should know about a definition that can be built."""
    return [
        *_missing_files(source, definition.document),
        *_unknown_fields(definition.document),
        *_invalid_expressions(definition.default_memory),
    ]


def _missing_files(source: Source, document: JsonObject) -> list[str]:
    """Other named files are errors if they are missing: see `_schema` and `_input_schema`."""
    missing = [
        f"{ACTOR_JSON} names the file '{document[field]}' as {field}, but there is no such file."
        for field in ("input", "inputSchema", "readme")
        if isinstance(document.get(field), str) and _named_file(source, field, document[field]) is None
    ]
    if "changelog" in document and document["changelog"] is None:
        missing.append(f"{ACTOR_JSON} names a file as changelog, but there is no such file.")
    return missing


def _unknown_fields(document: JsonObject) -> list[str]:
    return [
        f"{ACTOR_JSON} has the unknown field '{field}', which has no effect.{_suggestion(field)}"
        for field in document
        if field not in KNOWN_FIELDS
    ]


def _suggestion(field: str) -> str:
    by_lower_case = {name.lower(): name for name in KNOWN_FIELDS}
    similar = get_close_matches(field.lower(), by_lower_case, n=1)
    return f" Did you mean '{by_lower_case[similar[0]]}'?" if similar else ""


def _invalid_expressions(memory: int | str | None) -> list[str]:
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


def _document(source: Source) -> JsonObject:
    """Return actor.json with schemas and the changelog in place of the names of their files; empty without the file."""
    path = _file_inside(source, ACTOR_JSON)
    if path is None:
        return {}
    content = _json_object(source, path)
    check_actor_json(content, ACTOR_JSON)
    check_paths(content)
    return {
        **content,
        **_storages(source, content),
        **_output(source, content),
        **_web_server(source, content),
        **_changelog(source, content),
    }


def _storages(source: Source, content: JsonObject) -> JsonDict:
    if "storages" not in content:
        return {}
    storages = dict(content["storages"])
    for name, check in (("dataset", check_dataset), ("keyValueStore", check_key_value_store)):
        if name in storages:
            storages[name] = _schema(source, storages[name], f"storages.{name}", check)
    if "datasets" in storages:
        storages["datasets"] = {
            alias: _schema(source, value, f"storages.datasets.{alias}", check_dataset)
            for alias, value in storages["datasets"].items()
        }
    return {"storages": storages}


def _output(source: Source, content: JsonObject) -> JsonDict:
    value = content.get("output", content.get("outputSchema"))
    return {} if value is None else {"output": _schema(source, value, "output", check_output)}


def _web_server(source: Source, content: JsonObject) -> JsonDict:
    """The web server schema is an OpenAPI document, which Greenroom does not check."""
    value = content.get("webServerSchema")
    if value is None:
        return {}
    return {"webServerSchema": _schema(source, value, "webServerSchema", lambda *_: None)}


def _changelog(source: Source, content: JsonObject) -> JsonDict:
    text = _text(source, "changelog", content.get("changelog"), ".actor/CHANGELOG.md", "CHANGELOG.md")
    return {} if text is None and "changelog" not in content else {"changelog": text}


def _schema(source: Source, value: Json, field: str, check: Callable[[Json, str], None]) -> JsonObject:
    """Return the schema in a field of actor.json, or in the file that the field names. Raises Invalid."""
    if not isinstance(value, str):
        check(value, f"{field} of {ACTOR_JSON}")
        return cast(JsonObject, value)
    path = _named_file(source, field, value)
    if path is None:
        raise Invalid("invalid-value", f"{ACTOR_JSON} names the file '{value}' as {field}, but there is no such file")
    schema = _json_object(source, path)
    check(schema, value)
    return schema


def _input_schema(source: Source, document: JsonObject) -> JsonObject | None:
    """Return the input schema: inline, in the file that actor.json names, or in the first of the usual files."""
    field = "input" if "input" in document else "inputSchema"
    declared = document.get(field)
    if isinstance(declared, Mapping):
        return _checked_input_schema(declared, f"of {ACTOR_JSON}")
    path = _first_file(source, field, declared, *USUAL_INPUT_SCHEMAS)
    if path is None and declared is not None:
        message = f"{ACTOR_JSON} names the file '{declared}' as {field}, but there is no such file"
        raise Invalid("invalid-input-schema", message)
    if path is None:
        return None
    name = _shown(source, path)
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


def _json_object(source: Source, path: Path) -> JsonObject:
    name = _shown(source, path)
    try:
        value = loads_with_comments(_content(source, path))
    except ValueError as problem:
        raise Invalid("invalid-value", f"{name} is not valid JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise Invalid("invalid-value", f"{name} must contain a JSON object")
    return value


def _text(source: Source, field: str, declared: Any, *usual: str) -> str | None:
    path = _first_file(source, field, declared, *usual)
    return None if path is None else _content(source, path).decode(errors="replace")


def _first_file(source: Source, field: str, declared: Any, *usual: str) -> Path | None:
    """Return the file that actor.json names, or else the first of the usual ones that exists."""
    named = _named_file(source, field, declared) if isinstance(declared, str) else None
    found = (path for name in usual if (path := _file_inside(source, name)) is not None)
    return named or next(found, None)


def _named_file(source: Source, field: str, name: str) -> Path | None:
    """Return the path of a file that actor.json names; None if there is none. Raises Invalid if it is outside."""
    path = resolve_path(source.actor_folder / ".actor", name)
    if not path.is_relative_to(source.tree.resolve()):
        raise Invalid(
            "invalid-value", f"{ACTOR_JSON} names the file '{name}' as {field}, which is outside of the source"
        )
    return path if path.is_file() else None


def _file_inside(source: Source, name: str) -> Path | None:
    """Return the path of a file; None if there is none, or if it is a link out of the source."""
    path = resolve_path(source.actor_folder, name)
    return path if path.is_relative_to(source.tree.resolve()) and path.is_file() else None


def _content(source: Source, path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Invalid("invalid-value", f"{_shown(source, path)} has more than {MAX_FILE_BYTES} bytes")
    return path.read_bytes()


def _shown(source: Source, path: Path) -> str:
    """Return the path relative to the Actor's folder."""
    return os.path.relpath(path, source.actor_folder.resolve())
