"""The data directory: its lock, and the identity that it gives to an instance."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path

from runtime.base.errors import StorageDamaged
from runtime.base.storage_errors import translating_disk_errors

FIELDS = {"id", "signingKey"}


class DirectoryInUse(Exception):
    """Another server is running on this data directory."""


class DataDirectory:
    """An open data directory, locked until it is closed.

    `instance_id` labels everything that the instance creates on an engine, and `signing_key` is a secret. Both are
    the same after a restart. Raises DirectoryInUse, StorageUnavailable, StorageDamaged, and OSError for a folder that
    cannot be created or opened.
    """

    def __init__(self, data_dir: Path) -> None:
        with translating_disk_errors():
            data_dir.mkdir(parents=True, exist_ok=True)
            data_dir.chmod(0o700)
            self._lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                identity = _identity(data_dir / "instance.json")
            except BaseException as error:
                os.close(self._lock)
                if isinstance(error, BlockingIOError):
                    raise DirectoryInUse(f"Another Greenroom server is running on {data_dir}.") from None
                raise
        self.instance_id, self.signing_key = identity["id"], identity["signingKey"]

    def close(self) -> None:
        os.close(self._lock)


def _identity(path: Path) -> dict[str, str]:
    """Return the identity that the first server on the directory created. Raises StorageDamaged."""
    stored = _read(path) if path.exists() else {}
    if stored.keys() >= FIELDS:
        return stored
    identity = {"id": secrets.token_hex(4), "signingKey": secrets.token_hex(32), **stored}
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(identity))
    unfinished.replace(path)
    return identity


def _read(path: Path) -> dict[str, str]:
    try:
        stored = json.loads(path.read_text())
        if not isinstance(stored, dict) or not all(isinstance(stored.get(name, ""), str) for name in FIELDS):
            raise ValueError("it is not an object with the fields 'id' and 'signingKey'")
    except ValueError as error:
        raise StorageDamaged(
            "storage-damaged",
            f"{path} is damaged: {error}. Restore it from a backup. Or delete it to get a new identity: then signed "
            "URLs become invalid, and containers of runs that are still alive are not adopted.",
        ) from error
    return stored
