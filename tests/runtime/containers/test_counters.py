"""The counters of containers, of real ones until their end, and of scripted ones."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from runtime.base.records import Witness
from runtime.containers import Container, Detail, Sample, cgroups, counters, kernel_log
from runtime.containers.cgroups import Cgroup
from runtime.containers.counters import CounterThread, FollowedContainer
from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import MIB, SLEEP, Start, first_line, wait_until
from tests.runtime.containers.test_cgroups import create_v1, create_v2

FAST = 0.001
ATTEMPTS = 5
"""On a busy machine the thread may come too late for the last counters of a run of milliseconds."""
USES_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', {!r}])\n"


async def ended(container: Container) -> Sample:
    state = await container.wait()
    assert state and state.finished_at
    sample = await container.final_sample()
    assert sample is not None and sample.is_final
    return sample


@pytest.fixture
def start_visible(door: DockerContainers, start: Start) -> Start:
    if not door.engine.reads_cgroups:
        pytest.skip("this host does not see the counters of containers")
    return start


@pytest.mark.docker
async def test_every_short_container_is_measured(start_visible: Start) -> None:
    """The shortest ones end before the engine's response to their start arrives."""
    for script in ("pass", "import os; os._exit(0)") * ATTEMPTS:
        sample = await ended(await start_visible(script))
        assert sample.memory_peak_bytes > 0
        assert sample.counted_from is not None and sample.at > sample.counted_from


@pytest.mark.docker
async def test_the_peak_and_the_cpu_time_of_a_short_container_are_complete(start_visible: Start) -> None:
    script = "x = bytearray(100 << 20); del x\nimport time\nwhile time.process_time() < 0.15: pass"
    samples = [await ended(await start_visible(script)) for _ in range(ATTEMPTS)]
    assert 100 * MIB < max(sample.memory_peak_bytes for sample in samples) < 130 * MIB
    assert 150e6 < max(sample.cpu_nanos for sample in samples) < 500e6


@pytest.mark.docker
async def test_a_child_that_is_killed_at_the_limit_shows_the_limit_as_peak(start_visible: Start) -> None:
    container = await start_visible(USES_CHILD.format("x = bytearray(400 << 20)") + "raise SystemExit(1)")
    state = await container.wait()
    assert state and state.oom_killed and state.exit_code == 1
    assert (await ended(container)).memory_peak_bytes >= 0.97 * 256 * MIB


@pytest.mark.docker
@pytest.mark.parametrize("kernel_log_is_readable", [True, False])
async def test_the_process_that_the_kernel_killed_is_named(
    start_visible: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kernel_log_is_readable: bool
) -> None:
    """Without the kernel's log, it is the one that disappeared from the list of processes."""
    if not kernel_log_is_readable:
        monkeypatch.setattr(kernel_log, "KERNEL_LOG", tmp_path / "kmsg")
    child = "import time; time.sleep(0.6); x = bytearray(400 << 20)"
    container = await start_visible(USES_CHILD.format(child) + "import time; time.sleep(0.6); raise SystemExit(1)")
    state = await container.wait()
    assert state and state.oom_killed and state.exit_code == 1
    if kernel_log_is_readable and not os.access("/dev/kmsg", os.R_OK):
        pytest.skip("this host does not show the kernel's log")
    witness = Witness.KERNEL_LOG if kernel_log_is_readable else Witness.PROCESS_LIST
    assert state.oom_kills == 1
    assert [(each.name, each.witness) for each in state.killed] == [("python", witness)]


@pytest.mark.docker
async def test_the_page_cache_of_written_files_is_not_part_of_the_peak(start_visible: Start) -> None:
    script = (
        "f = open('/tmp/x', 'wb')\nfor _ in range(200): f.write(bytes(1 << 20))\nf.close()\nimport time; time.sleep(1)"
    )
    assert (await ended(await start_visible(script))).memory_peak_bytes < 100 * MIB


async def detail_of_work(container: Container) -> Detail:
    """Return the first details in which the container has two processes, shared memory and throttled CPU."""
    async with aclosing(container.samples()) as samples:
        async for sample in samples:
            found = sample.detail
            if found and found.throttled_nanos and found.processes == 2 and found.shared_bytes > 19 * MIB:
                return found
    raise AssertionError("the container ended")


@pytest.mark.docker
async def test_the_parts_of_the_memory_and_the_programs_are_measured(start_visible: Start) -> None:
    """A child with another program, shared memory, and more work than the CPU quota allows."""
    script = (
        "import subprocess, mmap, time; x = bytearray(80 << 20); child = subprocess.Popen(['sleep', '600'])\n"
        "shared = open('/dev/shm/x', 'wb'); shared.write(bytes(20 << 20)); shared.flush(); print('ready')\n"
        "while True: pass"
    )
    container = await start_visible(script, cpus=0.2)
    await first_line(container)
    detail = await detail_of_work(container)
    assert 80 * MIB < detail.anonymous_bytes < 100 * MIB and 19 * MIB < detail.shared_bytes < 24 * MIB
    assert 0 < detail.kernel_bytes < 20 * MIB and not detail.is_kernel_estimated
    assert detail.threads and detail.threads >= 2
    assert detail.periods and detail.throttled_periods and detail.periods >= detail.throttled_periods
    assert detail.by_name.keys() == {"python", "sleep"}
    assert 80 * MIB < detail.by_name["python"].memory_bytes < 100 * MIB
    await container.kill()
    last = (await ended(container)).detail
    assert last and last.periods and last.periods >= detail.periods


@pytest.mark.docker
async def test_the_engines_statistics_have_the_parts_of_the_memory_too(
    start: Start, remote_door: DockerContainers
) -> None:
    await first_line(await start("x = bytearray(64 << 20)\n" + SLEEP))
    [seen_remotely] = await remote_door.list()
    async with aclosing(seen_remotely.samples()) as samples:
        detail = (await anext(samples)).detail
    assert detail and detail.source == "engine" and detail.is_kernel_estimated
    assert 64 * MIB < detail.anonymous_bytes < 90 * MIB
    assert detail.threads and detail.processes is None and detail.by_name == {}


@pytest.mark.docker
async def test_an_adopted_container_is_measured_to_its_end(door: DockerContainers, start_visible: Start) -> None:
    await first_line(await start_visible("x = bytearray(64 << 20)\n" + SLEEP))
    [adopted] = await door.list()
    samples = adopted.samples()
    first = await anext(samples)
    assert first.memory_bytes and first.memory_bytes > 64 * MIB
    await adopted.kill()
    assert (await ended(adopted)).memory_peak_bytes > 64 * MIB
    await samples.aclose()


@pytest.mark.docker
async def test_an_unmeasured_container_has_no_final_counters(start: Start, remote_door: DockerContainers) -> None:
    container = await start("pass")
    await container.wait()
    [seen_remotely] = await remote_door.list()
    assert await seen_remotely.final_sample() is None


# Scripted counters


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[CounterThread]:
    for name in ("SEARCH_SECS", "FIRST_PAUSE_SECS", "PAUSE_SECS"):
        monkeypatch.setattr(counters, name, FAST)
    thread = CounterThread()
    yield thread
    thread.close()


@pytest.fixture(params=[1, 2])
def cgroup(request: pytest.FixtureRequest, tmp_path: Path) -> Cgroup:
    if request.param == 1:
        create_v1(tmp_path, "x")
        return cgroups.v1(tmp_path, {"memory": "x", "cpuacct": "x"})
    create_v2(tmp_path, "x")
    return cgroups.v2(tmp_path / "x")


def script(cgroup: Cgroup, usage: int, cache: int, peak: int, oom_kills: int = 0) -> None:
    """Set the counters. The kernel's peak changes last, so that the thread sees it with its usage."""
    names = ("memory.usage_in_bytes", "memory.oom_control", "memory.max_usage_in_bytes")
    current, events, highest = names if cgroup.version == 1 else ("memory.current", "memory.events", "memory.peak")
    overwrite(cgroup, "memory.stat", f"total_inactive_file {cache:06}\ninactive_file {cache:06}\n")
    overwrite(cgroup, current, f"{usage:06}\n")
    overwrite(cgroup, events, f"x 0\noom_kill {oom_kills}\n")
    overwrite(cgroup, highest, f"{peak:06}\n")


def overwrite(cgroup: Cgroup, name: str, text: str) -> None:
    """Overwrite a file that the thread has open. Texts of the same length never leave half of each."""
    with Path(cgroup.memory, name).open("r+b", buffering=0) as file:
        file.write(text.encode())
        file.truncate()


async def peak_becomes(followed: FollowedContainer, peak: int) -> None:
    await wait_until(lambda: followed.latest is not None and followed.latest.memory_peak_bytes == peak)


async def test_the_kernels_peak_counts_without_the_cache_of_its_moment(thread: CounterThread, cgroup: Cgroup) -> None:
    script(cgroup, usage=100, cache=40, peak=100)
    followed = thread.follow("c1", cgroup)
    await peak_becomes(followed, 60)
    script(cgroup, usage=100, cache=40, peak=300)  # a use between two readings
    await peak_becomes(followed, 260)
    script(cgroup, usage=100, cache=0, peak=300)  # the cache was dropped, but the peak is not new
    script(cgroup, usage=290, cache=20, peak=300)
    await peak_becomes(followed, 270)


async def test_after_an_oom_kill_the_peak_includes_the_cache(thread: CounterThread, cgroup: Cgroup) -> None:
    script(cgroup, usage=100, cache=40, peak=256, oom_kills=1)
    followed = thread.follow("c1", cgroup)
    await peak_becomes(followed, 256)
    assert followed.oom_kills == 1


async def test_the_samples_end_with_the_counters_and_the_last_one_is_final(
    thread: CounterThread, cgroup: Cgroup
) -> None:
    followed = thread.follow("c1", cgroup)
    samples = followed.samples()
    first = await anext(samples)
    assert (first.memory_bytes, first.cpu_nanos, first.net_rx_bytes) == (3500, 123_456_000, None)
    shutil.rmtree(cgroup.memory)
    assert not any([sample.is_final async for sample in samples])  # one may have been read before the removal
    final = await followed.final_sample()
    assert final and final.is_final and final.memory_peak_bytes == 9000


@pytest.mark.parametrize(("read", "is_complete", "final"), [(0, False, None), (1, False, 1), (0, True, 0)])
async def test_a_count_that_may_have_grown_after_the_last_reading_is_not_shown_as_0(
    thread: CounterThread, cgroup: Cgroup, read: int, is_complete: bool, final: int | None
) -> None:
    script(cgroup, usage=100, cache=0, peak=100, oom_kills=read)
    followed = thread.follow("c1", cgroup)
    await anext(followed.samples())
    followed.is_complete = is_complete
    assert (followed.oom_kills, followed.final_oom_kills()) == (read, final)


async def test_the_mean_use_covers_all_readings_since_the_last_report(
    monkeypatch: pytest.MonkeyPatch, thread: CounterThread, cgroup: Cgroup
) -> None:
    """The last reading before the end often finds only the init process."""
    monkeypatch.setattr(counters, "FIRST_SECS", 0.0)
    script(cgroup, usage=1000, cache=0, peak=1000)
    followed = thread.follow("c1", cgroup)
    await wait_until(lambda: followed.latest is not None and followed.latest.memory_mean_bytes == 1000)
    script(cgroup, usage=10, cache=0, peak=1000)
    await wait_until(lambda: followed.latest is not None and followed.latest.memory_bytes == 10)
    last = followed.latest
    assert last and last.memory_mean_bytes is not None and 10 < last.memory_mean_bytes < 1000


async def test_a_container_that_never_starts_is_abandoned(thread: CounterThread) -> None:
    followed = thread.follow("c1")
    ending = asyncio.create_task(anext(followed.samples(), None))
    followed.is_abandoned = True
    assert await ending is None
    assert await followed.final_sample() is None


async def test_a_search_has_an_end(thread: CounterThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "LONGEST_SEARCH_SECS", FAST)
    assert await anext(thread.follow("c1").samples(), None) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can raise a priority")
async def test_the_thread_comes_before_other_work(thread: CounterThread, cgroup: Cgroup) -> None:
    await anext(thread.follow("c1", cgroup).samples())
    threads = [each.native_id for each in threading.enumerate() if each.name == "counters"]
    assert counters.PRIORITY in [os.getpriority(os.PRIO_PROCESS, id) for id in threads if id is not None]


async def test_one_pass_reads_and_reports_all_containers(
    monkeypatch: pytest.MonkeyPatch, thread: CounterThread, cgroup: Cgroup
) -> None:
    """Each wake-up of the event loop can cost more than a container's counters."""
    monkeypatch.setattr(counters, "FIRST_SECS", 0.0)
    for name in ("PAUSE_SECS", "REPORT_SECS"):
        monkeypatch.setattr(counters, name, 0.05)
    all_followed = [thread.follow(f"c{number}", cgroup) for number in range(3)]
    passes: list[int] = []
    report_all = FollowedContainer.report_all

    def count(followed: Sequence[FollowedContainer]) -> None:
        passes.append(len(followed))
        report_all(followed)

    monkeypatch.setattr(FollowedContainer, "report_all", count)
    await wait_until(lambda: passes.count(3) >= 2)
    for followed in all_followed:
        await anext(followed.samples())


class ScriptedReader:
    """One of several containers. The first of them that is read again ends the others."""

    all: tuple[ScriptedReader, ...] = ()

    def __init__(self, calls: list[str]) -> None:
        self.followed = FollowedContainer()
        self.end_file, self.is_reported = -1, False
        self.due = 0.0
        self._calls = calls

    def read(self) -> bool:
        if self.end_file < 0:
            self.end_file = os.eventfd(0)
        else:
            self._calls.append("read")
            for other in self.all:
                if other is not self:
                    os.eventfd_write(other.end_file, 1)
        self.due = time.monotonic() + 3600
        return True

    def read_at_end(self) -> None:
        self._calls.append("read at the end")

    def close(self) -> None:
        os.close(self.end_file)
        self.followed.end()


async def test_containers_that_end_during_a_pass_are_read_before_those_that_are_due(
    monkeypatch: pytest.MonkeyPatch, thread: CounterThread
) -> None:
    """Their counters exist for a few milliseconds only, and a pass over many containers takes longer."""
    calls: list[str] = []
    readers = [ScriptedReader(calls) for _ in range(3)]
    ScriptedReader.all = tuple(readers)
    arriving = iter([*readers, ScriptedReader(calls)])
    monkeypatch.setattr(counters, "_Reader", lambda *_, **__: next(arriving))
    for _ in readers:
        thread.follow("c1")
    await wait_until(lambda: all(reader.due for reader in readers))
    for reader in readers:
        reader.due = 0.0
    thread.follow("c1")  # wakes the thread
    await wait_until(lambda: len(calls) >= 3)
    assert calls == ["read", "read at the end", "read at the end"]


async def test_a_container_leaves_no_open_file(thread: CounterThread, cgroup: Cgroup) -> None:
    followed = thread.follow("c1", cgroup)
    samples = followed.samples()
    await anext(samples)
    assert any(link.startswith(cgroup.memory) for link in open_files())
    shutil.rmtree(cgroup.memory)
    assert [sample async for sample in samples if sample.is_final] == []
    assert not any(link.startswith(cgroup.memory) for link in open_files())


def open_files() -> list[str]:
    links = []
    for file in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the folder itself, which is closed again
            links.append(os.readlink(f"/proc/self/fd/{file}"))
    return links


async def test_closing_ends_all_samples(thread: CounterThread, cgroup: Cgroup) -> None:
    samples = thread.follow("c1", cgroup).samples()
    await anext(samples)
    thread.close()
    assert [sample async for sample in samples] == []
