from __future__ import annotations

import asyncio
import threading

import pytest

from runtime.builds.cancellation import Checkpoint, in_thread


async def test_the_result_of_the_work_is_returned_and_its_exception_is_raised() -> None:
    assert await in_thread(lambda checkpoint: threading.current_thread() is threading.main_thread()) is False

    def fail(checkpoint: Checkpoint) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        await in_thread(fail)


async def test_a_cancellation_waits_until_the_thread_has_stopped() -> None:
    begun, events = threading.Event(), []

    def work(checkpoint: Checkpoint) -> None:
        begun.set()
        try:
            while True:
                checkpoint()
        finally:
            events.append("cleaned up")

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["cleaned up"]
