"""Repeating a request until it succeeds: the engine or the disk may be unavailable for a while.

Background tasks use it, so that none of them ends because of a problem that others can solve.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from runtime.base.clock import Clock

log = logging.getLogger("greenroom.retry")
T = TypeVar("T")

FIRST_PAUSE_SECS = 1.0
LONGEST_PAUSE_SECS = 5.0
SHARE_OF_OUTAGE = 0.25
"""Pauses grow with the outage, so that they add little to it."""


async def retry(
    request: Callable[[], Awaitable[T]],
    clock: Clock,
    what: str,
    *,
    on: tuple[type[Exception], ...],
    expected: tuple[type[Exception], ...] = (Exception,),
) -> T:
    """The result of the request, repeated while it raises one of `on`.

    `what` names the task in the server's log. An error that is not `expected` is logged with its traceback.
    """
    began, last = clock.now(), ""
    while True:
        try:
            result = await request()
        except on as problem:
            if str(problem) != last:
                last = str(problem)
                traceback = None if isinstance(problem, expected) else problem
                log.warning("%s will be repeated: %s", what, problem or type(problem).__name__, exc_info=traceback)
            pause = SHARE_OF_OUTAGE * (clock.now() - began) / 1000
            await clock.sleep(min(max(pause, FIRST_PAUSE_SECS), LONGEST_PAUSE_SECS))
        else:
            if last:
                log.info("%s continues.", what)
            return result
