from __future__ import annotations

import struct

import pytest

from runtime.containers import LogLine
from runtime.containers.log_frames import EPOCH, LINE_LIMIT, DeliveredLines, LogFrames

PART = 16 * 1024


def stamp(nanos: int) -> str:
    return f"2026-11-21T10:00:{nanos // 10**9:02}.{nanos % 10**9:09}Z"


def frame(nanos: int, text: bytes, kind: int = 1) -> bytes:
    payload = stamp(nanos).encode() + b" " + text
    return struct.pack(">BxxxL", kind, len(payload)) + payload


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 8, 9, 50, 10_000])
def test_lines_are_complete_for_every_size_of_chunks(cut: int) -> None:
    stream = frame(1, b"one\n") + frame(2, b"two\n", 2) + frame(3, b"\n") + frame(4, "ž\r\n".encode())
    frames, lines = LogFrames(), []
    for at in range(0, len(stream), cut):
        lines += frames.feed(stream[at : at + cut])
    assert lines == [
        LogLine(stamp(1), "stdout", b"one"),
        LogLine(stamp(2), "stderr", b"two"),
        LogLine(stamp(3), "stdout", b""),
        LogLine(stamp(4), "stdout", "ž\r".encode()),
    ]
    assert frames.end() == []


def test_the_parts_of_a_long_line_are_joined() -> None:
    frames = LogFrames()
    euro = "€".encode() * PART
    assert frames.feed(frame(1, euro[:PART])) == []
    assert frames.open_stamps() == [stamp(1)]
    assert frames.feed(frame(2, b"meanwhile\n", 2)) == [LogLine(stamp(2), "stderr", b"meanwhile")]
    assert frames.feed(frame(1, euro[PART:] + b"\n")) == [LogLine(stamp(1), "stdout", euro)]
    assert frames.open_stamps() == []


def test_a_line_without_an_end_is_returned_before_the_next_one_or_at_the_end() -> None:
    frames = LogFrames()
    frames.feed(frame(1, b"unfinished"))
    assert frames.feed(frame(2, b"next\n")) == [
        LogLine(stamp(1), "stdout", b"unfinished"),
        LogLine(stamp(2), "stdout", b"next"),
    ]
    frames.feed(frame(4, b"last") + frame(3, b"error", 2))
    assert [line.text for line in frames.end()] == [b"error", b"last"]


def test_an_endless_line_is_cut_at_the_limit() -> None:
    frames, lines = LogFrames(), []
    for _ in range(LINE_LIMIT // PART + 2):
        lines += frames.feed(frame(1, b"x" * PART))
    assert [len(line.text) for line in lines] == [LINE_LIMIT]
    assert [len(line.text) for line in frames.end()] == [2 * PART]


def test_error_messages_of_the_engine_are_lines_too() -> None:
    message = b"error from daemon in stream\n"
    frames = LogFrames()
    assert frames.feed(struct.pack(">BxxxL", 3, len(message)) + message) == [LogLine(EPOCH, "stderr", message[:-1])]


def line(nanos: int, text: str, stream: str = "stdout") -> LogLine:
    return LogLine(stamp(nanos), stream, text.encode())


@pytest.mark.parametrize("delivered_before", range(8))
def test_reading_again_misses_and_repeats_no_lines(delivered_before: int) -> None:
    log = [
        line(1, "a"),
        line(1, "b"),
        line(3, "e", "stderr"),
        line(2, "c"),  # written later but stamped earlier: the engine stamps the two streams independently
        line(3, "d"),
        line(3, "d"),
        line(3, "f", "stderr"),
    ]
    delivered = DeliveredLines()
    lines = delivered.new_lines(log[:delivered_before])
    for _ in range(2):
        delivered.start_over([])
        lines += delivered.new_lines(log)
    assert lines == log


def test_reading_starts_a_second_before_the_first_undelivered_line() -> None:
    delivered = DeliveredLines()
    assert delivered.start_over([]) == 0
    delivered.new_lines([line(9 * 10**9, "late", "stderr"), line(5 * 10**9 + 1, "early")])
    five = delivered.start_over([])
    assert delivered.start_over([stamp(3 * 10**9)]) == five - 2
