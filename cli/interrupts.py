"""Ctrl-C as a KeyboardInterrupt that comes when it can be dealt with.

A signal that was ignored when the command started stays ignored. `nohup` ignores SIGHUP, and a script's shell ignores
SIGINT for a command with `&`, so that neither a closed terminal nor a Ctrl-C ends it. SIGTERM does.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def endings_interrupt() -> Iterator[None]:
    """A cancelled CI job or a closed terminal is a Ctrl-C: what was started for the call must not stay behind."""
    with _handled(ENDING_SIGNALS, signal.default_int_handler):
        yield


@contextmanager
def held_interrupts() -> Iterator[None]:
    """An interrupt inside waits for the end of the block, so that what is done is done whole; a second one does not."""
    came: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    with _handled([signal.SIGINT, *ENDING_SIGNALS], remember):
        yield
    if came:
        raise KeyboardInterrupt


@contextmanager
def _handled(numbers: list[signal.Signals], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Install a handler for each of the signals that is not ignored; restore the handlers of before at the end."""
    before = {number: signal.getsignal(number) for number in numbers}
    not_ignored = [number for number in numbers if before[number] is not signal.SIG_IGN]
    for number in not_ignored:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in not_ignored:
            signal.signal(number, before[number])
