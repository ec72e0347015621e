"""Interrupts: which signals raise KeyboardInterrupt, and when.

A signal that was ignored when the command started stays ignored. `nohup` ignores SIGHUP, and a script's shell ignores
SIGINT for a command with `&`, so that a closed terminal or a Ctrl-C does not end it. SIGTERM still ends it.

A closed stdout has the effect of SIGTERM: after `greenroom run | head`, nobody would see how the run continues. After
`greenroom run | tee FILE`, a Ctrl-C also ends `tee`. Both together are one interrupt, not two.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from cli.terminal.streams import StandardStream

INTERRUPT_ARRIVAL_SECS = 0.5
"""After stdout was closed, an interrupt of the whole pipeline has arrived within this time."""
TERMINATION_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

_interrupted = threading.Event()
"""Set by every signal that interrupts the command."""


@contextmanager
def interrupt_on_termination() -> Iterator[None]:
    """Raise KeyboardInterrupt when a CI job is cancelled or the terminal is closed, so that the command cleans up."""
    _interrupted.clear()
    with handled([signal.SIGINT, *TERMINATION_SIGNALS], _interrupt):
        yield


@contextmanager
def interrupt_on_closed_output(output: StandardStream) -> Iterator[None]:
    """Raise KeyboardInterrupt as soon as nobody can read the output any more, even if nothing is written meanwhile.

    Use it inside `interrupt_on_termination`. The output is discarded then, so that the command can clean up.
    """
    if not _is_pipe(output):
        yield
        return
    ended, end = os.pipe()
    watcher = threading.Thread(target=_watch, args=(output, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        os.close(end)
        watcher.join()
        os.close(ended)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Defer an interrupt to the end of the block, so that the block completes. A second interrupt is not deferred."""
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        if received:
            raise KeyboardInterrupt
        received.append(number)

    with handled([signal.SIGINT, *TERMINATION_SIGNALS], remember):
        yield
    if received:
        raise KeyboardInterrupt


@contextmanager
def handled(numbers: list[signal.Signals], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
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


def _interrupt(number: int, frame: FrameType | None) -> None:
    _interrupted.set()
    raise KeyboardInterrupt


def _is_pipe(output: StandardStream) -> bool:
    try:
        mode = os.fstat(output.fileno()).st_mode
    except OSError:  # a stream without a file, as in tests, or a closed one
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _watch(output: StandardStream, ended: int) -> None:
    """Interrupt the main thread when the reader of the output closes it. Return then, or when `ended` is closed."""
    poll = select.poll()
    poll.register(output.fileno(), 0)  # errors are always reported
    poll.register(ended, 0)
    if ended in [descriptor for descriptor, _ in poll.poll()]:
        return
    output.discard()
    if not _interrupted.wait(INTERRUPT_ARRIVAL_SECS):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
