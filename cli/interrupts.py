"""Interrupts: which signals raise KeyboardInterrupt, and when.

A signal that was ignored when the command started stays ignored. `nohup` ignores SIGHUP, and a script's shell ignores
SIGINT for a command with `&`, so that a closed terminal or a Ctrl-C does not end it. SIGTERM still ends it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATION_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def interrupt_on_termination() -> Iterator[None]:
    """Raise KeyboardInterrupt when a CI job is cancelled or the terminal is closed, so that the command cleans up."""
    with _handled(TERMINATION_SIGNALS, signal.default_int_handler):
        yield


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Defer an interrupt to the end of the block, so that the block completes. A second interrupt is not deferred."""
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    with _handled([signal.SIGINT, *TERMINATION_SIGNALS], remember):
        yield
    if received:
        raise KeyboardInterrupt


@contextmanager
def _handled(numbers: list[signal.Signals], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Install a handler for the signals that are not ignored, and restore the previous handlers at the end."""
    previous = {number: signal.getsignal(number) for number in numbers}
    not_ignored = [number for number in numbers if previous[number] is not signal.SIG_IGN]
    for number in not_ignored:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in not_ignored:
            signal.signal(number, previous[number])
