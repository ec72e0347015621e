"""The tables of Actors, their versions and their tasks."""

from __future__ import annotations

from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Task, Version
from runtime.base.vault import Vault
from runtime.database.secret_env_vars import SecretEnvVarsCodec
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import NamedTable, RecordCodec, Table

IS_PUBLIC = "json_extract(body, '$.is_public')"
OLDEST_FIRST = "ORDER BY created_at, rowid"


class ActorsTable(NamedTable[Actor]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "actors", RecordCodec(Actor))

    def public(self) -> list[Actor]:
        """The public Actors of all users, oldest first."""
        return self._find_all(f"{IS_PUBLIC} {OLDEST_FIRST}")

    def page(self, user_id: str, paging: Paging, *, sort_by: str, only_own: bool) -> Page[Actor]:
        """A user's Actors and, unless `only_own`, the public Actors that this user has run.

        `sort_by` is `created_at` or `last_run_started_at`.
        """
        if only_own:
            return self._page("user_id = ?", [user_id], order_by=sort_by, paging=paging)
        has_run = "id IN (SELECT actor_id FROM runs WHERE user_id = ?)"
        condition = f"(user_id = ? OR {IS_PUBLIC} AND {has_run})"
        return self._page(condition, [user_id, user_id], order_by=sort_by, paging=paging)


class VersionsTable(Table[Version]):
    def __init__(self, connection: SqliteConnection, vault: Vault) -> None:
        super().__init__(connection, "versions", SecretEnvVarsCodec(Version, vault))

    def by_number(self, actor_id: str, number: str) -> Version | None:
        return self._find("actor_id = ? AND number = ?", actor_id, number)

    def of_actor(self, actor_id: str) -> list[Version]:
        """An Actor's versions, oldest first."""
        return self._find_all(f"actor_id = ? {OLDEST_FIRST}", actor_id)

    async def delete_of_actor(self, actor_id: str) -> None:
        await self._delete_where("actor_id = ?", actor_id)


class TasksTable(NamedTable[Task]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "tasks", RecordCodec(Task))

    def page(self, user_id: str, paging: Paging) -> Page[Task]:
        """A user's tasks in the order of their creation."""
        return self._page("user_id = ?", [user_id], order_by="created_at", paging=paging)

    async def delete_of_actor(self, actor_id: str) -> None:
        await self._delete_where("actor_id = ?", actor_id)
