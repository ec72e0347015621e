from __future__ import annotations

import asyncio
from functools import partial

from api.standby.deadlines import Deadlines

PATIENCE_SECS = 20


async def test_what_is_not_removed_in_time_is_called_in_order() -> None:
    deadlines, called, last = Deadlines(0.05), list[str](), asyncio.Event()
    removed = partial(called.append, "removed")
    deadlines.add(removed)
    deadlines.add(partial(called.append, "first"))
    deadlines.add(partial(called.append, "second"))
    await asyncio.sleep(0)
    deadlines.add(last.set)
    deadlines.remove(removed)
    deadlines.remove(removed)  # it may have ended twice
    async with asyncio.timeout(PATIENCE_SECS):
        await last.wait()
    assert called == ["first", "second"]


async def test_what_is_added_after_all_others_have_ended_has_a_deadline_too() -> None:
    deadlines, called = Deadlines(0.02), asyncio.Event()
    early = asyncio.Event()
    deadlines.add(early.set)
    deadlines.remove(early.set)
    await asyncio.sleep(0.01)
    deadlines.add(called.set)
    async with asyncio.timeout(PATIENCE_SECS):
        await called.wait()
        called.clear()
        deadlines.add(called.set)
        await called.wait()
    assert not early.is_set()


async def test_one_callback_may_remove_another_that_is_due() -> None:
    deadlines, end = Deadlines(0.02), asyncio.Event()
    called: list[str] = []
    second = partial(called.append, "second")
    deadlines.add(partial(deadlines.remove, second))
    deadlines.add(second)
    deadlines.add(end.set)
    async with asyncio.timeout(PATIENCE_SECS):
        await end.wait()
    assert not called
