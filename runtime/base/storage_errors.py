"""Errors of the data directory's disk, translated to errors that state what to do.

The server survives all of them: it continues when the disk has space again, or is writable again.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.base.errors import StorageDamaged, StorageUnavailable

STORAGE_ERRORS = (StorageUnavailable, StorageDamaged)
"""The errors of the data directory that a background task has to survive."""
CAUSES = {
    errno.ENOSPC: "its disk is full. Free space on it, or delete runs and storages",
    errno.EDQUOT: "its disk quota is used up. Free space, or delete runs and storages",
    errno.EROFS: "its file system is read-only. Make it writable",
    errno.EIO: "its disk reports I/O errors. Check the disk",
}
"""Errors that concern a whole disk, whatever the file: why the data directory cannot be used, and what to do."""


def storage_unavailable(error: BaseException) -> StorageUnavailable | None:
    """Translate an OSError. None for any other error, and for an OSError that does not concern a whole disk."""
    if isinstance(error, FileNotFoundError) and error.filename and not Path(error.filename).parent.exists():
        return directory_lost()
    number = error.errno if isinstance(error, OSError) else None
    return unavailable_because(number) if number in CAUSES else None


def unavailable_because(number: int) -> StorageUnavailable:
    """Return the error for one of CAUSES."""
    message = f"The data directory cannot be used because {CAUSES[number]}; then try again."
    return StorageUnavailable("insufficient-storage", message)


def directory_lost() -> StorageUnavailable:
    """Return the error for a data directory whose files are no longer where the server opened them."""
    return StorageUnavailable(
        "insufficient-storage",
        "The data directory cannot be used because it was moved, deleted or replaced while the server runs. Put it "
        "back, or restart the server; then try again.",
    )


@contextmanager
def translating_disk_errors() -> Iterator[None]:
    """Raise StorageUnavailable for an OSError that concerns a whole disk."""
    try:
        yield
    except OSError as error:
        if (unavailable := storage_unavailable(error)) is None:
            raise
        raise unavailable from error
