from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from runtime.base import helper_process
from runtime.base.errors import Invalid
from runtime.base.helper_process import HelperProcess, WorkLimitExceeded, in_helper, in_helper_from_thread
from runtime.base.json_text import loads


def invalid() -> None:
    raise Invalid("some-slug", "a message", {"position": 1})


async def test_a_function_is_called_in_another_process() -> None:
    assert await in_helper(loads, b'{"a": [1]}') == {"a": [1]}
    assert await in_helper(os.getpid) != os.getpid()
    assert await asyncio.to_thread(in_helper_from_thread, os.getpid) != os.getpid()


async def test_an_error_of_the_function_is_raised_with_all_its_fields() -> None:
    with pytest.raises(Invalid) as problem:
        await in_helper(invalid)
    error = problem.value
    assert (error.slug, error.message, error.data, str(error)) == (
        "some-slug",
        "a message",
        {"position": 1},
        "a message",
    )
    with pytest.raises(ValueError):
        await in_helper(loads, b"{")


@pytest.mark.processes
@pytest.mark.usefixtures("impatient_helpers")
def test_work_that_takes_too_long_ends_the_process_and_the_next_work_gets_a_new_one() -> None:
    helper = HelperProcess()
    first = helper.run(os.getpid)
    with pytest.raises(WorkLimitExceeded):
        helper.run(pow, 3, 10**9)
    second = helper.run(os.getpid)
    assert first != second
    os.kill(second, signal.SIGKILL)
    with suppress(WorkLimitExceeded):  # the process may be gone before the work is sent, or only after it
        helper.run(loads, b"1")
    assert helper.run(loads, b"1") == 1


@pytest.mark.processes
def test_work_that_needs_too_much_memory_is_stopped() -> None:
    helper = HelperProcess()
    with pytest.raises(WorkLimitExceeded):
        helper.run(bytes, helper_process.ALLOWED_BYTES)
    assert helper.run(loads, b"1") == 1
