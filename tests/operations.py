"""Calls every operation of Apify's OpenAPI document with real objects, and lists those whose response is not valid.

`tests/api/test_conformance.py` does this on a scripted engine, `tests/clients/test_openapi.py` on a real server.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.openapi import DEVIATIONS, UNMEASURED, Call, Contract
from tests.world import HOOK, LONG_INPUT, REQUEST, SCHEDULE, World

Operation = tuple[str, str]
"""The method and path, as the document has them."""
Step = Callable[[World], Awaitable[None]]

BEFORE: list[tuple[str, Step]] = [
    (r"POST .*/resurrect", World.end_runs),
    (r"DELETE .*/(actor-runs/{runId}|actors/{actorId})", World.end_runs),
    (r"POST .*/head/lock", World.unlock_requests),
    (r"\w+ .*/requests/{requestId}/lock", World.lock_requests),
    (r"GET .*/schedules/{scheduleId}/log", World.wait_for_tick),
]
"""The state that an operation requires."""
AFTER: list[tuple[str, Step]] = [
    (r"DELETE .*/actor-tasks/{actorTaskId}", World.create_task),
    (r"DELETE .*/(actor-tasks/{actorTaskId}|actor-runs/{runId})", World.create_run),
    (r"DELETE .*/(dataset|key-value-store|request-queue)(s/{\w+})?", World.create_run),
    (r"DELETE .*/(records/{recordKey}|requests/(batch|{requestId}))", World.fill_storages),
    (r"POST .*/(runs/last|{runId})/abort", World.create_run),
]
"""How to create again what an operation has deleted or ended."""
STARTS_RUN = re.compile(r"POST .*/runs|\w+ .*/run-sync.*")
"""Operations that change which run is the last one."""


def body_of(operation: str, at: dict[str, str]) -> Any:
    """The JSON body of an operation; None if it takes none."""
    bodies: list[tuple[str, Any]] = [
        (r"POST .*/actors", {"name": "posted"}),
        (r"PUT .*/actors/{actorId}", {"title": "Put"}),
        (r"POST .*/versions", {"versionNumber": "0.1", "sourceType": "SOURCE_FILES", "sourceFiles": []}),
        (r"(PUT|POST) .*/versions/{versionNumber}", {"buildTag": "beta"}),
        (r"POST .*/env-vars", {"name": "OTHER", "value": "x"}),
        (r"(PUT|POST) .*/env-vars/{envVarName}", {"name": "KEY", "value": "y"}),
        (r"POST .*/actor-tasks", {"actId": at["actorId"], "name": "posted"}),
        (r"PUT .*/actor-tasks/{actorTaskId}", {"title": "Put"}),
        (r"PUT .*/input", {"a": 1}),
        (r"POST .*/validate-input", {"a": 1}),
        (r"POST .*/metamorph", LONG_INPUT),
        (r"PUT .*/actor-runs/{runId}", {"statusMessage": "Walking"}),
        (r"POST .*/charge", {"eventName": "page", "count": 1}),
        (r"POST .*/items", [{"a": 1}]),
        (r"(PUT|POST) .*/records/{recordKey}", {"a": 1}),
        (r"POST .*/requests", {**REQUEST, "uniqueKey": "posted"}),
        (r"PUT .*/requests/{requestId}", {**REQUEST, "id": at["requestId"]}),
        (r"POST .*/requests/batch", [{**REQUEST, "uniqueKey": "batch"}]),
        (r"DELETE .*/requests/batch", [{"uniqueKey": "page"}]),
        (r"POST .*/webhooks", {**HOOK, "condition": {"actorId": at["actorId"]}}),
        (r"PUT .*/webhooks/{webhookId}", {"payloadTemplate": "{{resource}}"}),
        (r"POST .*/schedules", {**SCHEDULE, "name": "posted"}),
        (r"PUT .*/schedules/{scheduleId}", {"title": "Put"}),
        (r"PUT .*/users/me/limits", {"maxMonthlyUsageUsd": 100}),
        (r"POST .*/encode-and-sign", {"a": 1}),
        (r"POST .*/decode-and-verify", {"encoded": at["encoded"]}),
        (r"PUT .*/(dataset|key-value-store|request-queue)", {"title": "Put"}),
        (r"PUT .*/(datasets|key-value-stores|request-queues)/{\w+}", {"title": "Put"}),
    ]
    return next((body for pattern, body in bodies if re.fullmatch(pattern, operation)), None)


def query_of(operation: str, at: dict[str, str]) -> str:
    """The parameters that an operation requires."""
    if operation.endswith("/metamorph"):
        return f"?targetActorId={at['actorId']}"
    if operation.startswith("POST") and operation.endswith("/builds"):
        return "?version=0.0"
    return "?lockSecs=60" if operation.endswith("/lock") else ""


def in_phases(operations: list[Operation]) -> tuple[list[Operation], ...]:
    """Operations that start runs, all others, and deletions, each with another run.

    Deletions come last and in reverse, because the document has an object before what belongs to it.
    """
    starts = [each for each in operations if STARTS_RUN.fullmatch(" ".join(each))]
    deletions = [each for each in operations if each[0] == "DELETE"]
    others = [each for each in operations if each not in starts and each not in deletions]
    return starts, others, deletions[::-1]


async def call_all(world: World, operations: list[Operation]) -> list[Call]:
    """Call all operations one after another, each with objects that exist. No run remains."""
    await world.create_all()
    calls = []
    for phase in in_phases(operations):
        await world.create_run()
        calls += [await _call(world, *operation) for operation in phase]
    return calls


async def _call(world: World, method: str, template: str) -> Call:
    operation = f"{method} {template}"
    await _steps(BEFORE, operation, world)
    path = template.format(**world.at) + query_of(operation, world.at)
    call = Call(method, template, await world.call(method, path, body_of(operation, world.at)))
    await _steps(AFTER, operation, world)
    return call


async def _steps(table: list[tuple[str, Step]], operation: str, world: World) -> None:
    for pattern, step in table:
        if re.fullmatch(pattern, operation):
            await step(world)


def check_all(calls: list[Call], contract: Contract) -> None:
    """Print the table of all operations. Fail with those that were not called or whose response is not valid."""
    problems = {each: ["was not called"] for each in contract.operations()}
    problems |= {(call.method, call.template): _problems(call, contract) for call in calls}
    for (method, template), found in problems.items():
        print(f"{method:6} {template}: {'; '.join(found) or 'valid'}")
    invalid = [f"{method} {template}: {found[0]}" for (method, template), found in problems.items() if found]
    print(f"{len(problems) - len(invalid)} of {len(problems)} operations return a valid response")
    assert not invalid, "\n" + "\n".join(invalid)


def _problems(call: Call, contract: Contract) -> list[str]:
    if not call.response.is_success:
        return [f"{call.response.status_code} {call.response.text[:200]}"]
    empty = ["its list is empty, so no item was validated"] if _is_empty_list(call.response) else []
    found = [line for line in contract.problems(call) if not _is_deviation(line)]
    return empty + [line.removeprefix(f"{call.method} {call.template} ") for line in found]


def _is_empty_list(response: httpx.Response) -> bool:
    if not response.content or not response.headers.get("content-type", "").startswith("application/json"):
        return False
    body = response.json()
    data = body.get("data", body) if isinstance(body, dict) else body
    return (data.get("items") if isinstance(data, dict) else data) == []


def _is_deviation(line: str) -> bool:
    return line.startswith(tuple(DEVIATIONS)) or UNMEASURED.fullmatch(line) is not None
