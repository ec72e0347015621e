"""Output of the commands: results and log lines go to stdout, messages about them to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from cli.errors import CommandError

stdout = Console(markup=False, highlight=False, soft_wrap=True)
stderr = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def print_message(text: str, style: str | None = None) -> None:
    """Print a message to stderr."""
    stderr.print(text, style=style)


def print_warning(text: str) -> None:
    """Print a highlighted message to stderr."""
    print_message(text, "yellow")


def print_error(error: CommandError) -> None:
    """Print an error and its advice to stderr."""
    print_message(error.message, "red")
    if error.advice:
        print_message(error.advice)


def print_json(value: Any) -> None:
    """Print a value to stdout as indented JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show that a step is in progress: a spinner on a terminal, otherwise one plain line."""
    if not stderr.is_terminal:
        print_message(f"{text} ...")
        yield
        return
    with stderr.status(text):
        yield


@contextmanager
def counted_progress(text: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show that a step is in progress. On a terminal, the count passed to the yielded function is shown as well."""
    if not stderr.is_terminal:
        print_message(f"{text} ...")
        yield lambda _: None
        return
    of = "" if total is None else f" of {total}"
    with stderr.status(text) as status:
        yield lambda done: status.update(f"{text}: {done}{of}")


def shows_colors() -> bool:
    """Return whether a log is printed with its ANSI codes: only on a terminal, and only if NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
