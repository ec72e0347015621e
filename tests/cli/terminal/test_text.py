from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.terminal.text import MAX_LINE_BYTES, TerminalLines, printable

MOVES = (
    "\x1b[2J\x1b[H",
    "\x1b[1A\x1b[2K",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1bc",
    "\x1b7",
    "\x9b2J",
    "\x1b(B",
)
SHOWN = re.compile(rb"(?:[^\x00-\x08\x0b-\x1f\x7f]|\x1b\[[0-9;:]*m)*")
"""Printable bytes, tabs, newlines and colors."""
C1 = re.compile("[\x80-\x9f]")


def shown(log: bytes, *, with_colors: bool = True, step: int = 0) -> bytes:
    lines = TerminalLines(with_colors=with_colors)
    chunks = [log[at : at + step] for at in range(0, len(log), step)] if step else [log]
    return b"".join([*map(lines.feed, chunks), lines.end()])


@pytest.mark.parametrize("move", MOVES)
def test_escape_sequences_that_are_not_colors_are_dropped(move: str) -> None:
    assert printable(f"a{move}b") == "ab"


def test_colors_are_shown_only_where_they_may_be() -> None:
    assert printable("\x1b[1;31mred\x1b[0m", with_colors=True) == "\x1b[1;31mred\x1b[0m"
    assert printable("\x1b[1;31mred\x1b[0m") == "red"


def test_single_control_characters_become_visible() -> None:
    assert printable("a\bb\rc\x07d\x7fe\x1bf\x9cg\th\ni") == "a^Hb^Mc^Gd^?e^[f\\x9cg\th\ni".replace("e^[f", "e")


@given(st.lists(st.sampled_from([*MOVES, "\x1b", "[", "\r", "\b", "\n", "\x9b", "m", "ü", "\x1b[31m", "1", ";"])))
def test_no_combination_of_parts_moves_the_cursor(parts: list[str]) -> None:
    output = shown("".join(parts).encode())
    assert SHOWN.fullmatch(output)
    assert not C1.search(output.decode())


@given(st.binary(), st.integers(min_value=1, max_value=7))
def test_any_bytes_in_any_chunks_give_the_same_safe_text(log: bytes, step: int) -> None:
    output = shown(log, step=step)
    assert output == shown(log)
    assert SHOWN.fullmatch(output)


def test_a_long_line_is_cut_and_its_size_is_shown() -> None:
    output = shown(b"before\n" + b"x" * 5_000_000 + b"\nafter\n", with_colors=False, step=65_536)
    before, cut, after, rest = output.split(b"\n")
    assert (before, after, rest) == (b"before", b"after", b"")
    assert len(cut) < MAX_LINE_BYTES + 100
    assert cut.endswith(b"(cut; the line has 5,000,000 bytes, see the log)")


def test_a_cut_line_ends_its_colors() -> None:
    assert b"x\x1b[0m ... (cut" in shown(b"\x1b[31m" + b"x" * 2 * MAX_LINE_BYTES + b"\n")


def test_windows_line_ends_are_not_shown() -> None:
    assert shown(b"a\r\nb\r\n", with_colors=False) == b"a\nb\n"


def test_a_last_line_without_an_end_is_shown() -> None:
    assert shown(b"a\nb", with_colors=False) == b"a\nb\n"
