"""Where words go: results and log lines to stdout, everything said about them to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from cli.errors import Problem

results = Console(markup=False, highlight=False, soft_wrap=True)
words = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)


def say(text: str, style: str | None = None) -> None:
    words.print(text, style=style)


def tell(problem: Problem) -> None:
    say(problem.message, "red")
    if problem.advice:
        say(problem.advice)


@contextmanager
def step(text: str) -> Iterator[None]:
    """A piece of work that may take long: a spinner on a terminal, one plain line without."""
    if not words.is_terminal:
        say(f"{text} ...")
        yield
        return
    with words.status(text):
        yield


@contextmanager
def counting(text: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A piece of work whose parts are counted: on a terminal the spinner tells how far it is."""
    if not words.is_terminal:
        say(f"{text} ...")
        yield lambda _: None
        return
    of = "" if total is None else f" of {total}"
    with words.status(text) as status:
        yield lambda done: status.update(f"{text}: {done}{of}")


def shows_colors() -> bool:
    """Whether a log may keep its ANSI codes: only on a terminal whose owner has not set NO_COLOR."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
