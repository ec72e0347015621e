from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import RunDefaults, Task, TaskOptions
from runtime.inputs.inputs import Input
from runtime.runs.options import StartOptions, granted_options, granted_over, over_input, over_task
from tests.fakes.clock import START
from tests.fakes.records import an_actor, options

ACTOR = an_actor(defaults=RunDefaults(build="beta", timeout_secs=77, memory_mbytes=2048, restart_on_error=True))


def a_task(input: Any) -> Task:
    return Task(
        id="task1", user_id="user1", actor_id="actor1", name="mine", created_at=START, modified_at=START, input=input
    )


def given(value: Any) -> Input:
    return Input(body=json.dumps(value).encode(), content_type="application/json; charset=utf-8")


def test_an_actors_defaults_hold_where_nothing_is_asked_for() -> None:
    assert granted_options(ACTOR, 2048, StartOptions(), strict_memory=True) == options(
        build="beta",
        timeout_secs=77,
        memory_mbytes=2048,
        disk_mbytes=4096,
        requested_mbytes=2048,
        restart_on_error=True,
    )


def test_what_is_asked_for_goes_over_what_there_was() -> None:
    had = options(max_items=5, max_total_charge_usd=1.5)
    asked = StartOptions(timeout_secs=0, memory_mbytes=300, max_items=7, restart_on_error=False)
    got = granted_over(had, asked, strict_memory=False)
    assert (got.timeout_secs, got.memory_mbytes, got.disk_mbytes, got.requested_mbytes) == (0, 512, 1024, 300)
    assert (got.max_items, got.max_total_charge_usd, got.build) == (7, 1.5, had.build)


def test_memory_that_is_no_power_of_two_may_be_refused() -> None:
    with pytest.raises(Invalid):
        granted_options(ACTOR, 2048, StartOptions(memory_mbytes=300), strict_memory=True)


def test_a_tasks_options_hold_where_nothing_is_asked_for() -> None:
    task = TaskOptions(build="old", memory_mbytes=512, max_items=5, restart_on_error=False)
    asked = StartOptions(memory_mbytes=1024, timeout_secs=9)
    assert over_task(task, asked) == StartOptions(
        build="old", memory_mbytes=1024, timeout_secs=9, max_items=5, restart_on_error=False
    )


@pytest.mark.parametrize(
    ("own", "sent", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, None, {"a": 1, "b": {"c": 2}}),
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"d": 3}}),
        (None, {"a": 1}, {"a": 1}),
        (None, [1], [1]),
    ],
)
def test_what_is_sent_goes_over_a_tasks_input(own: Any, sent: Any, expected: Any) -> None:
    merged = over_input(a_task(own), None if sent is None else given(sent))
    assert merged is not None and json.loads(merged.body) == expected


def test_without_any_input_there_is_none() -> None:
    assert over_input(a_task(None), None) is None


def test_text_that_is_cut_within_a_character_goes_through() -> None:
    sent = Input(body=rb'{"cut": "\ud83d"}', content_type="application/json")
    merged = over_input(a_task({"a": 1}), sent)
    assert merged is not None and json.loads(merged.body) == {"a": 1, "cut": "\ud83d"}


@pytest.mark.parametrize(("body", "slug"), [(b"[1]", "input-json-not-object"), (b"text", "invalid-input")])
def test_what_cannot_be_merged_is_refused(body: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        over_input(a_task({"a": 1}), Input(body=body, content_type="text/plain"))
    assert refused.value.slug == slug
