from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from runtime.base.clock import Millis
from runtime.base.retry import FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS, retry
from tests.fakes.clock import START, VirtualClock


def failing_until(
    clock: VirtualClock, secs: float, error: Exception
) -> tuple[Callable[[], Awaitable[str]], list[Millis]]:
    """A request that fails for some seconds, and the times of its calls."""
    calls: list[Millis] = []

    async def request() -> str:
        calls.append(clock.now() - START)
        if calls[-1] < secs * 1000:
            raise error
        return "done"

    return request, calls


async def finish(clock: VirtualClock, secs: float, error: Exception, **options: Any) -> list[Millis]:
    request, calls = failing_until(clock, secs, error)
    task = asyncio.create_task(retry(request, clock, "A task", on=(OSError,), **options))
    await clock.advance(secs + LONGEST_PAUSE_SECS)
    assert await task == "done"
    return calls


async def test_a_request_that_succeeds_is_made_once() -> None:
    assert await finish(VirtualClock(), 0, OSError("full")) == [0]


@pytest.mark.parametrize("secs", [1, 5, 60, 3600])
async def test_pauses_grow_but_the_request_succeeds_soon_after_the_cause_is_gone(secs: float) -> None:
    calls = await finish(VirtualClock(), secs, OSError("full"))
    pauses = [after - before for before, after in pairwise(calls)]
    assert pauses == sorted(pauses)
    assert pauses[0] == FIRST_PAUSE_SECS * 1000 and max(pauses) <= LONGEST_PAUSE_SECS * 1000
    assert calls[-1] / 1000 - secs <= max(FIRST_PAUSE_SECS, secs / 4)


async def test_another_error_is_raised() -> None:
    with pytest.raises(LookupError):
        await finish(VirtualClock(), 5, LookupError("odd"))


async def test_a_long_outage_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "greenroom"):
        await finish(VirtualClock(), 600, OSError("full"))
    assert [record.getMessage() for record in caplog.records] == [
        "A task will be repeated: full",
        "A task continues.",
    ]
    assert caplog.records[0].exc_info is None


async def test_an_unexpected_error_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    await finish(VirtualClock(), 5, FileNotFoundError("odd"), expected=(PermissionError,))
    assert caplog.records[0].exc_info is not None
