"""What a source says of its Actor: `.actor/actor.json`, and the files that it names or that lie in the usual places.

Source: platform documentation, "Actor definition".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from runtime import input_schema_rules
from runtime.errors import Invalid
from runtime.json_text import loads_with_comments
from runtime.storages import key_schema
from runtime.storages.defaults import dataset_schemas, key_value_store_schema
from runtime.storages.item_schema import item_schema

INPUT_SCHEMAS = (
    *(".actor/INPUT_SCHEMA.json", ".actor/input_schema.json"),
    *("INPUT_SCHEMA.json", "input_schema.json"),
)
MAX_INPUT_SCHEMA_BYTES = 512_000


def read_definition(root: Path) -> Mapping[str, Any]:
    """The parsed .actor/actor.json with its storages' schemas in place of their files; empty where there is none.

    Raises Invalid.
    """
    definition = dict(_read_object(root, ".actor/actor.json") or {})
    if isinstance(definition.get("storages"), dict):
        definition["storages"] = _with_schemas(root, definition["storages"])
    check_storage_schemas(definition)
    return definition


def check_storage_schemas(definition: Mapping[str, Any]) -> None:
    """Raises Invalid where a run's storages could not be held to the schemas that they would get."""
    for schema in dataset_schemas(definition).values():
        item_schema(schema)
    key_schema.collections(key_value_store_schema(definition))


def read_input_schema(root: Path, definition: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The input schema, inline or in a file, where the platform looks for it. Raises Invalid where it is wrong."""
    named = definition.get("input", definition.get("inputSchema"))
    if isinstance(named, dict):
        return _checked_input_schema(named, "of .actor/actor.json")
    for place in (*([f".actor/{named}"] if isinstance(named, str) else []), *INPUT_SCHEMAS):
        path = _inside(root, place)
        if path is not None:
            file = str(path.relative_to(root.resolve()))
            return _checked_input_schema(_read_input_schema(path, file), file)
    return None


def read_readme(root: Path, definition: Mapping[str, Any]) -> str | None:
    named = definition.get("readme")
    places = (*([f".actor/{named}"] if isinstance(named, str) else []), ".actor/README.md", "README.md")
    found = next((path for place in places if (path := _inside(root, place)) is not None), None)
    return None if found is None else found.read_text(errors="replace")


def _with_schemas(root: Path, storages: Mapping[str, Any]) -> dict[str, Any]:
    """Storages by kind, or by alias; a text is the path of a schema beside actor.json."""
    schemas: dict[str, Any] = {}
    for name, value in storages.items():
        schemas[name] = _read_object(root, f".actor/{value}") if isinstance(value, str) else value
        if name == "datasets" and isinstance(value, dict):
            schemas[name] = _with_schemas(root, value)
        if schemas[name] is None:
            raise Invalid("invalid-value", f"actor.json names the schema '{value}', which is not there")
    return schemas


def _read_input_schema(path: Path, file: str) -> Any:
    if path.stat().st_size > MAX_INPUT_SCHEMA_BYTES:
        raise Invalid("invalid-input-schema", f"{file} has more than {MAX_INPUT_SCHEMA_BYTES} bytes")
    try:
        return loads_with_comments(path.read_bytes())
    except ValueError as problem:
        raise Invalid("invalid-input-schema", f"{file} is not valid JSON: {problem}") from problem


def _checked_input_schema(schema: Any, place: str) -> Mapping[str, Any]:
    try:
        input_schema_rules.check(schema)
    except input_schema_rules.InvalidSchema as problem:
        raise Invalid("invalid-input-schema", f"The input schema {place}: {problem}") from problem
    return cast(Mapping[str, Any], schema)


def _inside(root: Path, place: str) -> Path | None:
    """The file at `place`, unless it is none or lies outside the source: actor.json may name anything."""
    path = (root / place).resolve()
    return path if path.is_file() and path.is_relative_to(root.resolve()) else None


def _read_object(root: Path, place: str) -> Mapping[str, Any] | None:
    path = _inside(root, place)
    if path is None:
        return None
    try:
        value = json.loads(path.read_text())
    except ValueError as problem:
        raise Invalid("invalid-value", f"{place} is not valid JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise Invalid("invalid-value", f"{place} must hold a JSON object")
    return value
