"""How waiters learn of the ends of containers if the engine's events do not report them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from runtime.containers import EngineUnavailable, events
from runtime.containers.connection import EngineConnection
from runtime.containers.events import ContainerEvents

FAST = 0.001


class SilentEngine:
    """An engine without events. The first list of its containers fails."""

    def __init__(self, *running: str) -> None:
        self.api = self
        self.lists = 0
        self._running = running

    async def call(self, request: Callable[..., Any], **params: Any) -> Any:
        return request(**params)

    def containers(self, filters: dict[str, str]) -> list[dict[str, str]]:
        assert filters == {"label": "com.greenroom.instance=i1"}
        self.lists += 1
        if self.lists == 1:
            raise EngineUnavailable("It restarts.")
        return [{"Id": id} for id in self._running]

    def stream(self, path: str, **params: str) -> Any:
        raise EngineUnavailable("It has no events.")


async def test_a_container_whose_end_no_event_reports_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RECHECK_SECS", FAST)
    engine = SilentEngine("c1")
    watched = ContainerEvents(cast(EngineConnection, engine), "i1")
    watched.open()
    with watched.watch("c1") as runs, watched.watch("c2") as ended:
        await asyncio.wait_for(ended.wait(), 20)
        assert engine.lists == 2 and not runs.is_set()
    await watched.close()
