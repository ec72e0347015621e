"""What a source says of its Actor: `.actor/actor.json`, and the files that it names or that lie in the usual places.

Source: platform documentation, "Actor definition".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from runtime.base.errors import Invalid
from runtime.base.json_text import loads_with_comments
from runtime.base.source_paths import followed
from runtime.builds.definition_rules import check_actor_json, check_dataset, check_key_value_store, check_output
from runtime.inputs import schema_rules
from runtime.memory_expressions import ExpressionError, compiled

ACTOR_JSON = ".actor/actor.json"
INPUT_SCHEMAS = (
    *(".actor/INPUT_SCHEMA.json", ".actor/input_schema.json"),
    *("INPUT_SCHEMA.json", "input_schema.json"),
)
MAX_INPUT_SCHEMA_BYTES = 512_000
MAX_BYTES = 3 * 1024 * 1024
"""Of any other file that is kept with the build."""


def read_definition(root: Path) -> Mapping[str, Any]:
    """What .actor/actor.json says, with schemas and the changelog in place of their files; empty where there is none.

    Raises Invalid, naming the file and what is wrong with it.
    """
    found = _read_object(root, ACTOR_JSON)
    if found is None:
        return {}
    check_actor_json(found, ACTOR_JSON)
    definition = dict(found)
    definition |= _storages(root, definition)
    definition |= _output(root, definition)
    definition |= _web_server(root, definition)
    definition |= _changelog(root, definition)
    return definition


def remarks(definition: Mapping[str, Any]) -> list[str]:
    """What its author should know of a definition that is good enough to be built."""
    memory = definition.get("defaultMemoryMbytes")
    if not isinstance(memory, str):
        return []
    try:
        compiled(memory)
    except ExpressionError as problem:
        return [f"defaultMemoryMbytes in {ACTOR_JSON} is no expression ({problem}): it will tell no run's memory."]
    return []


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
    return _read_text(root, definition.get("readme"), ".actor/README.md", "README.md")


def _storages(root: Path, definition: Mapping[str, Any]) -> dict[str, Any]:
    if "storages" not in definition:
        return {}
    storages = dict(definition["storages"])
    for name, check in (("dataset", check_dataset), ("keyValueStore", check_key_value_store)):
        if name in storages:
            storages[name] = _schema(root, storages[name], f"storages.{name}", check)
    if "datasets" in storages:
        storages["datasets"] = {
            alias: _schema(root, value, f"storages.datasets.{alias}", check_dataset)
            for alias, value in storages["datasets"].items()
        }
    return {"storages": storages}


def _output(root: Path, definition: Mapping[str, Any]) -> dict[str, Any]:
    given = definition.get("output", definition.get("outputSchema"))
    return {} if given is None else {"output": _schema(root, given, "output", check_output)}


def _web_server(root: Path, definition: Mapping[str, Any]) -> dict[str, Any]:
    """An OpenAPI document, which is what its author makes of it."""
    given = definition.get("webServerSchema")
    return {} if given is None else {"webServerSchema": _schema(root, given, "webServerSchema", lambda *_: None)}


def _changelog(root: Path, definition: Mapping[str, Any]) -> dict[str, Any]:
    text = _read_text(root, definition.get("changelog"), ".actor/CHANGELOG.md", "CHANGELOG.md")
    return {} if text is None and "changelog" not in definition else {"changelog": text}


def _schema(root: Path, given: Any, field: str, check: Callable[[Any, str], None]) -> Mapping[str, Any]:
    """A schema that stands in actor.json, or in a file that this names. Raises Invalid."""
    if not isinstance(given, str):
        check(given, f"{field} of {ACTOR_JSON}")
        return cast(Mapping[str, Any], given)
    schema = _read_object(root, f".actor/{given}")
    if schema is None:
        raise Invalid("invalid-value", f"{ACTOR_JSON} names the file '{given}' as {field}, and it is not there")
    check(schema, given)
    return schema


def _read_text(root: Path, named: Any, *usual: str) -> str | None:
    """The text of the file that actor.json names, else of the first of the usual ones."""
    places = (*([f".actor/{named}"] if isinstance(named, str) else []), *usual)
    found = next((path for place in places if (path := _inside(root, place)) is not None), None)
    return None if found is None else _content(root, found).decode(errors="replace")


def _content(root: Path, path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise Invalid("invalid-value", f"{path.relative_to(root.resolve())} has more than {MAX_BYTES} bytes")
    return path.read_bytes()


def _read_input_schema(path: Path, file: str) -> Any:
    if path.stat().st_size > MAX_INPUT_SCHEMA_BYTES:
        raise Invalid("invalid-input-schema", f"{file} has more than {MAX_INPUT_SCHEMA_BYTES} bytes")
    try:
        return loads_with_comments(path.read_bytes())
    except ValueError as problem:
        raise Invalid("invalid-input-schema", f"{file} is not valid JSON: {problem}") from problem


def _checked_input_schema(schema: Any, place: str) -> Mapping[str, Any]:
    try:
        schema_rules.check(schema)
    except schema_rules.InvalidSchema as problem:
        raise Invalid("invalid-input-schema", f"The input schema {place}: {problem}") from problem
    return cast(Mapping[str, Any], schema)


def _inside(root: Path, place: str) -> Path | None:
    """The file at `place`, unless it is none or lies outside the source: actor.json may name anything."""
    path = followed(root, place)
    return path if path.is_file() and path.is_relative_to(root.resolve()) else None


def _read_object(root: Path, place: str) -> Mapping[str, Any] | None:
    path = _inside(root, place)
    if path is None:
        return None
    try:
        value = loads_with_comments(_content(root, path))
    except ValueError as problem:
        raise Invalid("invalid-value", f"{place} is not valid JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise Invalid("invalid-value", f"{place} must hold a JSON object")
    return value
