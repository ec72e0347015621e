"""The engine's news of an instance's containers. They only wake those who wait: the truth is what inspect tells."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from functools import partial

import docker.errors

from runtime.containers import INSTANCE_LABEL, EngineUnavailable
from runtime.containers.connection import Connection
from runtime.containers.streams import JsonStream
from runtime.containers.threaded_stream import following

RECONNECT_SECS = 1.0


class Events:
    """Wakes who waits for a container, and remembers which ones the kernel killed for their memory."""

    def __init__(self, connection: Connection, instance_id: str) -> None:
        self._connection = connection
        self._instance_id = instance_id
        self._oom_killed: set[str] = set()
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._watch: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._watch = asyncio.create_task(self._follow(), name="docker events")

    async def close(self) -> None:
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    def was_oom_killed(self, container_id: str) -> bool:
        """Whether an event told of it; inspect forgets those of which the engine learned after the exit."""
        return container_id in self._oom_killed

    @contextmanager
    def woken(self, container_id: str) -> Iterator[asyncio.Event]:
        """An event of the caller's own, set whenever the container may have ended."""
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
            with suppress(EngineUnavailable, docker.errors.APIError):  # those who wait learn it from inspect
                async with aclosing(following(partial(self._open, loop), "docker events")) as batches:
                    async for events in batches:
                        for event in events:
                            self._note(event["Action"], event["Actor"]["ID"])
            await asyncio.sleep(RECONNECT_SECS)

    def _open(self, loop: asyncio.AbstractEventLoop) -> JsonStream:
        filters = {
            "type": ["container"],
            "event": ["oom", "die", "destroy"],
            "label": [f"{INSTANCE_LABEL}={self._instance_id}"],
        }
        events = JsonStream(self._connection.stream("/events", filters=json.dumps(filters)))
        loop.call_soon_threadsafe(self._wake_all)  # for what happened while nobody listened
        return events

    def _note(self, action: str, container_id: str) -> None:
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
