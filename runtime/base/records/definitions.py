"""Actor definitions: what a source declares in `.actor/actor.json` and in the files that belong to it.

Source: "Actor definition" in the platform's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.base.json_text import JsonObject
from runtime.base.records.builds import Build


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """`document` is the content of actor.json, with schemas and the changelog in place of the names of their files.

    It is empty for a source without an actor.json. A build stores `document`, `input_schema` and `readme`; the
    properties are the parts of the document that Greenroom acts on.
    """

    document: JsonObject = field(default_factory=dict)
    input_schema: JsonObject | None = None
    readme: str | None = None

    @classmethod
    def of(cls, build: Build) -> Definition:
        """Return the definition that a build stores."""
        return cls(document=build.definition, input_schema=build.input_schema, readme=build.readme)

    @property
    def dockerfile(self) -> str | None:
        """The path of the Dockerfile, relative to `.actor`."""
        return self.document.get("dockerfile")

    @property
    def docker_context(self) -> str | None:
        """The path of the folder that the Dockerfile can copy from, relative to `.actor`."""
        return self.document.get("dockerContextDir")

    @property
    def default_memory(self) -> int | str | None:
        """Megabytes, or an expression that computes them."""
        return self.document.get("defaultMemoryMbytes")

    @property
    def min_memory_mbytes(self) -> int | None:
        return self.document.get("minMemoryMbytes")

    @property
    def max_memory_mbytes(self) -> int | None:
        return self.document.get("maxMemoryMbytes")

    @property
    def uses_standby_mode(self) -> bool:
        return bool(self.document.get("usesStandbyMode"))

    @property
    def output_templates(self) -> Mapping[str, str] | None:
        """The template of each output, by name; None without an output schema."""
        schema = self.document.get("output")
        return None if schema is None else {name: each["template"] for name, each in schema["properties"].items()}

    @property
    def dataset_schemas(self) -> dict[str, JsonObject | None]:
        """The schema of each dataset by alias. There is always one with the alias `default`."""
        storages = _object(self.document.get("storages"))
        return {"default": storages.get("dataset"), **_object(storages.get("datasets"))}

    @property
    def key_value_store_schema(self) -> JsonObject | None:
        """The schema of the default key-value store."""
        schema: JsonObject | None = _object(self.document.get("storages")).get("keyValueStore")
        return schema


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, Mapping) else {}
