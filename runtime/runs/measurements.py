"""What is measured while a run's container runs, and when it has ended: the counters, the disk and the proxy."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial

from runtime.base.clock import Millis, iso
from runtime.base.records import Run
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.billing.billing import Billing
from runtime.containers import Container, Sample
from runtime.jobs import resource_limits, stats
from runtime.metrics.recorder import Metrics
from runtime.proxy import Proxy
from runtime.runs.runs import Runs
from runtime.runs.system_events import SystemEvents, system_info


class Measurements:
    """Records what runs use: the statistics in their records, and the series of their samples."""

    def __init__(
        self,
        *,
        runs: Runs,
        billing: Billing,
        system_events: SystemEvents,
        proxy: Proxy,
        metrics: Metrics,
        cpu_burst_secs: float,
    ) -> None:
        self._runs = runs
        self._billing = billing
        self._system_events = system_events
        self._proxy = proxy
        self._metrics = metrics
        self._cpu_burst_secs = cpu_burst_secs
        self._recorded_disk_bytes: dict[str, int] = {}
        """The last measurement of each live run's disk. The same one again changes no record."""

    async def sample(self, container: Container, run: Run) -> None:
        """Record what the container uses, and send the Actor a systemInfo event once a second, until it ends."""
        async for sample in container.samples():
            try:
                current = (await self._count(run, sample)).stats
            except STORAGE_ERRORS:  # the next sample includes this one
                current = stats.after_sample(self._runs.get(run.id).stats, sample, _counted_from(run))
            granted = resource_limits.granted_cpus(run, self._cpu_burst_secs, sample.at)
            if current.cpu_current_usage is not None:  # the SDKs drop an event that lacks a value
                self._system_events.emit(run.id, system_info(current, granted, iso(sample.at)))
            await self._metrics.add(run, sample, granted)

    async def sample_disk(self, container: Container, run_id: str) -> int | None:
        """Measure the disk of a running container, for its samples too. Returns what `measure_disk` returns."""
        used = await container.disk_bytes()
        if used is not None:
            self._metrics.note_disk(run_id, used)
            if used != self._recorded_disk_bytes.get(run_id) and await self._record_disk(run_id, used):
                self._recorded_disk_bytes[run_id] = used
        return used

    async def measure_disk(self, container: Container, run_id: str) -> int | None:
        """The bytes that the container has written, also recorded in its run; None if they cannot be measured."""
        used = await container.disk_bytes()
        if used is not None:
            await self._record_disk(run_id, used)
        return used

    async def _record_disk(self, run_id: str, used_bytes: int) -> bool:
        """Record the highest use. Return False if it cannot be stored: then the next measurement is recorded."""
        with suppress(*STORAGE_ERRORS):
            highest = self._runs.get(run_id).stats.disk_max_bytes
            if highest is None or used_bytes > highest:
                await self._runs.change_stats(run_id, partial(stats.with_disk, used_bytes=used_bytes))
            return True
        return False

    async def count_end(self, container: Container, run: Run) -> None:
        """Record the last counters of a run's container that has ended, if they could be measured.

        The proxy is among them. Raises StorageUnavailable. The series ends even if an error prevents the rest.
        """
        try:
            await self._proxy.flush(run.id)
            if (sample := await container.final_sample()) is not None:
                await self._count(run, sample)
                granted = resource_limits.granted_cpus(run, self._cpu_burst_secs, sample.at)
                await self._metrics.add(run, sample, granted)
        finally:
            self._recorded_disk_bytes.pop(run.id, None)
            await self._metrics.end(run.id)

    async def _count(self, run: Run, sample: Sample) -> Run:
        """Record a sample in the run's record, in one write."""
        transferred = self._billing.take_transfer(run.id)
        count = partial(_counted, sample=sample, started_at=_counted_from(run), transferred=transferred)
        try:
            return await self._runs.change(run.id, count)
        except STORAGE_ERRORS:
            self._billing.count_transfer(run.id, transferred)
            raise


def _counted_from(run: Run) -> Millis:
    return run.container_started_at or run.started_at


def _counted(before: Run, sample: Sample, started_at: Millis, transferred: int) -> Run:
    """The run with a new sample.

    Where the Actor listens is recorded while its web server does not answer: it may use the wrong port.
    """
    counted = stats.with_api_bytes(stats.after_sample(before.stats, sample, started_at), transferred)
    listening = before.listening if before.is_container_server_ready else sample.listening or before.listening
    return replace(before, stats=counted, listening=listening)
