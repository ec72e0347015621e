"""The door to the data directory: the only package with SQL or data files.

The modules are named after their tables. Callers use the methods of the tables and never pass SQL.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runtime.base.clock import Clock, SystemClock
from runtime.base.errors import StorageDamaged
from runtime.base.storage_errors import translating_disk_errors
from runtime.base.vault import Vault
from runtime.database.actor_tables import ActorsTable, TasksTable, VersionsTable
from runtime.database.charges import Charges
from runtime.database.daily_usage import DailyUsageTable
from runtime.database.datasets_table import DatasetsTable
from runtime.database.fit_tables import FitsTable
from runtime.database.job_tables import BuildsTable, RunsTable
from runtime.database.key_value_stores_table import KeyValueStoresTable
from runtime.database.latest_jobs import LatestJobs
from runtime.database.log_files import LogFiles
from runtime.database.migrations import migrate
from runtime.database.request_outcomes import RequestOutcomes
from runtime.database.request_queues_table import RequestQueuesTable
from runtime.database.run_blocks import RunBlocksTable
from runtime.database.run_details import RunDetails
from runtime.database.run_lists import RunLists
from runtime.database.schedule_tables import SchedulesTable
from runtime.database.secret_env_vars import encrypt_existing
from runtime.database.session_tables import EndedSessionsTable
from runtime.database.space_reserve import SpaceReserve
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.sqlite_errors import translated
from runtime.database.tables import AlreadyExists, TooMany
from runtime.database.user_tables import InputKeysTable, UsersTable
from runtime.database.webhook_tables import DispatchesTable, WebhooksTable

CONTENT_FOLDERS = ("values", "logs")

__all__ = ["AlreadyExists", "Database", "TooMany"]


class Database:
    """The tables and the log files of one data directory.

    Raises NewerSchema, WrongKey, StorageUnavailable and StorageDamaged. Open the `reserve` once the database is open.
    """

    def __init__(self, data_dir: Path, clock: Clock | None = None) -> None:
        path = data_dir / "greenroom.db"
        self.reserve = SpaceReserve(data_dir / "reserve")
        with translating_disk_errors():
            self.reserve.release_if_needed()
            self.vault = Vault(data_dir / "vault.key")
            writer = _prepare(path, self.vault)
        self.connection = SqliteConnection(path, self.reserve, writer)
        self.users = UsersTable(self.connection)
        self.ended_sessions = EndedSessionsTable(self.connection)
        self.actors = ActorsTable(self.connection)
        self.tasks = TasksTable(self.connection)
        self.versions = VersionsTable(self.connection, self.vault)
        self.builds = BuildsTable(self.connection, self.vault)
        self.run_details = RunDetails(self.connection)
        self.runs = RunsTable(self.connection, self.run_details.timeline, clock or SystemClock())
        self.run_lists = RunLists(self.connection)
        self.latest_jobs = LatestJobs(self.connection)
        self.input_keys = InputKeysTable(self.connection)
        self.metrics = RunBlocksTable(self.connection, "run_metrics")
        self.daily_usage = DailyUsageTable(self.connection)
        self.charges = Charges(self.connection, self.runs, self.daily_usage)
        self.schedules = SchedulesTable(self.connection)
        self.fits = FitsTable(self.connection)
        self.webhooks = WebhooksTable(self.connection)
        self.dispatches = DispatchesTable(self.connection)
        self.datasets = DatasetsTable(self.connection)
        self.request_queues = RequestQueuesTable(self.connection)
        self.request_outcomes = RequestOutcomes(self.connection)
        with translating_disk_errors():
            self.key_value_stores = KeyValueStoresTable(self.connection, data_dir / "values")
            self.logs = LogFiles(data_dir / "logs")

    def close(self) -> None:
        self.connection.close()


def _prepare(path: Path, vault: Vault) -> sqlite3.Connection:
    """Create the database file, or migrate an older one; return the connection, which any thread can use."""
    _check_not_lost(path)
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # for a new file: deletions can make it smaller
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection)
            encrypt_existing(connection, vault)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return connection


def _check_not_lost(path: Path) -> None:
    """Reject a data directory that has content, but no database. A new database would make it useless.

    Raises StorageDamaged.
    """
    if path.exists() and path.stat().st_size:
        return
    content = [name for name in CONTENT_FOLDERS if any(path.with_name(name).glob("*"))]
    if content:
        state = "empty" if path.exists() else "missing"
        raise StorageDamaged(
            "storage-damaged",
            f"The database {path} is {state}, but the folders beside it contain data ({', '.join(content)}). Restore "
            f"{path.name} from a backup. To start without the old data, move the folder {path.parent} away.",
        )
