"""Objects that all users of an event loop share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One object for each event loop. A call returns that of the running loop, and creates it the first time."""

    def __init__(self, create: Callable[[asyncio.AbstractEventLoop], T]) -> None:
        """The objects must not refer to their loop, which would then never be deleted."""
        self._create = create
        self._objects: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    def __call__(self) -> T:
        loop = asyncio.get_running_loop()
        found = self._objects.get(loop)
        if found is None:
            found = self._objects[loop] = self._create(loop)
        return found
