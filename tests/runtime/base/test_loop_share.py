from __future__ import annotations

import asyncio

import pytest

from runtime.base.loop_share import LoopShare, loop_share


async def test_there_is_one_share_for_each_loop() -> None:
    assert loop_share() is loop_share()


async def test_small_data_is_parsed_immediately() -> None:
    parsed: list[bytes] = []
    await loop_share().feed(parsed.append, b"abc", 3)
    assert parsed == [b"abc"]


async def test_slices_of_two_peers_take_turns() -> None:
    share, parsed = loop_share(), list[bytes]()
    await asyncio.gather(share.feed(parsed.append, b"aabbcc", 2), share.feed(parsed.append, b"112", 1))
    assert parsed == [b"aa", b"1", b"bb", b"1", b"cc", b"2"]


async def test_other_callbacks_run_before_a_turn_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.base.loop_share.TURN_SECS", 0)
    loop, events = asyncio.get_running_loop(), list[object]()

    def parse(data: bytes) -> None:
        events.append(data)
        loop.call_soon(events.append, "other")

    await loop_share().feed(parse, b"ab", 1)
    assert events[:3] == [b"a", "other", b"b"]


async def test_the_error_of_a_parser_ends_its_data_only() -> None:
    def fail(data: bytes) -> None:
        raise ValueError(data)

    share, parsed = loop_share(), list[bytes]()
    failing = asyncio.create_task(share.feed(fail, b"xx", 1))
    await share.feed(parsed.append, b"ab", 1)
    assert parsed == [b"a", b"b"]
    with pytest.raises(ValueError):
        await failing


async def test_the_rest_is_not_parsed_after_a_cancellation() -> None:
    parsed: list[bytes] = []
    feeding = asyncio.create_task(loop_share().feed(parsed.append, b"ab", 1))
    await asyncio.sleep(0)
    feeding.cancel()
    await asyncio.sleep(0.01)
    assert parsed == []


async def test_work_that_fails_does_not_stop_the_queue() -> None:
    loop, done, errors = asyncio.get_running_loop(), asyncio.Event(), list[object]()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    share = LoopShare(loop)
    share.add(lambda: 1 / 0)
    share.add(done.set)
    await done.wait()
    assert [type(error) for error in errors] == [ZeroDivisionError]
