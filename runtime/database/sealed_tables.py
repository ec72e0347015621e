"""Secret variables as they lie in the database: sealed. Nothing but this package sees them so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

import msgspec

from runtime.base.records import Build, EnvVar, Version
from runtime.base.vault import Vault
from runtime.database.connection import Connection
from runtime.database.tables import R, Table

PROOF = "greenroom"
"""What the table `vault` holds sealed: opening it tells whether a key file belongs to a database."""
SEALED_TABLES: dict[str, type[Version] | type[Build]] = {"versions": Version, "builds": Build}


class SealedTable(Table[R]):
    """Records with `env_vars`, whose secret values are sealed when they are written and opened when they are read."""

    def __init__(self, connection: Connection, name: str, kind: type[R], vault: Vault) -> None:
        super().__init__(connection, name, kind)
        self._vault = vault

    def _encode(self, record: R) -> str:
        return super()._encode(_with_secrets(record, self._vault.encrypt))

    def _decode(self, body: str) -> R:
        return _with_secrets(super()._decode(body), self._vault.decrypt)


def seal(connection: sqlite3.Connection, vault: Vault) -> None:
    """Seal what a Greenroom without a vault left in plain text, and leave no trace of it. Raises WrongKey."""
    proof = connection.execute("SELECT proof FROM vault").fetchone()
    if proof is not None:
        vault.decrypt(proof[0])
        return
    vault.store_key()
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    for table, kind in SEALED_TABLES.items():
        _seal_rows(connection, vault, table, kind)
    connection.execute("INSERT INTO vault (proof) VALUES (?)", (vault.encrypt(PROOF),))
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _seal_rows(connection: sqlite3.Connection, vault: Vault, table: str, kind: type[Version] | type[Build]) -> None:
    for id, body in connection.execute(f"SELECT id, body FROM {table}").fetchall():
        sealed = _with_secrets(msgspec.json.decode(body, type=kind), vault.encrypt)
        connection.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (msgspec.json.encode(sealed).decode(), id))


def _with_secrets(record: R, change: Callable[[str], str]) -> R:
    """The record with its secret values changed; one without any is returned as it is."""
    env_vars: tuple[EnvVar, ...] = record.env_vars  # type: ignore[attr-defined]
    if not any(each.is_secret for each in env_vars):
        return record
    changed = tuple(replace(each, value=change(each.value)) if each.is_secret else each for each in env_vars)
    return replace(record, env_vars=changed)  # type: ignore[type-var]
