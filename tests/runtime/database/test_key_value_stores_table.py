from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.base.records import KeyRange, KeyValueStore
from runtime.database import Database
from runtime.database.key_value_stores_table import MAX_BYTES_IN_DATABASE, WRITE_BYTES
from runtime.database.storage_table import StorageGone

NOW = 1_700_000_000_000
BIG = bytes(range(256)) * (2 * WRITE_BYTES // 256) + b"tail"


async def chunks(body: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.fixture
async def opened(database: Database) -> Database:
    await database.key_value_stores.get_or_create(
        KeyValueStore(id="store", user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW, run_id="run")
    )
    return database


async def set_record(database: Database, key: str, body: bytes, encoding: str | None = None) -> None:
    await database.key_value_stores.set_record("store", key, "text/plain", encoding, chunks(body), NOW)


async def read(database: Database, key: str) -> bytes | None:
    record = database.key_value_stores.get_record("store", key)
    return None if record is None else await record.read()


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "values").iterdir())


@pytest.mark.parametrize("size", [0, 1, MAX_BYTES_IN_DATABASE, MAX_BYTES_IN_DATABASE + 1, len(BIG)])
async def test_a_value_comes_back_byte_by_byte(opened: Database, tmp_path: Path, size: int) -> None:
    await set_record(opened, "key", BIG[:size], "gzip")
    record = opened.key_value_stores.get_record("store", "key")
    assert record is not None
    assert (record.info.size, record.info.content_type, record.info.content_encoding) == (size, "text/plain", "gzip")
    assert await record.read() == BIG[:size]
    assert len(files(tmp_path)) == (size > MAX_BYTES_IN_DATABASE)


async def test_a_replaced_value_leaves_no_file(opened: Database, tmp_path: Path) -> None:
    await set_record(opened, "key", BIG)
    await set_record(opened, "key", BIG[1:])
    assert await read(opened, "key") == BIG[1:]
    assert len(files(tmp_path)) == 1
    await set_record(opened, "key", b"small")
    assert await read(opened, "key") == b"small"
    assert files(tmp_path) == []
    found = opened.key_value_stores.get("store")
    assert found is not None and (found.stored_bytes, found.write_count) == (5, 3)


async def test_a_reader_gets_the_value_that_it_opened(opened: Database) -> None:
    await set_record(opened, "key", BIG)
    record = opened.key_value_stores.get_record("store", "key")
    assert record is not None
    await set_record(opened, "key", b"new")
    assert await record.read() == BIG


async def test_concurrent_writes_to_one_key_do_not_mix(opened: Database, tmp_path: Path) -> None:
    bodies = [bytes([letter]) * (MAX_BYTES_IN_DATABASE + letter) for letter in range(65, 75)]
    await asyncio.gather(*(set_record(opened, "key", body) for body in bodies))
    assert await read(opened, "key") in bodies
    assert len(files(tmp_path)) == 1


async def test_an_interrupted_upload_leaves_nothing(opened: Database, tmp_path: Path) -> None:
    async def interrupted() -> AsyncIterator[bytes]:
        yield BIG
        raise ConnectionError

    await set_record(opened, "key", b"before")
    with pytest.raises(ConnectionError):
        await opened.key_value_stores.set_record("store", "key", "text/plain", None, interrupted(), NOW)
    assert await read(opened, "key") == b"before"
    assert files(tmp_path) == []


async def test_a_cancelled_write_may_still_be_committed_so_its_file_stays(opened: Database, tmp_path: Path) -> None:
    may_continue = threading.Event()
    blocking = asyncio.ensure_future(opened.connection.write(lambda _: may_continue.wait()))
    writing = asyncio.create_task(set_record(opened, "key", BIG))
    while not [file for file in files(tmp_path) if not file.suffix]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    may_continue.set()
    await blocking
    await opened.connection.write(lambda _: None)
    assert await read(opened, "key") == BIG


async def test_a_deleted_store_accepts_no_value(opened: Database, tmp_path: Path) -> None:
    await opened.key_value_stores.delete("store")
    with pytest.raises(StorageGone):
        await set_record(opened, "key", BIG)
    assert files(tmp_path) == []


async def test_deleting_records(opened: Database, tmp_path: Path) -> None:
    await set_record(opened, "big", BIG)
    await set_record(opened, "small", b"12")
    await opened.key_value_stores.delete_record("store", "big", NOW)
    await opened.key_value_stores.delete_record("store", "never", NOW)
    assert opened.key_value_stores.get_record("store", "big") is None
    assert files(tmp_path) == []
    found = opened.key_value_stores.get("store")
    assert found is not None and (found.stored_bytes, found.delete_count) == (2, 2)


async def test_the_stores_of_a_run_are_deleted_with_their_files(opened: Database, tmp_path: Path) -> None:
    await set_record(opened, "big", BIG)
    await opened.key_value_stores.delete_of_run("run")
    assert opened.key_value_stores.get("store") is None
    assert opened.key_value_stores.record_info("store", "big") is None
    assert files(tmp_path) == []


async def test_a_named_store_of_a_run_is_not_deleted(opened: Database) -> None:
    await set_record(opened, "big", BIG)
    await opened.key_value_stores.update("store", {"name": "named"})
    await opened.key_value_stores.delete_of_run("run")
    assert await read(opened, "big") == BIG


async def test_keys_are_in_the_order_of_their_bytes(opened: Database) -> None:
    for key in ("b", "a", "B", "a.1", "a1", "!", "ab", "_"):
        await set_record(opened, key, b"x" * len(key))

    def keys(after: str | None = None, prefix: str = "", limit: int = 100) -> list[str]:
        return [
            found.key
            for found in opened.key_value_stores.keys(
                "store", after=after, within=KeyRange.with_prefix(prefix), limit=limit
            )
        ]

    assert keys() == ["!", "B", "_", "a", "a.1", "a1", "ab", "b"]
    assert keys(after="_", limit=2) == ["a", "a.1"]
    assert keys(prefix="a") == ["a", "a.1", "a1", "ab"]
    assert keys(prefix="a", after="a.1") == ["a1", "ab"]
    assert keys(prefix="a", after="b") == []
    assert [
        found.size
        for found in opened.key_value_stores.keys("store", after=None, within=KeyRange.with_prefix("a1"), limit=1)
    ] == [2]


async def test_files_that_a_crash_left_are_deleted(opened: Database, tmp_path: Path) -> None:
    await set_record(opened, "key", BIG)
    before = files(tmp_path)
    (tmp_path / "values" / "unnamed").write_bytes(b"renamed, never committed")
    (tmp_path / "values" / "torn.part").write_bytes(b"never renamed")
    again = Database(tmp_path)
    assert files(tmp_path) == before
    assert await read(again, "key") == BIG
    again.close()


def test_ranges_of_keys() -> None:
    assert KeyRange.with_prefix("ab") & KeyRange.with_prefix("a") == KeyRange.with_prefix("ab")
    assert KeyRange.only("abc") & KeyRange.with_prefix("ab") == KeyRange.only("abc")
    nothing = KeyRange.only("abc") & KeyRange.with_prefix("b")
    assert nothing.first >= nothing.end
