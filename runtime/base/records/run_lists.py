"""Lists of runs for people: what they contain, their order, and places in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.records.runs import Run, RunFilter


class RunSort(StrEnum):
    """By what runs are sorted. The names are those of the fields of a run in a list."""

    STARTED = "startedAt"
    FINISHED = "finishedAt"
    DURATION = "durationMillis"
    MEMORY_PEAK = "memMaxBytes"
    MEMORY_LIMIT = "memoryMbytes"
    ITEMS = "items"
    ACTOR = "actorName"
    STATUS = "status"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListQuery:
    """Which runs of a user a list contains, and in which order.

    Each of the `words` must occur in the name or title of the run's current Actor, in its status message, or begin its
    id. `actor_id` is the Actor that was started, and `task_id` the task.
    """

    filter: RunFilter
    words: tuple[str, ...] = ()
    actor_id: str | None = None
    task_id: str | None = None
    sort: RunSort = RunSort.STARTED
    desc: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPosition:
    """A place beside a run of a list: after it, or with `is_before` before it.

    `key` is the run's value in the list's order, and `number` orders runs with the same value. The durations of live
    runs are those at `moment`.
    """

    key: int | str
    number: int
    moment: Millis
    is_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListPage:
    """Some runs of a list, and the places where the pages beside it begin; None at an end of the list.

    `counts` is the number of runs by status in the list without its filter on the status.
    """

    runs: list[Run]
    previous: ListPosition | None
    next: ListPosition | None
    counts: Mapping[str, int]
