from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers import LogLine
from runtime.database.log_files import LogFile, LogFiles, to_platform_format

STAMP = "2023-11-14T22:13:20.123456789Z"


def line(text: bytes, stream: str = "stdout") -> LogLine:
    return LogLine(STAMP, stream, text)


@pytest.fixture
def files(tmp_path: Path) -> LogFiles:
    return LogFiles(tmp_path / "logs")


def stored(files: LogFiles, id: str = "job") -> bytes:
    return files.read(id, 0, files.size(id))


def test_lines_are_stored_with_the_engines_timestamp_and_their_stream(files: LogFiles) -> None:
    log = files.open("job")
    log.append([line(b"out"), line(b"err", "stderr"), line(b"ACTOR: hi", "actor")])
    log.append([line(b"")])
    log.close()
    assert stored(files) == b"".join(
        STAMP.encode() + rest for rest in (b" o out\n", b" e err\n", b" a ACTOR: hi\n", b" o \n")
    )
    assert log.size == files.size("job")


def test_the_last_stderr_lines_are_complete_lines_near_the_end(files: LogFiles) -> None:
    log = files.open("job")
    log.append([line(b"long ago", "stderr"), *[line(b"out" * 100)] * 60, line(b"first", "stderr")])
    log.append([line(b"ACTOR: hi", "actor"), line(b"", "stderr"), line(b"2023 e last", "stderr"), line(b"out")])
    assert log.last_stderr_lines() == [b"first", b"", b"2023 e last"]
    log.close()


@pytest.mark.parametrize(
    ("content", "complete"),
    [
        (b"", b""),
        (b"half a li", b""),
        (b"one\n", b"one\n"),
        (b"one\ntw", b"one\n"),
        (b"one\n\xc3", b"one\n"),
    ],
)
def test_opening_a_log_removes_an_incomplete_last_line(tmp_path: Path, content: bytes, complete: bytes) -> None:
    path = tmp_path / "job.log"
    path.write_bytes(content)
    log = LogFile(path)
    assert log.size == len(complete)
    log.append([line(b"next")])
    log.close()
    assert path.read_bytes() == complete + STAMP.encode() + b" o next\n"


def test_only_lines_from_the_container_are_counted(files: LogFiles) -> None:
    log = files.open("job")
    log.append([line(b"ACTOR: start", "actor"), line(b"one"), line(b"two", "stderr"), line(b"ACTOR: limits", "actor")])
    assert log.count_container_lines() == 2
    log.append([line(b"text that looks like one: " + STAMP.encode() + b" o x")])
    assert log.count_container_lines() == 3
    log.close()


def test_a_log_that_does_not_exist_is_empty(files: LogFiles) -> None:
    assert files.size("nobody") == 0
    assert files.read("nobody", 0, 100) == b""
    files.delete("nobody")


def test_deleting_a_log_does_not_affect_other_logs(files: LogFiles) -> None:
    for id in ("one", "two"):
        log = files.open(id)
        log.append([line(b"text")])
        log.close()
    files.delete("one")
    assert (files.size("one"), files.size("two") > 0) == (0, True)


def test_only_the_owner_can_read_log_files(files: LogFiles, tmp_path: Path) -> None:
    files.open("job").close()
    assert (tmp_path / "logs" / "job.log").stat().st_mode & 0o777 == 0o600


SERVED = b"2023-11-14T22:13:20.123Z "


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (b"hello", b"hello"),
        (b"", b""),
        (b"\x1b[31mred\x1b[0m", b"red"),
        (b"\x1b[38;5;196mred\x1b[m", b"red"),
        (b"\x1b[2K\x1b[1Gprogress", b"progress"),
        (b"\x1b]0;title\x07text", b"text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", b"link"),
        (b"\x1bMup", b"up"),
        ("grün 漢字 🎭".encode(), "grün 漢字 🎭".encode()),
        (b"\xff\xfe no utf-8", b"\xff\xfe no utf-8"),
        (b"2023-11-14T22:13:20.123456789Z o nested", b"2023-11-14T22:13:20.123456789Z o nested"),
    ],
)
def test_the_platform_format_has_milliseconds_and_no_ansi_codes_unless_raw(text: bytes, plain: bytes) -> None:
    line = STAMP.encode() + b" o " + text + b"\n"
    assert to_platform_format(line, raw=True) == SERVED + text + b"\n"
    assert to_platform_format(line, raw=False) == SERVED + plain + b"\n"


def test_an_unterminated_ansi_code_does_not_remove_the_lines_after_it() -> None:
    texts = (b"\x1b]0;never closed", b"next", b"bell \x07 rings", b"\x1b[", b"last")
    lines = b"".join(STAMP.encode() + b" o " + text + b"\n" for text in texts)
    served = to_platform_format(lines, raw=False)
    assert served.count(b"\n") == served.count(SERVED) == len(texts)
    assert SERVED + b"next\n" in served
