"""One object of each type of the API, for tests that call many operations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runtime.base.records import Build, Run
from tests.fakes.api import Api

Json = dict[str, Any]
EVENTS = {"page": {"eventTitle": "Page", "eventDescription": "A page was read", "eventPriceUsd": 0.1}}
PRICING = {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": EVENTS}}
HOOK = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://127.0.0.1:9/", "doNotRetry": True}
SCHEDULE = {"cronExpression": "0 0 * * *", "isEnabled": True, "isExclusive": True, "actions": []}
REQUEST = {"url": "http://site.test/", "uniqueKey": "page", "method": "GET"}


def _with_client(build: Build) -> Build:
    return replace(build, meta=replace(build.meta, client_ip="127.0.0.1", user_agent="a client"))


class World:
    """One object of each type, with the values of all parameters of paths in `at`. `run` is live."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.at: dict[str, str] = {
            "userId": "local",
            "versionNumber": "0.0",
            "envVarName": "KEY",
            "recordKey": "OUTPUT",
        }
        self.run: Run
        self._count = 0

    async def create_shared(self) -> None:
        """Create what no operation destroys before its own DELETE."""
        await self.create()
        webhook = await self.api.data(
            "POST", "/v2/webhooks", json={**HOOK, "condition": {"actorId": self.at["actorId"]}}
        )
        dispatch = await self.api.data("POST", f"/v2/webhooks/{webhook['id']}/test")
        await self.api.clock.advance(1)
        encoded = await self._id("POST", "/v2/tools/encode-and-sign", "encoded", {"a": 1})
        schedule = await self._id("POST", "/v2/schedules", "id", {**SCHEDULE, "name": "shared"})
        shared = {"webhookId": webhook["id"], "dispatchId": dispatch["id"], "encoded": encoded, "scheduleId": schedule}
        self.at |= shared

    async def create(self) -> None:
        """Create an Actor with a task and a live run of it, whose storages contain something. End all other runs."""
        api, self._count = self.api, self._count + 1
        for id in list(api.orchestrator.live_runs.live_run_ids):
            await api.finish(api.orchestrator.runs.get(id))
        actor = await api.create_actor(f"world-{self._count}")
        secret = {"name": "KEY", "value": "hidden", "isSecret": True}
        version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": [], "envVars": [secret]}
        await api.data("POST", f"/v2/actors/{actor.id}/versions", json=version)
        await api.data("PUT", f"/v2/actors/{actor.id}", json={"pricingInfos": [PRICING], "isPublic": True})
        build = await api.create_build(actor, "extra", input_schema={"title": "x", "type": "object", "properties": {}})
        for each in api.orchestrator.database.builds.of_actor(actor.id):  # a client started them
            await api.orchestrator.database.builds.update(each.id, _with_client)
        task = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": f"world-{self._count}"})
        shown = await api.data("POST", f"/v2/actor-tasks/{task['id']}/runs", json={})
        await api.clock.settle()
        self.run = api.orchestrator.runs.get(shown["id"])
        self.at |= {"actorId": actor.id, "buildId": build.id, "actorTaskId": task["id"], "runId": self.run.id}
        await self._fill(self.run)

    async def _fill(self, run: Run) -> None:
        stores, queue = f"/v2/key-value-stores/{run.default_key_value_store_id}", run.default_request_queue_id
        await self.api.call("PUT", f"{stores}/records/OUTPUT", json={"a": 1})
        await self.api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{"a": 1}])
        added = await self.api.data("POST", f"/v2/request-queues/{queue}/requests", json=REQUEST)
        self.at |= {
            "datasetId": run.default_dataset_id,
            "storeId": run.default_key_value_store_id,
            "queueId": queue,
            "requestId": added["requestId"],
            "buildOrRunId": run.id,
        }

    async def _id(self, method: str, path: str, name: str, body: Json) -> str:
        """A field of a response; empty if the operation is missing, which its own call reports."""
        response = await self.api.call(method, path, json=body)
        return str(response.json()["data"][name]) if response.is_success else ""
