"""Connects this terminal, or the standard streams, with a process in a run's container."""

from __future__ import annotations

import shutil
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cli.client.shell import ShellConnection
from cli.terminal import streams

CHUNK_BYTES = 32 * 1024
PAUSE_SECS = 1 / 150
"""The pause after each part of the input: the server disconnects a client that sends more than 200 frames a second."""
STDERR = 2


def terminal_size() -> tuple[int, int] | None:
    """Return the columns and rows of the terminal, or None if stdin or stdout is not one."""
    if sys.stdin is None or not sys.stdin.isatty() or not streams.stdout.isatty():
        return None
    size = shutil.get_terminal_size()
    return size.columns, size.lines


def relay(shell: ShellConnection, *, has_terminal: bool) -> int:
    """Relay input and output until the process ends, and return its exit code. Raises CommandError."""
    threading.Thread(target=_send_input, args=(shell,), daemon=True).start()
    if not has_terminal:
        return _print_output(shell)
    with _raw_terminal(), _following_size(shell):
        return _print_output(shell)


def _print_output(shell: ShellConnection) -> int:
    for message in shell.output():
        if isinstance(message, int):
            return message
        stream, data = message
        (streams.stderr if stream == STDERR else streams.stdout).write_bytes(data)
    raise AssertionError("the output ends with an exit code")


def _send_input(shell: ShellConnection) -> None:
    """Send stdin until its end. The thread's main function.

    The process can end first. Then this thread still waits for input. If it waited in the buffer of `sys.stdin`, it
    would hold a lock that the interpreter needs to exit, and the exit would fail with a fatal error.
    """
    if sys.stdin is not None:
        buffer: Any = sys.stdin.buffer
        unbuffered = getattr(buffer, "raw", buffer)
        while data := unbuffered.read(CHUNK_BYTES):
            shell.send_input(data)
            time.sleep(PAUSE_SECS)
    shell.end_input()


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Pass all keys to the process, including Ctrl-C, and restore the terminal at the end."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def _following_size(shell: ShellConnection) -> Iterator[None]:
    """Give the process's terminal the size of this one whenever it changes."""

    def resized(number: int, frame: FrameType | None) -> None:
        size = shutil.get_terminal_size()
        # In a thread, because the interrupted main thread can hold a lock of the connection.
        threading.Thread(target=shell.resize, args=(size.columns, size.lines), daemon=True).start()

    before = signal.signal(signal.SIGWINCH, resized)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
