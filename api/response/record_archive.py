"""The records of a key-value store as a ZIP archive, which is written while it is sent."""

from __future__ import annotations

import asyncio
import logging
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from api.response.record_response import decoded
from runtime.base.clock import Millis
from runtime.base.errors import StorageDamaged
from runtime.base.records import KeyRange
from runtime.storages.key_value_stores import KeyValueStores

log = logging.getLogger("greenroom.api")

PAGE = 1000


async def record_archive(stores: KeyValueStores, store_id: str, within: KeyRange, now: Millis) -> AsyncIterator[bytes]:
    """The archive, piece by piece. Each record is a file that is named by its key, without its Content-Encoding."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        async for key in _keys(stores, store_id, within):
            try:
                record = stores.get_record(store_id, key)
            except StorageDamaged as problem:
                log.warning("The record %s is not in its archive: %s", key, problem.message)
                continue
            if record is None:  # deleted since its key was listed
                continue
            info = zipfile.ZipInfo(key, datetime.fromtimestamp(now / 1000, UTC).timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry:
                async for piece in _content(key, record.chunks(), record.info.content_encoding):
                    await asyncio.to_thread(entry.write, piece)
                    yield pipe.take()
    yield pipe.take()


async def _content(key: str, chunks: AsyncIterator[bytes], encoding: str | None) -> AsyncIterator[bytes]:
    """The value without its Content-Encoding, as far as it can be decoded: earlier versions did not verify it."""
    try:
        async for piece in chunks if encoding is None else decoded(key, chunks, encoding):
            yield piece
    except StorageDamaged as problem:
        log.warning("The record %s is not complete in its archive: %s", key, problem.message)


async def _keys(stores: KeyValueStores, store_id: str, within: KeyRange) -> AsyncIterator[str]:
    after: str | None = None
    while True:
        page = stores.keys(store_id, after=after, within=within, limit=PAGE)
        for key in page.keys:
            yield key.key
        if page.next_start_key is None:
            return
        after = page.next_start_key


class _Pipe:
    """A write-only file that holds what was written until it is taken out."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
