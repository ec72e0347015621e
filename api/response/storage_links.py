"""Addresses of a storage's content that can be shared. They are signed if the content is restricted to its owner."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.access.signatures import Signer
from runtime.base.addresses import Addresses
from runtime.base.clock import DAY_MILLIS, Millis
from runtime.base.records import Dataset, KeyValueStore, Storage

VALID_MILLIS = 14 * DAY_MILLIS
"""How long the signed address of a storage's content is valid. The address of a single record never expires."""


@dataclass(frozen=True, slots=True)
class StorageLinks:
    """Addresses of one storage's content for one caller.

    `may_sign`: a caller who may write to the storage may also let others read it. `needs_signature`: only the owner can
    read the content at an address that is not signed.
    """

    addresses: Addresses
    signer: Signer
    now: Millis
    may_sign: bool
    needs_signature: bool

    def signing_key(self, storage: Storage) -> str | None:
        return self.signer.key(storage.id) if self.may_sign else None

    def items(self, dataset: Dataset) -> str:
        return self._signed(dataset, f"datasets/{dataset.id}/items")

    def keys(self, store: KeyValueStore) -> str:
        return self._signed(store, f"key-value-stores/{store.id}/keys")

    def records(self, store: KeyValueStore) -> str:
        return self._signed(store, f"key-value-stores/{store.id}/records")

    def record(self, store: KeyValueStore, key: str) -> str:
        """Keys need no quoting: every character that a key may contain is allowed in a URL."""
        url = f"{self.addresses.public_base}/v2/key-value-stores/{store.id}/records/{key}"
        return f"{url}?signature={self.signer.sign_record(store.id, key)}" if self.needs_signature else url

    def _signed(self, storage: Storage, path: str) -> str:
        url = f"{self.addresses.public_base}/v2/{path}"
        if not self.needs_signature:
            return url
        return f"{url}?signature={self.signer.sign(storage.id, self.now + VALID_MILLIS)}"
