"""Key-value stores: small values are in the database, big values in files that their rows refer to.

A file is first written under a temporary name, then renamed. Only then does a transaction make a row refer to it. After
the commit, the file of the previous value is deleted. A crash or a cancelled caller can leave files that no row refers
to; the next start deletes them.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from runtime.base.clock import Millis
from runtime.base.errors import StorageDamaged, StorageUnavailable
from runtime.base.records import KeyRange, KeyValueStore
from runtime.base.storage_errors import translating_disk_errors
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.storage_table import StorageTable

log = logging.getLogger("greenroom.database")

MAX_BYTES_IN_DATABASE = 16_384
"""Up to this size SQLite stores a value as fast as the file system does. Bigger values are files."""
WRITE_BYTES = 1_048_576
READ_BYTES = 262_144
INFO_COLUMNS = "content_type, content_encoding, size"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInfo:
    """A record without its value. `size` counts the bytes as stored: compressed, if the client sent them compressed."""

    key: str
    content_type: str
    content_encoding: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record with its value as stored. A big value is an open file, which must be read to the end or closed."""

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
class _Received:
    """A complete value that no row refers to yet: its bytes, or the name of its file."""

    size: int
    body: bytes | None = None
    file: str | None = None


class KeyValueStoresTable(StorageTable[KeyValueStore]):
    """Key-value stores and their records. Big values are files in `folder`."""

    def __init__(self, connection: SqliteConnection, folder: Path) -> None:
        super().__init__(
            connection, "key_value_stores", KeyValueStore, content_table="records", content_reference="store_id"
        )
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._delete_unreferenced_files()

    async def set_record(
        self,
        id: str,
        key: str,
        content_type: str,
        content_encoding: str | None,
        chunks: AsyncIterator[bytes],
        now: Millis,
    ) -> None:
        """Store a value that arrives in chunks; it replaces the previous value of the key. Raises StorageGone."""
        received = await self._receive(chunks)
        info = RecordInfo(key=key, content_type=content_type, content_encoding=content_encoding, size=received.size)
        try:
            replaced = await self._write(lambda connection: self._replace_row(connection, id, info, received, now))
        except Exception:  # not CancelledError: a cancelled write may still be committed, and its row needs the file
            await self._delete_files([received.file])
            raise
        await self._delete_files([replaced])

    def get_record(self, id: str, key: str) -> Record | None:
        """The record with its value. A file is opened immediately, because a later write may delete it."""
        row = self._find_row(id, key, f"{INFO_COLUMNS}, file, body")
        if row is None:
            return None
        *_, file, body = row
        return Record(_record_info(key, row), self._open_file(file) if file else body)

    def record_info(self, id: str, key: str) -> RecordInfo | None:
        row = self._find_row(id, key, INFO_COLUMNS)
        return None if row is None else _record_info(key, row)

    def keys(self, id: str, *, after: str | None, within: KeyRange, limit: int) -> list[Key]:
        """Keys with their sizes, in the order of their UTF-8 bytes. `after` is excluded."""
        query = (
            "SELECT key, size FROM records WHERE store_id = ? AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?"
        )
        values = (id, within.first, after or "", within.end, limit)
        rows = self._connection.query(lambda connection: connection.execute(query, values).fetchall())
        return [Key(key, size) for key, size in rows]

    async def delete_record(self, id: str, key: str, now: Millis) -> None:
        """Does nothing if there is no such record. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> str | None:
            size, file = _delete_row(connection, id, key)
            self._add_counts(connection, id, now, delete_count=1, stored_bytes=-size)
            return file

        await self._delete_files([await self._write(change, may_use_reserve=True)])

    async def _delete_where(self, condition: str, value: str) -> int:
        def change(connection: sqlite3.Connection) -> tuple[list[str], int]:
            stores = f"SELECT id FROM key_value_stores WHERE {condition}"
            query = f"SELECT file FROM records WHERE store_id IN ({stores}) AND file IS NOT NULL"
            files = [file for (file,) in connection.execute(query, (value,))]
            return files, self._delete_within(connection, condition, value)

        files, count = await self._write_and_clear_cache(change, may_use_reserve=True)
        await self._delete_files(files)
        return count

    def _find_row(self, id: str, key: str, columns: str) -> tuple[Any, ...] | None:
        query = f"SELECT {columns} FROM records WHERE store_id = ? AND key = ?"
        row: tuple[Any, ...] | None = self._connection.query(
            lambda connection: connection.execute(query, (id, key)).fetchone()
        )
        return row

    def _replace_row(
        self, connection: sqlite3.Connection, id: str, info: RecordInfo, received: _Received, now: Millis
    ) -> str | None:
        """Make the key's row refer to the received value; return the file that it referred to before."""
        size, file = _delete_row(connection, id, info.key)
        self._add_counts(connection, id, now, write_count=1, stored_bytes=info.size - size)
        connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (id, info.key, info.content_type, info.content_encoding, info.size, received.file, received.body),
        )
        return file

    def _open_file(self, name: str) -> BinaryIO:
        try:
            return (self._folder / name).open("rb")
        except FileNotFoundError as error:
            raise StorageDamaged(
                "storage-damaged",
                f"The file values/{name} is missing in the data directory. Restore it from a backup, or store the "
                "record again.",
            ) from error

    async def _receive(self, chunks: AsyncIterator[bytes]) -> _Received:
        pending = bytearray()
        async for chunk in chunks:
            pending += chunk
            if len(pending) > MAX_BYTES_IN_DATABASE:
                return await self._receive_file(bytes(pending), chunks)
        return _Received(len(pending), body=bytes(pending))

    async def _receive_file(self, start: bytes, chunks: AsyncIterator[bytes]) -> _Received:
        name = secrets.token_hex(16)
        part = self._folder / f"{name}.part"
        try:
            with translating_disk_errors():
                size = await _write_file(part, start, chunks)
                part.rename(self._folder / name)
        except StorageUnavailable:
            _unlink_all([part])
            await self._connection.return_space()  # a repeated request then finds the space of deleted records
            raise
        except BaseException:
            _unlink_all([part])
            raise
        return _Received(size, file=name)

    async def _delete_files(self, names: Iterable[str | None]) -> None:
        paths = [self._folder / name for name in names if name is not None]
        if paths:
            await asyncio.to_thread(_unlink_all, paths)

    def _delete_unreferenced_files(self) -> None:
        """Delete what a crash left behind. If there is no store at all, the database may have been replaced."""
        query = "SELECT file FROM records WHERE file IS NOT NULL"
        rows = self._connection.query(lambda connection: connection.execute(query).fetchall())
        referenced = {file for (file,) in rows}
        unreferenced = [path for path in self._folder.iterdir() if path.name not in referenced]
        if not unreferenced or self._has_stores():
            _unlink_all(unreferenced)
        else:
            log.warning(
                "%s contains %d files, but the database contains no key-value store. The files are not deleted. "
                "If the database was replaced by mistake, stop the server and restore it from a backup.",
                *(self._folder, len(unreferenced)),
            )

    def _has_stores(self) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM key_value_stores)"
        return bool(self._connection.query(lambda connection: connection.execute(query).fetchone()[0]))


def _record_info(key: str, row: tuple[Any, ...]) -> RecordInfo:
    """The record without its value, from a row that begins with INFO_COLUMNS."""
    content_type, content_encoding, size = row[:3]
    return RecordInfo(key=key, content_type=content_type, content_encoding=content_encoding, size=size)


def _delete_row(connection: sqlite3.Connection, store_id: str, key: str) -> tuple[int, str | None]:
    """Delete a value; return its size and file, or 0 and None if there was no such value."""
    query = "DELETE FROM records WHERE store_id = ? AND key = ? RETURNING size, file"
    row: tuple[int, str | None] | None = connection.execute(query, (store_id, key)).fetchone()
    return row or (0, None)


async def _write_file(path: Path, start: bytes, chunks: AsyncIterator[bytes]) -> int:
    """Write a file in big chunks; return its size. Threads write it, so a slow disk does not block the event loop."""
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
    """Delete files that no row refers to. A file that cannot be deleted now is deleted at the next start."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be deleted: %s", path, error)
