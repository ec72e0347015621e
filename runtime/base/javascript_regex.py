"""JavaScript regular expressions, compiled and matched in a helper process.

Some patterns need exponential time even for a short text, and others exhaust the stack while they are compiled. Such a
pattern can be stopped only by ending its process, so it must not run in the server's process.
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
"""The total time for all searches in one input."""
ALLOWED_BYTES = 512 * 1024**2


class RegexLimitExceeded(Exception):
    """A pattern needed more time, memory or stack than is allowed."""


class Searcher:
    """Sends searches to the helper process, which starts at the first request and ends with the server.

    Any thread may use it. Requests of several threads are processed one after the other.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.RLock()
        self._deadline = 0.0

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Limit the total time of all searches inside the context."""
        with self._turn:
            self._deadline = time.monotonic() + ALLOWED_SECS
            yield

    def check(self, pattern: str) -> None:
        """Raises ValueError if the pattern is not a valid JavaScript regular expression, or too complex to compile."""
        with self._turn:
            try:
                problem = self._request(pattern, None, ALLOWED_SECS)
            except RegexLimitExceeded:
                problem = "Regular expression is too complex"
        if problem:
            raise ValueError(problem)

    def finds(self, pattern: str, text: str) -> bool:
        """Return whether the pattern matches anywhere in the text. Raises RegexLimitExceeded."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RegexLimitExceeded
        return bool(self._request(pattern, text, left))

    def _request(self, pattern: str, text: str | None, secs: float) -> bool | str | None:
        helper = self._running_helper()
        assert helper.stdin is not None and helper.stdout is not None
        helper.stdin.write(json.dumps([pattern, text, secs]).encode() + b"\n")
        helper.stdin.flush()
        line = helper.stdout.readline()
        if not line:
            helper.communicate()
            raise RegexLimitExceeded
        response: bool | str | None = json.loads(line)
        return response

    def _running_helper(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # `-P` and the path of this file prevent other modules of this folder, or of the current one, from being
            # imported. The environment stays the server's: PYTHONPATH or the user's site-packages may hold `regress`.
            command = [sys.executable, "-P", __file__]
            # A session of its own: Ctrl-C must reach the server only, which still validates inputs while it stops.
            # Its standard error is discarded: it would only show the traceback of a helper that ran out of memory.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process


SEARCHER = Searcher()
"""The searcher that the whole server shares."""


def serve() -> None:
    """Answer one request per line. After the allowed time, SIGALRM ends the process, even in the middle of a search."""
    resource.setrlimit(resource.RLIMIT_AS, (ALLOWED_BYTES, ALLOWED_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        pattern, text, secs = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, secs)
        response = syntax_error(pattern) if text is None else regress.Regex(pattern).find(text) is not None
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(response), flush=True)


def syntax_error(pattern: str) -> str | None:
    """Return what is wrong with the pattern; None if it is valid."""
    try:
        regress.Regex(pattern)
    except regress.RegressError as error:
        return str(error)
    return None


if __name__ == "__main__":
    serve()
