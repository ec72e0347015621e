"""The lines of logs by their numbers, and the search in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers import LogLine
from runtime.database.log_files import LogFile, LogFiles
from runtime.jobs.log_levels import Level
from runtime.jobs.log_lines import BLOCK_BYTES, FOLDED_BYTES, MAX_TEXT_BYTES, LogLines
from runtime.jobs.log_search import MAX_NUMBERS, LogSearch
from runtime.jobs.logs import Logs
from tests.fakes.clock import VirtualClock

STAMP = "2023-11-14T22:13:20.123456789Z"
SHOWN = "2023-11-14T22:13:20.123Z "


@pytest.fixture
def files(tmp_path: Path) -> LogFiles:
    return LogFiles(tmp_path)


@pytest.fixture
def lines(files: LogFiles) -> LogLines:
    return LogLines(files)


def write(files: LogFiles, *texts: str | bytes, stream: str = "stdout") -> LogFile:
    file = files.open("job")
    file.append(LogLine(STAMP, stream, text.encode() if isinstance(text, str) else text) for text in texts)
    return file


async def public_log(files: LogFiles) -> bytes:
    return b"".join([piece async for piece in Logs(files, VirtualClock()).read("job", raw=True)])


async def find(lines: LogLines, text: str = "", *levels: Level, **options: bool | int) -> tuple[int, list[int]]:
    search = LogSearch(text, levels=levels, **options)  # type: ignore[arg-type]  # the options of each test
    await lines.search("job", search)
    return search.total, search.numbers


async def test_any_range_is_what_the_public_log_has_there(files: LogFiles, lines: LogLines) -> None:
    write(files, *(f"line {number} grün 漢字 \x1b[31mred\x1b[0m {'x' * (number % 90)}" for number in range(5000)))
    whole = await public_log(files)
    assert len(whole) > 4 * BLOCK_BYTES
    shown = whole.decode().splitlines()
    for first in (0, 1, 700, 4321, 4999):
        found = await lines.read("job", first, 30)
        assert [each.text for each in found.lines] == shown[first : first + 30]
        assert [each.number for each in found.lines] == list(range(first, min(5000, first + 30)))
        for each in found.lines:
            assert whole[each.offset : each.offset + each.length] == each.text.encode()
        assert (found.total_lines, found.total_bytes) == (5000, len(whole))
    assert [each.number for each in (await lines.read("job", -2, 30)).lines] == [4998, 4999]
    assert len((await lines.read("job", -9999, 30)).lines) == 30
    assert (await lines.read("job", 5000, 30)).lines == []


async def test_the_index_grows_with_the_log_and_begins_again_if_the_file_was_shortened(
    files: LogFiles, lines: LogLines, tmp_path: Path
) -> None:
    assert (await lines.read("job", 0, 10)).lines == []
    file = write(files, *(str(number) for number in range(4000)))
    assert (await lines.read("job", 3999, 10)).lines[0].text == f"{SHOWN}3999"
    file.append([LogLine(STAMP, "stdout", b"later")])
    assert [each.text for each in (await lines.read("job", -2, 10)).lines] == [f"{SHOWN}3999", f"{SHOWN}later"]
    stored = (tmp_path / "job.log").read_bytes()
    (tmp_path / "job.log").write_bytes(stored[:100] + b"half a line")
    found = await lines.read("job", 0, 10)
    assert (found.total_lines, [each.text for each in found.lines]) == (2, [f"{SHOWN}0", f"{SHOWN}1"])


async def test_a_long_line_is_folded_at_a_whole_character(files: LogFiles, lines: LogLines) -> None:
    long = "ü" * (3 * BLOCK_BYTES)
    write(files, "before", long, "after")
    before, folded, after = (await lines.read("job", 0, 10)).lines
    assert (before.is_folded, folded.is_folded, after.text) == (False, True, f"{SHOWN}after")
    assert folded.length == len(f"{SHOWN}{long}".encode())
    assert f"{SHOWN}{long}".startswith(folded.text)
    assert FOLDED_BYTES - 1 <= len(folded.text.encode()) <= FOLDED_BYTES
    assert (await lines.read("job", 2, 10)).lines == [after]


async def test_bytes_that_are_not_utf_8_are_replaced(files: LogFiles, lines: LogLines) -> None:
    write(files, b"a\xffb\xe6\xbc")
    [line] = (await lines.read("job", 0, 1)).lines
    assert line.text == f"{SHOWN}a\ufffdb\ufffd"
    assert await find(lines, "A\ufffdB") == (1, [0])


async def test_a_range_ends_when_its_lines_are_long_enough(files: LogFiles, lines: LogLines) -> None:
    write(files, *["x" * FOLDED_BYTES] * 200)
    found = await lines.read("job", 0, 200)
    assert len(found.lines) == MAX_TEXT_BYTES // FOLDED_BYTES and found.total_lines == 200


async def test_a_search_counts_all_lines_in_any_case(files: LogFiles, lines: LogLines) -> None:
    write(files, *(f"Request {number} \x1b[1mFAI\x1b[0mLED" if number % 3 == 0 else "fine" for number in range(60_000)))
    total, numbers = await find(lines, "failed")
    assert (total, numbers) == (20_000, list(range(0, 30_000, 3))) and len(numbers) == MAX_NUMBERS
    assert (await find(lines, "failed", first=59_990))[1] == [59_991, 59_994, 59_997]
    assert await find(lines, "failed", is_case_sensitive=True) == (0, [])
    assert (await find(lines, "2023-11"))[0] == 0  # the times of lines
    assert await lines.search("job", LogSearch("x")) == len(await public_log(files))
    assert await lines.search("unknown", LogSearch("x")) == 0


async def test_levels_are_those_that_the_sdks_write(files: LogFiles, lines: LogLines) -> None:
    file = write(
        files,
        "\x1b[32mINFO\x1b[39m  CheerioCrawler: Starting",
        "[apify._actor] WARN  Low memory",
        "\x1b[90m[crawlee]\x1b[0m \x1b[31mERROR\x1b[0m Request failed",
        "    at run (main.js:1:2)",
        "DEBUG details",
        "INFORMATION is not a level, and ERROR here is not one either",
    )
    file.append([LogLine(STAMP, "actor", b"ACTOR: Starting Docker container.")])
    levels = [each.level for each in (await lines.read("job", 0, 10)).lines]
    assert levels == [Level.INFO, Level.WARN, Level.ERROR, None, Level.DEBUG, None, Level.SYS]
    assert await find(lines, "", Level.ERROR) == (2, [2, 3])
    assert await find(lines, "starting", Level.INFO, Level.SYS) == (2, [0, 6])
