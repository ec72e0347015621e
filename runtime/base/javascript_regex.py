"""JavaScript regular expressions, compiled and matched in a helper process.

Some patterns need exponential time even for a short text, and others exhaust the stack while they are compiled. Such a
pattern can be stopped only by ending its process, so it must not run in the server's process.
"""

from __future__ import annotations

import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from runtime.base.helper_process import HelperProcess, WorkLimitExceeded

P = ParamSpec("P")
T = TypeVar("T")

ALLOWED_SECS = 2.0
"""The total time for all searches in one input, and the processor time of one search."""
ALLOWED_BYTES = 512 * 1024**2


class RegexLimitExceeded(Exception):
    """A pattern needed more time, memory or stack than is allowed."""


class Searcher:
    """Sends searches to a helper process of its own, because an input waits for them.

    Any thread may use it. Requests of several threads are processed one after the other.
    """

    def __init__(self) -> None:
        self._helper = HelperProcess()
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
                problem = self._run(ALLOWED_SECS, syntax_error, pattern)
            except RegexLimitExceeded:
                problem = "Regular expression is too complex"
        if problem:
            raise ValueError(problem)

    def finds(self, pattern: str, text: str) -> bool:
        """Return whether the pattern matches anywhere in the text. Raises RegexLimitExceeded."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RegexLimitExceeded
        return self._run(left, matches, pattern, text)

    def _run(self, secs: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return self._helper.run(within_limits, secs, function, *args, **kwargs)
        except WorkLimitExceeded as problem:
            raise RegexLimitExceeded from problem


SEARCHER = Searcher()
"""The searcher that the whole server shares."""


def within_limits(secs: float, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in the helper process, with narrower limits than those of other work."""
    resource.setrlimit(resource.RLIMIT_AS, (ALLOWED_BYTES, ALLOWED_BYTES))
    signal.setitimer(signal.ITIMER_PROF, secs)
    return function(*args, **kwargs)


def matches(pattern: str, text: str) -> bool:
    import regress  # only in the helper process

    return regress.Regex(pattern).find(text) is not None


def syntax_error(pattern: str) -> str | None:
    """Return what is wrong with the pattern; None if it is valid."""
    import regress

    try:
        regress.Regex(pattern)
    except regress.RegressError as error:
        return str(error)
    return None
