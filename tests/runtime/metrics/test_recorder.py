"""The series of a run: what is stored, when, how much space it takes, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runtime.base.errors import StorageUnavailable
from runtime.containers import Sample
from runtime.database.run_blocks import RunBlocksTable, StoredBlock
from runtime.metrics import recorder
from runtime.metrics.blocks import Block, decode
from runtime.metrics.recorder import Metrics
from tests.fakes.clock import START
from tests.fakes.records import a_run
from tests.fakes.samples import MIB, BusyContainer, a_sample
from tests.fakes.stage import Stage

HOUR = 3600
MBYTE = 1_000_000


class MemoryTable(RunBlocksTable):
    """The table without a database. With `is_full`, it rejects writes as on a full disk."""

    def __init__(self) -> None:
        self.stored: list[StoredBlock] = []
        self.is_full = False

    def end_of(self, run_id: str) -> int:
        return self.stored[-1].end if self.stored else 0

    async def store(self, run_id: str, blocks: Sequence[StoredBlock], *, delete_before: int = 0) -> None:
        if self.is_full:
            raise StorageUnavailable("insufficient-storage", "full")
        self.stored = [each for each in self.stored if each.position < blocks[0].position] + [*blocks]

    def blocks(self, run_id: str) -> list[StoredBlock]:
        return self.stored


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


async def add(metrics: Metrics, *samples: Sample, **run: object) -> None:
    for sample in samples:
        await metrics.add(a_run(started_at=START, **run), sample, 0.125)


def seconds(first: int, last: int, **fields: object) -> list[Sample]:
    return [a_sample(START + second * 1000, **fields) for second in range(first, last)]


def times(blocks: Sequence[StoredBlock]) -> list[int]:
    """The times of all samples in seconds, which must have consecutive positions."""
    decoded = [decode(block.content) for block in blocks]
    assert [block.position for block in blocks] == [
        sum(each.length for each in decoded[:i]) for i in range(len(blocks))
    ]
    return [((at or 0) - START) // 1000 for block in decoded for at in block.columns["at"]]


async def test_a_day_of_a_busy_run_takes_less_than_a_megabyte(table: MemoryTable) -> None:
    """A twelfth of each part of a day: its first three hours, with a sample each second, and the rest."""
    metrics, container, part = Metrics(table), BusyContainer(), 12
    await add(metrics, *container.samples(START, 3 * HOUR // part, 1000))
    late = START + 3 * HOUR * 1000
    await add(metrics, *container.samples(late, 21 * HOUR // 5 // part, 5000))
    await metrics.end("run1")
    assert sum(block.samples for block in table.stored) == (3 * HOUR + 21 * HOUR // 5) // part
    assert sum(len(block.content) for block in table.stored) < 0.8 * MBYTE / part


async def test_a_long_run_gets_fewer_samples(table: MemoryTable) -> None:
    metrics, hours = Metrics(table), (2, 4, 30)
    for hour in hours:
        await add(metrics, *seconds(hour * HOUR, hour * HOUR + 60))
    assert [(at // HOUR, at % HOUR) for at in times(metrics.blocks("run1"))] == [
        *((2, second) for second in range(60)),
        *((4, second) for second in range(0, 60, 5)),
        *((30, second) for second in range(0, 60, 30)),
    ]


async def test_a_killed_server_loses_only_the_last_seconds(table: MemoryTable) -> None:
    metrics = Metrics(table)
    await add(metrics, *seconds(0, 9))
    assert times(table.stored) == [*range(6)]
    restarted = Metrics(table)
    await add(restarted, *seconds(20, 26))
    assert times(table.stored) == [*range(6), *range(20, 26)]
    assert times(restarted.blocks("run1")) == times(table.stored)


async def test_small_blocks_become_a_large_one(table: MemoryTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "BLOCK_SAMPLES", 12)
    metrics = Metrics(table)
    await add(metrics, *seconds(0, 19))
    assert [block.samples for block in table.stored] == [12, 5]
    assert times(metrics.blocks("run1")) == [*range(19)]
    await metrics.close()
    assert times(table.stored) == [*range(19)]
    await metrics.end("run1")
    assert [block.samples for block in table.stored] == [12, 7]


async def test_what_a_full_disk_does_not_take_is_stored_later(
    table: MemoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "BLOCK_SAMPLES", 12)
    metrics = Metrics(table)
    await add(metrics, *seconds(0, 6))
    table.is_full = True
    await add(metrics, *seconds(6, 30))
    assert times(table.stored) == [*range(6)] and times(metrics.blocks("run1")) == [*range(30)]
    table.is_full = False
    await add(metrics, *seconds(30, 31))
    assert times(table.stored) == [*range(31)]
    assert [block.samples for block in table.stored] == [12, 12, 7]


async def test_each_container_has_blocks_of_its_own(table: MemoryTable) -> None:
    metrics = Metrics(table)
    await add(metrics, *seconds(0, 3), container_started_at=START)
    await add(metrics, *seconds(3, 5), container_started_at=START + 2500)
    await metrics.end("run1")
    decoded = [decode(block.content) for block in table.stored]
    assert [block.origin.container for block in decoded] == [START, START + 2500]
    assert times(table.stored) == [*range(5)]


async def test_a_clock_that_is_set_back_does_not_end_the_series(table: MemoryTable) -> None:
    metrics = Metrics(table)
    await add(metrics, *seconds(100, 102), *seconds(50, 52))
    await metrics.end("run1")
    assert times(table.stored) == [100, 101, 50, 51]


def block_of(table: MemoryTable) -> Block:
    [stored] = table.stored
    return decode(stored.content)


async def test_unknown_values_remain_unknown_and_others_are_exact_enough(table: MemoryTable) -> None:
    metrics = Metrics(table)
    first = a_sample(START, detail=None, net_rx_bytes=None)
    second = a_sample(START + 1000, memory_bytes=100 * MIB, cpu_nanos=123_456_789, net_rx_bytes=5000, is_final=True)
    await add(metrics, first, second)
    columns = block_of(table).columns
    assert columns["used"] == [90 * MIB, 100 * MIB] and columns["cpu"] == [0, 123]
    assert columns["anonymous"] == [None, 80 * MIB]
    assert columns["received"] == [None, 5 * 1024]
    assert columns["disk"] == columns["processes"] == [None, None]


# In the database


async def test_the_series_survives_a_restart_and_is_deleted_with_its_run(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=512)
    for _ in range(3):
        stage.container_of(run).uses(100 * MIB)
        await stage.clock.advance(1)
    await stage.restart_server()
    stage.container_of(run).uses(100 * MIB)
    await stage.clock.advance(1)
    assert sum(block.samples for block in stage.orchestrator.history.metrics.blocks(run.id)) >= 4
    run = await stage.finish(run)
    stored = stage.orchestrator.database.metrics
    assert sum(block.samples for block in stored.blocks(run.id)) >= 4
    await stage.orchestrator.run_deletion.delete(run)
    assert stored.blocks(run.id) == []


async def test_samples_without_a_run_are_dropped_at_the_start(stage: Stage) -> None:
    run = await stage.start()
    block = StoredBlock(0, 1, b"x")
    await stage.orchestrator.database.metrics.store("gone", [block])
    await stage.orchestrator.database.metrics.store(run.id, [block])
    await stage.restart_server()
    stored = stage.orchestrator.database.metrics
    assert (stored.blocks("gone"), stored.blocks(run.id)) == ([], [block])
