"""JavaScript's regular expressions, matched in a process of its own.

With some patterns a short text takes longer than anybody lives, and nothing but the end of its process ends a search:
in the server's own, no run would be looked after any more.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import regress

ALLOWED_SECS = 2.0
"""For all that one input is searched for."""


class TooSlow(Exception):
    """The search took longer than it may."""


def check(pattern: str) -> None:
    """Raises ValueError where it is no regular expression of JavaScript's."""
    try:
        regress.Regex(pattern)
    except regress.RegressError as problem:
        raise ValueError(str(problem)) from problem


class Searcher:
    """Asks the process, which is started when it is first needed and ends when nobody can ask it any more."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0

    def begin(self) -> None:
        """From now the time runs that is allowed."""
        self._deadline = time.monotonic() + ALLOWED_SECS

    def finds(self, pattern: str, text: str) -> bool:
        """Whether the pattern matches somewhere in the text. Raises TooSlow."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TooSlow
        asked = self._running()
        assert asked.stdin is not None and asked.stdout is not None
        asked.stdin.write(json.dumps([pattern, text, left]).encode() + b"\n")
        asked.stdin.flush()
        answer = asked.stdout.readline()
        if not answer:
            asked.communicate()
            raise TooSlow
        return bool(json.loads(answer))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-I", __file__]
            # Ctrl-C is for the server, which then still checks inputs.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        return self._process


def serve() -> None:
    """Answer each line that comes; an alarm ends the process, as its default action interrupts any search."""
    for line in sys.stdin.buffer:
        pattern, text, secs = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, secs)
        found = regress.Regex(pattern).find(text) is not None
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    serve()
