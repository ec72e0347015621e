"""Records the samples of live runs.

New samples are stored every few seconds in a small block. When there are enough of them for a large block, it replaces
the small ones. So a server that is killed loses the samples of a few seconds, and a new one continues the series.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.base.clock import Millis
from runtime.base.records import Run
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.containers import Detail, Sample
from runtime.database.run_blocks import RunBlocksTable, StoredBlock
from runtime.metrics.blocks import Origin, Point, encode

logger = logging.getLogger("greenroom.supervisor")

BLOCK_SAMPLES = 300
STORE_MILLIS = 5_000
"""The samples of this time are lost if the server is killed."""
NANOS_PER_MILLI = 1_000_000
HOUR_MILLIS = 3_600_000
INTERVALS = ((3 * HOUR_MILLIS, 1_000), (24 * HOUR_MILLIS, 5_000), (None, 30_000))
"""The time between two samples of a run, until it has this age. It limits the size of the series of a long run."""
EARLY_MILLIS = 100
"""A sample that is early by less counts as being in time."""


@dataclass(slots=True)
class _Series:
    """The open block of a live run. `position` is that of its first point, `stored` counts its stored points.

    `last` is the last point of the current container. `waiting` are complete blocks before the open one that could not
    be written.
    """

    origin: Origin
    position: int
    points: list[Point] = field(default_factory=list)
    stored: int = 0
    stored_at: Millis = 0
    last_at: Millis = 0
    last: Point | None = None
    waiting: list[StoredBlock] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.position + len(self.points)

    def close_block(self) -> None:
        """Replace the small blocks of the open block by one, and begin the next one."""
        if self.points:
            self.waiting.append(StoredBlock(self.position, len(self.points), encode(self.origin, self.points)))
        self.position, self.points, self.stored = self.end, [], 0

    def unstored_blocks(self) -> list[StoredBlock]:
        rest = self.points[self.stored :]
        small = [StoredBlock(self.position + self.stored, len(rest), encode(self.origin, rest))] if rest else []
        return [*self.waiting, *small]


class Metrics:
    """The series of all live runs. Call `close` before the database is closed.

    `report_point` is called with each new point of a run, and the point before in the same container.
    """

    def __init__(self, table: RunBlocksTable) -> None:
        self.report_point: Callable[[str, Origin, Point, Point | None], None] = lambda id, origin, point, last: None
        self._table = table
        self._series: dict[str, _Series] = {}
        self._disk_bytes: dict[str, int] = {}

    def note_disk(self, run_id: str, used_bytes: int) -> None:
        """Add the last measurement of the disk to the samples that follow."""
        self._disk_bytes[run_id] = used_bytes

    async def add(self, run: Run, sample: Sample, granted_cpus: float) -> None:
        """Add a sample of the run's container, which may use this many cores at this moment."""
        try:
            series = self._continued(run, sample)
        except STORAGE_ERRORS:  # the next sample tries it again
            return
        if not _is_due(series.last_at, sample, _interval(run, sample.at)):
            return
        point = _point(run, sample, granted_cpus, self._disk_bytes.get(run.id))
        self.report_point(run.id, series.origin, point, series.last)
        series.last_at, series.last = sample.at, point
        series.points.append(point)
        if len(series.points) >= BLOCK_SAMPLES:
            series.close_block()
        if series.waiting or sample.is_final or sample.at - series.stored_at >= STORE_MILLIS:
            series.stored_at = sample.at
            await self._store(run.id, series)

    async def end(self, run_id: str) -> None:
        """Store the rest of the series of a container that has ended."""
        if (series := self._series.get(run_id)) is not None:
            series.close_block()
            await self._store(run_id, series)
            del self._series[run_id]
        self._disk_bytes.pop(run_id, None)

    async def close(self) -> None:
        """Store the rest of all series, of runs that the next start of the server adopts."""
        for run_id, series in list(self._series.items()):
            await self._store(run_id, series)

    def blocks(self, run_id: str) -> list[StoredBlock]:
        """Return the encoded blocks of a run in order, with the samples of a live run that are not stored yet."""
        series = self._series.get(run_id)
        unstored = series.unstored_blocks() if series else []
        begin = unstored[0].position if unstored else None
        return [*(each for each in self._table.blocks(run_id) if begin is None or each.position < begin), *unstored]

    async def delete(self, run_id: str) -> None:
        await self._table.delete_of_run(run_id)

    async def delete_of_missing_runs(self) -> None:
        await self._table.delete_of_missing_runs()

    def _continued(self, run: Run, sample: Sample) -> _Series:
        """Return the run's series, with a block of its own for each container."""
        series = self._series.get(run.id)
        origin = _origin(run, sample)
        if series is None:
            series = self._series[run.id] = _Series(origin, self._table.end_of(run.id), stored_at=sample.at)
        elif series.origin.container != origin.container:
            series.close_block()
            series.last = None
        if sample.detail is not None or not series.points:
            series.origin = origin
        return series

    async def _store(self, run_id: str, series: _Series) -> None:
        """Store the samples that are not stored yet. If the write fails, they are stored with the next ones.

        If this is cancelled, the write may happen nevertheless. The next one replaces it.
        """
        blocks, closed, points = series.unstored_blocks(), len(series.waiting), len(series.points)
        if not blocks:
            return
        try:
            await self._table.store(run_id, blocks)
        except STORAGE_ERRORS as problem:
            logger.warning("The samples of run %s could not be stored: %s", run_id, problem)
            return
        del series.waiting[:closed]
        series.stored = points


def _is_due(last_at: Millis, sample: Sample, interval: Millis) -> bool:
    """Whether a sample is recorded. A last one is, unless it is the one before. The clock may have been set back."""
    passed = sample.at - last_at
    return passed < 0 or passed >= interval - EARLY_MILLIS or (sample.is_final and passed > 0)


def _interval(run: Run, at: Millis) -> Millis:
    age = at - (run.resumed_at or run.started_at)
    return next(interval for until, interval in INTERVALS if until is None or age < until)


def _origin(run: Run, sample: Sample) -> Origin:
    stats, detail = run.stats, sample.detail
    return Origin(
        container=run.container_started_at or run.started_at,
        counts={
            "reboot": stats.reboot_count,
            "migration": stats.migration_count,
            "metamorph": len(run.metamorphs),
            "restart-on-error": stats.restart_count,
            "resurrection": stats.resurrect_count,
        },
        source=detail.source if detail else None,
        is_peak_complete=sample.is_peak_complete,
        is_kernel_estimated=detail.is_kernel_estimated if detail else False,
    )


def _point(run: Run, sample: Sample, granted_cpus: float, disk_bytes: int | None) -> Point:
    detail = sample.detail
    return Point(
        {
            "at": sample.at,
            "used": sample.memory_bytes,
            "peak": sample.memory_peak_bytes,
            "limit": run.options.memory_mbytes << 20,
            "cpu": sample.cpu_nanos // NANOS_PER_MILLI,
            "granted": round(granted_cpus * 1000),
            "received": sample.net_rx_bytes,
            "sent": sample.net_tx_bytes,
            "disk": disk_bytes,
            "oom_kills": sample.oom_kills,
            **(_detail_values(detail) if detail else {}),
        },
        {name: (use.memory_bytes, use.cpu_nanos // NANOS_PER_MILLI) for name, use in detail.by_name.items()}
        if detail
        else {},
    )


def _detail_values(detail: Detail) -> dict[str, int | None]:
    return {
        "anonymous": detail.anonymous_bytes,
        "kernel": detail.kernel_bytes,
        "shared": detail.shared_bytes,
        "cache": detail.cache_bytes,
        "periods": detail.periods,
        "throttled_periods": detail.throttled_periods,
        "throttled": None if detail.throttled_nanos is None else detail.throttled_nanos // NANOS_PER_MILLI,
        "threads": detail.threads,
        "processes": detail.processes,
    }
