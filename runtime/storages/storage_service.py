"""What can be asked of every kind of storage: opening by id or name, listing, changing, dropping.

A storage belongs to a user; for anybody else it does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, Generic, TypeVar

from runtime.base.clock import Clock, Millis
from runtime.base.errors import Conflict, Invalid, NotFound, record_not_found
from runtime.base.json_text import Json
from runtime.base.records import Storage, new_id
from runtime.database.storage_tables import StorageTable
from runtime.database.tables import AlreadyExists, Page

S = TypeVar("S", bound=Storage)

NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
GENERAL_ACCESS = (
    "FOLLOW_USER_SETTING",
    "RESTRICTED",
    "ANYONE_WITH_ID_CAN_READ",
    "ANYONE_WITH_NAME_CAN_READ",
)
OWN_PREFIXES = ("", "me")
CHANGEABLE = frozenset({"name", "title", "general_access"})


class StorageService(Generic[S]):
    """The storages of one kind. `label` names the kind in messages."""

    label: ClassVar[str]
    record: type[S]

    def __init__(self, table: StorageTable[S], clock: Clock) -> None:
        self._table = table
        self._clock = clock

    async def open_default(self, user_id: str, run_id: str, **fields: Json) -> S:
        """A new unnamed storage, with these fields, that goes when the run goes."""
        return (await self._table.get_or_create(self._new(user_id, run_id=run_id, **fields)))[0]

    def get(self, id: str) -> S | None:
        return self._table.get(id)

    def find(self, user_id: str, reference: str) -> S:
        """The user's storage by its id, `~name` or `username~name`. Raises NotFound."""
        storage = self.locate(user_id, reference)
        if storage is None or storage.user_id != user_id:
            raise record_not_found(self.label, reference)
        return storage

    def locate(self, user_id: str | None, reference: str, *, to_write: bool = False) -> S | None:
        """Anybody's storage by its id or `username~name`, and the user's by `~name`; None where there is none.

        With `to_write`, its counters and times may be old.
        """
        username, tilde, name = reference.partition("~")
        if tilde:
            return self._named(user_id, username, name)
        return self._table.known(reference) if to_write else self._table.get(reference)

    def resolve_reference(self, user_id: str, reference: str) -> S | None:
        """The user's storage as an input names it: by id, by name, or as `find` does. None where there is none."""
        with suppress(NotFound):
            return self.find(user_id, reference.replace("/", "~", 1))
        return self._table.named(user_id, reference)

    async def get_or_create(self, user_id: str, name: str | None = None, **fields: Json) -> tuple[S, bool]:
        """The storage of that name, or a new one with these fields, and whether it is new (unnamed: always)."""
        if name is not None:
            check_name(name)
        return await self._table.get_or_create(self._new(user_id, name=name, **fields))

    def page(self, user_id: str, *, unnamed: bool, descending: bool, offset: int, limit: int) -> Page[S]:
        return self._table.page(user_id, unnamed=unnamed, descending=descending, offset=offset, limit=limit)

    async def update(self, id: str, changes: Mapping[str, Json]) -> S:
        """Change `name`, `title` or `general_access`. Raises Invalid, Conflict, NotFound."""
        check_changes(changes)
        try:
            storage = await self._table.update(id, {**changes, "modified_at": self._clock.now()})
        except AlreadyExists as taken:
            raise Conflict("name-not-unique", f"{self.label} '{changes['name']}' already exists") from taken
        if storage is None:
            raise record_not_found(self.label, id)
        return storage

    async def delete(self, id: str) -> None:
        """Raises NotFound."""
        if not await self._table.delete(id):
            raise record_not_found(self.label, id)

    async def drop_of_run(self, run_id: str) -> None:
        """Delete the run's default storage with all it holds, unless it has a name."""
        await self._table.delete_of_run(run_id)

    async def drop_of_lost_runs(self) -> None:
        """Delete default storages of runs that are not there."""
        for run_id in self._table.lost_runs():
            await self.drop_of_run(run_id)

    def unused(self, before: Millis) -> list[str]:
        """Ids of storages that have neither a name nor a run and were last used before a moment."""
        return self._table.unused(before)

    async def close(self) -> None:
        """Write what was only counted so far."""
        await self._table.flush()

    def _named(self, user_id: str | None, username: str, name: str) -> S | None:
        owner = user_id if username in OWN_PREFIXES else self._table.user_id(username)
        return None if owner is None else self._table.named(owner, name)

    def _new(self, user_id: str, **fields: Json) -> S:
        now = self._clock.now()
        return self.record(id=new_id(), user_id=user_id, created_at=now, modified_at=now, accessed_at=now, **fields)


def check_name(name: Json) -> None:
    """Raises Invalid for a name that could not be part of an address."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Invalid(
            "invalid-value",
            f"Storage name must be 1 to 63 letters, digits and hyphens, no hyphen first or last, not '{name}'",
        )


def check_changes(changes: Mapping[str, Json]) -> None:
    """Raises Invalid."""
    if changes.get("name") is not None:
        check_name(changes["name"])
    if not isinstance(changes.get("title"), str | None):
        raise Invalid("invalid-value", "'title' must be a string or null")
    if "general_access" in changes and changes["general_access"] not in GENERAL_ACCESS:
        raise Invalid("invalid-value", f"'generalAccess' must be one of {', '.join(GENERAL_ACCESS)}")
