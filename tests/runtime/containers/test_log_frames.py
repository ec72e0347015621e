from __future__ import annotations

import struct

import pytest

from runtime.containers import LogLine
from runtime.containers.log_frames import EPOCH, LINE_LIMIT, Delivered, LogFrames

PART = 16 * 1024


def stamp(nanos: int) -> str:
    return f"2026-11-21T10:00:{nanos // 10**9:02}.{nanos % 10**9:09}Z"


def frame(nanos: int, text: bytes, kind: int = 1) -> bytes:
    payload = stamp(nanos).encode() + b" " + text
    return struct.pack(">BxxxL", kind, len(payload)) + payload


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 8, 9, 50, 10_000])
def test_lines_come_out_whole_however_the_stream_is_cut(cut: int) -> None:
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


def test_parts_of_a_long_line_are_joined_beside_the_other_stream() -> None:
    frames = LogFrames()
    euro = "€".encode() * PART
    assert frames.feed(frame(1, euro[:PART])) == []
    assert frames.open_stamps() == [stamp(1)]
    assert frames.feed(frame(2, b"meanwhile\n", 2)) == [LogLine(stamp(2), "stderr", b"meanwhile")]
    assert frames.feed(frame(1, euro[PART:] + b"\n")) == [LogLine(stamp(1), "stdout", euro)]
    assert frames.open_stamps() == []


def test_a_line_that_never_ends_is_told_at_the_end_or_before_the_next() -> None:
    frames = LogFrames()
    frames.feed(frame(1, b"torn"))
    assert frames.feed(frame(2, b"next\n")) == [
        LogLine(stamp(1), "stdout", b"torn"),
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


def test_the_engines_own_words_are_kept() -> None:
    words = b"error from daemon in stream\n"
    frames = LogFrames()
    assert frames.feed(struct.pack(">BxxxL", 3, len(words)) + words) == [LogLine(EPOCH, "stderr", words[:-1])]


def line(nanos: int, text: str, stream: str = "stdout") -> LogLine:
    return LogLine(stamp(nanos), stream, text.encode())


@pytest.mark.parametrize("known", range(8))
def test_reading_again_leaves_no_holes_and_no_doubles(known: int) -> None:
    log = [
        line(1, "a"),
        line(1, "b"),
        line(3, "e", "stderr"),
        line(2, "c"),  # written later with an earlier stamp: the streams' stamps are taken before their order is
        line(3, "d"),
        line(3, "d"),
        line(3, "f", "stderr"),
    ]
    delivered = Delivered()
    told = delivered.fresh(log[:known])
    for _ in range(2):
        delivered.again([])
        told += delivered.fresh(log)
    assert told == log


def test_reading_begins_a_second_before_what_is_not_delivered() -> None:
    delivered = Delivered()
    assert delivered.again([]) == 0
    delivered.fresh([line(9 * 10**9, "late", "stderr"), line(5 * 10**9 + 1, "early")])
    five = delivered.again([])
    assert delivered.again([stamp(3 * 10**9)]) == five - 2
