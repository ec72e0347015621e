"""Objects that belong to one event loop."""

from __future__ import annotations

import asyncio
import gc
from weakref import ref

from runtime.base.per_loop import PerLoop


def test_each_loop_has_one_object_which_is_deleted_with_it() -> None:
    shared = PerLoop(lambda _: set[int]())

    async def both() -> tuple[set[int], set[int]]:
        return shared(), shared()

    first, same = asyncio.run(both())
    other, _ = asyncio.run(both())
    assert first is same and other is not first
    deleted = ref(other)
    del other, _
    gc.collect()
    assert deleted() is None
