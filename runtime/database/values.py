"""Key-value stores: small records in the database, big ones as files that their rows point to.

A file is written under a temporary name, renamed, and only then named by a committed row; the file it replaces goes
after that commit. Whatever a crash or a cancelled caller leaves is a file no row names, removed at the next start.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runtime.base.clock import Millis
from runtime.base.records import KeyRange, KeyValueStore
from runtime.database.connection import Connection
from runtime.database.storage_tables import DEFAULT_OF_RUN, StorageTable

SMALL_BYTES = 16_384
"""Bigger values are files: SQLite keeps up with those below."""
WRITE_BYTES = 1_048_576
READ_BYTES = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInfo:
    """What a value is, without the value. `size` counts the bytes as stored, so encoded ones if it came encoded."""

    key: str
    content_type: str
    content_encoding: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Record:
    """A value, as stored. A big one is an open file: read it, or close it."""

    info: RecordInfo
    body: bytes | BinaryIO

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        if isinstance(self.body, bytes):
            yield self.body
            return
        try:
            while chunk := await asyncio.to_thread(self.body.read, READ_BYTES):
                yield chunk
        finally:
            self.body.close()


@dataclass(frozen=True, slots=True)
class Key:
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class _Written:
    """A value that was received whole and no row points to yet: its bytes, or the name of its file."""

    size: int
    body: bytes | None = None
    file: str | None = None


class Values:
    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self.table = StorageTable(connection, "key_value_stores", KeyValueStore, ("records", "store_id"))
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    async def put(
        self,
        store_id: str,
        key: str,
        content_type: str,
        content_encoding: str | None,
        chunks: AsyncIterator[bytes],
        now: Millis,
    ) -> None:
        """Store a value that arrives in pieces, in place of what the key held. Raises StorageGone."""
        written = await self._receive(chunks)
        try:
            replaced = await self.table.write(
                lambda connection: self._point(connection, store_id, key, content_type, content_encoding, written, now)
            )
        except Exception:  # not where it was cancelled: the write may be carried out all the same and name the file
            await self._remove([written.file])
            raise
        await self._remove([replaced])

    def get(self, store_id: str, key: str) -> Record | None:
        """The record with its value, opened at once: no later write can take the file away."""
        found = self._row(store_id, key, ", file, body")
        if found is None:
            return None
        info, file, body = found
        return Record(info, (self._folder / file).open("rb") if file else body)

    def info(self, store_id: str, key: str) -> RecordInfo | None:
        found = self._row(store_id, key, "")
        return None if found is None else found[0]

    def keys(self, store_id: str, *, after: str | None, within: KeyRange, limit: int) -> list[Key]:
        """Keys with their sizes in the order of their UTF-8 bytes, from behind `after` on."""
        query = (
            "SELECT key, size FROM records WHERE store_id = ? AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?"
        )
        values = (store_id, within.first, after or "", within.end, limit)
        rows = self._connection.query(lambda connection: connection.execute(query, values).fetchall())
        return [Key(key, size) for key, size in rows]

    async def delete(self, store_id: str, key: str, now: Millis) -> None:
        """Forget a record; nothing happens where there is none. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> str | None:
            query = "DELETE FROM records WHERE store_id = ? AND key = ? RETURNING size, file"
            row = connection.execute(query, (store_id, key)).fetchone()
            size, file = row or (0, None)
            self.table.add(connection, store_id, now, delete_count=1, stored_bytes=-size)
            return None if file is None else str(file)

        await self._remove([await self.table.write(change)])

    async def delete_store(self, store_id: str) -> bool:
        return await self._erase("id = ?", store_id) > 0

    async def delete_of_run(self, run_id: str) -> None:
        await self._erase(DEFAULT_OF_RUN, run_id)

    async def _erase(self, condition: str, value: str) -> int:
        def change(connection: sqlite3.Connection) -> tuple[list[str], int]:
            stores = f"SELECT id FROM key_value_stores WHERE {condition}"
            query = f"SELECT file FROM records WHERE store_id IN ({stores}) AND file IS NOT NULL"
            files = [row[0] for row in connection.execute(query, (value,))]
            return files, self.table.erase(connection, condition, value)

        files, count = await self.table.write_new(change)
        await self._remove(files)
        return count

    def _row(self, store_id: str, key: str, more: str) -> tuple[RecordInfo, str | None, bytes] | None:
        query = f"SELECT content_type, content_encoding, size{more} FROM records WHERE store_id = ? AND key = ?"
        row = self._connection.query(lambda connection: connection.execute(query, (store_id, key)).fetchone())
        if row is None:
            return None
        info = RecordInfo(key=key, content_type=row[0], content_encoding=row[1], size=row[2])
        return (info, row[3], row[4]) if more else (info, None, b"")

    def _point(
        self,
        connection: sqlite3.Connection,
        store_id: str,
        key: str,
        content_type: str,
        content_encoding: str | None,
        written: _Written,
        now: Millis,
    ) -> str | None:
        """Let the key's row name what was written; return the file it named before."""
        query = "DELETE FROM records WHERE store_id = ? AND key = ? RETURNING size, file"
        size, file = connection.execute(query, (store_id, key)).fetchone() or (0, None)
        self.table.add(connection, store_id, now, write_count=1, stored_bytes=written.size - size)
        connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (store_id, key, content_type, content_encoding, written.size, written.file, written.body),
        )
        return None if file is None else str(file)

    async def _receive(self, chunks: AsyncIterator[bytes]) -> _Written:
        pending = bytearray()
        async for chunk in chunks:
            pending += chunk
            if len(pending) > SMALL_BYTES:
                return await self._receive_file(bytes(pending), chunks)
        return _Written(len(pending), body=bytes(pending))

    async def _receive_file(self, start: bytes, chunks: AsyncIterator[bytes]) -> _Written:
        name = secrets.token_hex(16)
        part = self._folder / f"{name}.part"
        try:
            size = await _write_file(part, start, chunks)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        part.rename(self._folder / name)
        return _Written(size, file=name)

    async def _remove(self, files: Iterable[str | None]) -> None:
        paths = [self._folder / file for file in files if file is not None]
        if paths:
            await asyncio.to_thread(_unlink_all, paths)

    def _sweep(self) -> None:
        query = "SELECT file FROM records WHERE file IS NOT NULL"
        named = {row[0] for row in self._connection.query(lambda connection: connection.execute(query).fetchall())}
        _unlink_all([path for path in self._folder.iterdir() if path.name not in named])


async def _write_file(path: Path, start: bytes, chunks: AsyncIterator[bytes]) -> int:
    """Write in big pieces, each in a thread, so that a slow disk holds up nobody else."""
    pending = bytearray(start)
    size = len(start)
    with path.open("wb") as file:
        async for chunk in chunks:
            pending += chunk
            size += len(chunk)
            if len(pending) >= WRITE_BYTES:
                await asyncio.to_thread(file.write, bytes(pending))
                pending.clear()
        await asyncio.to_thread(file.write, bytes(pending))
    return size


def _unlink_all(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
