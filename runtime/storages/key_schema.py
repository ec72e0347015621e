"""The schema of a key-value store: collections of records, and which values each collection accepts.

Source: "Key-value store schema specification" in the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.helper_process import WorkLimitExceeded, in_helper
from runtime.base.json_schema import Problem, compiled_text, reported
from runtime.base.json_text import dumps, loads
from runtime.base.records import KeyRange
from runtime.base.untrusted_schemas import check_schema, is_cheap

MAX_COLLECTIONS = 1000
"""Each request for a record compares its key with all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The record with the key `key`, or all records whose keys begin with `prefix`."""

    name: str
    key: str | None = None
    prefix: str = ""
    content_types: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | bool | None = None

    @property
    def keys(self) -> KeyRange:
        return KeyRange.with_prefix(self.prefix) if self.key is None else KeyRange.only(self.key)

    def has(self, key: str) -> bool:
        return key == self.key if self.key is not None else key.startswith(self.prefix)


def collections(schema: Mapping[str, Any] | None) -> list[Collection]:
    """The collections of a store's schema, whose JSON Schemas are not checked. Raises Invalid."""
    given = (schema or {}).get("collections") or {}
    if not isinstance(given, dict) or len(given) > MAX_COLLECTIONS:
        raise Invalid(
            "invalid-value",
            f"The key-value store schema's 'collections' must be an object with at most {MAX_COLLECTIONS} collections",
        )
    return [_collection(name, each) for name, each in given.items()]


def check_collections(schema: Mapping[str, Any] | None) -> None:
    """Raises Invalid for a schema that cannot be enforced. It may wait for a helper process: call it in a thread."""
    for each in collections(schema):
        if each.json_schema is not None:
            _check_schema(each.name, dumps(each.json_schema))


def collection(schema: Mapping[str, Any] | None, name: str) -> Collection:
    """The collection with this name. Raises Invalid if there is none."""
    known = collections(schema)
    for each in known:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in known) or "none"
    raise Invalid("invalid-parameter", f"The key-value store's schema has no collection '{name}'. It has: {names}")


def collection_of_key(schema: Mapping[str, Any] | None, key: str) -> Collection | None:
    """The collection that a key belongs to: the one with exactly this key, else the one with the longest prefix."""
    matching = [each for each in collections(schema) if each.has(key)]
    return max(matching, key=lambda each: (each.key is not None, len(each.prefix)), default=None)


def check_content_type(collection: Collection, key: str, content_type: str) -> None:
    """Raises Invalid for a type that the collection does not accept."""
    media_type = _media_type(content_type)
    if collection.content_types and media_type not in collection.content_types:
        accepted = ", ".join(collection.content_types)
        raise _rejected(collection, key, f"accepts {accepted}, not {media_type}")


def needs_value(collection: Collection, content_type: str) -> bool:
    """Whether a record of this type must match a JSON Schema."""
    return collection.json_schema is not None and _media_type(content_type) == "application/json"


async def check_value(collection: Collection, key: str, body: bytes) -> None:
    """Raises Invalid for a body that is not valid JSON, or that the collection's JSON Schema does not allow."""
    schema = dumps(collection.json_schema)
    try:
        is_short = is_cheap(schema, len(body))
        problems = _problems(schema, body) if is_short else await in_helper(_problems, schema, body)
    except ValueError as error:
        raise _rejected(collection, key, f"accepts JSON, and this is not valid JSON: {error}") from error
    except WorkLimitExceeded as error:
        raise _rejected(collection, key, "has a schema, but checking this value takes too long") from error
    if problems:
        first = f"value{problems[0]['instancePath']} {problems[0]['message']}"
        raise _rejected(collection, key, f"has a schema: {first}", {"validationErrors": problems})


def _collection(name: str, given: Any) -> Collection:
    if not isinstance(given, dict):
        raise Invalid("invalid-value", f"Collection '{name}' of the key-value store schema must be an object")
    key, prefix, types, schema = (given.get(field) for field in ("key", "keyPrefix", "contentTypes", "jsonSchema"))
    if (isinstance(key, str), isinstance(prefix, str)) not in ((True, False), (False, True)):
        raise Invalid("invalid-value", f"Collection '{name}' must have either a 'key' or a 'keyPrefix'")
    if not isinstance(types, list | None) or not isinstance(schema, dict | bool | None):
        raise Invalid("invalid-value", f"Collection '{name}': 'contentTypes' must be a list, 'jsonSchema' an object")
    return Collection(
        name=name,
        key=key,
        prefix=prefix or "",
        content_types=tuple(map(_media_type, map(str, types or ()))),
        json_schema=schema,
    )


def _problems(schema: bytes, body: bytes) -> list[Problem]:
    return list(reported(compiled_text(schema).problems(loads(body))))


def _check_schema(name: str, schema: bytes) -> None:
    try:
        check_schema(schema)
    except WorkLimitExceeded as error:
        raise Invalid("invalid-value", f"Collection '{name}': 'jsonSchema' is too complex") from error
    except ValueError as error:
        raise Invalid(
            "invalid-value", f"Collection '{name}': 'jsonSchema' is not a valid JSON Schema: {error}"
        ) from error


def _media_type(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _rejected(collection: Collection, key: str, why: str, data: Mapping[str, Any] | None = None) -> Invalid:
    message = f"Record '{key}' belongs to the collection '{collection.name}', which {why}"
    return Invalid("schema-validation-error", message, data)
