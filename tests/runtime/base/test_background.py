from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from runtime.base.background import SLICE_LENGTH, exhaust, in_slices


async def test_all_pieces_arrive_in_order() -> None:
    pieces = [str(number) for number in range(1000)]
    assert [piece async for slice in in_slices(iter(pieces)) for piece in slice] == pieces
    assert [slice async for slice in in_slices(iter(list[str]()))] == []


async def test_a_slice_is_limited_in_length_and_in_time_and_nothing_is_computed_ahead() -> None:
    computed = 0

    def endless(piece: str) -> Iterator[str]:
        nonlocal computed
        for computed in count(1):  # noqa: B007
            yield piece

    async for slice in in_slices(endless("x" * 1000)):
        assert len(slice) <= SLICE_LENGTH // 1000 + 1
        assert computed == len(slice)
        break
    async for _ in in_slices(endless("")):  # without an end in time, this would never return
        break


async def test_exhaust_does_all_the_work() -> None:
    found: list[int] = []

    def work() -> Iterator[bytes]:
        for number in islice(count(), 1000):
            found.append(number)
            yield b""

    await exhaust(work())
    assert found == list(range(1000))
