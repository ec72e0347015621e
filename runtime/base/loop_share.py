"""Shares the event loop between connections whose peers send faster than their bytes can be parsed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from runtime.base.per_loop import PerLoop

TURN_SECS = 0.004
"""How long queued work may hold the event loop before everything else gets its turn."""


class LoopShare:
    """Work that waits for a free moment of the event loop. It runs in the order in which it was added."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # The loop owns its share, so the share must not own the loop.
        self._call_soon = loop.call_soon
        self._waiting: deque[Callable[[], object]] = deque()

    def add(self, work: Callable[[], object]) -> None:
        """Call `work` in one of the next iterations. A call has to be short, and may add its continuation."""
        if not self._waiting:
            self._call_soon(self._run)
        self._waiting.append(work)

    async def feed(self, parse: Callable[[bytes], object], data: bytes, slice_bytes: int) -> None:
        """Pass `data` to `parse` in slices. Data that fits into one slice is parsed immediately."""
        if len(data) <= slice_bytes:
            parse(data)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def parse_slice(start: int) -> None:
            if done.cancelled():
                return
            end = start + slice_bytes
            try:
                parse(data[start:end])
            except Exception as problem:
                done.set_exception(problem)
                return
            if end < len(data):
                self.add(lambda: parse_slice(end))
            else:
                done.set_result(None)

        self.add(lambda: parse_slice(0))
        await done

    def _run(self) -> None:
        end = time.perf_counter() + TURN_SECS
        try:
            while True:
                # The work stays in the queue until it ends: what it adds then needs no iteration of its own.
                try:
                    self._waiting[0]()
                finally:
                    self._waiting.popleft()
                if not self._waiting or time.perf_counter() >= end:
                    break
        finally:
            if self._waiting:
                self._call_soon(self._run)


loop_share = PerLoop(LoopShare)
"""Returns the share of the running event loop."""
