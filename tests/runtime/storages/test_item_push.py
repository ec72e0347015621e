from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_schema import MAX_REPORTED, MAX_REPORTED_CHARS
from runtime.storages.item_push import MAX_PUSH_BYTES_ON_LOOP, read_push
from runtime.storages.item_schema import check_item_schema
from tests.examples import some
from tests.fakes.ticks import ticks_during

ENOUGH_TICKS = 20
"""The event loop turns a thousand times a second, and a machine under load less often. A blocked loop turns once."""


def branching(keyword: str, levels: int) -> dict[str, Any]:
    """A small schema of which each level applies the next one twice."""
    step = {
        f"d{level}": {keyword: [{"$ref": f"#/definitions/d{level + 1}"}, {"$ref": f"#/definitions/d{level + 1}"}]}
        for level in range(levels)
    }
    return {"definitions": {**step, f"d{levels}": {"type": "string"}}, "$ref": "#/definitions/d0"}


ENDLESS_SCHEMAS: dict[str, dict[str, Any]] = {
    "anyOf": branching("anyOf", 60),
    "oneOf": branching("oneOf", 60),
    "by property": {
        "anyOf": [
            {"properties": {"a": {"$ref": "#"}}, "required": ["b"]},
            {"properties": {"a": {"$ref": "#"}}, "not": {}},
        ]
    },
}


def nested(levels: int) -> Any:
    return {"a": nested(levels - 1)} if levels else {"a": 1}


@pytest.mark.processes
@pytest.mark.usefixtures("impatient_helpers")
@pytest.mark.parametrize("name", some(ENDLESS_SCHEMAS))
async def test_a_schema_that_takes_forever_neither_blocks_the_event_loop_nor_runs_on(name: str) -> None:
    schema = json.dumps(ENDLESS_SCHEMAS[name]).encode()
    ticks, problem = await ticks_during(read_push(json.dumps(nested(60)).encode(), schema))
    assert isinstance(problem, Invalid) and "too long to validate" in problem.message
    assert ticks > ENOUGH_TICKS
    assert (await read_push(b'{"a":1}', b'{"required":["a"]}')).count == 1


async def test_a_schema_that_refers_to_itself_is_rejected_or_validates() -> None:
    for schema in ({"$ref": "#"}, {"properties": {"a": {"$ref": "#"}}}):
        try:
            check_item_schema({"fields": schema})
        except Invalid:
            continue
        assert (await read_push(json.dumps(nested(5)).encode(), json.dumps(schema).encode())).count == 1


async def test_schemas_with_references_and_patterns_validate_as_others_do() -> None:
    schema = json.dumps(
        {"definitions": {"name": {"pattern": "^a"}}, "properties": {"name": {"$ref": "#/definitions/name"}}}
    ).encode()
    assert (await read_push(b'[{"name":"ab"},{}]', schema)).count == 2
    with pytest.raises(Invalid) as problem:
        await read_push(b'[{"name":"ab"},{"name":"b"}]', schema)
    data = problem.value.data
    assert data is not None and [item["itemPosition"] for item in data["invalidItems"]] == [1]


async def test_a_body_of_millions_of_parts_does_not_block_the_event_loop() -> None:
    body = b'{"a":[' + b",".join([b"[]"] * 2_000_000) + b"]}"
    ticks, push = await ticks_during(read_push(body, None))
    assert not isinstance(push, Exception) and push.lines == body
    assert ticks > ENOUGH_TICKS


async def test_a_big_push_has_the_same_result_as_a_small_one() -> None:
    small = [{"n": 1}, {"#n": 2}, {"text": "\ud800"}, {"n": 10**400}]
    padding = [{"text": "x" * MAX_PUSH_BYTES_ON_LOOP}]
    few = await read_push(json.dumps(small).encode(), None)
    many = await read_push(json.dumps(small + padding).encode(), None)
    assert (many.count, many.clean_count) == (few.count + 1, few.clean_count + 1)
    assert many.lines.startswith(few.lines + b"\n")
    with pytest.raises(Invalid, match="the one at position 4 is not"):
        await read_push(json.dumps([*small, "x" * MAX_PUSH_BYTES_ON_LOOP]).encode(), None)


async def test_the_errors_of_a_push_are_limited() -> None:
    body = json.dumps([{}] * (2 * MAX_REPORTED)).encode()
    with pytest.raises(Invalid) as problem:
        await read_push(body, b'{"required":["a"]}')
    assert problem.value.data is not None and len(problem.value.data["invalidItems"]) == MAX_REPORTED


async def test_the_errors_of_a_push_have_a_limited_length() -> None:
    """Each error contains the path to its place, so the errors of one push could take gigabytes."""
    items = [{("k" * 2000): [0] * 500} for _ in range(20)]
    with pytest.raises(Invalid) as problem:
        await read_push(json.dumps(items).encode(), b'{"additionalProperties":{"items":{"type":"string"}}}')
    errors = problem.value.data["invalidItems"] if problem.value.data else []
    assert errors and len(json.dumps(errors)) < 3 * MAX_REPORTED_CHARS
