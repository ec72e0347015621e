"""The objects of `tests/world.py` in an application on a scripted engine and virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from runtime.base.records import Run
from tests.fakes.api import Api
from tests.world import World


class ScriptedWorld(World):
    """A run that a synchronous operation starts succeeds, with an item and the records OUTPUT and OTHER."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api

    @property
    def run(self) -> Run:
        return self.api.orchestrator.runs.get(self.at["runId"])

    async def call(self, method: str, path: str, json: Any = None) -> httpx.Response:
        earlier = self._live_runs()
        call = asyncio.create_task(self.api.call(method, path, json=json))
        if "/run-sync" in path:
            while not call.done() and self._live_runs() == earlier:  # a thread validates the input
                await self.api.clock.settle()
            for id in self._live_runs() - earlier:
                await self._succeed(self.api.orchestrator.runs.get(id))
        response = await call
        await self.api.clock.settle()
        return response

    def _live_runs(self) -> set[str]:
        return set(self.api.orchestrator.live_runs.live_run_ids)

    async def _succeed(self, run: Run) -> None:
        for key in ("OUTPUT", "OTHER"):
            path = f"/v2/key-value-stores/{run.default_key_value_store_id}/records/{key}"
            await self.api.call("PUT", path, json={key.lower(): 1})
        await self.api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json={"a": 1})
        await self.api.finish(run)

    async def pass_time(self) -> None:
        await self.api.clock.advance(1)
