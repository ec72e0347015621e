"""Output of the commands: results and log lines go to stdout, messages about them to stderr."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from cli.errors import CommandError
from cli.terminal import streams
from cli.terminal.streams import StandardStream
from cli.terminal.text import printable

stdout = Console(file=cast(TextIO, streams.stdout), markup=False, highlight=False, soft_wrap=True)
stderr = Console(file=cast(TextIO, streams.stderr), markup=False, highlight=False, soft_wrap=True)
CONTROL_CHARACTERS = re.compile(r"[\x7f-\x9f]")
"""Those that `json.dumps` leaves unescaped."""
LEAST_WIDTH = 40


def print_result(text: str, style: str | None = None) -> None:
    """Print a line to stdout."""
    stdout.print(printable(text), style=style)


def print_wrapped(text: str, indent: int = 0) -> None:
    """Print text to stdout. A terminal gets lines that end between words, with an indent from the second one on."""
    lines = [printable(text)]
    if stdout.is_terminal:
        width = max(LEAST_WIDTH, stdout.width)
        lines = textwrap.wrap(
            lines[0], width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
        )
    for line in lines:
        stdout.print(line)


def print_message(text: str, style: str | None = None) -> None:
    """Print a message to stderr."""
    stderr.print(printable(text), style=style)


def print_warning(text: str) -> None:
    """Print a highlighted message to stderr."""
    print_message(text, "yellow")


def print_error(error: CommandError) -> None:
    """Print an error and its advice to stderr."""
    print_message(error.message, "red")
    if error.advice:
        print_message(error.advice)


def print_json(value: Any) -> None:
    """Print a value to stdout as indented JSON, without characters that a terminal would act on."""
    is_utf8 = streams.stdout.encoding.lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not is_utf8, indent=2)
    escaped = CONTROL_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    streams.stdout.write(f"{escaped}\n")
    streams.stdout.flush()


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show that a step is in progress: a spinner on a terminal, otherwise, and with NO_COLOR, one plain line."""
    if not _shows_animations():
        print_message(f"{text} ...")
        yield
        return
    with stderr.status(Text(printable(text))):
        yield


@contextmanager
def progress_bar(text: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Show the progress of `total` steps: one bar on a terminal, otherwise, and with NO_COLOR, one plain line.

    Call the yielded function with the number of finished steps and a description of the current one.
    """
    if not _shows_animations():
        print_message(f"{text} ...")
        yield lambda _done, _step: None
        return
    # Imported here, because most commands show no bar and should start quickly.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[step]}", markup=False),
    )
    with Progress(*columns, console=stderr, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(printable(text), total=total, step="")
        yield lambda done, step: bar.update(task, completed=done, step=printable(step))


def _shows_animations() -> bool:
    return stderr.is_terminal and not os.environ.get("NO_COLOR")


def shows_colors(stream: StandardStream) -> bool:
    """Return whether a log is printed with its ANSI codes: only on a terminal, and only if NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")
