"""The tables of users and of the keys for their secret inputs."""

from __future__ import annotations

from runtime.base.records import InputKey, User
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import RecordCodec, Table


class UsersTable(Table[User]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "users", RecordCodec(User))

    def by_username(self, username: str) -> User | None:
        return self._find("username = ?", username)


class InputKeysTable(Table[InputKey]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "input_keys", RecordCodec(InputKey))

    async def delete_of_actor(self, actor_id: str) -> None:
        await self._delete_where("actor_id = ?", actor_id)
