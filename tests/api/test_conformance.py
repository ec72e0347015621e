"""Every operation of Apify's OpenAPI document, called with real objects, and each response validated with its formats.

GREENROOM_OPENAPI is the path of the document. `pytest -s` prints the table of the operations that are not valid.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from tests.api.world import HOOK, REQUEST, SCHEDULE, World
from tests.fakes.api import Api
from tests.openapi import DEVIATIONS, DOCUMENT, NO_DOCUMENT, UNMEASURED, Call, Contract

pytestmark = pytest.mark.skipif(not DOCUMENT, reason=NO_DOCUMENT)

Result = TypeVar("Result")
CHANGES_RUNS = re.compile(r"^DELETE |/(abort|resurrect|reboot|metamorph)$|/run-sync|/runs$")
"""Operations after which others cannot use the same objects."""


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
        (r"POST .*/decode-and-verify", {"encoded": at.get("encoded", "")}),
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


class Exercise:
    """Calls operations one after another, each with objects that fit."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.world = World(api)
        self.calls: list[Call] = []

    async def all(self, operations: list[tuple[str, str]]) -> list[Call]:
        """Call all operations. Those that delete come last, because others need the same objects."""
        await self.world.create_shared()
        for method, template in sorted(operations, key=lambda operation: operation[0] == "DELETE"):
            operation = f"{method} {template}"
            await self._prepare(operation)
            self.calls.append(Call(method, template, await self._call(operation)))
            if CHANGES_RUNS.search(operation):
                await self.world.create()
        return self.calls

    async def _prepare(self, operation: str) -> None:
        if operation.endswith("/resurrect"):
            await self.api.finish(self.world.run)
        if operation.endswith("/requests/{requestId}/lock"):
            await self.api.data("POST", f"/v2/request-queues/{self.world.at['queueId']}/head/lock?lockSecs=60")
        if operation.startswith("DELETE") and operation.endswith(("/actor-runs/{runId}", "/actors/{actorId}")):
            await self.api.finish(self.world.run)

    async def _call(self, operation: str) -> httpx.Response:
        method, template = operation.split(" ")
        at = self.world.at
        path = template.format(**at) + query_of(operation, at)
        call = await self.api.start_call(method, path, json=body_of(operation, at))
        if "/run-sync" in operation:
            await self._finish_synchronous_run()
        return await call

    async def _finish_synchronous_run(self) -> None:
        (id,) = set(self.api.orchestrator.live_runs.live_run_ids) - {self.world.run.id}
        run = self.api.orchestrator.runs.get(id)
        store = f"/v2/key-value-stores/{run.default_key_value_store_id}"
        await self.api.call("PUT", f"{store}/records/OUTPUT", json={"a": 1})
        await self.api.finish(run)


def is_deviation(line: str) -> bool:
    return line.startswith(tuple(DEVIATIONS)) or UNMEASURED.fullmatch(line) is not None


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(Path(DOCUMENT))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> list[Call]:
    async def exercise(api: Api) -> list[Call]:
        return await Exercise(api).all(contract.operations())

    return with_api(tmp_path_factory.mktemp("conformance"), exercise)


def with_api(data_dir: Path, use: Callable[[Api], Coroutine[Any, Any, Result]]) -> Result:
    """Use an application in an event loop of its own, so that several tests can share the result."""

    async def run() -> Result:
        api = Api(data_dir)
        await api.open()
        try:
            return await use(api)
        finally:
            await api.close(stop_runs=True)

    return asyncio.run(run())


def test_every_operation_returns_a_valid_response(calls: list[Call], contract: Contract) -> None:
    invalid = {}
    for call in calls:
        problems = [line for line in contract.problems(call) if not is_deviation(line)]
        if not call.response.is_success:
            problems.insert(0, f"{call.name}: {call.response.text[:200]}")
        if problems:
            invalid[f"{call.method} {call.template}"] = problems[0]
    assert len(calls) == len(set(contract.operations()))
    print(f"\n{len(calls) - len(invalid)} of {len(calls)} operations return a valid response")
    assert not invalid, "\n" + "\n".join(invalid.values())
