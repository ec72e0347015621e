from __future__ import annotations

import asyncio

import pytest

from runtime.base.clock import MAX_SLEEP_SECS, AdvanceableClock, SystemClock, iso, sleep_until
from tests.fakes.clock import START, VirtualClock


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (7, "1970-01-01T00:00:00.007Z"),
        (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
        (1_700_000_000_999, "2023-11-14T22:13:20.999Z"),
        (951_782_400_120, "2000-02-29T00:00:00.120Z"),
    ],
)
def test_a_time_is_formatted_with_exactly_three_decimals_and_z(moment: int, text: str) -> None:
    assert iso(moment) == text


def test_the_system_clock_returns_milliseconds_since_1970() -> None:
    clock = SystemClock()
    first = clock.now()
    assert 1_700_000_000_000 < first <= clock.now()


async def test_sleeping_until_a_moment_in_the_past_returns_immediately() -> None:
    clock = VirtualClock()
    await sleep_until(clock, START - 1)
    await sleep_until(clock, START)


async def sleeping(secs: float, *, then_jump: float) -> tuple[VirtualClock, asyncio.Task[None]]:
    clock = VirtualClock()
    clock.max_sleep_secs = MAX_SLEEP_SECS
    sleeper = asyncio.create_task(sleep_until(clock, START + round(secs * 1000)))
    await clock.settle()
    clock.jump(then_jump)
    return clock, sleeper


async def test_sleeping_until_a_moment_does_not_last_longer_if_the_clock_is_set_back() -> None:
    clock, sleeper = await sleeping(7200, then_jump=-86_400)
    await clock.advance(7199)
    assert not sleeper.done()
    await clock.advance(1)
    assert sleeper.done()


async def test_sleeping_until_a_moment_ends_soon_if_the_clock_is_set_forward() -> None:
    clock, sleeper = await sleeping(7200, then_jump=7100)
    await clock.advance(99)
    assert not sleeper.done()
    await clock.advance(MAX_SLEEP_SECS)
    assert sleeper.done()


class _EarlyClock(VirtualClock):
    """Each sleep is a little too short, as those of an event loop can be."""

    async def sleep(self, secs: float) -> None:
        await super().sleep(max(0.001, secs - 0.5))


async def test_sleeps_that_are_too_short_end_without_polling() -> None:
    clock = _EarlyClock()
    sleeper = asyncio.create_task(sleep_until(clock, START + 10_000))
    await clock.advance(9.5)
    assert sleeper.done()


async def test_virtual_time_wakes_sleepers_in_order() -> None:
    clock, woken = VirtualClock(), list[tuple[str, int]]()

    async def sleep(name: str, secs: float) -> None:
        await clock.sleep(secs)
        woken.append((name, clock.now() - START))

    async with asyncio.TaskGroup() as group:
        for name, secs in (("late", 3600), ("early", 0.5), ("never", 7200)):
            group.create_task(sleep(name, secs))
        await clock.advance(3600)
        assert woken == [("early", 500), ("late", 3_600_000)]
        await clock.advance(3600)


async def test_an_advance_wakes_sleepers_in_time() -> None:
    real = VirtualClock()
    clock, woken = AdvanceableClock(real), list[int]()

    async def sleep(secs: float) -> None:
        await clock.sleep(secs)
        woken.append(clock.now() - START)

    sleepers = [asyncio.create_task(sleep(secs)) for secs in (10, 20, 0.5)]
    await real.settle()
    clock.advance(10_000)
    await real.settle()
    assert woken == [10_000, 10_000]
    await real.advance(9)
    assert len(woken) == 2
    await real.advance(1)
    assert woken[2:] == [20_000]
    assert (clock.now(), clock.offset) == (START + 20_000, 10_000)
    await asyncio.gather(*sleepers)


@pytest.mark.parametrize(
    ("millis", "expected"),
    [(0, 30), (10, 20), (11, 20), (109, 20), (111, 19), (120, 10), (121, 10), (1120, 10), (1130, 0), (1140, -10)],
)
async def test_the_past_of_an_advanced_clock_is_known(millis: int, expected: int) -> None:
    """Advanced by 1000 ms at 10, and by 100 ms at 20. The machine's clock shows 30 now."""
    real = VirtualClock(now=10)
    clock = AdvanceableClock(real)
    clock.advance(1000)
    await real.advance(0.01)
    clock.advance(100)
    await real.advance(0.01)
    assert clock.moment_before(millis) == expected
