"""`greenroom status`: the server of a data directory."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cli import terminal
from cli.commands.status import show_status
from cli.server.description import LABEL_WIDTH
from tests.cli.serving import Serving


def test_a_terminal_gets_lines_that_are_wrapped_below_their_texts(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, no_color=True, highlight=False, width=40, soft_wrap=True)
    monkeypatch.setattr(terminal, "stdout", console)
    assert show_status(serving.data_dir, as_json=False)
    lines = output.getvalue().splitlines()
    assert max(len(line) for line in lines if not line.startswith("Data")) <= 40  # a path is not divided
    assert any(line.startswith(" " * LABEL_WIDTH) for line in lines)
