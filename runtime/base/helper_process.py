"""Work of unknown cost, done in helper processes that are stopped if it needs too much time or memory.

A few lines from a client can make one call of a library run for hours: a JSON Schema whose branches multiply, or a body
of millions of empty arrays. A thread is no protection, because such a call holds the interpreter lock until it returns.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ALLOWED_SECS = 10.0
"""Processor time, so that a busy machine does not stop valid work."""
ALLOWED_BYTES = 2 * 1024**3
PROCESSES = 2
"""Further work waits for its turn."""
NICENESS = 10
"""The server answers other requests first."""
HOME = Path(__file__).resolve().parents[2]
"""The folder that holds `runtime`."""
MAIN = "import sys; sys.path.insert(0, sys.argv[1]); from runtime.base.helper_process import serve; serve()"


class WorkLimitExceeded(Exception):
    """The work needed more time or memory than is allowed."""


class HelperProcess:
    """One process, which starts with its first work and ends with the server. One thread at a time may use it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns, or raise what it raises. Raises WorkLimitExceeded."""
        process = self._running_process()
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump((function, args, kwargs), process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            succeeded, result = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as problem:
            process.kill()
            process.communicate()
            raise WorkLimitExceeded from problem
        if not succeeded:
            raise result
        value: T = result
        return value

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # A session of its own: Ctrl-C must reach the server only, which still does its work while it stops.
            # `-P` prevents modules of the current folder from being imported.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", MAIN, str(HOME)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process


_threads = ThreadPoolExecutor(PROCESSES, "helper")
_own = threading.local()


async def in_helper(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of a module in a helper process. Arguments and result are pickled. Raises WorkLimitExceeded."""
    return await asyncio.wrap_future(_submitted(function, *args, **kwargs))


def in_helper_from_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """The same as `in_helper` for callers outside of the event loop."""
    return _submitted(function, *args, **kwargs).result()


def _submitted(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    return _threads.submit(lambda: _process_of_thread().run(function, *args, **kwargs))


def _process_of_thread() -> HelperProcess:
    if not hasattr(_own, "process"):
        _own.process = HelperProcess()
    process: HelperProcess = _own.process
    return process


def serve() -> None:
    """Do one piece of work after the other. After the allowed time, SIGPROF ends the process in the middle of it."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (ALLOWED_BYTES, ALLOWED_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            function, args, kwargs = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, ALLOWED_SECS)
        result = _result(function, args, kwargs)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pickle.dump(result, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.flush()


def _result(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
    """Whether the function returned, and what it returned or raised."""
    try:
        return True, function(*args, **kwargs)
    except MemoryError:
        return False, WorkLimitExceeded()
    except Exception as problem:
        return False, problem
