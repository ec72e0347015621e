"""Key-value stores: values of any type under keys.

Counting: a read per record read or looked for, a write per record stored, a list per page of keys, a delete per record
deleted (or asked to be).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from runtime.base.clock import Clock
from runtime.base.errors import Invalid, record_not_found
from runtime.base.records import KeyRange, KeyValueStore
from runtime.database.storage_tables import StorageGone
from runtime.database.values import Key, Record, RecordInfo, Values
from runtime.storages.storage_service import StorageService

KEY = re.compile(r"[a-zA-Z0-9!\-_.'()]{1,256}")
DEFAULT_CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class KeyPage:
    """`next` is the key to go on behind; None on the last page."""

    keys: list[Key]
    next: str | None


class KeyValueStores(StorageService[KeyValueStore]):
    label = "Key-value store"
    record = KeyValueStore

    def __init__(self, values: Values, clock: Clock) -> None:
        super().__init__(values.table, clock)
        self._values = values

    def get_record(self, store_id: str, key: str) -> Record | None:
        """The value as stored. Read it to its end: a big one is an open file. Raises Invalid."""
        check_key(key)
        self._table.count(store_id, self._clock.now(), read_count=1)
        return self._values.get(store_id, key)

    def peek(self, store_id: str, key: str) -> Record | None:
        """As `get_record`, for this server's own use: nothing is counted."""
        return self._values.get(store_id, key)

    def record_info(self, store_id: str, key: str) -> RecordInfo | None:
        """What a record is, without its value. Raises Invalid."""
        check_key(key)
        self._table.count(store_id, self._clock.now(), read_count=1)
        return self._values.info(store_id, key)

    async def set_record(self, store_id: str, key: str, body: bytes, content_type: str) -> None:
        """Raises Invalid, NotFound."""
        await self.put_record(store_id, key, content_type, None, _whole(body))

    async def put_record(
        self,
        store_id: str,
        key: str,
        content_type: str | None,
        content_encoding: str | None,
        chunks: AsyncIterator[bytes],
    ) -> None:
        """Store a value that arrives in pieces, of any size. Raises Invalid, NotFound."""
        check_key(key)
        kind = content_type or DEFAULT_CONTENT_TYPE
        try:
            await self._values.put(store_id, key, kind, content_encoding, chunks, self._clock.now())
        except StorageGone as gone:
            raise record_not_found(self.label, store_id) from gone

    async def delete_record(self, store_id: str, key: str) -> None:
        """Nothing happens where there is no such record. Raises Invalid, NotFound."""
        check_key(key)
        try:
            await self._values.delete(store_id, key, self._clock.now())
        except StorageGone as gone:
            raise record_not_found(self.label, store_id) from gone

    def keys(self, store_id: str, *, after: str | None, within: KeyRange, limit: int) -> KeyPage:
        """A page of keys in the order of their UTF-8 bytes."""
        self._table.count(store_id, self._clock.now(), list_count=1)
        keys = self._values.keys(store_id, after=after, within=within, limit=limit + 1)
        return KeyPage(keys[:limit], keys[limit - 1].key if len(keys) > limit else None)

    async def delete(self, id: str) -> None:
        if not await self._values.delete_store(id):
            raise record_not_found(self.label, id)

    async def drop_of_run(self, run_id: str) -> None:
        await self._values.delete_of_run(run_id)


def check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise Invalid(
            "invalid-record-key",
            f"Record key '{key}' is not valid: it must be 1 to 256 of the characters a-zA-Z0-9!-_.'()",
        )


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body
