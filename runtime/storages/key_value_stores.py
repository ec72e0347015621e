"""Key-value stores: values of any type under keys.

Counters: a request for a record is one read, a stored record one write, a page of keys one list, and a request to
delete a record one delete. Reads and deletes count even if there is no such record.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from runtime.base.clock import Clock
from runtime.base.errors import Invalid
from runtime.base.records import KeyRange, KeyValueStore
from runtime.database import Database
from runtime.database.key_value_stores_table import Key, KeyValueStoresTable, Record, RecordInfo
from runtime.storages.storage_service import StorageService

KEY = re.compile(r"[a-zA-Z0-9!\-_.'()]{1,256}")
DEFAULT_CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class KeyPage:
    """`next_start_key` is the last key of this page if there are more pages: the next page starts after it."""

    keys: list[Key]
    next_start_key: str | None


class KeyValueStores(StorageService[KeyValueStore]):
    label = "Key-value store"
    record_class = KeyValueStore
    _table: KeyValueStoresTable

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database.key_value_stores, database.users, clock)

    def get_record(self, store_id: str, key: str) -> Record | None:
        """The record with its value, which the caller must read to the end or close. Raises Invalid."""
        check_key(key)
        self._table.count_reads(store_id, self._clock.now(), read_count=1)
        return self._table.get_record(store_id, key)

    def get_record_uncounted(self, store_id: str, key: str) -> Record | None:
        """The same as `get_record`, for the server's own use: the read is not counted."""
        return self._table.get_record(store_id, key)

    def record_info(self, store_id: str, key: str) -> RecordInfo | None:
        """A record without its value. Raises Invalid."""
        check_key(key)
        self._table.count_reads(store_id, self._clock.now(), read_count=1)
        return self._table.record_info(store_id, key)

    async def set_record(self, store_id: str, key: str, body: bytes, content_type: str) -> None:
        """Raises Invalid, NotFound."""
        await self.set_record_stream(store_id, key, content_type, None, _single_chunk(body))

    async def set_record_stream(
        self,
        store_id: str,
        key: str,
        content_type: str | None,
        content_encoding: str | None,
        chunks: AsyncIterator[bytes],
    ) -> None:
        """Store a value of any size that arrives in chunks. Raises Invalid, NotFound."""
        check_key(key)
        stored_type = content_type or DEFAULT_CONTENT_TYPE
        with self._must_exist(store_id):
            await self._table.set_record(store_id, key, stored_type, content_encoding, chunks, self._clock.now())

    async def delete_record(self, store_id: str, key: str) -> None:
        """Does nothing if there is no such record. Raises Invalid, NotFound."""
        check_key(key)
        with self._must_exist(store_id):
            await self._table.delete_record(store_id, key, self._clock.now())

    def keys(self, store_id: str, *, after: str | None, within: KeyRange, limit: int) -> KeyPage:
        """A page of keys in the order of their UTF-8 bytes. `after` is excluded."""
        self._table.count_reads(store_id, self._clock.now(), list_count=1)
        keys = self._table.keys(store_id, after=after, within=within, limit=limit + 1)
        return KeyPage(keys[:limit], keys[limit - 1].key if len(keys) > limit else None)


def check_key(key: str) -> None:
    """Raises Invalid."""
    if not KEY.fullmatch(key):
        raise Invalid(
            "invalid-record-key",
            f"Record key '{key}' is not valid: it must be 1 to 256 of the characters a-zA-Z0-9!-_.'()",
        )


async def _single_chunk(body: bytes) -> AsyncIterator[bytes]:
    yield body
