"""Validation of input schemas and inputs, and the error messages, compared with the platform's own packages."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.inputs import schema_rules, validation
from runtime.inputs.encryption import InputCipher, is_for_schema, new_key
from runtime.inputs.inputs import Input, complete
from tests.clients.node_script import NodeScript
from tests.examples import examples

pytestmark = pytest.mark.processes

Json = Any
LABELS = {"title": "Title", "description": "What it is"}


def field(type: Json, **more: Json) -> dict[str, Json]:
    return {"type": type, **LABELS, **more}


def schema(field: Json, **more: Json) -> dict[str, Json]:
    return {"title": "Input", "type": "object", "schemaVersion": 1, "properties": {"it": field}, **more}


PART = field("string")
PARTS = {"part": field("string", minLength=2), "count": field("integer", minimum=1)}
SAME_ITEMS = {"type": "object", "properties": PARTS, "required": ["part"], "additionalProperties": False}
SECRET_TEXT = "ENCRYPTED_VALUE:a2V5:dmFsdWU="
SECRET_JSON = "ENCRYPTED_JSON:a2V5:dmFsdWU="
OLD_SECRET = "ENCRYPTED_JSON:0123456789:a2V5:dmFsdWU="

KINDS = [
    *(field("string", editor=editor) for editor in ("textfield", "textarea", "javascript", "python", "fileupload")),
    *(field("string", editor="datepicker", dateType=kind) for kind in ("absolute", "relative", "absoluteOrRelative")),
    field("string", editor="hidden", default="x"),
    field("string", editor="textfield", pattern="^a+$", minLength=2, maxLength=4),
    field("string", editor="textfield", pattern="^a+$", errorMessage={"pattern": "Only a!", "type": "No text!"}),
    field("string", editor="select", enum=["a", "b"], enumTitles=["A", "B"]),
    field("string", editor="select", enum=["a"], nullable=True, default=None),
    field("string", editor="select", enumSuggestedValues=["a", "b"]),
    field("string", editor="textfield", isSecret=True),
    field("string", editor="textfield", nullable=True),
    field("string", editor="resourcePicker", resourceType="dataset", resourcePermissions=["READ"]),
    field("string", resourceType="mcpConnector", mcpServers=[{"url": "https://mcp.example"}]),
    field("array", editor="resourcePicker", resourceType="keyValueStore", minItems=1, uniqueItems=True),
    field("array", editor="json", minItems=1, maxItems=2),
    field("array", editor="json", nullable=True, uniqueItems=True),
    field("array", editor="json", isSecret=True),
    field("array", editor="hidden", items={"type": "array", "items": {"type": "integer", "maximum": 3}}),
    field("array", editor="schemaBased", items=SAME_ITEMS),
    field("array", editor="requestListSources"),
    field("array", editor="requestListSources", items={"type": "object", "properties": {"url": PART}}),
    *(field("array", editor=editor) for editor in ("globs", "pseudoUrls", "keyValue", "stringList", "fileupload")),
    field("array", editor="keyValue", items={"type": "object", "properties": {"key": PART, "value": PART}}),
    field("array", editor="stringList", items={"type": "string", "pattern": "^[a-z]{", "maxLength": 3}),
    field("array", editor="stringList", items={"type": "string"}, uniqueItems=True),
    field("array", editor="select", items={"type": "string", "enum": ["a", "b"]}, uniqueItems=True),
    field("object", editor="json", minProperties=1, maxProperties=2),
    field("object", editor="json", isSecret=True),
    field("object", editor="schemaBased", properties=PARTS, required=["part"], additionalProperties=False),
    field("object", editor="hidden", properties={"in": field("object", editor="json", properties=PARTS)}),
    field("object", editor="proxy"),
    field("object", editor="proxy", nullable=True, default={"useApifyProxy": True}),
    field("integer", minimum=1, maximum=5, unit="pages"),
    field("integer", minimum=1, errorMessage={"minimum": "Too few!"}),
    field("number", editor="number", minimum=0.5, nullable=True),
    field("boolean", editor="checkbox", groupCaption="Group"),
    field("boolean", editor="hidden"),
    field(["string", "integer"], editor="json"),
    field(["object", "array"], editor="hidden", nullable=True),
]
VALUES: list[Json] = [
    *(None, True, False, 0, 1, 1.0, 2.5, 7, -1, "", "a", "aaa", "aaaaa", "b", "2026-01-01", "3 days", "ž𝒳"),
    *([], [1], ["a"], ["a", "b"], ["a", "a"], ["x{", "abcd{"], [[1, 4]], [1, 1, 2], [{}], [None], [{"part": "x"}]),
    *([{"part": "xx"}, {"part": "xx", "count": 0}], [{"part": "xx", "more": 1}], [{"key": "k", "value": 5}]),
    [{"url": "http://a.example"}, {"url": "a.example"}, {"requestsFromUrl": "HTTPS://b.example"}, {}, "x", None],
    *([{"url": "https://a.example"}], [{"url": 5}], [{"glob": "*"}], [{"purl": "[.*]"}]),
    *(
        {},
        {"part": "xx"},
        {"part": "x", "count": 0},
        {"part": "xx", "other": 1},
        {"in": {"part": "x"}},
        {"a": 1, "b": 2},
    ),
    *({"a": 1, "b": 2, "c": 3}, {"useApifyProxy": True}, {"useApifyProxy": False}, {"useApifyProxy": True, "x": 1}),
    {"useApifyProxy": True, "apifyProxyCountry": "US", "apifyProxyGroups": ["RESIDENTIAL"]},
    {"useApifyProxy": True, "apifyProxyCountry": "XX"},
    {"useApifyProxy": False, "apifyProxyCountry": "US"},
    *({"proxyUrls": urls} for urls in (["http://a.example:80"], ["socks5h://u:p@a.example:1"], ["ftp://a.example:1"])),
    *(
        {"proxyUrls": urls}
        for urls in ([" http://a.example:80 "], ["http://localhost:80"], ["http://a.b"], [], ["x", "y"])
    ),
    *(SECRET_TEXT, SECRET_JSON, OLD_SECRET),
]
NAMES = """
    type title description editor default prefill example sectionCaption sectionDescription errorMessage
    nullable isSecret pattern minLength maxLength enum enumTitles enumSuggestedValues dateType minimum maximum
    unit minItems maxItems uniqueItems items minProperties maxProperties properties required
    additionalProperties placeholderKey placeholderValue groupCaption groupDescription resourceType
    resourcePermissions mcpServers patternKey patternValue unknown format
"""
KEYWORDS = NAMES.split()
SETTINGS: list[Json] = [
    *(None, True, False, 0, 1, 2.5, "", "x", "(", "^a$", [], ["a"], ["a", "a"], [1], {}, {"x": 1}),
    *("string", "array", "object", "integer", "number", "boolean", "null", ["string", "array"], ["string", "null"]),
    *("textfield", "datepicker", "json", "proxy", "select", "hidden", "number", "checkbox", "resourcePicker"),
    *("schemaBased", "keyValue", "globs", "pseudoUrls", "requestListSources", "stringList", "fileupload", "python"),
    *("absolute", "relative", "dataset", "mcpConnector", ["READ"], ["WRITE"], ["READ", "WRITE"], ["READ", "READ"]),
    *([{"url": "u"}], [{"url": ""}], [{"url": "u", "tools": {"readOnly": True}}], [{"url": "u", "tools": {"x": 1}}]),
    *({"pattern": "No!"}, {"minLength": "No!", "unknown": "x"}, {"type": 5}),
    *({"x": PART}, {"x": field("string", isSecret=True)}, {"x": field("string", dateType="absolute")}, {"x": {}}),
    *({"x": field("string", pattern="(")}, {"x": field("string", sectionCaption="x")}, {"x": field(["string"])}),
    *({"x": field("object", properties={"y": PART})}, {"x": field("object", properties={"y": {"type": "string"}})}),
    *({"x": field("array", editor="schemaBased")}, {"x": field("array", items={"type": "string", "minLength": 1})}),
    *({"useApifyProxy": field("boolean")}, {"apifyProxyGroups": field("array", items={"type": "string"})}),
    *({"type": kind} for kind in ("string", "integer", "boolean", "array", "object")),
    *({"type": "string", "pattern": "("}, {"type": "string", "minimum": 1}, {"type": "number", "minimum": 1.5}),
    *({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, {"type": "array", "minItems": 1}),
    *({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a", "a"]}, SAME_ITEMS),
    *({"type": "string", "enumSuggestedValues": ["a"]}, {"type": "string", "enum": ["a"], "enumTitles": ["A"]}),
    {"type": "object", "properties": {"key": PART, "value": PART}},
    {"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "string"}}},
    *({"type": "object", "properties": {name: PART, "method": PART}} for name in ("url", "glob", "purl")),
]
PATTERNS = [
    *(
        r"^\d+$",
        r"^\w+$",
        r"a\-b",
        r"[\-_]",
        r"^[^]+$",
        r"^[]$",
        r"(?<y>\d{4})-\k<y>",
        r"^(?!x).*$",
        r"(?<=a)b",
        r"\/\/",
    ),
    *(
        "{",
        "a{",
        "}",
        "]",
        "a{,2}",
        r"\p{L}",
        r"[\d-x]",
        r"[a-\d]",
        r"\0",
        r"\1",
        r"[[a]]",
        r"\z",
        r"\A",
        r"[\b]",
        r"\<",
    ),
    *("a++", "*a", "(", "[", "[b-a]", "a{2,1}", "(?i)a", "(?P<a>x)", "(?>a)", "(?<n>a)(?<n>b)", r"^[\u4e00-\u9fa5]+$"),
    *(
        r"^https?:\/\/(www\.)?[a-z]+",
        r"^[\w.+-]+@[\w-]+\.[\w.-]+$",
        r"^(\+|-)?\d+ (day|week)s?$",
        r"[&&a]",
        r"\cA",
        r"^.+$",
    ),
]
TEXTS = [
    *("", "a", "A", "aa", "a1", "b", "ab", "foo", "1", "٣", "é", "ž", "a\n", "\n", " ", "\u00a0", "\ufeff", "a-b", "_"),
    *(
        "2020-2020",
        "x",
        "//",
        "{",
        "}",
        "]",
        "a{",
        "a{,2}",
        "1-x",
        "me@x.cz",
        "http://www.ab",
        "\x01",
        "\x00",
        "&&a",
        "[",
    ),
    *("z", "中", "+2 days", "3 weeks", "\u2028", "\x08", "<", "p{L}", "-", "\r"),
]


@pytest.fixture(scope="module")
def platform() -> Iterator[NodeScript]:
    """The package that checks the platform's input schemas and inputs."""
    script = NodeScript("input_schema.mjs")
    yield script
    script.close()


def platform_results(
    platform: NodeScript, schemas: list[Json], inputs: list[tuple[Json, Json]]
) -> tuple[list[str | None], list[dict[str, Json]]]:
    response = platform.respond({"schemas": schemas, "inputs": inputs})
    return response["schemas"], response["inputs"]


def schema_error(schema: Json) -> str | None:
    try:
        schema_rules.check(schema)
    except schema_rules.InvalidSchema as problem:
        return str(problem)
    return None


def changed(kind: dict[str, Json], chance: random.Random) -> Iterator[dict[str, Json]]:
    """Yield a kind of field and variants of it, with keywords removed or changed."""
    yield kind
    for removed in kind:
        yield {keyword: value for keyword, value in kind.items() if keyword != removed}
    for keyword in KEYWORDS:
        for value in chance.sample(SETTINGS, 5):
            yield {**kind, keyword: value}
    for _ in range(40):
        yield {**kind, **{chance.choice(KEYWORDS): chance.choice(SETTINGS) for _ in range(3)}}


def test_the_same_schemas_are_valid(platform: NodeScript) -> None:
    chance = random.Random(1)
    fields = [each for kind in KINDS for each in changed(kind, chance)]
    fields = chance.sample(fields, examples(len(fields)))
    parts = [
        field("object", editor="json", properties={"part": each}) for each in chance.sample(fields, examples(1500))
    ]
    whole = [{**schema(PART), keyword: value} for keyword in [*schema(PART), "$schema", "more"] for value in SETTINGS]
    schemas = [*map(schema, [*fields, *parts]), *whole, *SETTINGS, schema(KINDS[0], required=["it", "other"])]
    results, _ = platform_results(platform, schemas, [])
    assert results.count(None) > examples(500) and len(results) - results.count(None) > examples(5000)
    for each, expected in zip(schemas, results, strict=True):
        assert (schema_error(each) is None) == (expected is None), (each, expected)


DOCUMENTED: list[Json] = [
    *({name: value for name, value in schema(KINDS[0]).items() if name != removed} for removed in schema(PART)),
    *(schema({key: value for key, value in kind.items() if key != removed}) for kind in KINDS for removed in LABELS),
    *(
        schema({**kind, "editor": "wysiwyg"})
        for kind in KINDS
        if kind["editor" if "editor" in kind else "type"] != "select"
    ),
    *(schema({**kind, "unknown": 1}) for kind in KINDS),
    *(schema({**kind, name: "x"}) for kind in KINDS for name in ("patternKey", "patternValue")),
    *(schema({**kind, "nullable": "yes"}) for kind in KINDS),
    *(schema({**kind, "type": "date"}) for kind in KINDS),
    *(schema({**kind, "errorMessage": {"pattern": 5}}) for kind in KINDS),
    *(
        schema({**kind, "isSecret": "yes"})
        for kind in KINDS
        if kind["type"] in ("string", "array") and "isSecret" in kind
    ),
    schema(field("string", editor="textfield", pattern="(")),
    schema(field("string", editor="textfield", default=5)),
    schema(field("string", editor="select", enum=[])),
    schema(field("string", editor="select", enum=["a", "a"])),
    schema(field("integer", minimum=1.5)),
    schema(field("object", editor="json", properties={"part": {"type": "string", "title": "x"}})),
    schema(field("object", editor="json", properties={"part": field("string", editor="wysiwyg")})),
    schema(field("string", resourceType="dataset", resourcePermissions=["WRITE"])),
    schema(field("string", resourceType="folder")),
    schema(KINDS[0], required=["other"]),
    schema(KINDS[0], schemaVersion=2),
    schema(KINDS[0], more=1),
]


def test_invalid_schemas_have_the_same_messages(platform: NodeScript) -> None:
    results, _ = platform_results(platform, DOCUMENTED, [])
    assert [schema_error(each) for each in DOCUMENTED] == results
    assert None not in results


@pytest.mark.parametrize("required", [False, True])
def test_the_same_inputs_are_valid_and_the_others_have_the_same_messages(platform: NodeScript, required: bool) -> None:
    schemas = [schema(kind, **({"required": ["it"]} if required else {})) for kind in KINDS]
    assert [schema_error(each) for each in schemas] == [None] * len(schemas)
    cases = [(each, {"it": value}) for each in schemas for value in VALUES]
    cases += [(each, {}) for each in schemas] + [(each, {"more": 1}) for each in schemas]
    cases += [({**each, "additionalProperties": False}, {"more": 1, "other": 2}) for each in schemas]
    given = [(each, validation.with_defaults(each, json.loads(json.dumps(value)))) for each, value in cases]
    _, results = platform_results(platform, [], given)
    assert 400 < sum(result == {"messages": []} for result in results) < len(results) - 400
    for (each, value), result in zip(given, results, strict=True):
        assert {"messages": validation.messages(each, value)} == result, (each["properties"], value)


def test_inputs_with_several_errors_have_the_same_messages(platform: NodeScript) -> None:
    """Ajv stops at its first error, so rules must be checked in the same order."""
    chance = random.Random(2)
    cases = []
    for _ in range(examples(400)):
        names = [f"field{number}" for number in range(4)]
        fields = {name: chance.choice(KINDS) for name in names}
        required = chance.sample(names, chance.randint(0, 4))
        given = {name: chance.choice(VALUES) for name in chance.sample([*names, "more", "other"], 5)}
        of = {**schema(PART), "properties": fields, "required": required, "additionalProperties": chance.random() < 0.9}
        cases.append((of, validation.with_defaults(of, json.loads(json.dumps(given)))))
    _, results = platform_results(platform, [], cases)
    for (of, value), result in zip(cases, results, strict=True):
        assert {"messages": validation.messages(of, value)} == result, (of, value)


def test_patterns_are_javascript_regular_expressions(platform: NodeScript) -> None:
    of = {pattern: schema(field("string", editor="textfield", pattern=pattern)) for pattern in PATTERNS}
    results, _ = platform_results(platform, list(of.values()), [])
    assert [schema_error(each) for each in of.values()] == results
    good = [each for each, result in zip(of.values(), results, strict=True) if result is None]
    cases = [(each, {"it": text}) for each in good for text in TEXTS]
    for (each, value), result in zip(cases, platform_results(platform, [], cases)[1], strict=True):
        assert {"messages": validation.messages(each, value)} == result, (each["properties"], value)


async def test_a_pattern_of_items_is_validated_when_a_run_starts(platform: NodeScript) -> None:
    wrong = schema(field("array", editor="stringList", items={"type": "string", "pattern": "("}))
    schemas, inputs = platform_results(platform, [wrong], [(wrong, {})])
    assert schemas == [schema_error(wrong)] == [None]
    assert "error" in inputs[0]
    with pytest.raises(Invalid, match="Input schema is not valid"):
        await complete(wrong, Input(body=b"{}", content_type="application/json"))


def test_the_platforms_package_and_greenroom_decrypt_each_others_secrets() -> None:
    private_key, passphrase = new_key()
    cipher = InputCipher(private_key, passphrase)
    login = field("object", editor="json", isSecret=True, maxProperties=3, default={"z": 1.0, "a": ["ž", 2]})
    of = {**schema(PART), "properties": {"text": KINDS[14], "login": login, "open": PART}}
    plain = {"text": "hush ž𝒳", "login": {"a": [1, None]}, "open": "x", "other": 1}
    given = {
        "key": private_key,
        "passphrase": passphrase,
        "schema": of,
        "plain": plain,
        "ours": cipher.encrypt(of, plain),
    }
    secrets_package = NodeScript("input_secrets.mjs")
    found = secrets_package.respond(given)
    secrets_package.close()
    assert found["read"] == plain
    assert found["isForSchema"]
    written = found["written"]
    assert is_for_schema(written["login"], login)
    assert {**written, **{name: cipher.decrypt(written[name]) for name in ("text", "login")}} == plain
