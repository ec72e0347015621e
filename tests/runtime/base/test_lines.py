from __future__ import annotations

from pathlib import Path

import pytest

from runtime.base.lines import lines_of, read_lines

INSIDE_LINES = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Characters at which other functions split."""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\nb\r\nc\n", ["a", "b", "c"]),
        ("\n\na", ["", "", "a"]),
        ("a\r", ["a"]),
        *((f"a{each}b\nc", [f"a{each}b", "c"]) for each in INSIDE_LINES),
    ],
)
def test_lines_end_with_line_feeds(text: str, lines: list[str], tmp_path: Path) -> None:
    assert lines_of(text) == lines
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_lines(tmp_path / "file") == lines
