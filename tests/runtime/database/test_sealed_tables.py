from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest

from runtime.base.records import EnvVar
from runtime.base.vault import WrongKey
from runtime.database import Store, migrations
from runtime.database.migrations import STEPS, migrate
from tests.fakes.records import a_build, a_version

SECRET, OPEN = EnvVar(name="KEY", value="hunter2", is_secret=True), EnvVar(name="PLAIN", value="plain as day")
BEFORE = next(number for number, step in enumerate(STEPS) if "TABLE vault" in step)
VERSION, BUILD = a_version(id="version1", env_vars=(SECRET, OPEN)), a_build(env_vars=(OPEN, SECRET))


def content(folder: Path) -> bytes:
    """All that lies in the database's own files."""
    return b"".join(path.read_bytes() for path in folder.glob("greenroom.db*"))


def before_the_vault(folder: Path, *, rewrites: int = 0) -> None:
    """A database as earlier versions of Greenroom left it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", STEPS[:BEFORE])
        connection = sqlite3.connect(folder / "greenroom.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite have it on
        migrate(connection)
    for table, record in (("versions", VERSION), ("builds", BUILD)):
        body = msgspec.json.encode(record).decode()
        connection.execute(f"INSERT INTO {table} (id, body) VALUES (?, ?)", (record.id, body))
        for length in range(rewrites):
            longer = body.replace("}", " " * length * 100 + "}", 1)
            connection.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (longer, record.id))
    connection.close()


async def test_secrets_come_back_and_lie_sealed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.versions.insert(VERSION)
    await store.builds.insert(BUILD)
    await store.builds.update(BUILD.id, lambda now: now)
    assert store.versions.all() == [VERSION]
    assert store.builds.find("id = ?", BUILD.id) == BUILD
    store.close()
    assert b"plain as day" in content(tmp_path)
    assert b"hunter2" not in content(tmp_path)


@pytest.mark.parametrize("rewrites", [0, 40])
def test_what_earlier_versions_left_in_plain_text_is_sealed_without_a_trace(tmp_path: Path, rewrites: int) -> None:
    before_the_vault(tmp_path, rewrites=rewrites)
    assert b"hunter2" in content(tmp_path)
    for _ in range(2):  # the second time there is nothing left to seal
        store = Store(tmp_path)
        assert (store.versions.all(), store.builds.all()) == ([VERSION], [BUILD])
        assert b"hunter2" not in content(tmp_path)
        store.close()
    assert b"hunter2" not in content(tmp_path)


def test_a_database_without_its_key_is_not_opened_and_is_again_with_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    asyncio.run(store.versions.insert(VERSION))
    store.close()
    key = tmp_path / "vault.key"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(WrongKey):
        Store(tmp_path)
    key.write_bytes(kept)
    store = Store(tmp_path)
    assert store.versions.all() == [VERSION]
    store.close()
