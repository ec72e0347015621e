"""The engine's events about an instance's containers. They only wake waiters; the state comes from inspect."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from functools import partial

import docker.errors

from runtime.containers import INSTANCE_LABEL, EngineUnavailable
from runtime.containers.connection import EngineConnection
from runtime.containers.streams import JsonStream
from runtime.containers.threaded_stream import read_in_thread

log = logging.getLogger("greenroom.containers")

RECONNECT_SECS = 1.0
RECHECK_SECS = 30.0
"""An event may be lost, so after this time it is checked which containers run."""


class ContainerEvents:
    """Wakes the waiters of a container, and remembers which containers the kernel killed for their memory use."""

    def __init__(self, connection: EngineConnection, instance_id: str) -> None:
        self._connection = connection
        self._instance_id = instance_id
        self._oom_killed: set[str] = set()
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.is_connected = True
        """Whether the engine answered the last request for its events. The server has reached it before this."""
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        self._tasks = [
            asyncio.create_task(self._follow(), name="docker events"),
            asyncio.create_task(self._recheck(), name="running containers"),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def was_oom_killed(self, container_id: str) -> bool:
        """Return whether an event reported an OOM kill. Inspect does not show one that is detected after the exit."""
        return container_id in self._oom_killed

    @contextmanager
    def watch(self, container_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever the container may have ended."""
        event = asyncio.Event()
        self._waiting[container_id].add(event)
        try:
            yield event
        finally:
            self._waiting[container_id].discard(event)
            if not self._waiting[container_id]:
                del self._waiting[container_id]

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with aclosing(read_in_thread(partial(self._open, loop), "docker events")) as batches:
                    async for events in batches:
                        for event in events:
                            self._handle(event["Action"], event["Actor"]["ID"])
            except (EngineUnavailable, docker.errors.APIError):
                self.is_connected = False  # waiters get this error from inspect
            except Exception:
                log.exception("The engine's events could not be read")
            await asyncio.sleep(RECONNECT_SECS)

    async def _recheck(self) -> None:
        """Wake the waiters of containers that do not run. One request serves all of them."""
        while True:
            await asyncio.sleep(RECHECK_SECS)
            with suppress(EngineUnavailable, docker.errors.APIError):  # when it answers again, all waiters are woken
                if self._waiting:
                    await self._wake_ended()

    async def _wake_ended(self) -> None:
        label = f"{INSTANCE_LABEL}={self._instance_id}"
        listed = await self._connection.call(self._connection.api.containers, filters={"label": label})
        for container_id in self._waiting.keys() - {running["Id"] for running in listed}:
            self._wake(container_id)

    def _open(self, loop: asyncio.AbstractEventLoop) -> JsonStream:
        filters = {
            "type": ["container"],
            "event": ["oom", "die", "destroy"],
            "label": [f"{INSTANCE_LABEL}={self._instance_id}"],
        }
        events = JsonStream(self._connection.stream("/events", filters=json.dumps(filters)))
        self.is_connected = True
        loop.call_soon_threadsafe(self._wake_all)  # events may have been missed while disconnected
        return events

    def _handle(self, action: str, container_id: str) -> None:
        if action == "oom":
            self._oom_killed.add(container_id)
        elif action == "destroy":
            self._oom_killed.discard(container_id)
        self._wake(container_id)

    def _wake(self, container_id: str) -> None:
        for event in self._waiting.get(container_id, ()):
            event.set()

    def _wake_all(self) -> None:
        for container_id in self._waiting:
            self._wake(container_id)
