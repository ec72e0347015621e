"""JavaScript's regular expressions, compiled and matched in a process of its own.

With some patterns a short text takes longer than anybody lives, and others exhaust the stack when they are compiled.
Nothing but the end of its process ends either: in the server's own, no run would be looked after any more.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import regress

ALLOWED_SECS = 2.0
"""For all that one input is searched for."""
ALLOWED_BYTES = 512 * 1024**2


class RegexLimitExceeded(Exception):
    """A pattern took more time, memory or stack than it may."""


class Searcher:
    """Asks the process, which is started when it is first needed and ends when nobody can ask it any more.

    It may be used from any thread; one that asks waits for the others.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.RLock()
        self._deadline = 0.0

    @contextmanager
    def searching(self) -> Iterator[None]:
        """What is searched for inside of it has to be done in the allowed time together."""
        with self._turn:
            self._deadline = time.monotonic() + ALLOWED_SECS
            yield

    def check(self, pattern: str) -> None:
        """Raises ValueError where it is no regular expression of JavaScript's, or one that is too hard."""
        with self._turn:
            try:
                problem = self._ask(pattern, None, ALLOWED_SECS)
            except RegexLimitExceeded:
                problem = "Regular expression is too complex"
        if problem:
            raise ValueError(problem)

    def finds(self, pattern: str, text: str) -> bool:
        """Whether the pattern matches somewhere in the text. Raises RegexLimitExceeded."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RegexLimitExceeded
        return bool(self._ask(pattern, text, left))

    def _ask(self, pattern: str, text: str | None, secs: float) -> bool | str | None:
        asked = self._running()
        assert asked.stdin is not None and asked.stdout is not None
        asked.stdin.write(json.dumps([pattern, text, secs]).encode() + b"\n")
        asked.stdin.flush()
        answer = asked.stdout.readline()
        if not answer:
            asked.communicate()
            raise RegexLimitExceeded
        told: bool | str | None = json.loads(answer)
        return told

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # `-P` and the path of this file prevent other modules of this folder, or of the current one, from being
            # imported. The environment stays the server's: PYTHONPATH or the user's site-packages may hold `regress`.
            command = [sys.executable, "-P", __file__]
            # Ctrl-C is for the server, which then still checks inputs. What the process says as it dies helps nobody.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process


SEARCHER = Searcher()
"""The one that all share."""


def serve() -> None:
    """Answer each line that comes; an alarm ends the process, as its default action interrupts any search."""
    resource.setrlimit(resource.RLIMIT_AS, (ALLOWED_BYTES, ALLOWED_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        pattern, text, secs = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, secs)
        answer = problem(pattern) if text is None else regress.Regex(pattern).find(text) is not None
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answer), flush=True)


def problem(pattern: str) -> str | None:
    """What is wrong with it."""
    try:
        regress.Regex(pattern)
    except regress.RegressError as error:
        return str(error)
    return None


if __name__ == "__main__":
    serve()
