"""Datasets, key-value stores and request queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.general_access import GeneralAccess
from runtime.base.json_text import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The fields that the three types of storage share. `name` is unique per user and type; None if unnamed.

    `run_id` is set on a run's default storages, which are deleted with the run. `creator_run_id` is the run that
    created the storage. `creator_actor_id` is set if that run had limited permissions: later runs of this Actor may
    use the storage.
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
    """The keys from `first` to `end`, without `end`, in the order of their bytes. Keys are ASCII, so DEL sorts last."""

    first: str = ""
    end: str = "\x7f"

    @classmethod
    def with_prefix(cls, prefix: str) -> KeyRange:
        return cls(prefix, prefix + "\x7f")

    @classmethod
    def only(cls, key: str) -> KeyRange:
        return cls(key, key + "\0")

    def __and__(self, other: KeyRange) -> KeyRange:
        """Return the keys that are in both ranges."""
        return KeyRange(max(self.first, other.first), min(self.end, other.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQueue(Storage):
    total_request_count: int = 0
    handled_request_count: int = 0
    delete_count: int = 0
    head_item_read_count: int = 0
    stored_bytes: int = 0
    had_multiple_clients: bool = False
    first_client: str | None = None

    @property
    def pending_request_count(self) -> int:
        return self.total_request_count - self.handled_request_count


@dataclass(frozen=True, slots=True)
class QueueClient:
    """A client of a queue: its client key, and its run if it is part of one. Each of the two can own a lock."""

    key: str | None = None
    run_id: str | None = None


class RequestState(StrEnum):
    """A filter for the requests of a queue. Together they match all requests that are not handled."""

    LOCKED = "locked"
    PENDING = "pending"


class RequestOutcome(StrEnum):
    """What became of a request of a queue. Each request has exactly one."""

    PENDING = "pending"
    LOCKED = "locked"  # a client works on it
    HANDLED = "handled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QueuedRequest:
    """A request as JSON, with its fields as the client wrote them. The lock is set only until it expires."""

    id: str
    body: bytes
    lock_expires_at: Millis | None = None
    lock_by_client: str | None = None


@dataclass(frozen=True, slots=True)
class RequestPage:
    """`has_more` is whether more requests follow. A page with big requests can end before its limit."""

    requests: list[QueuedRequest]
    has_more: bool


@dataclass(frozen=True, slots=True)
class ProcessedRequest:
    """The outcome of adding or updating a request: its state before the change."""

    request_id: str
    was_present: bool
    was_handled: bool
