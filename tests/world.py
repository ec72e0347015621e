"""One object of each type of the API, for tests that call many operations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import httpx

from testing.api_client import SAMPLES
from testing.source_files import source_files

Json = dict[str, Any]
EVENTS = {"page": {"eventTitle": "Page", "eventDescription": "A page was read", "eventPriceUsd": 0.1}}
PRICING = {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": EVENTS}}
HOOK = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://127.0.0.1:9/", "doNotRetry": True}
SCHEDULE = {"cronExpression": "0 0 * * *", "isEnabled": True, "isExclusive": True, "actions": []}
REQUEST = {"url": "http://site.test/", "uniqueKey": "page", "method": "GET"}
EVERY_10_SECS = "*/10 * * * * *"
LONG_INPUT = {"sleepSecs": 600}
"""With this input, a run of the world's Actor stays live. Without it, a run ends by itself."""


class World(ABC):
    """The objects are created through the API alone. `at` has the values of all parameters of paths."""

    def __init__(self) -> None:
        self.at: dict[str, str] = {
            "userId": "local",
            "versionNumber": "0.0",
            "envVarName": "KEY",
            "recordKey": "OUTPUT",
        }
        self._count = 0

    @abstractmethod
    async def call(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Send a request and return its response, also if it reports an error."""

    @abstractmethod
    async def pass_time(self) -> None:
        """Let a moment pass in which runs, builds and webhooks proceed."""

    async def data(self, method: str, path: str, json: Any = None) -> Any:
        """Send a request that must succeed, and return the `data` of its response."""
        response = await self.call(method, path, json)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()["data"]

    async def until(self, path: str, holds: Callable[[Json], object]) -> Json:
        """Poll a record until `holds` returns something true for it, and return the record."""
        while not holds(record := await self.data("GET", path)):
            await self.pass_time()
        found: Json = record
        return found

    async def create_all(self) -> None:
        """Create everything except a run."""
        schedule = {**SCHEDULE, "cronExpression": EVERY_10_SECS, "name": "world"}
        self.at["scheduleId"] = (await self.data("POST", "/v2/schedules", schedule))["id"]
        for kind in ("datasets", "key-value-stores", "request-queues"):
            await self.data("POST", f"/v2/{kind}?name=world")
        await self.create_actor()
        await self.create_task()
        hook = {**HOOK, "condition": {"actorId": self.at["actorId"]}}
        self.at["webhookId"] = (await self.data("POST", "/v2/webhooks", hook))["id"]
        self.at["dispatchId"] = (await self.data("POST", f"/v2/webhooks/{self.at['webhookId']}/test"))["id"]
        await self.until(f"/v2/webhook-dispatches/{self.at['dispatchId']}", lambda now: now["status"] != "ACTIVE")
        self.at["encoded"] = (await self.data("POST", "/v2/tools/encode-and-sign", {"a": 1}))["encoded"]

    async def create_actor(self) -> None:
        """Create a public Actor with two builds."""
        self._count += 1
        secret = {"name": "KEY", "value": "hidden", "isSecret": True}
        files = source_files(SAMPLES / "hello")
        version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": files, "envVars": [secret]}
        fields = {"name": f"world-{self._count}", "versions": [version]}
        self.at["actorId"] = (await self.data("POST", "/v2/actors", fields))["id"]
        await self._build("latest")
        self.at["buildId"] = await self._build("extra")
        await self.data("PUT", f"/v2/actors/{self.at['actorId']}", {"pricingInfos": [PRICING], "isPublic": True})

    async def _build(self, tag: str) -> str:
        build = await self.data("POST", f"/v2/actors/{self.at['actorId']}/builds?version=0.0&tag={tag}")
        ended = await self.until(f"/v2/actor-builds/{build['id']}", lambda now: now["finishedAt"])
        assert ended["status"] == "SUCCEEDED", (await self.call("GET", f"/v2/logs/{build['id']}")).text
        return str(build["id"])

    async def create_task(self) -> None:
        """Create a task with an input and a webhook."""
        self._count += 1
        fields = {"actId": self.at["actorId"], "name": f"world-{self._count}", "input": {"name": "Ada"}}
        task = (await self.data("POST", "/v2/actor-tasks", fields))["id"]
        await self.data("POST", "/v2/webhooks", {**HOOK, "condition": {"actorTaskId": task}})
        self.at["actorTaskId"] = task

    async def create_run(self) -> None:
        """Start a live run of the task, whose storages contain something. Earlier runs are aborted."""
        await self._abort_runs()
        run = await self.data("POST", f"/v2/actor-tasks/{self.at['actorTaskId']}/runs", LONG_INPUT)
        await self.until(f"/v2/actor-runs/{run['id']}", lambda now: now["status"] == "RUNNING")
        self.at |= {
            "runId": run["id"],
            "buildOrRunId": run["id"],
            "datasetId": run["defaultDatasetId"],
            "storeId": run["defaultKeyValueStoreId"],
            "queueId": run["defaultRequestQueueId"],
        }
        await self.fill_storages()

    async def fill_storages(self) -> None:
        """Put a record, an item and a request into the storages of the run."""
        at = self.at
        await self.call("PUT", f"/v2/key-value-stores/{at['storeId']}/records/{at['recordKey']}", {"a": 1})
        await self.call("POST", f"/v2/datasets/{at['datasetId']}/items", [{"a": 1}])
        added = await self.data("POST", f"/v2/request-queues/{at['queueId']}/requests", REQUEST)
        at["requestId"] = added["requestId"]

    async def lock_requests(self) -> None:
        await self.data("POST", f"/v2/request-queues/{self.at['queueId']}/head/lock?lockSecs=60")

    async def unlock_requests(self) -> None:
        await self.data("POST", f"/v2/request-queues/{self.at['queueId']}/requests/unlock")

    async def wait_for_tick(self) -> None:
        await self.until(f"/v2/schedules/{self.at['scheduleId']}", lambda now: now["lastRunAt"])

    async def end_runs(self) -> None:
        """Abort all live runs of the Actor, and wait for their end."""
        for run in await self._abort_runs():
            await self.until(f"/v2/actor-runs/{run['id']}", lambda now: now["finishedAt"])

    async def _abort_runs(self) -> list[Json]:
        live = await self.data("GET", f"/v2/actors/{self.at['actorId']}/runs?status=READY,RUNNING,ABORTING")
        return [await self.data("POST", f"/v2/actor-runs/{run['id']}/abort") for run in live["items"]]
