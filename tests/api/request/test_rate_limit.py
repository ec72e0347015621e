from __future__ import annotations

import pytest

from api.request.rate_limit import RateLimit
from runtime.base.errors import TooManyRequests
from tests.fakes.clock import VirtualClock


async def test_the_allowance_is_refilled_over_time() -> None:
    clock = VirtualClock()
    limit = RateLimit(4, clock)

    def count_accepted() -> int:
        count = 0
        try:
            while True:
                limit.count("user1")
                count += 1
        except TooManyRequests:
            return count

    assert count_accepted() == 4
    assert count_accepted() == 0
    await clock.advance(0.25)
    assert count_accepted() == 1
    await clock.advance(3600)
    assert count_accepted() == 4


async def test_a_rate_below_one_per_second_allows_single_requests() -> None:
    clock = VirtualClock()
    limit = RateLimit(0.5, clock)
    limit.count("user1")
    await clock.advance(1.9)
    with pytest.raises(TooManyRequests):
        limit.count("user1")
    await clock.advance(0.1)
    limit.count("user1")
