"""What a real terminal receives: colors, but nothing of an Actor that moves the cursor."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.terminal.text import MAX_LINE_BYTES
from tests.cli.commands.test_run import ROOT, WITH_STUB
from tests.cli.conftest import Served
from tests.cli.serving import Serving

pytestmark = pytest.mark.processes

LINE = re.compile(r"2026-01-01T00:00:00.000Z ([^\r\n]*)\r\n")


def output_in_terminal(*arguments: str, **environment: str) -> str:
    """Run the command in a terminal and return everything that the terminal receives."""
    ours, theirs = pty.openpty()
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_STUB, *arguments],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**variables, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    )
    os.close(theirs)
    received = bytearray()
    try:
        while chunk := os.read(ours, 65_536):
            received += chunk
    except OSError:  # how Linux reports that the last process has closed the terminal
        pass
    os.close(ours)
    assert process.wait() == 0, received
    return received.decode()


@pytest.fixture
def noisy(served: Served) -> Served:
    served.stub.log_lines = [
        "\x1b[31mred\x1b[0m",
        "\x1b[2J\x1b[1A\x1b]0;title\x07clear\b\b\rover\x9b2J",
        "x" * 5_000_000,
        "end",
    ]
    return served


def test_colors_of_the_actor_are_shown_and_its_moves_of_the_cursor_are_not(noisy: Served, folder: Path) -> None:
    shown = output_in_terminal("run", str(folder), "--data-dir", str(noisy.data_dir))
    _, red, clear, cut, end, _ = LINE.findall(shown.partition("Run r1")[2])
    assert "log r1?stream=1&raw=1" in noisy.stub.requests
    assert red == "\x1b[31mred\x1b[0m"
    assert clear == "clear^H^H^Mover"
    assert len(cut) < MAX_LINE_BYTES + 100 and "cut; the line has 5,000,025 bytes" in cut
    assert end == "end"


def test_no_color_turns_colors_off(noisy: Served, folder: Path) -> None:
    shown = output_in_terminal("run", str(folder), "--data-dir", str(noisy.data_dir), NO_COLOR="1")
    assert "log r1?stream=1&raw=0" in noisy.stub.requests
    assert "\x1b[31m" not in shown


def test_the_log_is_complete_where_it_is_not_a_terminal(noisy: Served, folder: Path) -> None:
    command = [sys.executable, "-c", WITH_STUB, "run", str(folder), "--data-dir", str(noisy.data_dir)]
    out = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    assert b"x" * 5_000_000 + b"\n" in out


def test_messages_of_the_actor_cannot_move_the_cursor(served: Served, folder: Path) -> None:
    hostile = '{"message": "a\\u001b[2J\\rb", "items": ["\\u009b2J"]}'
    shown = output_in_terminal("run", str(folder), "--data-dir", str(served.data_dir), "-i", hostile)
    assert "r1 of build 0.3.1: a^Mb" in shown
    assert "\x9b" not in shown and "\x1b[2J" not in shown


def test_the_export_of_all_storages_has_one_bar(serving: Serving, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        serving.data("POST", "datasets", params={"name": name})
    options = ("--to", str(tmp_path / "out"), "--data-dir", str(serving.data_dir))
    shown = output_in_terminal("storage", "export", "--all", *options)
    assert "━" in shown and "/3" in shown
    assert shown.index("━") < shown.index("dataset one ->")
    lines = [line for line in shown.split("\r\n") if "Exporting" in line]
    assert len(lines) <= 1, lines
