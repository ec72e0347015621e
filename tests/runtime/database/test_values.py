from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.base.records import KeyRange, KeyValueStore
from runtime.database import Store
from runtime.database.storage_tables import StorageGone
from runtime.database.values import SMALL_BYTES, WRITE_BYTES

NOW = 1_700_000_000_000
BIG = bytes(range(256)) * (2 * WRITE_BYTES // 256) + b"tail"


async def pieces(body: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.fixture
async def opened(store: Store) -> Store:
    await store.values.table.get_or_create(
        KeyValueStore(id="store", user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW, run_id="run")
    )
    return store


async def put(store: Store, key: str, body: bytes, encoding: str | None = None) -> None:
    await store.values.put("store", key, "text/plain", encoding, pieces(body), NOW)


async def read(store: Store, key: str) -> bytes | None:
    record = store.values.get("store", key)
    return None if record is None else await record.read()


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "values").iterdir())


@pytest.mark.parametrize("size", [0, 1, SMALL_BYTES, SMALL_BYTES + 1, len(BIG)])
async def test_a_value_comes_back_byte_by_byte(opened: Store, tmp_path: Path, size: int) -> None:
    await put(opened, "key", BIG[:size], "gzip")
    record = opened.values.get("store", "key")
    assert record is not None
    assert (record.info.size, record.info.content_type, record.info.content_encoding) == (size, "text/plain", "gzip")
    assert await record.read() == BIG[:size]
    assert len(files(tmp_path)) == (size > SMALL_BYTES)


async def test_replacing_leaves_one_file_or_none(opened: Store, tmp_path: Path) -> None:
    await put(opened, "key", BIG)
    await put(opened, "key", BIG[1:])
    assert await read(opened, "key") == BIG[1:]
    assert len(files(tmp_path)) == 1
    await put(opened, "key", b"small")
    assert await read(opened, "key") == b"small"
    assert files(tmp_path) == []
    found = opened.values.table.get("store")
    assert found is not None and (found.stored_bytes, found.write_count) == (5, 3)


async def test_a_reader_keeps_what_it_opened(opened: Store) -> None:
    await put(opened, "key", BIG)
    record = opened.values.get("store", "key")
    assert record is not None
    await put(opened, "key", b"new")
    assert await record.read() == BIG


async def test_writers_of_one_key_do_not_mix(opened: Store, tmp_path: Path) -> None:
    bodies = [bytes([letter]) * (SMALL_BYTES + letter) for letter in range(65, 75)]
    await asyncio.gather(*(put(opened, "key", body) for body in bodies))
    assert await read(opened, "key") in bodies
    assert len(files(tmp_path)) == 1


async def test_an_upload_that_breaks_leaves_nothing(opened: Store, tmp_path: Path) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield BIG
        raise ConnectionError

    await put(opened, "key", b"before")
    with pytest.raises(ConnectionError):
        await opened.values.put("store", "key", "text/plain", None, breaking(), NOW)
    assert await read(opened, "key") == b"before"
    assert files(tmp_path) == []


async def test_a_cancelled_write_may_still_come_so_its_file_stays(opened: Store, tmp_path: Path) -> None:
    writer_is_free = threading.Event()
    busy = asyncio.ensure_future(opened.connection.write(lambda _: writer_is_free.wait()))
    putting = asyncio.create_task(put(opened, "key", BIG))
    while not [file for file in files(tmp_path) if not file.suffix]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    writer_is_free.set()
    await busy
    await opened.connection.write(lambda _: None)
    assert await read(opened, "key") == BIG


async def test_a_store_that_is_gone_takes_no_value(opened: Store, tmp_path: Path) -> None:
    await opened.values.delete_store("store")
    with pytest.raises(StorageGone):
        await put(opened, "key", BIG)
    assert files(tmp_path) == []


async def test_deleting(opened: Store, tmp_path: Path) -> None:
    await put(opened, "big", BIG)
    await put(opened, "small", b"12")
    await opened.values.delete("store", "big", NOW)
    await opened.values.delete("store", "never", NOW)
    assert opened.values.get("store", "big") is None
    assert files(tmp_path) == []
    found = opened.values.table.get("store")
    assert found is not None and (found.stored_bytes, found.delete_count) == (2, 2)


async def test_the_stores_of_a_run_go_with_their_files(opened: Store, tmp_path: Path) -> None:
    await put(opened, "big", BIG)
    await opened.values.delete_of_run("run")
    assert opened.values.table.get("store") is None
    assert opened.values.info("store", "big") is None
    assert files(tmp_path) == []


async def test_a_store_of_a_run_that_got_a_name_stays(opened: Store) -> None:
    await put(opened, "big", BIG)
    await opened.values.table.update("store", {"name": "kept"})
    await opened.values.delete_of_run("run")
    assert await read(opened, "big") == BIG


async def test_keys_in_order_of_their_bytes(opened: Store) -> None:
    for key in ("b", "a", "B", "a.1", "a1", "!", "ab", "_"):
        await put(opened, key, b"x" * len(key))

    def keys(after: str | None = None, prefix: str = "", limit: int = 100) -> list[str]:
        return [
            found.key
            for found in opened.values.keys("store", after=after, within=KeyRange.with_prefix(prefix), limit=limit)
        ]

    assert keys() == ["!", "B", "_", "a", "a.1", "a1", "ab", "b"]
    assert keys(after="_", limit=2) == ["a", "a.1"]
    assert keys(prefix="a") == ["a", "a.1", "a1", "ab"]
    assert keys(prefix="a", after="a.1") == ["a1", "ab"]
    assert keys(prefix="a", after="b") == []
    assert [
        found.size for found in opened.values.keys("store", after=None, within=KeyRange.with_prefix("a1"), limit=1)
    ] == [2]


async def test_what_a_crash_left_is_swept(opened: Store, tmp_path: Path) -> None:
    await put(opened, "key", BIG)
    kept = files(tmp_path)
    (tmp_path / "values" / "unnamed").write_bytes(b"renamed, never committed")
    (tmp_path / "values" / "torn.part").write_bytes(b"never renamed")
    again = Store(tmp_path)
    assert files(tmp_path) == kept
    assert await read(again, "key") == BIG
    again.close()


def test_ranges_of_keys() -> None:
    assert KeyRange.with_prefix("ab") & KeyRange.with_prefix("a") == KeyRange.with_prefix("ab")
    assert KeyRange.only("abc") & KeyRange.with_prefix("ab") == KeyRange.only("abc")
    nothing = KeyRange.only("abc") & KeyRange.with_prefix("b")
    assert nothing.first >= nothing.end
