"""A data directory whose files are damaged or missing: clear messages, and nothing is deleted."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.base.errors import StorageDamaged
from runtime.base.records import KeyValueStore
from runtime.containers import LogLine
from runtime.database import Database
from tests.fakes.data_directory import with_database
from tests.fakes.records import a_run

VALUE = os.urandom(100_000)
NOW = 1_700_000_000_000


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """A directory with a value and a log, as a stopped server leaves it."""
    database = Database(with_database(tmp_path))
    store = KeyValueStore(id="store", user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)
    await database.key_value_stores.get_or_create(store)

    async def chunks() -> AsyncIterator[bytes]:
        yield VALUE

    await database.key_value_stores.set_record("store", "key", "text/plain", None, chunks(), NOW)
    for number in range(200):
        await database.runs.insert(a_run(id=f"run{number}"))
    log = database.logs.open("run1")
    log.append([LogLine("2023-11-14T22:13:20.123456789Z", "stdout", b"hello")])
    log.close()
    database.close()
    return tmp_path


def values(data_dir: Path) -> list[bytes]:
    return [path.read_bytes() for path in (data_dir / "values").iterdir()]


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(b"\x00" + os.urandom(path.stat().st_size - 1))


@pytest.mark.parametrize("damage", [truncate, overwrite])
def test_a_damaged_database_is_reported_and_nothing_is_deleted(data_dir: Path, damage: object) -> None:
    assert callable(damage)
    damage(data_dir / "greenroom.db")
    with pytest.raises(StorageDamaged, match=r"greenroom\.db.*damaged.*backup"):
        Database(data_dir)
    assert values(data_dir) == [VALUE]


@pytest.mark.parametrize("state", ["missing", "empty"])
def test_a_lost_database_is_not_replaced_while_there_is_data(data_dir: Path, state: str) -> None:
    (data_dir / "greenroom.db").unlink()
    if state == "empty":
        (data_dir / "greenroom.db").touch()
    for _ in range(2):
        with pytest.raises(StorageDamaged, match=f"is {state}.*backup"):
            Database(data_dir)
    assert values(data_dir) == [VALUE]
    assert (data_dir / "logs" / "run1.log").exists()


def test_values_survive_an_empty_database(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = with_database(tmp_path_factory.mktemp("other"))
    for name in ("greenroom.db", "vault.key"):
        (data_dir / name).write_bytes((other / name).read_bytes())
    Database(data_dir).close()
    assert values(data_dir) == [VALUE]


def test_a_damaged_page_is_reported_by_reads_and_does_not_prevent_others(data_dir: Path) -> None:
    path = data_dir / "greenroom.db"
    content = bytearray(path.read_bytes())
    first = content.index(b'"run150"') // 4096 * 4096
    content[first : first + 4096] = os.urandom(4096)
    path.write_bytes(content)
    database = Database(data_dir)
    with pytest.raises(StorageDamaged, match="damaged"):
        database.runs.all()
    assert database.key_value_stores.get("store") is not None
    database.close()


def test_a_missing_value_is_reported(data_dir: Path) -> None:
    for path in (data_dir / "values").iterdir():
        path.unlink()
    database = Database(data_dir)
    with pytest.raises(StorageDamaged, match=r"values/.* is missing"):
        database.key_value_stores.get_record("store", "key")
    database.close()
