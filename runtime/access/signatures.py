"""Signed addresses of storages: anyone who has one may read its content without a token.

Clients also sign addresses themselves, with the storage's key, so the format must be theirs. The signature of a storage
is the base64 of `<version>.<expiration time>.<HMAC>`; the signature of a record is only the HMAC (apify-client,
`_utils/crypto.py`).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

from runtime.access.users import PROXY_PASSWORD_PREFIX
from runtime.base.clock import Millis

BASE62 = string.digits + string.ascii_letters
VERSION = "0"
HEX_DIGITS = 30


class Signer:
    """Signs the addresses of all storages. Each storage has a key of its own, derived from the instance's key."""

    def __init__(self, instance_key: str) -> None:
        self._instance_key = instance_key

    def key(self, storage_id: str) -> str:
        """The storage's own key. Only callers who may write to the storage get it."""
        return hmac.new(self._instance_key.encode(), storage_id.encode(), hashlib.sha256).hexdigest()

    def proxy_password(self, user_id: str) -> str:
        """The user's password for the proxy outside of runs. It is the same after a restart."""
        return PROXY_PASSWORD_PREFIX + self.key(f"proxy {user_id}")[:36]

    def sign(self, storage_id: str, expires_at: Millis) -> str:
        """The signature for a storage's content. `expires_at` 0 means that it never expires."""
        payload = f"{VERSION}.{expires_at}.{self._storage_hmac(storage_id, VERSION, str(expires_at))}"
        return urlsafe_b64encode(payload.encode()).decode().rstrip("=")

    def sign_record(self, store_id: str, record_key: str) -> str:
        """The signature for one record, which never expires."""
        return _hmac62(self.key(store_id), record_key)

    def is_valid(self, storage_id: str, signature: str, now: Millis) -> bool:
        """Whether a signature of a storage is authentic and has not expired."""
        try:
            payload = urlsafe_b64decode(signature + "=" * (-len(signature) % 4)).decode()
            version, expires_at, given = payload.split(".")
            has_expired = 0 < int(expires_at) < now
        except (ValueError, binascii.Error):
            return False
        expected = self._storage_hmac(storage_id, version, expires_at)
        return hmac.compare_digest(given.encode(), expected.encode()) and not has_expired

    def is_valid_for_record(self, store_id: str, record_key: str, signature: str) -> bool:
        expected = self.sign_record(store_id, record_key)
        return hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())

    def _storage_hmac(self, storage_id: str, version: str, expires_at: str) -> str:
        return _hmac62(self.key(storage_id), f"{version}.{expires_at}.{storage_id}")


def _hmac62(key: str, message: str) -> str:
    """The first 30 hexadecimal digits of an HMAC-SHA256 as a number in base 62."""
    number = int(hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()[:HEX_DIGITS], 16)
    digits = ""
    while number:
        number, rest = divmod(number, len(BASE62))
        digits = BASE62[rest] + digits
    return digits or BASE62[0]
