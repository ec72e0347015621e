"""Inputs on their way into a run: parsed, merged, completed, validated, encrypted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.base import javascript_regex
from runtime.base.errors import Invalid
from runtime.base.records import Build
from runtime.database import Database
from runtime.inputs.inputs import (
    JSON_TYPE,
    MAX_BYTES_IN_THREAD,
    Input,
    Inputs,
    PreparedInput,
    StorageReference,
    complete,
    input_of_body,
    storages_in,
)
from runtime.inputs.keys import InputKeys
from tests.fakes.data_directory import with_database
from tests.fakes.records import a_build
from tests.fakes.ticks import ticks_during

Json = Any


@pytest.fixture
def inputs(tmp_path: Path) -> Iterator[Inputs]:
    store = Database(with_database(tmp_path))
    yield Inputs(InputKeys(store.input_keys, store.vault))
    store.close()


def schema(*required: str, **fields: Json) -> Json:
    return {"title": "Input", "type": "object", "schemaVersion": 1, "properties": fields, "required": list(required)}


def build_with(**fields: Json) -> Build:
    return a_build(input_schema=schema(**fields))


def as_input(body: str, content_type: str = "application/json; charset=utf-8") -> Input:
    return Input(body=body.encode(), content_type=content_type)


def field(type: str, **more: Json) -> Json:
    return {"type": type, **more}


def picker(resource_type: Json = "dataset", rights: Json = ("READ",)) -> Json:
    return field("string", resourceType=resource_type, resourcePermissions=list(rights))


# From the body of a request.


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{}", "application/json", Input(body=b"{}", content_type="application/json")),
        (b"{}", None, Input(body=b"{}", content_type="application/json")),
        (b"\xff", "x/y", Input(body=b"\xff", content_type="x/y")),
        (b"", "application/json", None),
        (b" null\n", "application/json; charset=utf-8", None),
        (b"null", None, None),
        (b"null", "text/plain", Input(body=b"null", content_type="text/plain")),
    ],
)
def test_the_body_of_a_request_is_the_input_unless_it_is_empty(
    body: bytes, content_type: str | None, expected: Input | None
) -> None:
    assert input_of_body(body, content_type) == expected


# Defaults.


CITY = field("object", properties={"name": field("string", default="Brno"), "code": field("integer")})


@pytest.mark.parametrize(
    ("fields", "body", "completed"),
    [
        ({"a": field("integer", default=1)}, None, {"a": 1}),
        ({"a": field("integer", default=1)}, "{}", {"a": 1}),
        ({"a": field("integer", default=1)}, '{"b": 2}', {"b": 2, "a": 1}),
        ({"a": field("integer", default=1, nullable=True)}, '{"a": null}', {"a": None}),
        ({"a": field("integer", default=None, nullable=True)}, "{}", {"a": None}),
        ({"a": field("string", prefill="x")}, "{}", {}),
        ({"city": CITY}, "{}", {"city": {"name": "Brno"}}),
        ({"city": {**CITY, "default": {"code": 2}}}, "{}", {"city": {"name": "Brno", "code": 2}}),
        ({"city": {**CITY, "default": {"name": "Oslo"}}}, "{}", {"city": {"name": "Oslo"}}),
        ({"city": CITY}, '{"city": {"code": 2}}', {"city": {"code": 2}}),
        ({"cities": field("array", items=CITY)}, '{"cities": [{}, {"name": "Oslo"}]}', None),
        ({"cities": field("array", items=CITY)}, "{}", {}),
    ],
)
async def test_defaults_are_filled_in(fields: Json, body: str | None, completed: Json) -> None:
    expected = {"cities": [{"name": "Brno"}, {"name": "Oslo"}]} if completed is None else completed
    assert await complete(schema(**fields), None if body is None else as_input(body)) == expected


@pytest.mark.parametrize("body", ['{"a": "x\\ud800"}', '{"\\ud800": 1}', '{"b": ["\\ud800"]}'])
async def test_strings_that_end_inside_a_surrogate_pair_are_accepted(body: str) -> None:
    fields = {"a": field("string", pattern="^x", maxLength=2), "b": field("array")}
    assert await complete(schema(**fields), as_input(body)) == json.loads(body)


async def test_defaults_are_copies() -> None:
    empty_list = schema(a=field("array", default=[]))
    (await complete(empty_list, None))["a"].append(1)
    assert await complete(empty_list, None) == {"a": []}


# Problems.


@pytest.mark.parametrize(
    ("sent", "slug", "message"),
    [
        (as_input("{"), "invalid-input", "Cannot parse input JSON body: "),
        (as_input(""), "invalid-input", "Cannot parse input JSON body: "),
        (as_input("[" * 100_000), "invalid-input", "Cannot parse input JSON body: it is nested too deeply"),
        (Input(body=b"\xff", content_type=JSON_TYPE), "invalid-input", "Cannot parse input JSON body: "),
        (as_input("[]"), "input-json-not-object", 'The input JSON must be object, got "array" instead.'),
        (as_input('"x"'), "input-json-not-object", 'The input JSON must be object, got "string" instead.'),
        (as_input("true"), "input-json-not-object", 'The input JSON must be object, got "boolean" instead.'),
        (as_input("1.5"), "input-json-not-object", 'The input JSON must be object, got "number" instead.'),
        (as_input("{}", "text/plain"), "invalid-input", 'Actor input must have content type "application/json".'),
        (as_input("{}"), "invalid-input", "Input is not valid: Field input.age is required"),
        (None, "invalid-input", "Input is not valid: Field input.age is required"),
        (as_input('{"age": "x"}'), "invalid-input", "Input is not valid: Field input.age must be integer"),
        (as_input('{"age": 0}'), "invalid-input", "Input is not valid: Field input.age must be >= 1"),
        (
            as_input('{"age": 1, "proxy": {"useApifyProxy": true, "apifyProxyCountry": ["US"]}}'),
            "invalid-input",
            "Input is not valid: Country code ",
        ),
    ],
)
async def test_problems_are_reported_in_the_platforms_words(sent: Input | None, slug: str, message: str) -> None:
    with pytest.raises(Invalid) as raised:
        await complete(schema("age", age=field("integer", minimum=1), proxy=field("object", editor="proxy")), sent)
    assert raised.value.slug == slug
    assert raised.value.message.startswith(message)


@pytest.mark.processes
async def test_an_endless_pattern_search_is_rejected_without_blocking_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(javascript_regex, "ALLOWED_SECS", 0.5)
    slow = schema(a=field("string", pattern="^(?:a?){50}a{50}$"))
    completing = asyncio.create_task(complete(slow, as_input(json.dumps({"a": "a" * 50}))))
    turns = 0
    while not completing.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 5
    with pytest.raises(Invalid, match=r"Field input\.a cannot be matched with pattern .* in reasonable time"):
        await completing


async def test_a_schema_that_cannot_be_compiled_is_reported() -> None:
    with pytest.raises(Invalid) as raised:
        await complete(schema(a=field("array", items=field("string", pattern="("))), None)
    assert raised.value.slug == "invalid-input-schema"


# Merged over the input of a task.


@pytest.mark.parametrize(
    ("task_input", "sent", "stored"),
    [
        ({"a": 1, "b": {"c": 2}}, None, {"a": 1, "b": {"c": 2}}),
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"d": 3}}),
        (None, {"a": 1}, {"a": 1}),
        (None, [1], [1]),
    ],
)
async def test_sent_fields_replace_those_of_the_tasks_input(
    inputs: Inputs, task_input: Json, sent: Json, stored: Json
) -> None:
    given = None if sent is None else as_input(json.dumps(sent))
    prepared = await inputs.prepare("user1", a_build(), given, task_input=task_input)
    assert prepared.stored is not None and json.loads(prepared.stored.body) == stored


async def test_a_task_without_an_input_and_an_empty_request_have_no_input(inputs: Inputs) -> None:
    assert await inputs.prepare("user1", a_build(), None) == PreparedInput(stored=None)


async def test_a_string_that_ends_inside_a_surrogate_pair_is_merged(inputs: Inputs) -> None:
    sent = as_input(r'{"cut": "\ud83d"}')
    prepared = await inputs.prepare("user1", a_build(), sent, task_input={"a": 1})
    assert prepared.stored is not None and json.loads(prepared.stored.body) == {"a": 1, "cut": "\ud83d"}


@pytest.mark.parametrize(("body", "slug"), [("[1]", "input-json-not-object"), ("text", "invalid-input")])
async def test_an_input_that_cannot_be_merged_is_rejected(inputs: Inputs, body: str, slug: str) -> None:
    with pytest.raises(Invalid) as raised:
        await inputs.prepare("user1", a_build(), as_input(body, "text/plain"), task_input={"a": 1})
    assert raised.value.slug == slug


async def test_the_tasks_own_input_is_not_changed(inputs: Inputs) -> None:
    task_input: dict[str, Any] = {"cities": [{}]}
    await inputs.prepare("user1", build_with(cities=field("array", items=CITY)), None, task_input=task_input)
    assert task_input == {"cities": [{}]}


# Ready for a run.


@pytest.mark.parametrize("sent", [None, as_input("{"), Input(body=b"\xff", content_type="x/y")])
async def test_without_a_schema_an_input_is_stored_as_it_was_sent(inputs: Inputs, sent: Input | None) -> None:
    prepared = await inputs.prepare("user1", a_build(), sent)
    assert (prepared.stored, prepared.storages, prepared.fields()) == (sent, (), {})


async def test_secret_fields_are_encrypted_only_where_the_input_is_stored(inputs: Inputs) -> None:
    build = build_with(token=field("string", isSecret=True), open=field("string"))
    prepared = await inputs.prepare("user1", build, as_input('{"token": "hunter2", "open": "x"}'))
    assert prepared.fields() == {"token": "hunter2", "open": "x"}
    assert prepared.stored is not None and prepared.stored.content_type == JSON_TYPE
    stored = json.loads(prepared.stored.body)
    assert stored["token"].startswith("ENCRYPTED_VALUE:") and stored["open"] == "x"


async def test_the_secrets_of_a_stored_input_are_known_for_its_log(inputs: Inputs) -> None:
    build = build_with(login=field("object", isSecret=True))
    assert inputs.secrets_to_hide("user1", build, b"{}") == []
    sent = as_input('{"login": {"name": "Ann", "password": "hunter2", "pin": "1"}}')
    prepared = await inputs.prepare("user1", build, sent)
    assert prepared.stored is not None
    passphrase, *hidden = inputs.secrets_to_hide("user1", build, prepared.stored.body)
    assert hidden == ["hunter2"] and len(passphrase) > 20
    assert inputs.secrets_to_hide("user2", build, prepared.stored.body) == []
    assert inputs.secrets_to_hide("user1", build, b"the Actor has overwritten it") == [passphrase]


# Storages.


async def test_a_prepared_input_has_the_storages_that_it_names(inputs: Inputs) -> None:
    sent = as_input(r'{"cut": "\ud83d", "it": "abc"}')
    prepared = await inputs.prepare("user1", build_with(it=picker()), sent)
    assert prepared.storages == (StorageReference("dataset", "abc", False),)


@pytest.mark.parametrize(
    ("schema_of_field", "input", "expected"),
    [
        (picker(), {"it": "abc"}, [StorageReference("dataset", "abc", False)]),
        (picker("keyValueStore"), {"it": "abc"}, [StorageReference("keyValueStore", "abc", False)]),
        (picker(rights=["READ", "WRITE"]), {"it": "abc"}, [StorageReference("dataset", "abc", True)]),
        (picker(), {"it": ["a", "b"]}, [StorageReference("dataset", each, False) for each in ("a", "b")]),
        (picker(), {"it": ["", 7, None, {"id": "a"}]}, []),
        (picker(), {"it": ""}, []),
        (picker(), {"it": 7}, []),
        (picker(), {"other": "abc"}, []),
        (picker(), {}, []),
        (picker(rights=[]), {"it": "abc"}, []),
        ({"resourceType": "dataset"}, {"it": "abc"}, []),
        ({"resourceType": "dataset", "resourcePermissions": "READ"}, {"it": "abc"}, []),
        ({"resourceType": ["dataset"], "resourcePermissions": ["READ"]}, {"it": "abc"}, []),
        ({"type": "string"}, {"it": "abc"}, []),
        ("string", {"it": "abc"}, []),
    ],
)
def test_storages_in_an_input(schema_of_field: Json, input: Json, expected: list[StorageReference]) -> None:
    assert list(storages_in({"properties": {"it": schema_of_field}}, input)) == expected


@pytest.mark.parametrize("schema", [None, {}, {"properties": None}, {"properties": []}])
def test_a_schema_without_fields_requests_no_storages(schema: Json) -> None:
    assert list(storages_in(schema, {"it": "abc"})) == []


async def test_a_big_input_has_the_same_result_as_a_small_one() -> None:
    fields = schema(text=field("string", default="x"), list=field("array"), n=field("integer", maximum=5))
    big = json.dumps({"list": ["x" * 100] * 10_000, "half": "\ud800"})
    assert len(big) > MAX_BYTES_IN_THREAD
    assert await complete(fields, as_input(big)) == {**json.loads(big), "text": "x"}
    with pytest.raises(Invalid, match=r"Field input\.n must be <= 5"):
        await complete(fields, as_input(big[:-1] + ', "n": 6}'))
    with pytest.raises(Invalid, match="Cannot parse input JSON body"):
        await complete(fields, as_input(big[:-1]))


@pytest.mark.parametrize("sent", ["[]", "1"])
async def test_an_input_of_millions_of_parts_does_not_block_the_event_loop(sent: str) -> None:
    body = '{"list":[' + ",".join([sent] * 2_000_000) + "]}"
    ticks, completed = await ticks_during(complete(schema(list=field("array")), as_input(body)))
    assert ticks > 20
    if sent == "[]":
        assert isinstance(completed, Invalid) and "objects and arrays" in completed.message
    else:
        assert not isinstance(completed, Exception) and len(completed["list"]) == 2_000_000
