from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.containers import LogLine
from runtime.database.log_files import LogFiles, to_platform_format
from runtime.jobs.logs import CAP_NOTICE, MAX_LOG_BYTES, READ_BYTES, Log, Logs
from tests.fakes.clock import VirtualClock
from tests.fakes.containers import FakeContainer
from tests.fakes.records import a_spec

AT_START = b"2023-11-14T22:13:20.000Z "
SERVED_LINE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [^\n]*\n")
NOTICE = CAP_NOTICE.encode()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def files(tmp_path: Path) -> LogFiles:
    return LogFiles(tmp_path)


@pytest.fixture
def logs(files: LogFiles, clock: VirtualClock) -> Logs:
    return Logs(files, clock)


async def start_container(clock: VirtualClock) -> FakeContainer:
    container = FakeContainer("container1", a_spec(), clock)
    await container.start()
    return container


async def all_of(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


def texts(served: bytes) -> list[bytes]:
    """The lines without their timestamps."""
    return [line.partition(b"Z ")[2] for line in served.splitlines()]


def printed(text: bytes, stream: str = "stdout") -> LogLine:
    return LogLine("2023-11-14T22:13:20.123456789Z", stream, text)


async def test_every_line_has_exactly_one_timestamp_with_three_decimals(logs: Logs, clock: VirtualClock) -> None:
    log = logs.open("job")
    log.system("ACTOR: one\nACTOR: two")
    await clock.advance(1.234)
    log.system("ACTOR: three")
    log.append([printed(b"four")])
    assert await all_of(logs.read("job")) == (
        AT_START + b"ACTOR: one\n" + AT_START + b"ACTOR: two\n"
        b"2023-11-14T22:13:21.234Z ACTOR: three\n"
        b"2023-11-14T22:13:20.123Z four\n"
    )


async def test_only_the_raw_log_has_ansi_codes(logs: Logs) -> None:
    logs.open("job").append([printed(b"\x1b[31mred\x1b[0m")])
    assert texts(await all_of(logs.read("job"))) == [b"red"]
    assert texts(await all_of(logs.read("job", raw=True))) == [b"\x1b[31mred\x1b[0m"]
    logs.close("job")
    assert texts(await all_of(logs.follow("job", raw=True))) == [b"\x1b[31mred\x1b[0m"]


async def test_the_log_of_a_job_that_wrote_nothing_is_empty(logs: Logs) -> None:
    assert await all_of(logs.read("nobody")) == b""
    assert await all_of(logs.follow("nobody")) == b""
    logs.open("silent")
    assert await all_of(logs.read("silent")) == b""


async def test_followers_get_the_log_so_far_and_new_lines_until_the_job_ends(logs: Logs, clock: VirtualClock) -> None:
    log = logs.open("job")
    log.system("before")
    followers = [asyncio.create_task(all_of(logs.follow("job"))) for _ in range(3)]
    await clock.settle()
    for word in ("during", "later"):
        log.system(word)
        await clock.settle()
    log.system("last")
    assert not any(follower.done() for follower in followers)
    logs.close("job")
    for follower in followers:
        assert texts(await follower) == [b"before", b"during", b"later", b"last"]


async def test_a_follower_gets_each_line_when_it_is_written(logs: Logs) -> None:
    log = logs.open("job")
    follower = logs.follow("job")
    for word in (b"one", b"two", b"three"):
        log.append([printed(word)])
        assert texts(await anext(follower)) == [word]
    await follower.aclose()


async def test_a_slow_follower_misses_no_line(logs: Logs, clock: VirtualClock) -> None:
    log = logs.open("job")
    follower = logs.follow("job")
    log.system("0")
    got = texts(await anext(follower))
    for number in range(1, 100):
        log.system(str(number))
    logs.close("job")
    got += texts(await all_of(follower))
    assert got == [str(number).encode() for number in range(100)]


async def test_following_the_log_of_an_ended_job_returns_all_lines_immediately(logs: Logs) -> None:
    logs.open("job").system("all there is")
    logs.close("job")
    assert texts(await all_of(logs.follow("job"))) == [b"all there is"]


async def test_a_follower_that_leaves_does_not_affect_the_others(logs: Logs, clock: VirtualClock) -> None:
    log = logs.open("job")
    leaving, staying = (asyncio.create_task(all_of(logs.follow("job"))) for _ in range(2))
    await clock.settle()
    leaving.cancel()
    log.system("on")
    logs.close("job")
    assert texts(await staying) == [b"on"]


async def test_the_log_of_a_container_is_copied_until_it_ends(logs: Logs, clock: VirtualClock) -> None:
    container = await start_container(clock)
    container.prints("early")
    copying = asyncio.create_task(logs.open("job").copy(container))
    await clock.settle()
    container.prints("out", "more")
    container.prints("err", stream="stderr")
    await clock.settle()
    assert not copying.done()
    container.prints("last words")
    container.exits(0)
    await copying
    assert texts(await all_of(logs.read("job"))) == [b"early", b"out", b"more", b"err", b"last words"]


@pytest.mark.parametrize("torn", [b"", b"2023-11-14T22:13:20.0000", b"2023-11-14T22:13:20.000000000Z o thr"])
async def test_a_resumed_log_has_every_line_once(
    logs: Logs, files: LogFiles, clock: VirtualClock, tmp_path: Path, torn: bytes
) -> None:
    container = await start_container(clock)
    log = logs.open("job")
    log.system("ACTOR: Creating Docker container.")
    copying = asyncio.create_task(log.copy(container))
    container.prints("one", "two")
    await clock.settle()
    log.system("ACTOR: in between")
    copying.cancel()
    with (tmp_path / "job.log").open("ab") as file:
        file.write(torn)

    container.prints("three", "two", "two")
    resumed = Logs(files, clock).open("job")
    copying = asyncio.create_task(resumed.copy(container))
    container.prints("four")
    container.exits(0)
    await copying
    assert texts(await all_of(Logs(files, clock).read("job"))) == [
        b"ACTOR: Creating Docker container.",
        b"one",
        b"two",
        b"ACTOR: in between",
        b"three",
        b"two",
        b"two",
        b"four",
    ]


async def test_a_log_can_be_resumed_more_than_once(files: LogFiles, clock: VirtualClock) -> None:
    container = await start_container(clock)
    for number in range(5):
        container.prints(f"{number}a", f"{number}b")
        copying = asyncio.create_task(Logs(files, clock).open("job").copy(container))
        await clock.settle()
        copying.cancel()
    assert texts(await all_of(Logs(files, clock).read("job"))) == [
        f"{number}{letter}".encode() for number in range(5) for letter in "ab"
    ]


def fill(log: Log, left: int) -> None:
    """Write to the log until `left` bytes remain before the size limit."""
    overhead = len(b"2023-11-14T22:13:20.123456789Z o \n")
    while (free := MAX_LOG_BYTES - log.size - left) > 0:
        log.append([printed(b"x" * (min(free, 1 << 20) - overhead), "actor")])


async def test_the_last_byte_of_the_size_limit_can_be_used(logs: Logs) -> None:
    log = logs.open("job")
    fill(log, left=0)
    assert log.size == MAX_LOG_BYTES
    assert NOTICE not in await all_of(logs.read("job"))


async def test_a_log_over_the_size_limit_ends_with_one_notice(logs: Logs) -> None:
    log = logs.open("job")
    fill(log, left=1000)
    log.append([printed(b"fits"), printed(b"y" * 2000), printed(b"after")])
    log.append([printed(b"late")])
    log.system("ACTOR: later")
    last_lines = texts(await all_of(logs.read("job")))[-2:]
    assert last_lines == [b"fits", NOTICE]


async def test_a_full_log_stays_full_after_a_restart_of_the_server(
    logs: Logs, files: LogFiles, clock: VirtualClock
) -> None:
    fill(log := logs.open("job"), left=100_000)
    log.append([printed(b"y" * 200_000)])
    size = log.size
    logs = Logs(files, clock)
    log = logs.open("job")
    log.append([printed(b"after the restart")])
    log.system("ACTOR: Creating Docker container.")
    assert log.size == size
    assert (await all_of(logs.read("job"))).count(NOTICE) == 1


async def test_copying_into_a_full_log_ends_while_the_container_still_runs(logs: Logs, clock: VirtualClock) -> None:
    container = await start_container(clock)
    log = logs.open("job")
    fill(log, left=10)
    container.prints("too much")
    await log.copy(container)
    assert texts(await all_of(logs.read("job")))[-1] == NOTICE


@pytest.mark.parametrize(
    ("hidden", "text", "redacted"),
    [
        ([], b"nothing to hide", b"nothing to hide"),
        (["hunter2"], b"the password is hunter2, hunter2!", b"the password is [REDACTED], [REDACTED]!"),
        (["hunter2"], b"hunter3", b"hunter3"),
        (["a.c"], b"abc a.c", b"abc [REDACTED]"),
        (["grün"], "so grün".encode(), b"so [REDACTED]"),
        (["key", "key-and-more"], b"key-and-more", b"[REDACTED]"),
        (["key-and-more", "key"], b"key-and-more key", b"[REDACTED] [REDACTED]"),
        (["", "hunter2"], b"so hunter2", b"so [REDACTED]"),
        ([""], b"plain", b"plain"),
    ],
)
async def test_hidden_values_are_redacted_in_the_log(
    logs: Logs, files: LogFiles, hidden: list[str], text: bytes, redacted: bytes
) -> None:
    log = logs.open("job", hidden)
    log.append([printed(text)])
    log.system(text.decode())
    assert texts(await all_of(logs.read("job"))) == [redacted, redacted]


def write_long_log(log: Log) -> None:
    generator = random.Random(4)
    for _ in range(40):
        lines = []
        for _ in range(300):
            text = generator.choice([b"short", b"", b"\x1b[1mbold\x1b[0m", "grün 漢字".encode() * 40, b"w" * 900])
            lines.append(printed(text, generator.choice(["stdout", "stderr"])))
        log.append(lines)


@pytest.mark.parametrize("raw", [True, False])
async def test_a_long_log_that_is_read_in_pieces_is_complete(logs: Logs, files: LogFiles, raw: bool) -> None:
    log = logs.open("job")
    write_long_log(log)
    whole = to_platform_format(files.read("job", 0, log.size), raw=raw)
    assert log.size > 3 * READ_BYTES
    read = [piece async for piece in logs.read("job", raw=raw)]
    logs.close("job")
    followed = [piece async for piece in logs.follow("job", raw=raw)]
    for pieces in (read, followed):
        assert len(pieces) > 2
        assert b"".join(pieces) == whole
        assert all(SERVED_LINE.fullmatch(line) for piece in pieces for line in piece.splitlines(keepends=True))


async def test_a_line_that_is_longer_than_a_piece_is_complete(logs: Logs) -> None:
    log = logs.open("job")
    long = b"x" * (READ_BYTES * 3)
    log.append([printed(b"before"), printed(long), printed(b"after")])
    logs.close("job")
    assert texts(await all_of(logs.read("job"))) == [b"before", long, b"after"]
    assert texts(await all_of(logs.follow("job"))) == [b"before", long, b"after"]


async def test_a_deleted_log_is_empty(logs: Logs) -> None:
    logs.open("job").system("gone")
    logs.close("job")
    logs.delete("job")
    assert logs.size("job") == 0
    assert await all_of(logs.read("job")) == b""


# Damaged files


LINE = b"2023-11-14T22:13:20.123456789Z o whole\n"


@pytest.mark.parametrize("torn", [b"x", b"2023-11-14T22:13:20.1234", b"x" * (READ_BYTES + 1), b"\xff\x00"])
@pytest.mark.parametrize("whole", [b"", LINE])
async def test_an_incomplete_last_line_in_the_file_of_an_ended_job_is_not_served(
    logs: Logs, tmp_path: Path, whole: bytes, torn: bytes
) -> None:
    (tmp_path / "job.log").write_bytes(whole + torn)
    async with asyncio.timeout(30):
        for pieces in (logs.read("job"), logs.read("job", raw=True), logs.follow("job")):
            assert texts(await all_of(pieces)) == [b"whole"] * bool(whole)


@pytest.mark.parametrize("left", [0, len(LINE), len(LINE) + 5])
async def test_reading_ends_if_the_file_becomes_shorter_or_disappears(logs: Logs, tmp_path: Path, left: int) -> None:
    file = tmp_path / "job.log"
    file.write_bytes(LINE * (2 * READ_BYTES // len(LINE)))
    reading = logs.read("job")
    await anext(reading)
    file.write_bytes(LINE[:left])
    async with asyncio.timeout(30):
        assert await all_of(reading) == b""
    file.write_bytes(LINE * (2 * READ_BYTES // len(LINE)))
    reading = logs.read("job")
    await anext(reading)
    logs.delete("job")
    assert await all_of(reading) == b""


async def test_following_a_live_log_survives_a_file_that_becomes_shorter(
    logs: Logs, clock: VirtualClock, tmp_path: Path
) -> None:
    log = logs.open("job")
    log.system("one")
    following = asyncio.create_task(all_of(logs.follow("job")))
    await clock.settle()
    log.system("two")
    (tmp_path / "job.log").write_bytes(b"")
    await clock.settle()
    log.system("three")
    logs.close("job")
    async with asyncio.timeout(30):
        assert texts(await following)[0] == b"one"
