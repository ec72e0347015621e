"""Validation of input schemas themselves. A build fails if its input schema is not valid: no run could start with it.

The type of a field and its other keywords decide which kind of field it is. Each kind has a small JSON Schema of its
own, and nested fields are checked before the fields that contain them.

Source: "Actor input schema specification" in the platform's documentation, and the checks and messages of the npm
package `@apify/input_schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.base.javascript_regex import SEARCHER
from runtime.base.json_schema import compiled
from runtime.base.json_text import Json, JsonDict, JsonObject
from runtime.inputs.validation import FALSY, sentence

DRAFT = "https://json-schema.org/draft/2019-09/schema"
TEXT: JsonDict = {"type": "string"}
WHOLE: JsonDict = {"type": "integer"}
NUMBER: JsonDict = {"type": "number"}
FLAG: JsonDict = {"type": "boolean"}
OBJECT: JsonDict = {"type": "object"}
ARRAY: JsonDict = {"type": "array"}
TEXTS: JsonDict = {"type": "array", "items": TEXT}
SOME_TEXTS: JsonDict = {**TEXTS, "minItems": 1}
NAMES: JsonDict = {**TEXTS, "uniqueItems": True}
CHOICES: JsonDict = {**SOME_TEXTS, "uniqueItems": True}
MIGRATION = (
    "https://docs.apify.com/platform/actors/development/actor-definition/input-schema/specification/v1"
    "#deprecation-of-patternkey-and-patternvalue"
)
TYPES = ("object", "array", "string", "integer", "number", "boolean")


def _one_of(*values: Json) -> JsonDict:
    return {"enum": list(values)}


def _object(properties: Mapping[str, JsonDict], *required: str) -> JsonDict:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _all(rules: JsonDict, *names: str) -> dict[str, JsonDict]:
    return dict.fromkeys(names, rules)


CUSTOM_MESSAGES = _object(
    _all(
        TEXT,
        *("type", "pattern", "minLength", "maxLength", "enum", "minimum", "maximum"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    )
)
PRESENTATION = {**_all(TEXT, "title", "description"), "nullable": FLAG, "errorMessage": CUSTOM_MESSAGES}
NOT_SECRET: dict[str, JsonDict] = {"isSecret": {"enum": [False]}}
SECTION = _all(TEXT, "sectionCaption", "sectionDescription")
LENGTHS = _all(WHOLE, "minLength", "maxLength")
LIST_LENGTHS = {**_all(WHOLE, "minItems", "maxItems"), "uniqueItems": FLAG}
OBJECT_CONSTRAINTS: dict[str, JsonDict] = {
    **_all(WHOLE, "minProperties", "maxProperties"),
    "properties": OBJECT,
    "required": NAMES,
    "additionalProperties": FLAG,
}

ROOT = _object(
    {
        **_all(TEXT, "$schema", "title", "description"),
        "schemaVersion": {"type": "integer", "minimum": 1, "maximum": 1},
        "type": _one_of("object"),
        "required": NAMES,
        "additionalProperties": FLAG,
        "properties": OBJECT,
    },
    *("title", "type", "properties", "schemaVersion"),
)

STRING_EDITORS = ("javascript", "python", "textfield", "textarea", "select", "fileupload", "hidden")
LIST_EDITORS = (
    *("json", "requestListSources", "pseudoUrls", "globs", "keyValue", "stringList", "fileupload", "select"),
    *("schemaBased", "hidden"),
)
STORAGE_TYPES = ("dataset", "keyValueStore", "requestQueue")
PERMISSIONS: JsonDict = {
    "type": "array",
    "items": {"type": "string", "enum": ["READ", "WRITE"]},
    "minItems": 1,
    "uniqueItems": True,
    "contains": {"const": "READ"},
}
NON_EMPTY: JsonDict = {"type": "string", "minLength": 1}
SERVER_TOOLS = _object(
    {
        "required": {"type": "array", "items": NON_EMPTY, "minItems": 1, "uniqueItems": True},
        **_all(FLAG, "readOnly", "destructive", "idempotent", "openWorld"),
    }
)
SERVERS: JsonDict = {
    "type": "array",
    "items": _object({"url": NON_EMPTY, "tools": SERVER_TOOLS}, "url"),
    "minItems": 1,
}

PROPERTY_TEXT = _object({"type": _one_of("string"), **_all(TEXT, "title", "description", "pattern"), **LENGTHS}, "type")
PROPERTY_OBJECT = _object(
    {"type": _one_of("object"), **_all(TEXT, "title", "description"), "properties": OBJECT}, "type"
)
PROPERTY_FLAG = _object({"type": _one_of("boolean"), **_all(TEXT, "title", "description")}, "type")
PROPERTY_TEXTS = _object(
    {
        "type": _one_of("array"),
        **_all(TEXT, "title", "description"),
        "items": _object({"type": _one_of("string")}, "type"),
    },
    "type",
)
PROXY_PROPERTIES = _object(
    {
        "useApifyProxy": PROPERTY_FLAG,
        **_all(PROPERTY_TEXTS, "apifyProxyGroups", "proxyUrls"),
        "apifyProxyCountry": PROPERTY_TEXT,
    }
)


def _request_properties(address: str) -> JsonDict:
    return _object(
        {**_all(PROPERTY_TEXT, address, "method", "payload"), **_all(PROPERTY_OBJECT, "userData", "headers")}
    )


def _items_of_objects(properties: JsonDict, *required: str) -> JsonDict:
    keywords = {"type": _one_of("object"), "properties": properties, "required": NAMES, "additionalProperties": FLAG}
    return _object(keywords, "type", *required)


ITEM_TEXT = _object({"type": _one_of("string"), "pattern": TEXT, **LENGTHS}, "type")
ITEMS_OF_EDITORS: dict[str, JsonDict] = {
    **_all(ITEM_TEXT, "stringList", "fileupload"),
    "keyValue": _items_of_objects(_object(_all(PROPERTY_TEXT, "key", "value"), "key", "value"), "properties"),
    "globs": _items_of_objects(_request_properties("glob")),
    "pseudoUrls": _items_of_objects(_request_properties("purl")),
    "requestListSources": _items_of_objects(_request_properties("url")),
    "select": {
        **_object(
            {"type": _one_of("string"), "enum": NAMES, "enumTitles": TEXTS, "enumSuggestedValues": CHOICES}, "type"
        ),
        "oneOf": [{"required": ["enum"]}, {"required": ["enumSuggestedValues"]}],
    },
}
ITEMS_OF_TYPES: dict[str, JsonDict] = {
    "object": _items_of_objects(OBJECT),
    "array": _object({"type": _one_of("array"), "items": {}}, "type"),
    "string": ITEM_TEXT,
    "integer": _object({"type": _one_of("integer"), **_all(WHOLE, "minimum", "maximum")}, "type"),
    "number": _object({"type": _one_of("number"), **_all(NUMBER, "minimum", "maximum")}, "type"),
    "boolean": _object({"type": _one_of("boolean")}, "type"),
}
ANY_ITEM: JsonDict = {"type": "object", "properties": {"type": _one_of(*ITEMS_OF_TYPES)}, "required": ["type"]}


class InvalidSchema(ValueError):
    """An input schema that the platform rejects; the message names the field."""


def check(schema: Json) -> None:
    """Check an input schema. Raises InvalidSchema."""
    _check_value(schema, ROOT, "schema")
    for name, field in schema["properties"].items():
        _check_field(field, name, is_property=False)
    for name in schema.get("required", ()):
        if name not in schema["properties"]:
            raise InvalidSchema(
                f"Field schema.properties.{name} does not exist, but it is specified in schema.required. "
                "Either define the field or remove it from schema.required."
            )


def _check_field(field: Json, path: str, *, is_property: bool) -> None:
    """Check a field of the schema or, with `is_property`, a property of an object field."""
    _check_value(field, OBJECT, f"schema.properties.{path}")
    _check_nested(field, path)
    for deprecated in ("patternKey", "patternValue"):
        if deprecated in field:
            raise _invalid(
                f"Property schema.properties.{path}.{deprecated} is deprecated and no longer supported. "
                f"Please remove it from the input schema. See {MIGRATION} for migration instructions."
            )
    _check_value(field, _rules(field, path, is_property), f"schema.properties.{path}")
    if field["type"] == "array" and "items" in field:
        _check_items(field["items"], f"schema.properties.{path}.items", ITEMS_OF_EDITORS.get(field.get("editor")))
    _check_pattern(field, f"{path}.pattern")


def _check_nested(field: JsonObject, path: str) -> None:
    """Check what a field contains: the properties of an object, of the objects in an array, of arrays in arrays."""
    if field.get("type") == "object" and isinstance(field.get("properties"), dict):
        for name, property in field["properties"].items():
            _check_field(property, f"{path}.{name}", is_property=True)
    if field.get("type") == "array" and isinstance(field.get("items"), dict):
        _check_nested(field["items"], f"{path}.items")


def _check_items(items: Json, path: str, rules: JsonDict | None) -> None:
    if rules is None:
        _check_value(items, ANY_ITEM, path)
        rules = ITEMS_OF_TYPES[items["type"]]
    _check_value(items, rules, path)
    if items["type"] == "array" and "items" in items:
        _check_items(items["items"], f"{path}.items", None)


def _check_pattern(field: JsonObject, path: str) -> None:
    pattern = field.get("pattern")
    if not pattern:
        return
    try:
        SEARCHER.check(pattern)
    except ValueError as problem:
        raise _invalid(
            f'The regular expression "{pattern}" in field schema.properties.{path} must be valid.'
        ) from problem


def _rules(field: JsonObject, path: str, is_property: bool) -> JsonDict:
    """Return the JSON Schema of the field's kind. Raises InvalidSchema if its type is unknown."""
    type = field.get("type")
    if isinstance(type, list) and not is_property:
        return _several_types(field)
    rules_of_type = {
        "string": _string,
        "array": _array,
        "object": _object_field,
        "integer": _number,
        "number": _number,
        "boolean": _boolean,
    }.get(type if isinstance(type, str) else "")
    if rules_of_type is None:
        raise _invalid(
            f"Field schema.properties.{path} is not matching any input schema type definition. "
            "Please make sure that it's type is valid."
        )
    return rules_of_type(field, is_property)


def _field(
    field: JsonObject,
    is_property: bool,
    editors: Iterable[str],
    more: Mapping[str, JsonDict],
    *required: str,
    is_secret: bool = False,
) -> JsonDict:
    """Return the rules of one kind of field: common keywords, the possible editors, and the kind's own keywords."""
    type: str = field["type"]
    value: JsonDict = {"type": type}
    default: JsonDict = {"type": [type, "null"]} if field.get("nullable") is True else value
    rules = _object(
        {
            "type": _one_of(type),
            **PRESENTATION,
            **({} if is_property else SECTION),
            **_all(value, "prefill", "example"),
            **({"isSecret": FLAG} if is_secret else {"default": default}),
            "editor": _one_of(*editors),
            **more,
        },
        *("type", "title", "description"),
        *required,
    )
    return rules if is_secret else _unknown_keywords_last(rules)


def _unknown_keywords_last(rules: JsonDict) -> JsonDict:
    """Let Ajv report keywords with wrong values before unknown keywords."""
    others = {keyword: value for keyword, value in rules.items() if keyword != "additionalProperties"}
    return {**others, "$schema": DRAFT, "unevaluatedProperties": False}


def _several_types(field: JsonObject) -> JsonDict:
    """Return the rules of a field whose type is a list."""
    value: JsonDict = {"type": list(TYPES)}
    default: JsonDict = {"type": [*TYPES, "null"]} if field.get("nullable") is True else value
    types = {"type": "array", "items": {"type": "string", **_one_of(*TYPES)}, "uniqueItems": True, "minItems": 1}
    rules = _object(
        {
            "type": types,
            **PRESENTATION,
            **SECTION,
            **_all(value, "prefill", "example"),
            "default": default,
            "editor": _one_of("json", "hidden"),
        },
        *("type", "title", "description", "editor"),
    )
    return _unknown_keywords_last(rules)


def _string(field: JsonObject, is_property: bool) -> JsonDict:
    if field.get("enum") not in FALSY:
        more: dict[str, JsonDict] = {"enum": CHOICES, "enumTitles": SOME_TEXTS}
        return _field(field, is_property, ["select"], more, "enum")
    if field.get("resourceType") not in FALSY:
        more = {"pattern": TEXT, **LENGTHS}
        return _resource(field, is_property, ["resourcePicker", "textfield", "hidden"], more)
    editor = () if is_property else ("editor",)
    if field.get("isSecret") is True and not is_property:
        return _field(field, is_property, ["textfield", "textarea", "hidden"], {}, *editor, is_secret=True)
    more = {"pattern": TEXT, **LENGTHS, **({} if is_property else NOT_SECRET)}
    if field.get("editor", "datepicker") == "datepicker":
        more["dateType"] = _one_of("absolute", "relative", "absoluteOrRelative")
        return _field(field, is_property, ["datepicker"], more, *editor)
    if field.get("editor") == "select":
        more |= {"enumSuggestedValues": CHOICES, "enumTitles": SOME_TEXTS}
        return _field(field, is_property, STRING_EDITORS, more, *editor, "enumSuggestedValues")
    return _field(field, is_property, STRING_EDITORS, more, *editor)


def _array(field: JsonObject, is_property: bool) -> JsonDict:
    if field.get("resourceType") not in FALSY:
        return _resource(field, is_property, ["resourcePicker", "hidden"], LIST_LENGTHS)
    more = {**LIST_LENGTHS, "items": OBJECT}
    if is_property:
        editors = [editor for editor in LIST_EDITORS if editor != "schemaBased"]
        return _field(field, is_property, editors, {**more, **_all(TEXT, "placeholderKey", "placeholderValue")})
    if field.get("isSecret") is True:
        return _field(field, is_property, ["json", "hidden"], more, "editor", is_secret=True)
    more |= {**NOT_SECRET, **_all(TEXT, "placeholderKey", "placeholderValue")}
    return _field(field, is_property, LIST_EDITORS, more, "editor")


def _object_field(field: JsonObject, is_property: bool) -> JsonDict:
    if is_property:
        return _field(field, is_property, ["json", "proxy", "hidden"], OBJECT_CONSTRAINTS)
    if field.get("isSecret") is True:
        return _field(field, is_property, ["json", "hidden"], OBJECT_CONSTRAINTS, "editor", is_secret=True)
    more = {**OBJECT_CONSTRAINTS, **NOT_SECRET}
    if field.get("editor") == "proxy":
        more["properties"] = PROXY_PROPERTIES
    return _field(field, is_property, ["json", "proxy", "schemaBased", "hidden"], more, "editor")


def _number(field: JsonObject, is_property: bool) -> JsonDict:
    more = {**_all({"type": field["type"]}, "minimum", "maximum"), "unit": TEXT}
    return _field(field, is_property, ["number", "hidden"], more)


def _boolean(field: JsonObject, is_property: bool) -> JsonDict:
    return _field(field, is_property, ["checkbox", "hidden"], _all(TEXT, "groupCaption", "groupDescription"))


def _resource(field: JsonObject, is_property: bool, editors: Iterable[str], more: Mapping[str, JsonDict]) -> JsonDict:
    """Return the rules of a field whose value is a storage or an MCP connector."""
    own: dict[str, JsonDict] = {**more, "resourceType": _one_of(*STORAGE_TYPES, "mcpConnector")}
    if field["resourceType"] == "mcpConnector":
        return _field(field, is_property, editors, {**own, "mcpServers": SERVERS}, "resourceType", "mcpServers")
    rules = _field(field, is_property, editors, {**own, "resourcePermissions": PERMISSIONS}, "resourceType")
    if "resourcePermissions" in field and not is_property:
        rules["not"] = {"anyOf": [{"required": ["prefill"]}, {"required": ["default"]}]}
    return rules


def _check_value(value: Json, rules: JsonDict, path: str) -> None:
    problem = compiled(rules).first_problem(value)
    if problem is not None:
        raise _invalid(sentence(problem, path))


def _invalid(reason: str) -> InvalidSchema:
    return InvalidSchema(f"Input schema is not valid ({reason})")
