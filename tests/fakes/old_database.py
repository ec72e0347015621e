"""Databases as earlier versions of Greenroom left them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.database import migrations
from runtime.database.migrations import STEPS, migrate


@contextmanager
def old_database(folder: Path, *, before: str) -> Iterator[sqlite3.Connection]:
    """Create a database with the schema from before the migration step that contains this text."""
    count = next(number for number, step in enumerate(STEPS) if before in step)
    connection = sqlite3.connect(folder / "greenroom.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", STEPS[:count])
        migrate(connection)
    yield connection
    connection.close()


def insert_old(connection: sqlite3.Connection, table: str, record: Any, **renamed_fields: str) -> None:
    """Insert a record whose JSON has the old names of some fields."""
    body = msgspec.to_builtins(record)
    for name, old_name in renamed_fields.items():
        body[old_name] = body.pop(name)
    text = msgspec.json.encode(body).decode()
    connection.execute(f"INSERT INTO {table} (id, body) VALUES (?, ?)", (record.id, text))
