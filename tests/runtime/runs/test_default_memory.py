from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.records import Definition, RunDefaults, TaskOptions
from runtime.inputs.inputs import Input, PreparedInput
from runtime.runs.default_memory import default_memory
from runtime.runs.options import StartOptions
from tests.fakes.stage import META, Stage
from tests.fakes.ticks import ticks_during

DEFAULTS = RunDefaults(memory_mbytes=1024, max_items=7)


def json_input(value: Any) -> Input:
    return Input(body=json.dumps(value).encode(), content_type="application/json")


async def memory(definition: dict[str, Any], input: Input | None = None, **requested: Any) -> int:
    megabytes, problem = await default_memory(
        DEFAULTS, Definition(document=definition), StartOptions(**requested), PreparedInput(stored=input)
    )
    assert problem is None
    return megabytes


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({}, 1024),
        ({"defaultMemoryMbytes": 256}, 256),
        ({"defaultMemoryMbytes": 300}, 256),
        ({"defaultMemoryMbytes": "300 * 3"}, 1024),
        ({"minMemoryMbytes": 2048}, 2048),
        ({"minMemoryMbytes": 1500}, 2048),
        ({"maxMemoryMbytes": 512}, 512),
        ({"maxMemoryMbytes": 700}, 512),
        ({"minMemoryMbytes": 128, "maxMemoryMbytes": 32768}, 1024),
        ({"defaultMemoryMbytes": "100000", "maxMemoryMbytes": 4096}, 4096),
        ({"defaultMemoryMbytes": "1", "minMemoryMbytes": 512}, 512),
    ],
)
async def test_actor_json_overrides_the_actors_default_and_sets_bounds(
    definition: dict[str, Any], expected: int
) -> None:
    assert await memory(definition) == expected


@pytest.mark.parametrize(
    ("input", "expected"),
    [
        (json_input({"urls": ["a"] * 4}), 2048),
        (json_input({}), 512),
        (json_input([1]), 512),
        (Input(body=b"no json", content_type="text/plain"), 512),
        (None, 512),
    ],
)
async def test_an_expression_sees_the_input_if_it_is_an_object(input: Input | None, expected: int) -> None:
    assert await memory({"defaultMemoryMbytes": "get(input, 'urls.length', 1) * 512"}, input) == expected


@pytest.mark.parametrize(
    ("expression", "requested", "expected"),
    [
        ("runOptions.maxItems * 100", {"max_items": 20}, 2048),
        ("runOptions.maxItems * 100", {}, 512),
        ("runOptions.timeoutSecs", {}, 4096),
        ("runOptions.memoryMbytes / 4", {}, 256),
        ("compareText(runOptions.build, 'beta') == 0 ? 256 : 512", {"build": "beta"}, 256),
        ("runOptions.maxTotalChargeUsd ?? 128", {}, 128),
        ("runOptions.restartOnError ? 256 : 512", {"restart_on_error": True}, 256),
    ],
)
async def test_an_expression_sees_the_options(expression: str, requested: dict[str, Any], expected: int) -> None:
    assert await memory({"defaultMemoryMbytes": expression}, **requested) == expected


async def test_the_actors_default_within_the_bounds_applies_if_the_expression_cannot_be_evaluated() -> None:
    definition = Definition(document={"defaultMemoryMbytes": "input.missing * 2", "maxMemoryMbytes": 512})
    megabytes, problem = await default_memory(DEFAULTS, definition, StartOptions(), PreparedInput())
    assert (megabytes, problem) == (512, "undefined is not a number")


EXPRESSION = {"defaultMemoryMbytes": "input.n * 512", "minMemoryMbytes": 512}


async def test_the_memory_of_a_run_can_depend_on_its_input(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.create_build(actor, "latest", definition=EXPRESSION)
    actor = stage.orchestrator.actors.get(actor.id)
    run = await stage.start(actor, json_input({"n": 4}))
    assert (run.options.memory_mbytes, run.options.disk_mbytes) == (2048, 4096)
    requested = await stage.start(actor, json_input({"n": 4}), memory_mbytes=128)
    # Only the platform's bounds apply to a size that the caller requests, not the Actor's.
    assert requested.options.memory_mbytes == 128


async def test_the_log_names_the_problem_of_an_expression_without_the_input(
    stage: Stage,
) -> None:
    actor = await stage.create_actor()
    await stage.create_build(actor, "latest", definition=EXPRESSION)
    run = await stage.start(stage.orchestrator.actors.get(actor.id), json_input({"n": "hunter2"}))
    assert run.options.memory_mbytes == 1024
    first = (await stage.log_of(run.id))[0]
    assert first.startswith("ACTOR: The Actor's defaultMemoryMbytes cannot be evaluated (a string is not a number)")
    requested = await stage.start(stage.orchestrator.actors.get(actor.id), json_input({}), memory_mbytes=256)
    assert "defaultMemoryMbytes" not in "".join(await stage.log_of(requested.id))


async def test_the_memory_of_a_task_overrides_the_expression(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.create_build(actor, "latest", definition={"defaultMemoryMbytes": "input.n * 512"})
    tasks, starting = stage.orchestrator.tasks, stage.orchestrator.starting
    task = await tasks.create(stage.user, actor.id, None, input={"n": 1})
    dynamic = await starting.start_task(stage.user, task, json_input({"n": 2}), StartOptions(), META)
    assert dynamic.options.memory_mbytes == 1024
    fixed = await tasks.update(task, options=TaskOptions(memory_mbytes=256))
    assert (await starting.start_task(stage.user, fixed, None, StartOptions(), META)).options.memory_mbytes == 256


async def test_an_expression_that_takes_long_with_a_big_input_does_not_block_the_event_loop() -> None:
    expression = " + ".join(["get(input, 's.1')"] * 50)
    ticks, megabytes = await ticks_during(
        memory({"defaultMemoryMbytes": expression}, json_input({"s": "1" * 9_000_000}))
    )
    assert megabytes == 128
    assert ticks > 20


@pytest.mark.processes
@pytest.mark.usefixtures("impatient_helpers")
async def test_an_expression_that_takes_too_long_is_reported() -> None:
    expression = " + ".join(["max(input.n)"] * 60)
    definition = Definition(document={"defaultMemoryMbytes": expression})
    input = PreparedInput(stored=json_input({"n": list(range(1_000_000))}))
    megabytes, problem = await default_memory(DEFAULTS, definition, StartOptions(), input)
    assert (megabytes, problem) == (1024, "it takes too long with this input")
