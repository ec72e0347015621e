"""What an input schema may say: checked when an Actor is built, since a run can't start with a wrong one.

Source: platform documentation, "Actor input schema specification", and the checks of the npm package
`@apify/input_schema`, whose messages these are. Each field is of one kind, told by its type and by what else it has;
each kind is a small JSON Schema, and parts of fields are checked one by one, from the inside out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.base.javascript_regex import SEARCHER
from runtime.base.json_schema import compiled
from runtime.base.json_text import Json
from runtime.inputs.validation import NOTHING, sentence

Rules = dict[str, Json]

DRAFT = "https://json-schema.org/draft/2019-09/schema"
TEXT: Rules = {"type": "string"}
WHOLE: Rules = {"type": "integer"}
NUMBER: Rules = {"type": "number"}
FLAG: Rules = {"type": "boolean"}
OBJECT: Rules = {"type": "object"}
ARRAY: Rules = {"type": "array"}
TEXTS: Rules = {"type": "array", "items": TEXT}
SOME_TEXTS: Rules = {**TEXTS, "minItems": 1}
NAMES: Rules = {**TEXTS, "uniqueItems": True}
CHOICES: Rules = {**SOME_TEXTS, "uniqueItems": True}
MIGRATION = (
    "https://docs.apify.com/platform/actors/development/actor-definition/input-schema/specification/v1"
    "#deprecation-of-patternkey-and-patternvalue"
)
TYPES = ("object", "array", "string", "integer", "number", "boolean")


def _one_of(*values: Json) -> Rules:
    return {"enum": list(values)}


def _object(properties: Mapping[str, Rules], *required: str) -> Rules:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _all(rules: Rules, *names: str) -> dict[str, Rules]:
    return dict.fromkeys(names, rules)


OWN_MESSAGES = _object(
    _all(
        TEXT,
        *("type", "pattern", "minLength", "maxLength", "enum", "minimum", "maximum"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    )
)
SHOWN = {**_all(TEXT, "title", "description"), "nullable": FLAG, "errorMessage": OWN_MESSAGES}
OPEN: dict[str, Rules] = {"isSecret": {"enum": [False]}}
SECTION = _all(TEXT, "sectionCaption", "sectionDescription")
LENGTHS = _all(WHOLE, "minLength", "maxLength")
LIST_LENGTHS = {**_all(WHOLE, "minItems", "maxItems"), "uniqueItems": FLAG}
PARTS: dict[str, Rules] = {
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
PICKED_STORAGES = ("dataset", "keyValueStore", "requestQueue")
RIGHTS: Rules = {
    "type": "array",
    "items": {"type": "string", "enum": ["READ", "WRITE"]},
    "minItems": 1,
    "uniqueItems": True,
    "contains": {"const": "READ"},
}
NON_EMPTY: Rules = {"type": "string", "minLength": 1}
SERVER_TOOLS = _object(
    {
        "required": {"type": "array", "items": NON_EMPTY, "minItems": 1, "uniqueItems": True},
        **_all(FLAG, "readOnly", "destructive", "idempotent", "openWorld"),
    }
)
SERVERS: Rules = {
    "type": "array",
    "items": _object({"url": NON_EMPTY, "tools": SERVER_TOOLS}, "url"),
    "minItems": 1,
}

PART_TEXT = _object({"type": _one_of("string"), **_all(TEXT, "title", "description", "pattern"), **LENGTHS}, "type")
PART_OBJECT = _object({"type": _one_of("object"), **_all(TEXT, "title", "description"), "properties": OBJECT}, "type")
PART_FLAG = _object({"type": _one_of("boolean"), **_all(TEXT, "title", "description")}, "type")
PART_TEXTS = _object(
    {
        "type": _one_of("array"),
        **_all(TEXT, "title", "description"),
        "items": _object({"type": _one_of("string")}, "type"),
    },
    "type",
)
PROXY_PARTS = _object(
    {
        "useApifyProxy": PART_FLAG,
        **_all(PART_TEXTS, "apifyProxyGroups", "proxyUrls"),
        "apifyProxyCountry": PART_TEXT,
    }
)


def _request_parts(address: str) -> Rules:
    return _object({**_all(PART_TEXT, address, "method", "payload"), **_all(PART_OBJECT, "userData", "headers")})


def _items_of_objects(parts: Rules, *required: str) -> Rules:
    kept = {"type": _one_of("object"), "properties": parts, "required": NAMES, "additionalProperties": FLAG}
    return _object(kept, "type", *required)


ITEM_TEXT = _object({"type": _one_of("string"), "pattern": TEXT, **LENGTHS}, "type")
ITEMS_OF_EDITORS: dict[str, Rules] = {
    **_all(ITEM_TEXT, "stringList", "fileupload"),
    "keyValue": _items_of_objects(_object(_all(PART_TEXT, "key", "value"), "key", "value"), "properties"),
    "globs": _items_of_objects(_request_parts("glob")),
    "pseudoUrls": _items_of_objects(_request_parts("purl")),
    "requestListSources": _items_of_objects(_request_parts("url")),
    "select": {
        **_object(
            {"type": _one_of("string"), "enum": NAMES, "enumTitles": TEXTS, "enumSuggestedValues": CHOICES}, "type"
        ),
        "oneOf": [{"required": ["enum"]}, {"required": ["enumSuggestedValues"]}],
    },
}
ITEMS_OF_TYPES: dict[str, Rules] = {
    "object": _items_of_objects(OBJECT),
    "array": _object({"type": _one_of("array"), "items": {}}, "type"),
    "string": ITEM_TEXT,
    "integer": _object({"type": _one_of("integer"), **_all(WHOLE, "minimum", "maximum")}, "type"),
    "number": _object({"type": _one_of("number"), **_all(NUMBER, "minimum", "maximum")}, "type"),
    "boolean": _object({"type": _one_of("boolean")}, "type"),
}
ANY_ITEM: Rules = {"type": "object", "properties": {"type": _one_of(*ITEMS_OF_TYPES)}, "required": ["type"]}


class InvalidSchema(ValueError):
    """An input schema that the platform refuses; the message names the field."""


def check(schema: Json) -> None:
    """Raises InvalidSchema."""
    _hold(schema, ROOT, "schema")
    for name, field in schema["properties"].items():
        _check_field(field, name, is_part=False)
    for name in schema.get("required", ()):
        if name not in schema["properties"]:
            raise InvalidSchema(
                f"Field schema.properties.{name} does not exist, but it is specified in schema.required. "
                "Either define the field or remove it from schema.required."
            )


def _check_field(field: Json, place: str, *, is_part: bool) -> None:
    """A field of the schema, or (`is_part`) of an object in it."""
    _hold(field, OBJECT, f"schema.properties.{place}")
    _check_parts(field, place)
    for deprecated in ("patternKey", "patternValue"):
        if deprecated in field:
            raise _refusal(
                f"Property schema.properties.{place}.{deprecated} is deprecated and no longer supported. "
                f"Please remove it from the input schema. See {MIGRATION} for migration instructions."
            )
    _hold(field, _rules(field, place, is_part), f"schema.properties.{place}")
    if field["type"] == "array" and "items" in field:
        _check_items(field["items"], f"schema.properties.{place}.items", ITEMS_OF_EDITORS.get(field.get("editor")))
    _check_pattern(field, f"{place}.pattern")


def _check_parts(field: Mapping[str, Json], place: str) -> None:
    """What lies within a field: the parts of an object, of the objects in an array, of arrays in arrays."""
    if field.get("type") == "object" and isinstance(field.get("properties"), dict):
        for name, part in field["properties"].items():
            _check_field(part, f"{place}.{name}", is_part=True)
    if field.get("type") == "array" and isinstance(field.get("items"), dict):
        _check_parts(field["items"], f"{place}.items")


def _check_items(items: Json, place: str, rules: Rules | None) -> None:
    if rules is None:
        _hold(items, ANY_ITEM, place)
        rules = ITEMS_OF_TYPES[items["type"]]
    _hold(items, rules, place)
    if items["type"] == "array" and "items" in items:
        _check_items(items["items"], f"{place}.items", None)


def _check_pattern(field: Mapping[str, Json], place: str) -> None:
    pattern = field.get("pattern")
    if not pattern:
        return
    try:
        SEARCHER.check(pattern)
    except ValueError as problem:
        raise _refusal(
            f'The regular expression "{pattern}" in field schema.properties.{place} must be valid.'
        ) from problem


def _rules(field: Mapping[str, Json], place: str, is_part: bool) -> Rules:
    """The rules of the one kind that a field can be of. Raises InvalidSchema."""
    kind = field.get("type")
    if isinstance(kind, list) and not is_part:
        return _any(field)
    rules_of = {
        "string": _string,
        "array": _array,
        "object": _of_object,
        "integer": _number,
        "number": _number,
        "boolean": _boolean,
    }.get(kind if isinstance(kind, str) else "")
    if rules_of is None:
        raise _refusal(
            f"Field schema.properties.{place} is not matching any input schema type definition. "
            "Please make sure that it's type is valid."
        )
    return rules_of(field, is_part)


def _kind(
    field: Mapping[str, Json],
    is_part: bool,
    editors: Iterable[str],
    more: Mapping[str, Rules],
    *required: str,
    is_secret: bool = False,
) -> Rules:
    """A kind of fields: what all fields have, the editors that can be chosen, and what only this kind has."""
    kind: str = field["type"]
    own: Rules = {"type": kind}
    default: Rules = {"type": [kind, "null"]} if field.get("nullable") is True else own
    rules = _object(
        {
            "type": _one_of(kind),
            **SHOWN,
            **({} if is_part else SECTION),
            **_all(own, "prefill", "example"),
            **({"isSecret": FLAG} if is_secret else {"default": default}),
            "editor": _one_of(*editors),
            **more,
        },
        *("type", "title", "description"),
        *required,
    )
    return rules if is_secret else _closed_at_last(rules)


def _closed_at_last(rules: Rules) -> Rules:
    """What the fields have is looked at before what they should not have."""
    open = {keyword: value for keyword, value in rules.items() if keyword != "additionalProperties"}
    return {**open, "$schema": DRAFT, "unevaluatedProperties": False}


def _any(field: Mapping[str, Json]) -> Rules:
    """A field of several types."""
    value: Rules = {"type": list(TYPES)}
    default: Rules = {"type": [*TYPES, "null"]} if field.get("nullable") is True else value
    kinds = {"type": "array", "items": {"type": "string", **_one_of(*TYPES)}, "uniqueItems": True, "minItems": 1}
    rules = _object(
        {
            "type": kinds,
            **SHOWN,
            **SECTION,
            **_all(value, "prefill", "example"),
            "default": default,
            "editor": _one_of("json", "hidden"),
        },
        *("type", "title", "description", "editor"),
    )
    return _closed_at_last(rules)


def _string(field: Mapping[str, Json], is_part: bool) -> Rules:
    if field.get("enum") not in NOTHING:
        more: dict[str, Rules] = {"enum": CHOICES, "enumTitles": SOME_TEXTS}
        return _kind(field, is_part, ["select"], more, "enum")
    if field.get("resourceType") not in NOTHING:
        more = {"pattern": TEXT, **LENGTHS}
        return _resource(field, is_part, ["resourcePicker", "textfield", "hidden"], more)
    editor = () if is_part else ("editor",)
    if field.get("isSecret") is True and not is_part:
        return _kind(field, is_part, ["textfield", "textarea", "hidden"], {}, *editor, is_secret=True)
    more = {"pattern": TEXT, **LENGTHS, **({} if is_part else OPEN)}
    if field.get("editor", "datepicker") == "datepicker":
        more["dateType"] = _one_of("absolute", "relative", "absoluteOrRelative")
        return _kind(field, is_part, ["datepicker"], more, *editor)
    if field.get("editor") == "select":
        more |= {"enumSuggestedValues": CHOICES, "enumTitles": SOME_TEXTS}
        return _kind(field, is_part, STRING_EDITORS, more, *editor, "enumSuggestedValues")
    return _kind(field, is_part, STRING_EDITORS, more, *editor)


def _array(field: Mapping[str, Json], is_part: bool) -> Rules:
    if field.get("resourceType") not in NOTHING:
        return _resource(field, is_part, ["resourcePicker", "hidden"], LIST_LENGTHS)
    more = {**LIST_LENGTHS, "items": OBJECT}
    if is_part:
        editors = [editor for editor in LIST_EDITORS if editor != "schemaBased"]
        return _kind(field, is_part, editors, {**more, **_all(TEXT, "placeholderKey", "placeholderValue")})
    if field.get("isSecret") is True:
        return _kind(field, is_part, ["json", "hidden"], more, "editor", is_secret=True)
    more |= {**OPEN, **_all(TEXT, "placeholderKey", "placeholderValue")}
    return _kind(field, is_part, LIST_EDITORS, more, "editor")


def _of_object(field: Mapping[str, Json], is_part: bool) -> Rules:
    if is_part:
        return _kind(field, is_part, ["json", "proxy", "hidden"], PARTS)
    if field.get("isSecret") is True:
        return _kind(field, is_part, ["json", "hidden"], PARTS, "editor", is_secret=True)
    more = {**PARTS, **OPEN}
    if field.get("editor") == "proxy":
        more["properties"] = PROXY_PARTS
    return _kind(field, is_part, ["json", "proxy", "schemaBased", "hidden"], more, "editor")


def _number(field: Mapping[str, Json], is_part: bool) -> Rules:
    more = {**_all({"type": field["type"]}, "minimum", "maximum"), "unit": TEXT}
    return _kind(field, is_part, ["number", "hidden"], more)


def _boolean(field: Mapping[str, Json], is_part: bool) -> Rules:
    return _kind(field, is_part, ["checkbox", "hidden"], _all(TEXT, "groupCaption", "groupDescription"))


def _resource(field: Mapping[str, Json], is_part: bool, editors: Iterable[str], more: Mapping[str, Rules]) -> Rules:
    """A field that names storages, or servers that Actors talk to."""
    own: dict[str, Rules] = {**more, "resourceType": _one_of(*PICKED_STORAGES, "mcpConnector")}
    if field["resourceType"] == "mcpConnector":
        return _kind(field, is_part, editors, {**own, "mcpServers": SERVERS}, "resourceType", "mcpServers")
    rules = _kind(field, is_part, editors, {**own, "resourcePermissions": RIGHTS}, "resourceType")
    if "resourcePermissions" in field and not is_part:
        rules["not"] = {"anyOf": [{"required": ["prefill"]}, {"required": ["default"]}]}
    return rules


def _hold(value: Json, rules: Rules, place: str) -> None:
    problem = compiled(rules).first_problem(value)
    if problem is not None:
        raise _refusal(sentence(problem, place))


def _refusal(reason: str) -> InvalidSchema:
    return InvalidSchema(f"Input schema is not valid ({reason})")
