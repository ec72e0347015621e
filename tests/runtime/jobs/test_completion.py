from __future__ import annotations

import asyncio

from runtime.jobs.completion import Completion
from tests.fakes.clock import VirtualClock


async def test_the_end_of_a_job_wakes_its_waiters_immediately() -> None:
    completion = Completion(VirtualClock())
    waiters = [asyncio.create_task(completion.wait("job", 60)) for _ in range(3)]
    await asyncio.sleep(0)
    completion.notify_finished("job")
    await asyncio.gather(*waiters)


async def test_the_end_of_another_job_wakes_no_waiter() -> None:
    clock = VirtualClock()
    completion = Completion(clock)
    waiter = asyncio.create_task(completion.wait("job", 60))
    await clock.settle()
    completion.notify_finished("other")
    await clock.settle()
    assert not waiter.done()
    waiter.cancel()


async def test_a_wait_ends_after_its_timeout() -> None:
    clock = VirtualClock()
    waiter = asyncio.create_task(Completion(clock).wait("job", 60))
    await clock.advance(59.999)
    assert not waiter.done()
    await clock.advance(0.001)
    assert waiter.done()


async def test_a_waiter_that_times_out_does_not_affect_the_others() -> None:
    clock = VirtualClock()
    completion = Completion(clock)
    impatient, patient = (asyncio.create_task(completion.wait("job", secs)) for secs in (1, 60))
    await clock.advance(1)
    assert (impatient.done(), patient.done()) == (True, False)
    completion.notify_finished("job")
    await patient


async def test_a_cancelled_waiter_leaves_no_task_behind() -> None:
    clock = VirtualClock()
    completion = Completion(clock)
    waiter = asyncio.create_task(completion.wait("job", 60))
    await clock.settle()
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    assert waiter.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_job_without_waiters_can_end() -> None:
    Completion(VirtualClock()).notify_finished("job")
