"""Signed addresses of storages: who has one may read what it names without a token.

Clients sign by themselves with the storage's key, so the format is theirs: `signature` of a storage is base64 of
`version.expires at.HMAC`, that of a record the HMAC alone (apify-client, `_utils/crypto.py`).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

from runtime.base.clock import Millis

BASE62 = string.digits + string.ascii_letters
VERSION = "0"
HEX_DIGITS = 30


class Signer:
    """Signs for all storages of an instance; each has a key of its own, made from the instance's."""

    def __init__(self, instance_key: str) -> None:
        self._instance_key = instance_key

    def key(self, storage_id: str) -> str:
        """The storage's own key: for who may write to it."""
        return hmac.new(self._instance_key.encode(), storage_id.encode(), hashlib.sha256).hexdigest()

    def sign(self, storage_id: str, expires_at: Millis) -> str:
        """The signature for a storage's content until a moment; 0 is for ever."""
        payload = f"{VERSION}.{expires_at}.{self._of_storage(storage_id, VERSION, str(expires_at))}"
        return urlsafe_b64encode(payload.encode()).decode().rstrip("=")

    def sign_record(self, store_id: str, record_key: str) -> str:
        """The signature for one record, for ever."""
        return _hmac62(self.key(store_id), record_key)

    def is_valid(self, storage_id: str, signature: str, now: Millis) -> bool:
        """Whether a signature lets its bearer read the storage's content now."""
        try:
            payload = urlsafe_b64decode(signature + "=" * (-len(signature) % 4)).decode()
            version, expires_at, given = payload.split(".")
            is_over = 0 < int(expires_at) < now
        except (ValueError, binascii.Error):
            return False
        expected = self._of_storage(storage_id, version, expires_at)
        return hmac.compare_digest(given.encode(), expected.encode()) and not is_over

    def is_valid_for_record(self, store_id: str, record_key: str, signature: str) -> bool:
        expected = self.sign_record(store_id, record_key)
        return hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())

    def _of_storage(self, storage_id: str, version: str, expires_at: str) -> str:
        return _hmac62(self.key(storage_id), f"{version}.{expires_at}.{storage_id}")


def _hmac62(key: str, message: str) -> str:
    """The first 30 hexadecimal digits of an HMAC-SHA256 as a number in base 62."""
    number = int(hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()[:HEX_DIGITS], 16)
    digits = ""
    while number:
        number, rest = divmod(number, len(BASE62))
        digits = BASE62[rest] + digits
    return digits or BASE62[0]
