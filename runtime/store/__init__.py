"""The door to what is kept: the only package with SQL or data files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runtime.records import Actor, Build, InputKey, Run, Task, User, Version, Webhook, WebhookDispatch
from runtime.store.charges import Charges
from runtime.store.connection import Connection
from runtime.store.items import Items
from runtime.store.log_files import LogFiles
from runtime.store.migrations import migrate
from runtime.store.requests import Requests
from runtime.store.sealing import SealedTable, seal
from runtime.store.tables import Table
from runtime.store.values import Values
from runtime.vault import Vault


class Store:
    """Everything under one data directory. Raises NewerSchema, WrongKey."""

    def __init__(self, data_dir: Path) -> None:
        database = data_dir / "greenroom.db"
        self.vault = Vault(data_dir / "vault.key")
        _migrate(database, self.vault)
        self.connection = Connection(database)
        self.users = Table(self.connection, "users", User)
        self.actors = Table(self.connection, "actors", Actor)
        self.tasks = Table(self.connection, "tasks", Task)
        self.versions = SealedTable(self.connection, "versions", Version, self.vault)
        self.builds = SealedTable(self.connection, "builds", Build, self.vault)
        self.runs = Table(self.connection, "runs", Run)
        self.input_keys = Table(self.connection, "input_keys", InputKey)
        self.charges = Charges(self.connection, self.runs)
        self.webhooks = Table(self.connection, "webhooks", Webhook)
        self.dispatches = Table(self.connection, "dispatches", WebhookDispatch)
        self.items = Items(self.connection)
        self.values = Values(self.connection, data_dir / "values")
        self.requests = Requests(self.connection)
        self.logs = LogFiles(data_dir / "logs")

    def close(self) -> None:
        self.connection.close()


def _migrate(database: Path, vault: Vault) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        seal(connection, vault)
    finally:
        connection.close()
