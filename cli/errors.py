"""The error with which a command fails, and the exit codes.

The codes up to 5 are those of the `apify` command (apify-cli 1.10, `CommandExitCodes`). Those from 64 on follow the
conventions of `sysexits.h`. If an Actor exits with one of the codes that Greenroom uses, the command exits with FAILED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.base.json_text import JsonDict

FAILED = 1
"""The run failed, and the Actor's own exit code is 1, unknown, or one of RESERVED."""
TIMED_OUT = 2
ABORTED = 3
INVALID_INPUT = 5
USAGE = 64
BUILD_FAILED = 65
COMMAND_FAILED = 69
"""The command itself failed: for example, because Docker is not available."""
RESERVED = frozenset({TIMED_OUT, ABORTED, INVALID_INPUT, USAGE, BUILD_FAILED, COMMAND_FAILED})

DEFAULT_ERROR_CODES = {
    TIMED_OUT: "timed-out",
    ABORTED: "aborted",
    INVALID_INPUT: "invalid-input",
    USAGE: "usage",
    BUILD_FAILED: "build-failed",
    COMMAND_FAILED: "command-failed",
}


class CommandError(Exception):
    """`message` states what happened and why, `advice` what to type next; the command ends with `exit_code`.

    With --json, `code` identifies the error, and the fields of `details` are printed beside it.
    """

    def __init__(
        self,
        message: str,
        advice: str = "",
        *,
        exit_code: int = COMMAND_FAILED,
        code: str | None = None,
        details: JsonDict | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.exit_code = exit_code
        self.code = code or DEFAULT_ERROR_CODES[exit_code]
        self.details = details or {}

    @property
    def json(self) -> JsonDict:
        """The object that a command prints with --json if it fails with this error."""
        return {**self.details, "error": error_object(self.code, self.message, self.advice, self.exit_code)}


def error_object(code: str, message: str, advice: str, exit_code: int) -> JsonDict:
    return {"code": code, "message": message, "advice": advice or None, "exitCode": exit_code}
