"""Faults of the data directory's disk: while a fault is active, nothing can be stored."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from runtime.base.storage_errors import unavailable_because
from runtime.database.log_files import LogFile
from runtime.database.sqlite_connection import SqliteConnection

CODES = {
    errno.ENOSPC: (sqlite3.SQLITE_FULL, "database or disk is full"),
    errno.EROFS: (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    errno.EIO: (sqlite3.SQLITE_IOERR, "disk I/O error"),
}


class StorageFault:
    """All commits and log writes of this process fail between `begin` and `end`. Reads succeed.

    `only` limits it to commits after which it returns true: it gets the number of commits since `begin`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOSPC) -> None:
        self._number = number
        self._commits: int | None = None
        self._only: Callable[[int], bool] = lambda _: True
        monkeypatch.setattr(SqliteConnection, "_run_all", self._failing(SqliteConnection._run_all, self._fail_commit))
        monkeypatch.setattr(LogFile, "flush", self._failing(LogFile.flush, self._fail_log))

    def begin(self, only: Callable[[int], bool] = lambda _: True) -> None:
        self._commits, self._only = 0, only

    def end(self) -> None:
        self._commits = None

    def _fail_commit(self) -> None:
        assert self._commits is not None
        self._commits += 1
        if self._only(self._commits):
            code, message = CODES[self._number]
            error = sqlite3.OperationalError(message)
            error.sqlite_errorcode = code
            raise error

    def _fail_log(self) -> None:
        raise unavailable_because(self._number)

    def _failing(self, method: Callable[..., Any], fail: Callable[[], None]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            if self._commits is not None:
                fail()
            return method(*arguments)

        return run
