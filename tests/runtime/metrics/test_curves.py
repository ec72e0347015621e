"""Curves and totals of series: rates, restarts, gaps, coarser points, percentiles."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import RunStats
from runtime.containers import ProcessUse, Sample
from runtime.metrics.blocks import Block, decode
from runtime.metrics.curves import CurveBuilder, Curves, RunEvent
from runtime.metrics.recorder import Metrics
from runtime.metrics.totals import MemoryParts, NameUse, Totals, TotalsBuilder
from tests.fakes.clock import START
from tests.fakes.records import a_run
from tests.fakes.samples import MIB, NANOS, a_detail, a_sample
from tests.runtime.metrics.test_recorder import MemoryTable

SECOND = 1000


class Series:
    """The samples of a run, in one block for each container."""

    def __init__(self) -> None:
        self.table = MemoryTable()

    async def record(self, *samples: Sample, started_at: int = START, **stats: Any) -> None:
        metrics = Metrics(self.table)
        run = a_run(started_at=START, container_started_at=started_at, stats=RunStats(**stats))
        for sample in samples:
            await metrics.add(run, sample, 0.5)
        await metrics.end(run.id)

    @property
    def blocks(self) -> list[Block]:
        return [decode(block.content) for block in self.table.stored]

    def curves(self, most_points: int = 1000) -> Curves:
        builder = CurveBuilder(sum(block.length for block in self.blocks), most_points)
        for block in self.blocks:
            builder.add(block)
        return builder.finish()

    def totals(self) -> Totals:
        builder = TotalsBuilder()
        for block in self.blocks:
            builder.add(block)
        return builder.finish()


@pytest.fixture
def series() -> Series:
    return Series()


def at(second: float, **fields: object) -> Sample:
    return a_sample(START + round(second * SECOND), **fields)


async def test_counters_become_rates(series: Series) -> None:
    await series.record(
        at(1, cpu_nanos=200 * NANOS, net_rx_bytes=10 * 1024, detail=a_detail(periods=10, throttled_periods=0)),
        at(3, cpu_nanos=1200 * NANOS, net_rx_bytes=30 * 1024, detail=a_detail(periods=30, throttled_periods=15)),
        at(4, cpu_nanos=1200 * NANOS, net_rx_bytes=30 * 1024, detail=a_detail(periods=30, throttled_periods=15)),
    )
    curves = series.curves()
    assert curves.at == [START + 1000, START + 3000, START + 4000]
    assert curves.curves["cpu_cores"].values == [0.2, 0.5, 0.0]
    assert curves.curves["received_per_sec"].values == [10 * 1024, 10 * 1024, 0]
    assert curves.curves["throttled_share"].values == [0.0, 0.75, 0.0]
    assert curves.curves["granted_cores"].values == [0.5] * 3
    assert curves.curves["memory_bytes"].low is None


async def test_a_peak_between_two_samples_is_part_of_the_curve(series: Series) -> None:
    """The last sample before an out-of-memory kill can be far below the limit."""
    uses = ((80, 80), (85, 512), (90, 512), (95, 512))
    await series.record(
        *(at(i, memory_bytes=used * MIB, memory_peak_bytes=peak * MIB) for i, (used, peak) in enumerate(uses, start=1))
    )
    assert series.curves().curves["memory_bytes"].values == [80 * MIB, 512 * MIB, 90 * MIB, 95 * MIB]


async def test_a_long_series_becomes_coarser_without_losing_its_peaks(series: Series) -> None:
    await series.record(*(at(second, memory_bytes=(90 + (second == 7) * 400) * MIB) for second in range(1, 11)))
    curves = series.curves(most_points=3)
    memory = curves.curves["memory_bytes"]
    assert (curves.samples_per_point, len(curves.at)) == (4, 3)
    assert memory.high == [90 * MIB, 490 * MIB, 90 * MIB] and memory.low == [90 * MIB] * 3
    assert memory.values == [90 * MIB, 190 * MIB, 90 * MIB]
    assert curves.curves["disk_bytes"].high == [None] * 3


async def test_counters_begin_again_in_the_next_container(series: Series) -> None:
    await series.record(at(1, cpu_nanos=400 * NANOS), at(2, cpu_nanos=800 * NANOS))
    second = START + 10 * SECOND
    await series.record(at(11, cpu_nanos=100 * NANOS), started_at=second, migration_count=1)
    curves = series.curves(most_points=1)
    assert curves.curves["cpu_cores"].values == [pytest.approx(0.4), 0.1]
    assert curves.events == [RunEvent(START + 11 * SECOND, "migration")]
    totals = series.totals()
    assert (totals.cpu_millis, totals.samples) == (900, 3)
    assert totals.cpu_share == pytest.approx(900 / (3000 * 0.5))


async def test_kills_and_gaps_are_marked(series: Series) -> None:
    await series.record(at(1, oom_kills=0), at(2, oom_kills=1), at(3, oom_kills=1), at(20, oom_kills=1))
    curves = series.curves()
    assert curves.events == [RunEvent(START + 2000, "oom-kill")]
    assert curves.gaps == [(START + 3000, START + 20_000)]
    assert series.totals().oom_kills == 1


async def test_the_longer_pauses_of_an_old_run_are_not_gaps(series: Series) -> None:
    """With about one sample per second, then per 5 seconds, then per 30 seconds; the last pause is longer."""
    await series.record(*(at(second) for second in (1, 2, 7, 12, 42, 72, 372)))
    assert len(series.blocks[0].columns["at"]) == 7
    assert series.curves().gaps == [(START + 72_000, START + 372_000)]


def with_programs(**uses: tuple[int, int]) -> Sample:
    by_name = {name: ProcessUse(mib * MIB, millis * NANOS) for name, (mib, millis) in uses.items()}
    return at(sum(millis for _, millis in uses.values()) / 1000, detail=a_detail(by_name=by_name))


async def test_programs_have_curves_of_their_own_from_when_they_exist(series: Series) -> None:
    await series.record(with_programs(node=(50, 1000)))
    await series.record(with_programs(node=(60, 1500), chrome=(200, 500)))
    curves = series.curves()
    assert curves.memory_by_name["node"].values == [50 * MIB, 60 * MIB]
    assert curves.memory_by_name["chrome"].values == [None, 200 * MIB]
    assert curves.cpu_by_name["node"].values == [1.0, 0.5]
    assert series.totals().by_name == {"node": NameUse(60 * MIB, 1500), "chrome": NameUse(200 * MIB, 500)}


async def test_totals_have_the_95th_percentile_of_the_time_and_the_parts_of_the_highest_sample(series: Series) -> None:
    await series.record(
        *(
            at(second, memory_bytes=second * MIB, detail=a_detail(anonymous_bytes=second * MIB))
            for second in range(1, 101)
        )
    )
    totals = series.totals()
    assert totals.p95 == 95 * MIB
    assert totals.highest == MemoryParts(
        at=START + 100 * SECOND,
        total=104 * MIB,
        anonymous=100 * MIB,
        kernel=4 * MIB,
        shared=0,
        cache=16 * MIB,
    )
    assert totals.cache_peak == 16 * MIB and totals.sources == {"cgroup v2"}


async def test_what_was_not_measured_is_unknown(series: Series) -> None:
    assert series.totals() == Totals()
    assert series.curves() == Curves()
    await series.record(at(1, detail=None, net_rx_bytes=None, is_peak_complete=False))
    totals, curves = series.totals(), series.curves()
    assert (totals.highest, totals.throttled_share, totals.oom_kills, totals.processes_peak) == (None,) * 4
    assert not totals.is_peak_complete and totals.by_name == {} and totals.sources == set()
    for name in ("anonymous_bytes", "throttled_share", "received_per_sec", "threads"):
        assert curves.curves[name].values == [None]
