"""Inputs on their way into a run: read, completed, checked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from runtime.base import javascript_regex
from runtime.base.errors import Invalid
from runtime.inputs.inputs import Input, checked

Json = Any


def schema(*required: str, **fields: Json) -> Json:
    return {"title": "Input", "type": "object", "schemaVersion": 1, "properties": fields, "required": list(required)}


def as_input(body: str, content_type: str = "application/json; charset=utf-8") -> Input:
    return Input(body=body.encode(), content_type=content_type)


def part(kind: str, **more: Json) -> Json:
    return {"type": kind, **more}


CITY = part("object", properties={"name": part("string", default="Brno"), "code": part("integer")})


@pytest.mark.parametrize(
    ("fields", "body", "completed"),
    [
        ({"a": part("integer", default=1)}, None, {"a": 1}),
        ({"a": part("integer", default=1)}, "{}", {"a": 1}),
        ({"a": part("integer", default=1)}, '{"b": 2}', {"b": 2, "a": 1}),
        ({"a": part("integer", default=1, nullable=True)}, '{"a": null}', {"a": None}),
        ({"a": part("integer", default=None, nullable=True)}, "{}", {"a": None}),
        ({"a": part("string", prefill="x")}, "{}", {}),
        ({"city": CITY}, "{}", {"city": {"name": "Brno"}}),
        ({"city": {**CITY, "default": {"code": 2}}}, "{}", {"city": {"name": "Brno", "code": 2}}),
        ({"city": {**CITY, "default": {"name": "Oslo"}}}, "{}", {"city": {"name": "Oslo"}}),
        ({"city": CITY}, '{"city": {"code": 2}}', {"city": {"code": 2}}),
        ({"cities": part("array", items=CITY)}, '{"cities": [{}, {"name": "Oslo"}]}', None),
        ({"cities": part("array", items=CITY)}, "{}", {}),
    ],
)
async def test_defaults_are_filled_in(fields: Json, body: str | None, completed: Json) -> None:
    expected = {"cities": [{"name": "Brno"}, {"name": "Oslo"}]} if completed is None else completed
    assert await checked(schema(**fields), None if body is None else as_input(body)) == expected


@pytest.mark.parametrize("body", ['{"a": "x\\ud800"}', '{"\\ud800": 1}', '{"b": ["\\ud800"]}'])
async def test_texts_cut_within_a_character_are_taken(body: str) -> None:
    fields = {"a": part("string", pattern="^x", maxLength=2), "b": part("array")}
    assert await checked(schema(**fields), as_input(body)) == json.loads(body)


async def test_defaults_are_copies() -> None:
    of = schema(a=part("array", default=[]))
    (await checked(of, None))["a"].append(1)
    assert await checked(of, None) == {"a": []}


@pytest.mark.parametrize(
    ("given", "slug", "message"),
    [
        (as_input("{"), "invalid-input", "Cannot parse input JSON body: "),
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
async def test_what_is_wrong_is_told_as_the_platform_tells_it(given: Input | None, slug: str, message: str) -> None:
    with pytest.raises(Invalid) as raised:
        await checked(schema("age", age=part("integer", minimum=1), proxy=part("object", editor="proxy")), given)
    assert raised.value.slug == slug
    assert raised.value.message.startswith(message)


async def test_a_text_that_would_be_matched_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript_regex, "ALLOWED_SECS", 0.5)
    slow = schema(a=part("string", pattern="^(?:a?){50}a{50}$"))
    checking = asyncio.create_task(checked(slow, as_input(json.dumps({"a": "a" * 50}))))
    turns = 0
    while not checking.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 5  # meanwhile the server serves
    with pytest.raises(Invalid, match=r"Field input\.a cannot be matched with pattern .* in reasonable time"):
        await checking


async def test_a_schema_that_no_input_can_be_held_to_is_told() -> None:
    with pytest.raises(Invalid) as raised:
        await checked(schema(a=part("array", items=part("string", pattern="("))), None)
    assert raised.value.slug == "invalid-input-schema"
