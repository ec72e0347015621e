"""The data directory: its lock, and the identity that it gives to an instance."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path


class DirectoryInUse(Exception):
    """Another server is running on this data directory."""


class DataDirectory:
    """An open data directory, locked until it is closed. Raises DirectoryInUse.

    `instance_id` labels everything that the instance creates on an engine, and `signing_key` is a secret. Both are
    the same after a restart.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        data_dir.chmod(0o700)
        self._lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise DirectoryInUse(f"Another Greenroom server is running on {data_dir}.") from None
        identity = _identity(data_dir / "instance.json")
        self.instance_id, self.signing_key = identity["id"], identity["signingKey"]

    def close(self) -> None:
        os.close(self._lock)


def _identity(path: Path) -> dict[str, str]:
    """Return the identity that the first server on the directory created."""
    stored: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if {"id", "signingKey"} <= stored.keys():
        return stored
    identity = {"id": secrets.token_hex(4), "signingKey": secrets.token_hex(32), **stored}
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(identity))
    unfinished.replace(path)
    return identity
