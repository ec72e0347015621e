"""The door to what is kept: the only package with SQL or data files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runtime.base.records import Actor, Build, InputKey, Run, Task, User, Version, Webhook, WebhookDispatch
from runtime.base.vault import Vault
from runtime.database.charges import Charges
from runtime.database.connection import Connection
from runtime.database.items import Items
from runtime.database.log_files import LogFiles
from runtime.database.migrations import migrate
from runtime.database.requests import Requests
from runtime.database.sealed_tables import SealedTable, seal
from runtime.database.tables import Table
from runtime.database.values import Values


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
