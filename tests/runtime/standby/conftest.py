from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.base.records import Actor, Run, Task, User
from runtime.standby.standby import Slot, Standby
from runtime.standby.targets import StandbyTarget
from tests.fakes.stage import Stage


class StandbyStage(Stage):
    """A stage whose Actors have web servers. A run answers the probe once its id is in `answering`, or all do."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        super().__init__(data_dir, **settings)
        self.answering: set[str] = set()
        self.all_answer = True

    async def open(self) -> None:
        await super().open()
        self.standby._runs._probe = self._probe  # the fake containers have no addresses

    async def _probe(self, run_id: str) -> bool:
        return self.all_answer or run_id in self.answering

    @property
    def standby(self) -> Standby:
        return self.orchestrator.standby

    async def create_standby_actor(self, name: str = "hello", user: User | None = None, **settings: Any) -> Actor:
        actor = await self.create_actor(name, user)
        return await self.change_settings(actor, isEnabled=True, **settings)

    async def change_settings(self, actor: Actor, **settings: Any) -> Actor:
        known = self.orchestrator.actors.get(actor.id).extra.get("actorStandby") or {}
        return await self.orchestrator.actors.update(
            actor, lambda now: {"extra": {**now.extra, "actorStandby": {**known, **settings}}}
        )

    def target(self, record: Actor | Task, user: User | None = None) -> StandbyTarget:
        """The target of the address of an Actor or task, with its current records."""
        found = self.orchestrator.standby.targets
        return found.find(user or self.user, found.label_of(record))

    async def acquire(self, record: Actor | Task, count: int = 1, user: User | None = None) -> list[Slot]:
        """Send so many parallel requests, and return their slots when all runs are ready."""
        requests = await self.send(record, count, user)
        return list(await asyncio.gather(*requests))

    async def send(self, record: Actor | Task, count: int = 1, user: User | None = None) -> list[asyncio.Task[Slot]]:
        """Send so many parallel requests, and return them when all tasks wait for time to pass."""
        requests = [asyncio.create_task(self.standby.acquire(self.target(record, user))) for _ in range(count)]
        await self.clock.advance(0.5)
        return requests

    @property
    def live(self) -> list[Run]:
        return self.orchestrator.runs.unfinished()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[StandbyStage]:
    stage = StandbyStage(tmp_path)
    await stage.open()
    yield stage
    await stage.close()
