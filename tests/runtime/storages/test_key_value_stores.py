from __future__ import annotations

from pathlib import Path

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.base.records import KeyRange, KeyValueStore
from runtime.database import Database
from runtime.database.key_value_stores_table import MAX_BYTES_IN_DATABASE
from runtime.storages.key_value_stores import KeyValueStores
from tests.runtime.storages.hand_clock import HandClock


@pytest.fixture
def stores(database: Database, clock: HandClock) -> KeyValueStores:
    return KeyValueStores(database, clock)


@pytest.fixture
async def opened(stores: KeyValueStores) -> KeyValueStore:
    return (await stores.get_or_create("user"))[0]


async def test_a_record_is_read_as_it_was_stored(stores: KeyValueStores, opened: KeyValueStore) -> None:
    await stores.set_record(opened.id, "INPUT", b'{"a":1}', "application/json")
    record = stores.get_record(opened.id, "INPUT")
    assert record is not None
    assert (await record.read(), record.info.content_type) == (b'{"a":1}', "application/json")
    assert stores.get_record(opened.id, "OUTPUT") is None
    assert stores.record_info(opened.id, "OUTPUT") is None


@pytest.mark.parametrize("key", ["", "a/b", "a b", "ä", "x" * 257, "a%", "a\n"])
async def test_invalid_keys(stores: KeyValueStores, opened: KeyValueStore, key: str) -> None:
    with pytest.raises(Invalid) as error:
        await stores.set_record(opened.id, key, b"", "text/plain")
    assert error.value.slug == "invalid-record-key"


async def test_a_page_has_the_start_key_of_the_next_one(stores: KeyValueStores, opened: KeyValueStore) -> None:
    for key in "abcd":
        await stores.set_record(opened.id, key, b"", "text/plain")
    pages = [stores.keys(opened.id, after=after, within=KeyRange(), limit=2) for after in (None, "b", "d")]
    assert [([key.key for key in page.keys], page.next_start_key) for page in pages] == [
        (["a", "b"], "b"),
        (["c", "d"], None),
        ([], None),
    ]


async def test_counters(stores: KeyValueStores, opened: KeyValueStore) -> None:
    await stores.set_record(opened.id, "a", b"12", "text/plain")
    stores.get_record(opened.id, "a")
    stores.record_info(opened.id, "b")
    stores.keys(opened.id, after=None, within=KeyRange(), limit=1)
    await stores.delete_record(opened.id, "b")
    found = stores.get(opened.id)
    assert found is not None
    assert (found.read_count, found.write_count, found.list_count, found.delete_count) == (2, 1, 1, 1)
    assert found.stored_bytes == 2


async def test_deleting_a_store_deletes_its_files(
    stores: KeyValueStores, opened: KeyValueStore, tmp_path: Path
) -> None:
    await stores.set_record(opened.id, "a", b"x" * (MAX_BYTES_IN_DATABASE + 1), "text/plain")
    assert len(list((tmp_path / "values").iterdir())) == 1
    await stores.delete(opened.id)
    assert list((tmp_path / "values").iterdir()) == []
    with pytest.raises(NotFound):
        await stores.delete(opened.id)
    with pytest.raises(NotFound):
        await stores.set_record(opened.id, "a", b"", "text/plain")
    with pytest.raises(NotFound):
        await stores.delete_record(opened.id, "a")
