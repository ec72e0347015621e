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
from runtime.store.tables import Table
from runtime.store.values import Values


class Store:
    """Everything under one data directory. Raises NewerSchema."""

    def __init__(self, data_dir: Path) -> None:
        database = data_dir / "greenroom.db"
        _migrate(database)
        self.connection = Connection(database)
        self.users = Table(self.connection, "users", User)
        self.actors = Table(self.connection, "actors", Actor)
        self.tasks = Table(self.connection, "tasks", Task)
        self.versions = Table(self.connection, "versions", Version)
        self.builds = Table(self.connection, "builds", Build)
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


def _migrate(database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
    finally:
        connection.close()
