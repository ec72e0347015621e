from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from runtime.base.records import EnvVar
from runtime.base.vault import WrongKey
from runtime.database import Database
from tests.fakes.old_database import insert_old, old_database
from tests.fakes.records import a_build, a_version

SECRET, OPEN = EnvVar(name="KEY", value="hunter2", is_secret=True), EnvVar(name="PLAIN", value="plain as day")
VERSION, BUILD = a_version(id="version1", env_vars=(SECRET, OPEN)), a_build(env_vars=(OPEN, SECRET))


def content(folder: Path) -> bytes:
    """Return the bytes of all files of the database."""
    return b"".join(path.read_bytes() for path in folder.glob("greenroom.db*"))


def create_without_vault(folder: Path, *, rewrites: int = 0) -> None:
    """Create a database as versions of Greenroom without a vault did, and rewrite each record `rewrites` times."""
    with old_database(folder, before="TABLE vault") as connection:
        connection.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite enable it by default
        for table, record in (("versions", VERSION), ("builds", BUILD)):
            insert_old(connection, table, record)
            body = msgspec.json.encode(record).decode()
            for length in range(rewrites):
                longer = body.replace("}", " " * length * 100 + "}", 1)
                connection.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (longer, record.id))


async def test_secrets_are_stored_encrypted_and_read_decrypted(tmp_path: Path) -> None:
    database = Database(tmp_path)
    await database.versions.insert(VERSION)
    await database.builds.insert(BUILD)
    await database.builds.update(BUILD.id, lambda now: now)
    assert database.versions.all() == [VERSION]
    assert database.builds.get(BUILD.id) == BUILD
    database.close()
    assert b"plain as day" in content(tmp_path)
    assert b"hunter2" not in content(tmp_path)


@pytest.mark.parametrize("rewrites", [0, 40])
def test_plain_text_of_earlier_versions_is_encrypted_without_a_trace(tmp_path: Path, rewrites: int) -> None:
    create_without_vault(tmp_path, rewrites=rewrites)
    assert b"hunter2" in content(tmp_path)
    for _ in range(2):  # the second time there is nothing left to encrypt
        database = Database(tmp_path)
        assert (database.versions.all(), database.builds.all()) == ([VERSION], [BUILD])
        assert b"hunter2" not in content(tmp_path)
        database.close()
    assert b"hunter2" not in content(tmp_path)


def test_a_database_is_opened_only_with_its_own_key(tmp_path: Path) -> None:
    database = Database(tmp_path)
    asyncio.run(database.versions.insert(VERSION))
    database.close()
    key = tmp_path / "vault.key"
    right_key = key.read_bytes()
    key.unlink()
    with pytest.raises(WrongKey):
        Database(tmp_path)
    key.write_bytes(right_key)
    database = Database(tmp_path)
    assert database.versions.all() == [VERSION]
    database.close()
