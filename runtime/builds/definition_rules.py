"""What actor.json and the schemas beside it may hold. Fields that are not known are left alone, but in `storages`.

Source: "Actor definition" in the platform's documentation; npm `@apify/json_schemas` judges the tests.
"""

from __future__ import annotations

from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_schema import Problem, compiled
from runtime.base.json_text import JsonObject
from runtime.jobs.limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES
from runtime.storages import key_schema
from runtime.storages.item_schema import item_schema

TEXT, FLAG, OBJECT = {"type": "string"}, {"type": "boolean"}, {"type": "object"}
OBJECT_OR_FILE = {"type": ["string", "object"]}
FIRST_VERSION = {"type": "integer", "minimum": 1, "maximum": 1}
MEGABYTES = {"type": "integer", "minimum": MIN_MEMORY_MBYTES, "maximum": MAX_MEMORY_MBYTES}
KEY = {"type": "string", "minLength": 1}
NAMES = {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}

STORAGES = {
    "type": "object",
    "properties": {
        "keyValueStore": OBJECT_OR_FILE,
        "dataset": OBJECT_OR_FILE,
        "datasets": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]{0,100}$"},
            "additionalProperties": OBJECT_OR_FILE,
            "required": ["default"],
            "maxProperties": 10,
        },
    },
    "additionalProperties": False,
}
ACTOR_JSON: JsonObject = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("$schema", "name", "title", "description", "buildTag", "webServerMcpPath"), TEXT),
        **dict.fromkeys(("dockerfile", "dockerContextDir", "readme", "changelog"), TEXT),
        **dict.fromkeys(("input", "inputSchema", "output", "outputSchema", "webServerSchema"), OBJECT_OR_FILE),
        **dict.fromkeys(("minMemoryMbytes", "maxMemoryMbytes"), MEGABYTES),
        "actorSpecification": FIRST_VERSION,
        "version": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+(\.[0-9]+)?$"},
        "environmentVariables": {"type": "object", "additionalProperties": TEXT},
        "defaultMemoryMbytes": {**MEGABYTES, "type": ["integer", "string"]},
        "storages": STORAGES,
        "usesStandbyMode": FLAG,
    },
    "required": ["actorSpecification", "name", "version"],
}
VIEW = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("title", "description"), TEXT),
        "transformation": {
            "type": "object",
            "properties": {
                **dict.fromkeys(("fields", "omit", "unwind", "flatten"), NAMES),
                **dict.fromkeys(("clean", "desc", "skipHidden", "skipEmpty"), FLAG),
            },
        },
        "display": {
            "type": "object",
            "properties": {"component": {"enum": ["table", "grid"]}, "options": OBJECT, "properties": OBJECT},
            "required": ["component"],
        },
    },
    "required": ["title"],
}
DATASET: JsonObject = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("$schema", "title", "description"), TEXT),
        "actorSpecification": FIRST_VERSION,
        "fields": {"type": ["object", "boolean"]},
        "views": {"type": "object", "additionalProperties": VIEW},
    },
    "required": ["actorSpecification"],
    "additionalProperties": False,
}
COLLECTION = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("title", "description"), TEXT),
        **dict.fromkeys(("key", "keyPrefix"), KEY),
        "contentTypes": NAMES,
        "jsonSchema": {"type": ["object", "boolean"]},
    },
}
KEY_VALUE_STORE: JsonObject = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("$schema", "title", "description"), TEXT),
        "actorKeyValueStoreSchemaVersion": FIRST_VERSION,
        "type": {"const": "object"},
        "collections": {"type": "object", "additionalProperties": COLLECTION},
    },
    "required": ["actorKeyValueStoreSchemaVersion", "title", "collections"],
}
OUTPUT: JsonObject = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("$schema", "title", "description"), TEXT),
        "actorOutputSchemaVersion": FIRST_VERSION,
        "properties": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    **dict.fromkeys(("title", "description", "template"), TEXT),
                    "type": {"const": "string"},
                },
                "required": ["type", "template"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["actorOutputSchemaVersion", "properties"],
}


def check_actor_json(definition: Any, file: str) -> None:
    """Raises Invalid, naming the file and the field."""
    _check(ACTOR_JSON, definition, file)
    storages = definition.get("storages", {})
    if "dataset" in storages and "datasets" in storages:
        raise _refused(file, "storages", "must have 'dataset' or 'datasets', not both")
    least, most = definition.get("minMemoryMbytes", 0), definition.get("maxMemoryMbytes", MAX_MEMORY_MBYTES)
    if least > most:
        raise _refused(file, "minMemoryMbytes", "must not be greater than maxMemoryMbytes")


def check_dataset(schema: Any, place: str) -> None:
    """Raises Invalid."""
    _check(DATASET, schema, place)
    if "fields" not in schema and "views" not in schema:
        raise _refused(place, "", "must have 'fields' or 'views'")
    for name, view in schema.get("views", {}).items():
        if "transformation" not in view and "display" not in view:
            raise _refused(place, f"views.{name}", "must have a 'transformation' or a 'display'")
    try:
        item_schema(schema)
    except Invalid as problem:
        raise _refused(place, "fields", problem.message) from problem


def check_key_value_store(schema: Any, place: str) -> None:
    """Raises Invalid."""
    _check(KEY_VALUE_STORE, schema, place)
    for name, collection in schema["collections"].items():
        if "jsonSchema" in collection and collection.get("contentTypes") != ["application/json"]:
            field = f"collections.{name}.contentTypes"
            raise _refused(place, field, "must be just application/json where there is a 'jsonSchema'")
    try:
        key_schema.collections(schema)
    except Invalid as problem:
        raise _refused(place, "collections", problem.message) from problem


def check_output(schema: Any, place: str) -> None:
    """Raises Invalid."""
    _check(OUTPUT, schema, place)


def _check(rules: JsonObject, value: Any, place: str) -> None:
    problems = compiled(rules).problems(value)
    if problems:
        raise _refused(place, problems[0]["instancePath"].lstrip("/").replace("/", "."), _told(problems[0]))


def _told(problem: Problem) -> str:
    unknown = problem["params"].get("additionalProperty")
    return f"must not have the property '{unknown}'" if unknown is not None else str(problem["message"])


def _refused(place: str, field: str, why: str) -> Invalid:
    return Invalid("invalid-value", f"{place} is not valid: {field} {why}" if field else f"{place} is not valid: {why}")
