"""Errors of SQLite that come from the disk or from a damaged file, translated to errors that state what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from runtime.base.errors import GreenroomError, StorageDamaged, StorageUnavailable
from runtime.base.storage_errors import directory_lost, unavailable_because

DISK_CODES = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_CANTOPEN: errno.EIO,
}
DAMAGE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
LOCK_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
FULL_BELOW_BYTES = 64 * 1024
"""With less free space, an I/O error means that the disk is full."""


def translated(error: BaseException, path: Path) -> BaseException:
    """The error for callers: the same one, unless its cause is the disk or the database file at `path`."""
    code = _code(error)
    problem = None if code is None else _problem(code, path)
    if problem is None:
        return error
    problem.__cause__ = error
    return problem


def lacks_space(error: BaseException | None) -> bool:
    """Whether an error may not occur again with more space, or with a smaller write."""
    if not isinstance(error, StorageUnavailable) or isinstance(error.__cause__, FileNotFoundError):
        return False
    return _code(error.__cause__) not in LOCK_CODES


def _code(error: BaseException | None) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _problem(code: int, path: Path) -> GreenroomError | None:
    if code in DAMAGE_CODES:
        return StorageDamaged(
            "storage-damaged",
            f"The database {path.name} in the data directory is damaged. Stop the server, and restore the data "
            "directory from a backup, or start with another --data-dir.",
        )
    if code in LOCK_CODES:
        return StorageUnavailable(
            "insufficient-storage", "Another process has locked the database. End that process; then try again."
        )
    if code not in DISK_CODES:
        return None
    if not path.exists():
        return directory_lost()
    number = DISK_CODES[code]
    return unavailable_because(_disk_fault(path.parent) if number == errno.EIO else number)


def _disk_fault(folder: Path) -> int:
    """Why the disk fails, as an error number: SQLite reports only some cases of a full or read-only disk as such."""
    disk = os.statvfs(folder)
    if disk.f_flag & os.ST_RDONLY:
        return errno.EROFS
    return errno.ENOSPC if disk.f_bavail * disk.f_frsize < FULL_BELOW_BYTES else errno.EIO
