"""Reads the stored samples of a run outside of the event loop: a long run has tens of thousands of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runtime.base.background import exhaust, in_background
from runtime.database.run_blocks import StoredBlock
from runtime.metrics.blocks import decode
from runtime.metrics.curves import CurveBuilder, Curves
from runtime.metrics.totals import Totals, TotalsBuilder


async def read_curves(blocks: Sequence[StoredBlock], most_points: int) -> Curves:
    """Return the curves, with at most about this many points."""
    builder = CurveBuilder(sum(block.samples for block in blocks), most_points)
    await exhaust(_add_all(builder, blocks))
    return await in_background(builder.finish)


async def read_totals(blocks: Sequence[StoredBlock]) -> Totals:
    builder = TotalsBuilder()
    await exhaust(_add_all(builder, blocks))
    return await in_background(builder.finish)


def _add_all(builder: CurveBuilder | TotalsBuilder, blocks: Sequence[StoredBlock]) -> Iterator[bytes]:
    for block in blocks:
        builder.add(decode(block.content))
        yield block.content
