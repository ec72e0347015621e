"""Secrets at rest: sealed with a key that lies beside the database, in a file of its own that only its owner reads.

A copy of the database alone opens none of them; a backup that is to be of use needs the key file too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class WrongKey(Exception):
    """The key file is not the one with which the data directory's secrets were sealed."""


class Vault:
    """Seals and opens texts. Where there is no `key_file` its key is new, and has to be kept."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._key = key_file.read_bytes() if key_file.exists() else Fernet.generate_key()
        try:
            self._fernet = Fernet(self._key)
        except ValueError as problem:
            raise self._wrong_key() from problem

    def keep(self) -> None:
        """Write a new key down, before anything that is sealed with it."""
        if not self._key_file.exists():
            _write(self._key, self._key_file)

    def seal(self, text: str) -> str:
        """The same text never looks the same twice."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises WrongKey."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as problem:
            raise self._wrong_key() from problem

    def hmac_digest(self, text: str) -> str:
        """A short text that is the same for the same text, and tells nothing of it without the key."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _wrong_key(self) -> WrongKey:
        return WrongKey(
            f"{self._key_file} is not the key with which the secrets beside it were sealed: put back the file that "
            "belongs to this database, or use another --data-dir."
        )


def _write(key: bytes, path: Path) -> None:
    """Whole or not at all: a key that was cut off would lock in what is sealed with it."""
    unfinished = path.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
