"""Encryption of stored secrets. The key is in a file beside the database, which only its owner can read.

A copy of the database alone does not reveal the secrets. A backup has to include the key file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class WrongKey(Exception):
    """The secrets of the data directory were encrypted with a key other than the one in the key file."""


class Vault:
    """Encrypts and decrypts texts. If `key_file` does not exist, a new key is generated; `store_key` writes it."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._key = key_file.read_bytes() if key_file.exists() else Fernet.generate_key()
        try:
            self._fernet = Fernet(self._key)
        except ValueError as error:
            raise self._wrong_key() from error

    def store_key(self) -> None:
        """Write a new key to the key file. Call it before storing anything that was encrypted with it."""
        if not self._key_file.exists():
            _write(self._key, self._key_file)

    def encrypt(self, text: str) -> str:
        """Encrypt a text. The result is different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Decrypt a text. Raises WrongKey."""
        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken as error:
            raise self._wrong_key() from error

    def hmac_digest(self, text: str) -> str:
        """Return a digest of a text. Without the key, it reveals nothing about the text."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _wrong_key(self) -> WrongKey:
        return WrongKey(
            f"{self._key_file} is not the key with which the secrets of this data directory were encrypted. Restore "
            "the key file that belongs to the database, or use another --data-dir."
        )


def _write(key: bytes, path: Path) -> None:
    """Write the file atomically: with a truncated key, the encrypted secrets would be lost."""
    unfinished = path.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
