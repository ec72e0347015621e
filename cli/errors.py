"""The error with which a command fails, and its exit codes."""

from __future__ import annotations

FAILED = 1
TIMED_OUT = 2
ABORTED = 3
INVALID_INPUT = 5
"""Exit codes of the `apify` command (apify-cli 1.10, `CommandExitCodes`)."""


class CommandError(Exception):
    """`message` states what happened and why, `advice` what to type next; the command ends with `exit_code`."""

    def __init__(self, message: str, advice: str = "", *, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.exit_code = exit_code
