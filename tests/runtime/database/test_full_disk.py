"""The data directory on a real file system that is full, or read-only."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from runtime.base.errors import StorageUnavailable
from runtime.base.records import Dataset, KeyValueStore
from runtime.containers import LogLine
from runtime.database import Database
from runtime.database.space_reserve import RESERVE_BYTES, SHARE_OF_DISK
from tests.fakes.records import a_run
from tests.fakes.small_disk import MBYTE, SmallDisk, small_disk

DISK_MBYTES = 32
ITEM = b'"' + b"x" * 100_000 + b'"'
NOW = 1_700_000_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", DISK_MBYTES) as disk:
        yield disk


@pytest.fixture
async def database(disk: SmallDisk) -> AsyncIterator[Database]:
    database = Database(disk.path)
    database.reserve.open()
    for id in ("one", "two"):
        dataset = Dataset(id=id, user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)
        await database.datasets.get_or_create(dataset)
        store = KeyValueStore(id=id, user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)
        await database.key_value_stores.get_or_create(store)
    await database.runs.insert(a_run(id="run"))
    yield database
    database.close()


async def push(database: Database, id: str, item: bytes = ITEM) -> None:
    await database.datasets.push(id, item, count=1, clean_count=1, now=NOW)


async def fill_with_items(database: Database, *ids: str) -> dict[str, int]:
    """Push items to the datasets in turn, until the disk is full. Return the number of accepted items of each."""
    accepted = dict.fromkeys(ids, 0)
    while True:
        for id in ids:
            try:
                await push(database, id)
            except StorageUnavailable:
                return accepted
            accepted[id] += 1


async def put(database: Database, key: str, size: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, size, 100_000):
            yield os.urandom(min(100_000, size - start))

    await database.key_value_stores.set_record("one", key, "text/plain", None, chunks(), NOW)


def item_count(database: Database, id: str) -> int:
    dataset = database.datasets.get(id)
    assert dataset is not None
    return dataset.item_count


def reserved_bytes(disk: SmallDisk) -> int:
    path = disk.path / "reserve"
    return path.stat().st_size if path.exists() else 0


def test_the_reserve_is_a_small_part_of_the_disk(disk: SmallDisk) -> None:
    database = Database(disk.path)
    assert reserved_bytes(disk) == 0
    database.reserve.open()
    assert reserved_bytes(disk) == min(RESERVE_BYTES, DISK_MBYTES * MBYTE // SHARE_OF_DISK)
    database.close()


async def test_a_full_disk_has_a_clear_message_and_loses_nothing(disk: SmallDisk, database: Database) -> None:
    accepted = await fill_with_items(database, "one", "two")
    with pytest.raises(StorageUnavailable, match="its disk is full"):
        await push(database, "one", ITEM * 20)
    assert min(accepted.values()) > 50
    assert {id: item_count(database, id) for id in accepted} == accepted
    for id, count in accepted.items():
        assert len(await database.datasets.items_in_thread(id, count - 1, count, desc=False)) == 1


async def test_records_of_jobs_can_be_changed_and_deleted_on_a_full_disk(disk: SmallDisk, database: Database) -> None:
    await fill_with_items(database, "one")
    disk.fill()
    for code in range(200):
        run = await database.runs.update("run", partial(replace, exit_code=code))
        assert run is not None and run.exit_code == code
    assert await database.runs.delete("run")
    assert database.runs.get("run") is None
    assert reserved_bytes(disk) > 0


async def test_a_deletion_makes_space_for_new_items_on_a_full_disk(disk: SmallDisk, database: Database) -> None:
    accepted = await fill_with_items(database, "one", "two")
    disk.fill()
    assert await database.datasets.delete("two")
    again = await fill_with_items(database, "one")
    assert again["one"] > accepted["two"] * 0.7
    assert item_count(database, "one") == accepted["one"] + again["one"]


async def test_a_deletion_makes_space_for_files_on_a_full_disk(disk: SmallDisk, database: Database) -> None:
    await fill_with_items(database, "one", "two")
    with pytest.raises(StorageUnavailable):
        await put(database, "big", 4 * MBYTE)
    assert await database.datasets.delete("two")
    for _ in range(3):  # clients repeat a request after status 507
        try:
            await put(database, "big", 4 * MBYTE)
        except StorageUnavailable:
            continue
        break
    record = database.key_value_stores.get_record("one", "big")
    assert record is not None and len(await record.read()) == 4 * MBYTE
    assert [path.name for path in (disk.path / "values").iterdir() if path.suffix] == []


async def test_a_rejected_file_leaves_nothing_behind_and_its_earlier_value_in_place(
    disk: SmallDisk, database: Database
) -> None:
    await put(database, "key", 100_000)
    disk.fill(left=MBYTE)
    with pytest.raises(StorageUnavailable, match="its disk is full"):
        await put(database, "key", 4 * MBYTE)
    assert len(list((disk.path / "values").iterdir())) == 1
    record = database.key_value_stores.get_record("one", "key")
    assert record is not None and len(await record.read()) == 100_000
    await database.key_value_stores.delete_record("one", "key", NOW)
    assert list((disk.path / "values").iterdir()) == []


async def test_small_writes_beside_a_big_one_are_stored(disk: SmallDisk, database: Database) -> None:
    disk.fill(left=2 * MBYTE)
    writes = [push(database, "one", b"1"), push(database, "one", ITEM * 40), push(database, "two", b"2")]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), StorageUnavailable, type(None)]
    assert (item_count(database, "one"), item_count(database, "two")) == (1, 1)


async def test_everything_continues_when_the_disk_has_space_again(disk: SmallDisk, database: Database) -> None:
    full_reserve = reserved_bytes(disk)
    disk.fill()
    await fill_with_items(database, "one")
    await database.runs.update("run", lambda run: replace(run, exit_code=1))
    disk.free()
    await push(database, "one")
    await put(database, "big", 4 * MBYTE)
    disk.fill()
    assert await database.datasets.delete("one")  # fills the reserve again
    disk.free()
    await database.connection.return_space()
    assert reserved_bytes(disk) == full_reserve


async def test_a_database_on_a_full_disk_can_be_opened(disk: SmallDisk, database: Database) -> None:
    accepted = await fill_with_items(database, "one")
    database.connection.close()
    disk.fill()
    again = Database(disk.path)
    again.reserve.open()
    try:
        assert item_count(again, "one") == accepted["one"]
        assert await again.datasets.delete("one")
        await push(again, "two")
    finally:
        again.close()


async def test_reads_are_counted_later_if_the_disk_is_full(disk: SmallDisk, database: Database) -> None:
    disk.fill()
    database.datasets.count_reads("one", NOW, read_count=5)
    await database.datasets.flush_reads()
    disk.free()
    await database.datasets.flush_reads()
    dataset = database.datasets.get("one")
    assert dataset is not None and dataset.read_count == 5


async def test_a_log_on_a_full_disk_is_completed_later(disk: SmallDisk) -> None:
    database = Database(disk.path)
    log = database.logs.open("job")
    disk.fill(left=10_000)
    lines = [LogLine("2023-11-14T22:13:20.123456789Z", "stdout", b"%05d" % number * 20) for number in range(1000)]
    for line in lines:
        log.append([line])
    assert 0 < log.size < log.length == log.count_container_lines() * (log.length // 1000)
    with pytest.raises(StorageUnavailable):
        log.flush()
    disk.free()
    log.flush()
    log.close()
    stored = database.logs.read("job", 0, database.logs.size("job"))
    assert [line.rsplit(b" ", 1)[1] for line in stored.splitlines()] == [line.text for line in lines]
    database.close()


async def test_a_read_only_disk_has_a_clear_message_and_can_be_read(disk: SmallDisk, database: Database) -> None:
    await push(database, "one")
    database.close()
    disk.set_read_only(True)
    try:
        with pytest.raises(StorageUnavailable, match="read-only"):
            Database(disk.path)
    finally:
        disk.set_read_only(False)
    again = Database(disk.path)
    assert item_count(again, "one") == 1
    again.close()
