"""What a source says of its Actor: `.actor/actor.json`, and the files that it names or that lie in the usual places.

Source: platform documentation, "Actor definition".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.errors import Invalid
from runtime.storages import key_schema
from runtime.storages.defaults import dataset_schemas, key_value_store_schema
from runtime.storages.item_schema import item_schema


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
    """The input schema, inline or in a file, where the platform looks for it. Raises Invalid."""
    named = definition.get("input", definition.get("inputSchema"))
    if isinstance(named, dict):
        return named
    places = (*([f".actor/{named}"] if isinstance(named, str) else []), ".actor/INPUT_SCHEMA.json", "INPUT_SCHEMA.json")
    return next((schema for place in places if (schema := _read_object(root, place)) is not None), None)


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
