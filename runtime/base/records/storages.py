"""Datasets, key-value stores and request queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.json_text import Json


class GeneralAccess(StrEnum):
    """Who may read a storage or a run without its owner's token."""

    FOLLOW_USER_SETTING = "FOLLOW_USER_SETTING"
    RESTRICTED = "RESTRICTED"
    ANYONE_WITH_ID_CAN_READ = "ANYONE_WITH_ID_CAN_READ"
    ANYONE_WITH_NAME_CAN_READ = "ANYONE_WITH_NAME_CAN_READ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the three kinds of storage have in common. `name` is unique per user and kind; unnamed ones have None.

    `run_id` is set on a run's default storages: they go when the run goes. `creator_run_id` is the run that made it,
    and `creator_actor_id` the Actor as which it did, if its permissions were limited: that Actor may use it again.
    """

    id: str
    user_id: str
    created_at: Millis
    modified_at: Millis
    accessed_at: Millis
    name: str | None = None
    title: str | None = None
    general_access: GeneralAccess = GeneralAccess.FOLLOW_USER_SETTING
    run_id: str | None = None
    creator_run_id: str | None = None
    creator_actor_id: str | None = None
    read_count: int = 0
    write_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Storage):
    item_count: int = 0
    clean_item_count: int = 0
    stored_bytes: int = 0
    schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueStore(Storage):
    list_count: int = 0
    delete_count: int = 0
    stored_bytes: int = 0
    schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from `first` on and before `end`, in the order of their UTF-8 bytes. Keys are ASCII: DEL is behind them."""

    first: str = ""
    end: str = "\x7f"

    @classmethod
    def with_prefix(cls, prefix: str) -> KeyRange:
        return cls(prefix, prefix + "\x7f")

    @classmethod
    def only(cls, key: str) -> KeyRange:
        return cls(key, key + "\0")

    def __and__(self, other: KeyRange) -> KeyRange:
        """The keys that are in both."""
        return KeyRange(max(self.first, other.first), min(self.end, other.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQueue(Storage):
    total_request_count: int = 0
    handled_request_count: int = 0
    had_multiple_clients: bool = False
    first_client: str | None = None

    @property
    def pending_request_count(self) -> int:
        return self.total_request_count - self.handled_request_count


@dataclass(frozen=True, slots=True)
class QueueClient:
    """Who works with a queue: a client's own key, and the run it is part of. Either may hold a lock for it."""

    key: str | None = None
    run_id: str | None = None


class RequestState(StrEnum):
    """What a list of a queue's requests can be narrowed to. Both together are all that is not handled."""

    LOCKED = "locked"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Added:
    """What was known of a request before it was added to a queue or updated there."""

    request_id: str
    was_present: bool
    was_handled: bool
