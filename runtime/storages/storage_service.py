"""What datasets, key-value stores and request queues have in common: find, list, create, update and delete them.

A storage belongs to a user. For other users it does not exist, unless its general access lets them read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, Generic, TypeVar

from runtime.base.clock import Clock, Millis
from runtime.base.errors import Conflict, Invalid, NotFound, record_not_found
from runtime.base.general_access import GeneralAccess
from runtime.base.json_text import Json
from runtime.base.paging import Page, Paging
from runtime.base.records import Storage, new_id
from runtime.database import AlreadyExists
from runtime.database.storage_table import StorageGone, StorageTable
from runtime.database.user_tables import UsersTable

S = TypeVar("S", bound=Storage)

NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
OWN_USERNAMES = ("", "me")


class StorageService(Generic[S]):
    """The storages of one type. `label` is the type's name in messages."""

    label: ClassVar[str]
    record_class: type[S]

    def __init__(self, table: StorageTable[S], users: UsersTable, clock: Clock) -> None:
        self._table = table
        self._users = users
        self._clock = clock

    async def create_default(self, user_id: str, run_id: str, **fields: Json) -> S:
        """Create an unnamed storage with these fields that is deleted together with the run."""
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
        """Any user's storage by its id or `username~name`, or this user's storage by `~name`.

        With `to_write`, it comes from a cache, so its counters and times may be outdated.
        """
        username, tilde, name = reference.partition("~")
        if tilde:
            return self._locate_by_name(user_id, username, name)
        return self._table.get_cached(reference) if to_write else self._table.get(reference)

    def resolve_reference(self, user_id: str, reference: str) -> S | None:
        """The user's storage by any of the references that an input may contain: those of `find`, or its plain name."""
        with suppress(NotFound):
            return self.find(user_id, reference.replace("/", "~", 1))
        return self._table.by_name(user_id, reference)

    async def get_or_create(self, user_id: str, name: str | None = None, **fields: Json) -> tuple[S, bool]:
        """Return the storage with this name, or create it with these fields; also return whether it is new.

        Without a name, a new storage is always created. Raises Invalid.
        """
        if name is not None:
            check_name(name)
        return await self._table.get_or_create(self._new(user_id, name=name, **fields))

    def page(self, user_id: str, paging: Paging, *, unnamed: bool) -> Page[S]:
        return self._table.page(user_id, paging, unnamed=unnamed)

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

    async def delete_of_run(self, run_id: str) -> None:
        """Delete the run's default storages with their content, but not those that have a name."""
        await self._table.delete_of_run(run_id)

    async def delete_of_missing_runs(self) -> None:
        """Delete the default storages of runs that no longer exist."""
        for run_id in self._table.missing_run_ids():
            await self._table.delete_of_run(run_id)

    async def delete_unused_since(self, user_id: str, moment: Millis) -> None:
        """Delete the user's storages without a name and without a run that were last used before `moment`."""
        for id in self._table.ids_unused_since(user_id, moment):
            await self._table.delete(id)

    async def close(self) -> None:
        """Store the reads that have been counted."""
        await self._table.flush_reads()

    def _must_exist(self, id: str) -> NotFoundIfGone:
        """A context that raises NotFound if the storage has been deleted."""
        return NotFoundIfGone(self.label, id)

    def _locate_by_name(self, user_id: str | None, username: str, name: str) -> S | None:
        if username in OWN_USERNAMES:
            owner_id = user_id
        else:
            owner = self._users.by_username(username)
            owner_id = None if owner is None else owner.id
        return None if owner_id is None else self._table.by_name(owner_id, name)

    def _new(self, user_id: str, **fields: Json) -> S:
        now = self._clock.now()
        return self.record_class(
            id=new_id(), user_id=user_id, created_at=now, modified_at=now, accessed_at=now, **fields
        )


class NotFoundIfGone:
    """A context that translates StorageGone to NotFound. A class, because a generator would slow down every push."""

    __slots__ = ("_id", "_label")

    def __init__(self, label: str, id: str) -> None:
        self._label = label
        self._id = id

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, StorageGone):
            raise record_not_found(self._label, self._id) from error


def check_name(name: Json) -> None:
    """Raises Invalid for a name that cannot be part of an address."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Invalid(
            "invalid-value",
            f"Storage name must be 1 to 63 letters, digits and hyphens, without a hyphen at either end, not '{name}'",
        )


def check_changes(changes: Mapping[str, Json]) -> None:
    """Raises Invalid."""
    if changes.get("name") is not None:
        check_name(changes["name"])
    if not isinstance(changes.get("title"), str | None):
        raise Invalid("invalid-value", "'title' must be a string or null")
    if "general_access" in changes and changes["general_access"] not in list(GeneralAccess):
        raise Invalid("invalid-value", f"'generalAccess' must be one of {', '.join(GeneralAccess)}")
