from __future__ import annotations

import asyncio

import pytest

from runtime.base.clock import SystemClock, iso, sleep_until
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
def test_a_time_is_written_with_exactly_three_decimals_and_z(moment: int, text: str) -> None:
    assert iso(moment) == text


def test_the_hosts_clock_never_goes_back_between_two_looks_in_milliseconds_since_1970() -> None:
    clock = SystemClock()
    first = clock.now()
    assert 1_700_000_000_000 < first <= clock.now()


async def test_sleeping_until_a_moment_in_the_past_returns_at_once() -> None:
    clock = VirtualClock()
    await sleep_until(clock, START - 1)
    await sleep_until(clock, START)


class _EarlyRiser(VirtualClock):
    """Wakes before time, as a host's clock may that was set back meanwhile."""

    naps = 0

    async def sleep(self, secs: float) -> None:
        self.naps += 1
        await super().sleep(secs / 2 if self.naps == 1 else secs)


async def test_sleeping_until_a_moment_goes_on_where_a_sleep_ended_too_early() -> None:
    clock = _EarlyRiser()
    sleeper = asyncio.create_task(sleep_until(clock, START + 10_000))
    await clock.advance(9.999)
    assert not sleeper.done()
    await clock.advance(0.001)
    assert sleeper.done()
    assert clock.naps == 2


async def test_virtual_time_wakes_sleepers_in_the_order_of_their_moments() -> None:
    clock, woken = VirtualClock(), list[tuple[str, int]]()

    async def nap(name: str, secs: float) -> None:
        await clock.sleep(secs)
        woken.append((name, clock.now() - START))

    async with asyncio.TaskGroup() as group:
        for name, secs in (("late", 3600), ("early", 0.5), ("never", 7200)):
            group.create_task(nap(name, secs))
        await clock.advance(3600)
        assert woken == [("early", 500), ("late", 3_600_000)]
        await clock.advance(3600)
