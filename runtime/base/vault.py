"""Encryption of stored secrets. The key is in a file beside the database, which only its owner can read.

A copy of the database alone does not reveal the secrets. A backup has to include the key file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Functions import it when they need it: most servers have no secrets.
    from cryptography.fernet import Fernet

KEY_BYTES = 32
SIGNING_KEY_BYTES = 16
DIGEST_BYTES = 32
"""The parts of a Fernet key and of an encrypted text. Source: the Fernet specification, github.com/fernet/spec."""


class WrongKey(Exception):
    """The secrets of the data directory were encrypted with a key other than the one in the key file."""


class Vault:
    """Encrypts and decrypts texts. If `key_file` does not exist, a new key is generated; `store_key` writes it."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._key = key_file.read_bytes() if key_file.exists() else _new_key()
        self._raw_key = self._decode(self._key)
        if len(self._raw_key) != KEY_BYTES:
            raise self._wrong_key()

    def store_key(self) -> None:
        """Write a new key to the key file. Call it before storing anything that was encrypted with it."""
        if not self._key_file.exists():
            _write(self._key, self._key_file)

    def encrypt(self, text: str) -> str:
        """Encrypt a text. The result is different each time."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Decrypt a text. Raises WrongKey."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(encrypted).decode()
        except InvalidToken as error:
            raise self._wrong_key() from error

    def check(self, encrypted: str) -> None:
        """Raises WrongKey if the text was encrypted with another key. Does not need the library for encryption."""
        content = self._decode(encrypted)
        digest = hmac.digest(self._raw_key[:SIGNING_KEY_BYTES], content[:-DIGEST_BYTES], hashlib.sha256)
        if not hmac.compare_digest(digest, content[-DIGEST_BYTES:]):
            raise self._wrong_key()

    def hmac_digest(self, text: str) -> str:
        """Return a digest of a text. Without the key, it reveals nothing about the text."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(self._key)

    def _decode(self, text: str | bytes) -> bytes:
        try:
            return base64.urlsafe_b64decode(text)
        except ValueError as error:
            raise self._wrong_key() from error

    def _wrong_key(self) -> WrongKey:
        return WrongKey(
            f"{self._key_file} is not the key with which the secrets of this data directory were encrypted. Restore "
            "the key file that belongs to the database, or use another --data-dir."
        )


def _new_key() -> bytes:
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES))


def _write(key: bytes, path: Path) -> None:
    """Write the file atomically: with a truncated key, the encrypted secrets would be lost."""
    unfinished = path.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
