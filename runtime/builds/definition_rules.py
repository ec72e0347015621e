"""Validation of actor.json and of the schemas that it contains or names.

Unknown fields are allowed, except in `storages`.

Source: "Actor definition" in the platform's documentation. The tests compare the results with those of the npm package
`@apify/json_schemas`. Unlike there, `name` and `version` may be missing: the platform builds such an Actor, and the
Actor and its version already have them.
"""

from __future__ import annotations

from runtime.base.errors import Invalid
from runtime.base.json_schema import Problem, compiled
from runtime.base.json_text import Json, JsonObject
from runtime.jobs.resource_limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES
from runtime.storages import key_schema
from runtime.storages.item_schema import check_item_schema

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
    "required": ["actorSpecification"],
}
KNOWN_FIELDS = frozenset(ACTOR_JSON["properties"]) | {"meta", "scripts"}
"""The fields of actor.json. Templates write `meta`, and the Actor whitepaper describes `scripts`."""
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


def check_actor_json(definition: Json, file: str) -> None:
    """Raises Invalid, with the file and the field."""
    _check(ACTOR_JSON, definition, file)
    storages = definition.get("storages", {})
    if "dataset" in storages and "datasets" in storages:
        raise _invalid(file, "storages", "must have 'dataset' or 'datasets', not both")
    minimum, maximum = definition.get("minMemoryMbytes", 0), definition.get("maxMemoryMbytes", MAX_MEMORY_MBYTES)
    if minimum > maximum:
        raise _invalid(file, "minMemoryMbytes", "must not be greater than maxMemoryMbytes")


def check_dataset(schema: Json, document: str) -> None:
    """Raises Invalid."""
    _check(DATASET, schema, document)
    if "fields" not in schema and "views" not in schema:
        raise _invalid(document, "", "must have 'fields' or 'views'")
    for name, view in schema.get("views", {}).items():
        if "transformation" not in view and "display" not in view:
            raise _invalid(document, f"views.{name}", "must have a 'transformation' or a 'display'")
    try:
        check_item_schema(schema)
    except Invalid as problem:
        raise _invalid(document, "fields", problem.message) from problem


def check_key_value_store(schema: Json, document: str) -> None:
    """Raises Invalid."""
    _check(KEY_VALUE_STORE, schema, document)
    for name, collection in schema["collections"].items():
        if "jsonSchema" in collection and collection.get("contentTypes") != ["application/json"]:
            field = f"collections.{name}.contentTypes"
            raise _invalid(document, field, "must be [\"application/json\"] because the collection has a 'jsonSchema'")
    try:
        key_schema.check_collections(schema)
    except Invalid as problem:
        raise _invalid(document, "collections", problem.message) from problem


def check_output(schema: Json, document: str) -> None:
    """Raises Invalid."""
    _check(OUTPUT, schema, document)


def _check(rules: JsonObject, value: Json, document: str) -> None:
    problems = compiled(rules).problems(value)
    if problems:
        raise _invalid(document, problems[0]["instancePath"].lstrip("/").replace("/", "."), _message(problems[0]))


def _message(problem: Problem) -> str:
    unknown_property = problem["params"].get("additionalProperty")
    if unknown_property is not None:
        return f"must not have the property '{unknown_property}'"
    return str(problem["message"])


def _invalid(document: str, field: str, why: str) -> Invalid:
    problem = f"{field} {why}" if field else why
    return Invalid("invalid-value", f"{document} is not valid: {problem}")
