"""What the watchers do beside a run's container: deadline, CPU burst, disk limit, statistics."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.base.clock import iso
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.base.retry import LONGEST_PAUSE_SECS
from runtime.containers import DiskEnforcement, LogLine
from runtime.jobs.logs import Log
from runtime.runs import limit_watchers
from runtime.runs.options import StartOptions
from runtime.runs.system_events import Event
from tests.examples import some
from tests.fakes.clock import START
from tests.fakes.containers import FakeContainer
from tests.fakes.engine_faults import pause_create, set_disk_use
from tests.fakes.stage import Stage, record_moves

S = JobStatus
MBYTE = 1024 * 1024
SECOND = 1_000_000_000
HOUR = 3600


# The deadline


async def test_at_its_deadline_a_run_is_timing_out_then_timed_out(stage: Stage) -> None:
    moves = record_moves(stage)
    stage.engine.on_create = set_disk_use(None)
    run = await stage.start(timeout_secs=HOUR)
    await stage.clock.advance(HOUR - 0.001)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(0.001)
    assert moves == [(run.id, S.RUNNING), (run.id, S.TIMING_OUT), (run.id, S.TIMED_OUT)]
    assert stage.container_of(run).signals == ["SIGTERM"]
    run = stage.current(run)
    assert (run.exit_code, run.finished_at) == (143, START + HOUR * 1000)
    assert run.status_message == f"Actor timed out after {HOUR} seconds. Set a longer timeout, or 0 for no timeout."


async def test_an_actor_that_ignores_sigterm_is_killed_after_the_grace_period(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(64.9)
    assert stage.current(run).status is S.TIMING_OUT
    await stage.clock.advance(0.1)
    assert stage.container_of(run).signals == ["SIGTERM", "SIGKILL"]
    assert (stage.current(run).status, stage.current(run).exit_code) == (S.TIMED_OUT, 137)


async def test_a_run_that_exits_with_0_while_it_is_timing_out_is_timed_out(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(61)
    run = await stage.finish(run, 0)
    assert (run.status, run.exit_code) == (S.TIMED_OUT, 0)
    assert any("has reached the timeout of 60 seconds" in line for line in await stage.log_of(run.id))


async def test_a_run_without_a_timeout_is_not_stopped(stage: Stage) -> None:
    stage.engine.on_create = set_disk_use(None)
    run = await stage.start(timeout_secs=0)
    await stage.clock.advance(HOUR)
    assert stage.current(run).status is S.RUNNING


async def test_the_timeout_counts_from_the_start_of_the_container_however_long_its_creation_takes(
    stage: Stage,
) -> None:
    reached, resume = pause_create(stage.engine)
    run = await stage.start(timeout_secs=60)
    await reached.wait()
    await stage.clock.advance(100)
    assert stage.current(run).status is S.RUNNING
    resume.set()
    await stage.clock.settle()
    await stage.clock.advance(59.9)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(0.1)
    assert stage.current(run).status is S.TIMED_OUT


@pytest.mark.parametrize("resurrects", [True, False])
async def test_an_actor_sees_a_deadline_of_its_whole_timeout(stage: Stage, resurrects: bool) -> None:
    """The engine was busy before the container could be created."""
    run = await stage.start(timeout_secs=60)
    if resurrects:
        await stage.finish(run)
        await stage.clock.advance(10)
        await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions())
        await stage.clock.settle()
    ends = iso(stage.clock.now() + 60_000)
    assert stage.container_of(run).spec.environment["ACTOR_TIMEOUT_AT"] == ends


@pytest.mark.parametrize("restarts_server", [True, False])
async def test_a_restarted_actor_gets_what_is_left_of_its_timeout(stage: Stage, restarts_server: bool) -> None:
    run = await stage.start(timeout_secs=60)
    first = stage.container_of(run)
    await stage.clock.advance(20)
    if restarts_server:
        await stage.restart_server()
    await stage.orchestrator.orders.reboot(stage.current(run))
    await stage.clock.settle()
    assert len(stage.containers_of(run)) == 2
    assert stage.container_of(run).spec.environment["ACTOR_TIMEOUT_AT"] == first.spec.environment["ACTOR_TIMEOUT_AT"]
    await stage.clock.advance(39.9)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(0.1)
    assert stage.current(run).status is S.TIMED_OUT


# The CPU burst


async def test_a_small_actor_has_one_core_during_the_burst_and_its_share_afterwards(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    await stage.clock.advance(9.999)
    assert stage.container_of(run).cpus == [1.0]
    await stage.clock.advance(0.001)
    assert stage.container_of(run).cpus == [1.0, 0.25]


async def test_without_a_burst_a_container_starts_with_its_share(tmp_path: Path) -> None:
    stage = Stage(tmp_path, cpu_burst_secs=0)
    await stage.open()
    run = await stage.start(memory_mbytes=1024)
    assert set(stage.container_of(run).cpus) == {0.25}
    await stage.close()


async def test_the_cores_of_a_big_actor_do_not_change_after_the_burst(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=8192)
    await stage.clock.advance(20)
    assert set(stage.container_of(run).cpus) == {2.0}


# The disk limit


@pytest.mark.parametrize("disk", list(DiskEnforcement))
async def test_a_run_over_its_disk_limit_is_stopped_only_if_the_limit_is_polled(
    tmp_path: Path, disk: DiskEnforcement
) -> None:
    stage = Stage(tmp_path)
    stage.engine.engine = replace(stage.engine.engine, disk=disk)
    await stage.open()
    run = await stage.start(memory_mbytes=256)
    container = stage.container_of(run)
    container.disk = 512 * MBYTE
    await stage.clock.advance(2)
    assert stage.current(run).status is S.RUNNING
    container.disk = 600 * MBYTE
    await stage.clock.advance(2)
    current = stage.current(run)
    assert current.stats.disk_max_bytes == 600 * MBYTE
    assert current.disk_enforcement == disk
    if disk is DiskEnforcement.POLLED:
        assert (current.status, container.signals) == (S.FAILED, ["SIGKILL"])
        assert current.status_message is not None
        assert "exceeded its disk limit of 512 MB (it had written 600 MB)" in current.status_message
        assert any("exceeded its disk limit" in line for line in await stage.log_of(run.id))
    else:
        assert current.status is S.RUNNING
    await stage.close()


async def test_the_pause_after_a_disk_measurement_is_twenty_times_as_long_as_the_measurement(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []

    def on_create(container: FakeContainer) -> None:
        async def measure_slowly() -> int:
            measured.append(stage.clock.now())
            await stage.clock.sleep(3)
            return 0

        monkeypatch.setattr(container, "disk_bytes", measure_slowly)

    stage.engine.on_create = on_create
    await stage.start()
    await stage.clock.advance(200)
    assert len(measured) > 2
    assert all(later - earlier >= 20 * 3000 for earlier, later in itertools.pairwise(measured))


async def test_a_run_whose_disk_cannot_be_measured_is_not_stopped(stage: Stage) -> None:
    stage.engine.on_create = set_disk_use(None)
    run = await stage.start()
    await stage.clock.advance(10)
    assert stage.current(run).status is S.RUNNING
    assert stage.current(run).stats.disk_max_bytes is None


# Statistics and events


async def test_the_usage_of_a_container_is_recorded_and_sent_to_the_actor(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    container, events = stage.container_of(run), list[Event]()

    async def listen() -> None:
        async for event in stage.orchestrator.system_events.listen(run.id):
            events.append(event)

    listening = asyncio.create_task(listen())
    for secs, memory in ((1, 100), (2, 300), (3, 200)):
        await stage.clock.advance(1)
        container.uses(memory_bytes=memory * MBYTE, cpu_nanos=secs * SECOND // 2, net_rx_bytes=secs * 10)
        await stage.clock.settle()
    stats = stage.current(run).stats
    assert stats.mem_avg_bytes == pytest.approx(200 * MBYTE)
    assert (stats.mem_max_bytes, stats.mem_current_bytes) == (300 * MBYTE, 200 * MBYTE)
    assert stats.cpu_avg_usage == pytest.approx(50)
    assert stats.cpu_current_usage == pytest.approx(50)
    assert stats.net_rx_bytes == 30
    assert [event["name"] for event in events] == ["systemInfo"] * 3
    assert {
        "memAvgBytes",
        "memCurrentBytes",
        "memMaxBytes",
        "cpuAvgUsage",
        "cpuMaxUsage",
        "cpuCurrentUsage",
        "isCpuOverloaded",
        "createdAt",
    } == events[-1]["data"].keys()
    run = await stage.finish(run)
    await listening
    assert (run.stats.mem_current_bytes, run.stats.cpu_current_usage) == (0, 0)
    assert run.stats.mem_max_bytes == 300 * MBYTE


async def test_a_sample_is_one_change_of_the_record_and_an_equal_size_of_the_disk_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them is repeated every second, for each live run."""
    run = await stage.start(memory_mbytes=1024)
    await stage.clock.advance(2)
    changed: list[str] = []
    change = stage.orchestrator.runs.change

    async def count(id: str, *arguments: Any) -> Run:
        changed.append(id)
        return await change(id, *arguments)

    monkeypatch.setattr(stage.orchestrator.runs, "change", count)
    stage.container_of(run).uses(memory_bytes=MBYTE, cpu_nanos=0, listening=("0.0.0.0:8000",))
    await stage.clock.advance(3)
    assert changed == [run.id]
    assert stage.current(run).listening == ("0.0.0.0:8000",)
    stage.container_of(run).disk = MBYTE
    await stage.clock.advance(3)
    assert changed == [run.id] * 2
    assert stage.current(run).stats.disk_max_bytes == MBYTE


async def test_cpu_overload_is_relative_to_the_current_cores(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await stage.start(memory_mbytes=1024)
    overloads: list[bool] = []
    emit = stage.orchestrator.system_events.emit

    def record_and_emit(run_id: str, event: Event) -> None:
        overloads.append(event["data"]["isCpuOverloaded"])
        emit(run_id, event)

    monkeypatch.setattr(stage.orchestrator.system_events, "emit", record_and_emit)
    for secs in (5, 15):
        await stage.clock.advance(5 if secs == 5 else 10)
        stage.container_of(run).uses(memory_bytes=0, cpu_nanos=secs * SECOND // 4)
        await stage.clock.settle()
    assert overloads == [False, True]


# The web server


async def test_a_web_server_that_never_answers_is_probed_ever_less_often(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed: list[float] = []
    answers_after = 2 * HOUR

    async def probe(host: str, port: int) -> bool:
        probed.append((stage.clock.now() - START) / 1000)
        return probed[-1] >= answers_after

    monkeypatch.setattr(limit_watchers, "is_ready", probe)
    stage.engine.on_create = lambda container: setattr(container, "address", ("127.0.0.1", 1))
    run = await stage.start(timeout_secs=3 * HOUR)
    await stage.clock.advance(10)
    assert len(probed) == 11
    await stage.clock.advance(2 * HOUR)
    assert len(probed) < 2 * HOUR / 25
    assert all(later - earlier <= max(1, 0.101 * earlier) for earlier, later in itertools.pairwise(probed))
    await stage.clock.advance(limit_watchers.MAX_PROBE_PAUSE_SECS)
    assert stage.current(run).is_container_server_ready


# Measurements


MEASUREMENTS = ("disk_bytes", "samples", "address_of", "set_cpus", "logs", "final_sample")
ERRORS = (OSError(36, "File name too long"), KeyError("total_inactive_file"), ValueError("odd"), RecursionError())


@pytest.mark.parametrize(("method", "error"), some(itertools.product(MEASUREMENTS, ERRORS)))
async def test_an_error_in_a_measurement_does_not_end_a_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    stage.engine.on_create = lambda container: monkeypatch.setattr(container, method, fail)
    run, limited = await stage.start(), await stage.start(timeout_secs=30)
    await stage.clock.advance(29)
    assert (stage.current(run).status, stage.current(limited).status) == (S.RUNNING, S.RUNNING)
    await stage.clock.advance(10)
    assert stage.current(limited).status is S.TIMED_OUT
    await stage.finish(run)
    await stage.clock.advance(LONGEST_PAUSE_SECS)
    assert stage.current(run).status is S.SUCCEEDED
    assert stage.engine.containers == []


async def test_a_measurement_continues_after_an_error(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await stage.start(memory_mbytes=128)
    container = stage.container_of(run)
    measure = container.disk_bytes

    async def fail() -> int | None:
        raise OSError(36, "File name too long")

    monkeypatch.setattr(container, "disk_bytes", fail)
    container.disk = 300 * 1024 * 1024
    await stage.clock.advance(10)
    assert stage.current(run).status is S.RUNNING
    monkeypatch.setattr(container, "disk_bytes", measure)
    await stage.clock.advance(LONGEST_PAUSE_SECS)
    assert "exceeded its disk limit" in str(stage.current(run).status_message)


async def test_the_log_is_copied_further_after_an_error(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    container.prints("one")
    await stage.clock.settle()
    append, failures = Log.append, list[int]()

    def fail_once(log: Log, lines: list[LogLine]) -> None:
        if not failures and lines[-1].text == b"two":
            failures.append(1)
            raise ValueError("odd")
        append(log, lines)

    monkeypatch.setattr(Log, "append", fail_once)
    container.prints("two")
    await stage.clock.advance(2)
    container.prints("three")
    assert (await stage.finish(run)).status is S.SUCCEEDED
    assert (await stage.log_of(run.id))[-3:] == ["one", "two", "three"]
    assert failures
