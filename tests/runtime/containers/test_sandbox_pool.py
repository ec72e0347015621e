"""Which network sandboxes are prepared and when, without an engine."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from runtime.containers import EngineUnavailable, StartFailed
from runtime.containers.sandbox_pool import LONGEST_PAUSE_MILLIS, QUIET_SECS, SandboxPool
from tests.fakes.clock import VirtualClock

A_WHILE_SECS = 5 * QUIET_SECS


class Sandboxes:
    """The sandboxes that exist: made and removed by the pool, and ended by a test."""

    def __init__(self) -> None:
        self.existing: list[str] = []
        self.problem: Exception | None = None
        self.attempts = 0
        self.may_make = asyncio.Event()
        self.may_make.set()
        self._ended: dict[str, asyncio.Event] = {}
        self._numbers = itertools.count(1)

    async def make(self) -> str:
        self.attempts += 1
        if self.problem is not None:
            raise self.problem
        id = f"sandbox {next(self._numbers)}"
        await self.may_make.wait()
        self.existing.append(id)
        self._ended[id] = asyncio.Event()
        return id

    async def remove(self, id: str) -> None:
        if isinstance(self.problem, EngineUnavailable):
            raise self.problem
        if id in self.existing:
            self.existing.remove(id)

    async def wait(self, id: str) -> None:
        await self._ended[id].wait()

    def end(self, id: str) -> None:
        self._ended[id].set()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sandboxes() -> Sandboxes:
    return Sandboxes()


@pytest.fixture
async def pool(sandboxes: Sandboxes, clock: VirtualClock) -> AsyncIterator[SandboxPool]:
    pool = new_pool(sandboxes, clock)
    pool.open()
    yield pool
    sandboxes.may_make.set()
    sandboxes.problem = None
    await pool.close()


def new_pool(sandboxes: Sandboxes, clock: VirtualClock, size: int = 2) -> SandboxPool:
    return SandboxPool(make=sandboxes.make, remove=sandboxes.remove, wait=sandboxes.wait, clock=clock, size=size)


async def test_each_sandbox_is_taken_once_and_the_oldest_first(
    pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock
) -> None:
    assert pool.take() is None
    await clock.advance(A_WHILE_SECS)
    assert sandboxes.existing == ["sandbox 1", "sandbox 2"]
    assert [pool.take(), pool.take(), pool.take()] == ["sandbox 1", "sandbox 2", None]
    await clock.advance(A_WHILE_SECS)
    assert [pool.take(), pool.take(), pool.take()] == ["sandbox 3", "sandbox 4", None]


async def test_nothing_is_prepared_while_containers_start(
    pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock
) -> None:
    with pool.during_start():
        await clock.advance(A_WHILE_SECS)
        assert sandboxes.existing == []
    for _ in range(5):
        await clock.advance(QUIET_SECS / 2)
        with pool.during_start():
            assert sandboxes.existing == []
    await clock.advance(A_WHILE_SECS)
    assert len(sandboxes.existing) == 2


async def test_a_full_pool_does_nothing(pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock) -> None:
    await clock.advance(A_WHILE_SECS)
    with pool.during_start():
        pass
    await clock.advance(1000 * A_WHILE_SECS)
    assert sandboxes.attempts == 2


async def test_a_sandbox_that_has_ended_is_replaced(
    pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock
) -> None:
    await clock.advance(A_WHILE_SECS)
    sandboxes.end("sandbox 1")
    await clock.settle()
    assert sandboxes.existing == ["sandbox 2"]
    await clock.advance(A_WHILE_SECS)
    assert [pool.take(), pool.take()] == ["sandbox 2", "sandbox 3"]


async def test_after_an_error_the_next_start_leads_to_another_attempt(
    pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    sandboxes.problem = StartFailed("exec format error")
    await clock.advance(2 * QUIET_SECS)
    for _ in range(2):
        with pool.during_start():
            assert pool.take() is None
        await clock.advance(2 * QUIET_SECS)
    assert sandboxes.attempts == 3
    assert caplog.text.count("exec format error") == 1
    sandboxes.problem = None
    with pool.during_start():
        pass
    await clock.advance(2 * QUIET_SECS)
    assert len(sandboxes.existing) == 2


@pytest.mark.parametrize("problem", [StartFailed("shutting down"), EngineUnavailable("stopped")])
async def test_after_an_error_the_pool_fills_itself_though_no_run_starts(
    pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock, problem: Exception
) -> None:
    """As after a restart of the engine that ended the sandboxes of an idle server."""
    await clock.advance(A_WHILE_SECS)
    sandboxes.problem = problem
    sandboxes.end("sandbox 1")
    await clock.advance(3600)
    pauses = sandboxes.attempts - 2
    assert 60 <= pauses < 70  # one a minute, after the first
    sandboxes.problem = None
    await clock.advance(2 * LONGEST_PAUSE_MILLIS / 1000)
    assert sandboxes.existing == ["sandbox 2", "sandbox 3"]
    assert sandboxes.attempts == 2 + pauses + 1


async def test_a_sandbox_is_removed_when_the_engine_is_available_again(
    pool: SandboxPool, sandboxes: Sandboxes, clock: VirtualClock
) -> None:
    await clock.advance(A_WHILE_SECS)
    taken = pool.take()
    assert taken is not None
    sandboxes.problem = EngineUnavailable("stopped")
    pool.discard(taken)
    await clock.advance(60)
    assert taken in sandboxes.existing
    sandboxes.problem = None
    await clock.advance(60)
    assert taken not in sandboxes.existing


@pytest.mark.parametrize("is_engine_away", [False, True])
async def test_close_removes_what_was_not_taken(
    sandboxes: Sandboxes, clock: VirtualClock, is_engine_away: bool
) -> None:
    pool = new_pool(sandboxes, clock)
    pool.open()
    await clock.advance(A_WHILE_SECS)
    taken = pool.take()
    if is_engine_away:
        sandboxes.problem = EngineUnavailable("stopped")
    await pool.close()
    assert sandboxes.existing == ([taken, "sandbox 2"] if is_engine_away else [taken])


async def test_close_removes_the_one_that_is_being_made(sandboxes: Sandboxes, clock: VirtualClock) -> None:
    pool = new_pool(sandboxes, clock)
    pool.open()
    sandboxes.may_make.clear()
    await clock.advance(A_WHILE_SECS)
    closing = asyncio.create_task(pool.close())
    await clock.settle()
    sandboxes.may_make.set()
    await closing
    assert (sandboxes.attempts, sandboxes.existing) == (1, [])


async def test_a_pool_of_size_0_prepares_nothing(sandboxes: Sandboxes, clock: VirtualClock) -> None:
    pool = new_pool(sandboxes, clock, size=0)
    pool.open()
    with pool.during_start():
        await clock.advance(A_WHILE_SECS)
        assert pool.take() is None
    await pool.close()
    assert sandboxes.attempts == 0
