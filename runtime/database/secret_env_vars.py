"""Secret environment variables are encrypted in the database. Only this package sees their encrypted form."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from runtime.base.records import Build, EnvVar, Version
from runtime.base.vault import Vault
from runtime.database.tables import RecordCodec

E = TypeVar("E", bound=Version | Build)

PROOF = "greenroom"
"""The table `vault` stores this text, encrypted. Its signature shows whether a key file belongs to a database."""


class SecretEnvVarsCodec(RecordCodec[E]):
    """Encrypts the secret values of a record's `env_vars` when it is written, and decrypts them when it is read."""

    def __init__(self, record_class: type[E], vault: Vault) -> None:
        super().__init__(record_class)
        self._vault = vault

    def encode(self, record: E) -> str:
        return super().encode(_with_secrets(record, self._vault.encrypt))

    def decode(self, body: str) -> E:
        return _with_secrets(super().decode(body), self._vault.decrypt)


def encrypt_existing(connection: sqlite3.Connection, vault: Vault) -> None:
    """Encrypt the secrets that an older Greenroom stored in plain text, and erase the plain text from the disk.

    Raises WrongKey if the database was encrypted with another key.
    """
    proof = connection.execute("SELECT proof FROM vault").fetchone()
    if proof is not None:
        vault.check(proof[0])
        return
    vault.store_key()
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    _encrypt_rows(connection, vault, "versions", Version)
    _encrypt_rows(connection, vault, "builds", Build)
    connection.execute("INSERT INTO vault (proof) VALUES (?)", (vault.encrypt(PROOF),))
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _encrypt_rows(connection: sqlite3.Connection, vault: Vault, table: str, record_class: type[E]) -> None:
    plain, encrypting = RecordCodec(record_class), SecretEnvVarsCodec(record_class, vault)
    for id, body in connection.execute(f"SELECT id, body FROM {table}").fetchall():
        encrypted = encrypting.encode(plain.decode(body))
        connection.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (encrypted, id))


def _with_secrets(record: E, change: Callable[[str], str]) -> E:
    """The record with its secret values changed. A record without secrets is returned unchanged."""
    env_vars: tuple[EnvVar, ...] = record.env_vars
    if not any(each.is_secret for each in env_vars):
        return record
    changed = tuple(replace(each, value=change(each.value)) if each.is_secret else each for each in env_vars)
    return replace(record, env_vars=changed)
