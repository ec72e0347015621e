"""The limit on the requests of each user."""

from __future__ import annotations

from collections import defaultdict

from runtime.base.clock import Clock
from runtime.base.errors import TooManyRequests


class RateLimit:
    """At most `rate` requests a second for each user, with bursts of the same size; None means no limit."""

    def __init__(self, rate: float | None, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._allowance: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))

    def count(self, user_id: str) -> None:
        """Count one request. Raises TooManyRequests."""
        if self._rate is None:
            return
        now, full = self._clock.now(), max(self._rate, 1.0)
        before, left = self._allowance[user_id]
        passed = max(0, now - before)  # the wall clock may have been set back
        left = min(full, left + passed / 1000 * self._rate)
        self._allowance[user_id] = (now, left)
        if left < 1:
            raise TooManyRequests("rate-limit-exceeded", "You have exceeded the rate limit. Please try again later.")
        self._allowance[user_id] = (now, left - 1)
