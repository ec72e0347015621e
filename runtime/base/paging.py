"""Pagination by offset: the page that a caller requests, and the page that it receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Paging:
    """`desc` reverses the order of the whole list before `offset` records are skipped."""

    offset: int
    limit: int
    desc: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some records of a list. `total` counts all records of the list."""

    items: list[R]
    total: int
