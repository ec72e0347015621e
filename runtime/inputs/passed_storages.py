"""Storages that an input passes to a run: fields of the input schema with `resourceType` and `resourcePermissions`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runtime.base import json_text
from runtime.base.json_text import Json


@dataclass(frozen=True, slots=True)
class PassedStorage:
    """A storage that an input names by id or name. `to_write` is whether the Actor also needs to write to it.

    `resource_type` is the input schema's value, which may be anything.
    """

    resource_type: str
    reference: str
    to_write: bool


def passed_storages(schema: Mapping[str, Json] | None, input: bytes) -> Iterator[PassedStorage]:
    """The storages that an input, given as JSON, passes to a run by its schema."""
    fields = _object((schema or {}).get("properties"))
    pickers = {name: field for name, field in fields.items() if "resourceType" in _object(field)}
    given = json_text.loads_object(input) if pickers else {}
    for name, picker in pickers.items():
        resource_type, rights = picker["resourceType"], picker.get("resourcePermissions")
        if isinstance(resource_type, str) and isinstance(rights, list) and "READ" in rights:
            for reference in _strings(given.get(name)):
                yield PassedStorage(resource_type, reference, "WRITE" in rights)


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _strings(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each]
