"""Faults of the scripted engine: requests that hang, and an engine that is unavailable for a while.

They replace methods of the fakes, so that the fakes need no switch for each fault. The type checker has to ignore that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from runtime.containers import EngineUnavailable
from tests.fakes.containers import FakeContainer, FakeContainers

P = ParamSpec("P")
T = TypeVar("T")
FAILURES = 3


def pause_create(engine: FakeContainers) -> tuple[asyncio.Event, asyncio.Event]:
    """Pause each creation of a container. The first event is set when one begins; set the second one to resume it."""
    reached, resume = asyncio.Event(), asyncio.Event()
    engine.create = _paused(engine.create, reached, resume)  # type: ignore[method-assign]
    return reached, resume


def pause_start(engine: FakeContainers) -> tuple[asyncio.Event, asyncio.Event]:
    """Pause the start of containers that are created from now on. The events are those of `pause_create`."""
    reached, resume = asyncio.Event(), asyncio.Event()

    def on_create(container: FakeContainer) -> None:
        container.start = _paused(container.start, reached, resume)  # type: ignore[method-assign]

    engine.on_create = on_create
    return reached, resume


def make_unavailable(container: FakeContainer, method: str) -> list[str]:
    """Make a method raise EngineUnavailable the first three times. Return a list that grows with each failure."""
    request, failures = getattr(container, method), list[str]()

    async def fail_at_first(*arguments: Any) -> Any:
        if len(failures) < FAILURES:
            failures.append(method)
            raise EngineUnavailable("restarting")
        return await request(*arguments)

    setattr(container, method, fail_at_first)
    return failures


def set_disk_use(used_bytes: int | None) -> Callable[[FakeContainer], None]:
    """Return an `on_create` that sets the disk usage of each container. None means that it cannot be measured."""

    def on_create(container: FakeContainer) -> None:
        container.disk = used_bytes

    return on_create


def _paused(
    request: Callable[P, Coroutine[Any, Any, T]], reached: asyncio.Event, resume: asyncio.Event
) -> Callable[P, Coroutine[Any, Any, T]]:
    async def wait_and_request(*args: P.args, **kwargs: P.kwargs) -> T:
        reached.set()
        await resume.wait()
        return await request(*args, **kwargs)

    return wait_and_request
