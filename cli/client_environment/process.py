"""Runs a command of the user in this terminal: with its signals, its input and output, and its exit code."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from types import FrameType

from cli.errors import CommandError
from cli.terminal.interrupts import handled

NOT_EXECUTABLE = 126
NOT_FOUND = 127
"""The exit codes of shells for a command that cannot be started."""
SIGNAL_BASE = 128
OF_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
FORWARDED = [*OF_TERMINAL, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2]


def check_command(command: list[str], environment: Mapping[str, str]) -> None:
    """Raise CommandError if the command does not exist, so that nothing is started for it."""
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        raise CommandError(
            f"The command '{command[0]}' was not found.",
            "Install it, or pass its path. Put the command after `--`, as in `greenroom exec -- apify push`.",
            exit_code=NOT_FOUND,
            code="command-not-found",
        )


def run_command(command: list[str], environment: Mapping[str, str]) -> int:
    """Run the command until it ends, and return its exit code: 128 plus the number of the signal that ended it.

    Raises CommandError if it cannot be started.
    """
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        elif not _terminal_delivers(number):
            process.send_signal(number)

    with handled(FORWARDED, forward):
        process = _started(command, environment)
        for number in early:
            process.send_signal(number)
        code = process.wait()
    return code if code >= 0 else SIGNAL_BASE - code


def _started(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=environment)
    except OSError as error:
        raise CommandError(
            f"The command {shlex.join(command)} cannot be started: {error.strerror or error}.",
            exit_code=NOT_EXECUTABLE,
            code="command-not-executable",
        ) from error


def _terminal_delivers(number: int) -> bool:
    """Return whether the command has received this signal itself.

    A terminal sends its signals to all processes of the group in the foreground. If the command got a Ctrl-C twice, it
    would take the second one as the order to exit without cleaning up.
    """
    if number not in OF_TERMINAL:
        return False
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
