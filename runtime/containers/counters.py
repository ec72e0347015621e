"""Reads the counters of all live containers, in one thread of its own.

The kernel removes a container's counters milliseconds after its last process, and then even open files of them fail. So
the thread also waits for the end of each container's first process, and reads the counters once more at that moment. If
it comes too late, its last regular reading counts. To measure the shortest runs too, it begins before the container
starts, and reads more often in its first second.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import threading
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue

from runtime.containers import Detail, Sample, cgroups
from runtime.containers.cgroups import Cgroup, Counters, OpenFiles
from runtime.containers.details import DetailReader
from runtime.containers.listening import listening
from runtime.containers.process_list import ProcessList

log = logging.getLogger("greenroom.containers")

SEARCH_SECS = 0.01
"""The pause between two attempts to locate the counters of a container that is about to start."""
LONGEST_SEARCH_SECS = 120.0
FIRST_SECS = 1.0
FIRST_PAUSE_SECS = 0.05
PAUSE_SECS = 0.25
"""The pause between two readings; in the first FIRST_SECS it is FIRST_PAUSE_SECS.

Readings are due at multiples of their pause, so one pass reads all containers.
"""
REPORT_SECS = 1.0
"""The time between two reported samples."""
MAX_LISTENING_PAUSE_SECS = 60.0
"""The longest pause between two readings of where a container listens. It grows with the container's age."""
END_SECS = 1.0
"""How long after the engine's report of a container's end this thread may notice it."""
PRIORITY = -10
"""The nice value of the thread, which needs little processor time, but soon. Only root can set it."""
MAX_NET_DEV_BYTES = 1 << 14


class FollowedContainer:
    """The samples of one container. The thread publishes them, and the event loop reads them.

    `oom_kills` is the kernel's count of out-of-memory kills, None if it was not read. `processes` knows which processes
    were killed. `is_complete` is true if the last reading was made after the end of the container.
    """

    def __init__(self) -> None:
        self.latest: Sample | None = None
        self.oom_kills: int | None = None
        self.processes = ProcessList()
        self.is_complete = False
        self.is_abandoned = False
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    @staticmethod
    def report_all(followed: Sequence[FollowedContainer]) -> None:
        """Wake the readers of `samples` of these containers. The thread calls this.

        It wakes the event loop once, because that can take longer than reading a container's counters.
        """
        if followed:
            followed[0]._wake(*(each._changed for each in followed))

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield the latest sample immediately, then about one per second, until the container ends."""
        while not self._ended.is_set():
            self._changed.clear()
            if self.latest is not None:
                yield self.latest
            await self._changed.wait()

    async def final_sample(self) -> Sample | None:
        """Return the last sample of a container that the engine reports as ended, or None if there is none."""
        if self.latest is None:
            return None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), END_SECS)
        return replace(self.latest, is_final=True)

    def final_oom_kills(self) -> int | None:
        """Return the count of an ended container, or None if it could have grown after the last reading."""
        return self.oom_kills if self.is_complete else self.oom_kills or None

    def end(self) -> None:
        """Report that no sample follows. The thread calls this."""
        self._wake(self._ended, self._changed)

    def _wake(self, *events: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the event loop is closed, so nobody waits
            self._loop.call_soon_threadsafe(_set_all, events)


class _MeanUse:
    """The mean of a use of memory over time."""

    def __init__(self) -> None:
        self._byte_secs = 0.0
        self._secs = 0.0
        self._last: float | None = None

    def add(self, used_bytes: int) -> None:
        now = time.monotonic()
        secs = 0.0 if self._last is None else now - self._last
        self._byte_secs += used_bytes * secs
        self._secs += secs
        self._last = now

    def value(self) -> float | None:
        return self._byte_secs / self._secs if self._secs else None

    def restart(self) -> None:
        self._byte_secs = self._secs = 0.0


class _Reader:
    """The thread's side of one container: its files, and when to read them next.

    `end_file` is the file that becomes readable when the first process ends, -1 until that process is known.
    `is_reported` is whether the last reading has to be reported. With `joins_network`, the network is older than the
    container, and its earlier traffic does not count.
    """

    def __init__(
        self, container_id: str, cgroup: Cgroup | None, followed: FollowedContainer, *, joins_network: bool = False
    ) -> None:
        self.followed = followed
        self.due = time.monotonic()
        self.end_file = -1
        self.is_reported = False
        self._id = container_id
        self._cgroup = cgroup
        self._files = OpenFiles()
        self._pids: list[int] = []
        self._began_at = self.due
        self._first_process: int | None = None
        self._traffic_file = -1
        self._earlier_traffic: tuple[int, int] | None = None if joins_network else (0, 0)
        self._started_at: float | None = None
        self._reported_at = float("-inf")
        self._listened_at = float("-inf")
        self._kernel_peak = 0
        self._mean_use = _MeanUse()
        self._base_at: int | None = None
        self._base_nanos = 0
        self._details: DetailReader | None = None
        self._detail: Detail | None = None
        self._detailed_at = float("-inf")

    def read(self) -> bool:
        """Read the counters and publish them. Return False if the container has ended."""
        now = time.monotonic()
        self.is_reported = False
        try:
            self._read_now()
        except (OSError, LookupError, ValueError):
            if self.followed.latest is not None:
                return False
            self._cgroup = None  # the engine is still creating it
            self._files.close()
        if self.followed.latest is None and now - self._began_at > LONGEST_SEARCH_SECS:
            return False
        pause = self._pause(now)
        self.due = (now // pause + 1) * pause
        if self.followed.latest is not None and self._is_report_due(now):
            self._reported_at = now
            self._mean_use.restart()
            self.is_reported = True
        return True

    def _is_report_due(self, now: float) -> bool:
        return now - self._reported_at >= REPORT_SECS - FIRST_PAUSE_SECS

    def _read_detail_if_due(self, counters: Counters) -> None:
        """Read the details for the next report, and more often in the first second, which may be the only one.

        They do not exist while the first process still prepares the container.
        """
        now = time.monotonic()
        if self._cgroup is None or self._started_at is None:
            return
        is_early = now - self._started_at < FIRST_SECS and now - self._detailed_at >= PAUSE_SECS
        if is_early or self._is_report_due(now):
            self._detailed_at = now
            self._details = self._details or DetailReader(self._cgroup, self._files.read)
            with suppress(OSError, LookupError, ValueError):  # it has ended, and the regular readings notice it
                self._detail = self._details.read(counters.usage_bytes, self._pids)

    def read_at_end(self) -> None:
        """Read the counters when the first process, and so every process, has ended."""
        with suppress(OSError, LookupError, ValueError):  # too late: the kernel has removed them
            if self._cgroup is not None and (last := self.followed.latest) is not None:
                if self._details is not None and self._detail is not None:
                    self._detail = self._details.with_throttling(self._detail)
                self._publish(self._read_counters(self._cgroup), last.memory_bytes)
                self.followed.is_complete = True

    def close(self) -> None:
        self._files.close()
        for file in (self.end_file, self._traffic_file):
            if file >= 0:
                os.close(file)
        self.followed.end()

    def _read_now(self) -> None:
        self._cgroup = self._cgroup or cgroups.locate(self._id)
        if self._cgroup is None:
            return
        if self._first_process is None:
            self._open_files(self._cgroup)
        counters = self._read_counters(self._cgroup)
        if self._started_at is None:
            self._begin(counters)
        self._read_detail_if_due(counters)
        self._publish(counters, without_cache(counters, counters.usage_bytes))

    def _open_files(self, cgroup: Cgroup) -> None:
        """Open the files of the first process that remain readable when it ends."""
        self._first_process = cgroups.first_process(cgroup)
        if self._first_process is not None:
            with suppress(OSError):  # it has just ended, or the system hides it: then the regular readings remain
                self.end_file = os.pidfd_open(self._first_process)
                self._traffic_file = os.open(f"/proc/{self._first_process}/net/dev", os.O_RDONLY)

    def _begin(self, counters: Counters) -> None:
        """Set where the CPU time begins: the engine's preparation of the container does not count."""
        if self._first_process is not None and cgroups.is_prepared(self._first_process):
            self._base_at, self._base_nanos = _now(), counters.cpu_nanos
        elif self._first_process is not None or time.monotonic() - self._began_at > FIRST_SECS:
            self._started_at = time.monotonic()

    def _pause(self, now: float) -> float:
        if self._started_at is None:
            return SEARCH_SECS
        return FIRST_PAUSE_SECS if now - self._started_at < FIRST_SECS else PAUSE_SECS

    def _publish(self, counters: Counters, memory_bytes: int) -> None:
        before = self.followed.latest
        rx, tx = self._traffic()
        if self._started_at is not None:
            self._mean_use.add(memory_bytes)
        self.followed.oom_kills = counters.oom_kills
        self.followed.latest = Sample(
            at=_now(),
            memory_bytes=memory_bytes,
            memory_peak_bytes=max(self._peak(counters), before.memory_peak_bytes if before else 0),
            cpu_nanos=counters.cpu_nanos - self._base_nanos,
            net_rx_bytes=rx,
            net_tx_bytes=tx,
            memory_mean_bytes=self._mean_use.value(),
            counted_from=self._base_at,
            oom_kills=counters.oom_kills,
            is_peak_complete=counters.peak_bytes is not None,
            detail=self._detail,
            listening=self._listening(before),
        )

    def _read_counters(self, cgroup: Cgroup) -> Counters:
        """Read the processes, and after them the counters. Raises OSError."""
        self._pids = cgroup.process_ids()
        counters = cgroup.read(self._files.read)
        self.followed.processes.update(
            self._pids,
            counters.oom_kills or 0,
            self._first_process,
            rereads_names=self._is_report_due(time.monotonic()),
        )
        return counters

    def _listening(self, before: Sample | None) -> tuple[str, ...]:
        """Return where the container listens. It is read only for samples that are reported, and rarely in long runs.

        The kernel walks through the sockets of all networks for this, which takes milliseconds.
        """
        now = time.monotonic()
        pause = min(MAX_LISTENING_PAUSE_SECS, (now - (self._started_at or now)) / 2)
        if self._first_process is None or not self._is_report_due(now) or now - self._listened_at < pause:
            return before.listening if before else ()
        self._listened_at = now
        return listening(self._first_process)

    def _peak(self, counters: Counters) -> int:
        """Return the highest use since the last reading, without the cache that the kernel could have reclaimed.

        The kernel's own peak includes that cache. If it has grown since the last reading, the cache at that moment was
        about as large as now. An out-of-memory kill shows that there was none left.
        """
        peak = without_cache(counters, counters.usage_bytes)
        if counters.peak_bytes is not None and counters.peak_bytes > self._kernel_peak:
            self._kernel_peak = counters.peak_bytes
            peak = max(peak, without_cache(counters, counters.peak_bytes))
        return max(peak, self._kernel_peak) if counters.oom_kills else peak

    def _traffic(self) -> tuple[int, int] | tuple[None, None]:
        if self._traffic_file < 0:
            return None, None
        rx, tx = cgroups.parse_traffic(os.pread(self._traffic_file, MAX_NET_DEV_BYTES, 0).decode())
        if self._earlier_traffic is None:
            self._earlier_traffic = rx, tx
        return rx - self._earlier_traffic[0], tx - self._earlier_traffic[1]


class CounterThread:
    """Follows the counters of containers. The thread starts with the first container and ends with `close`."""

    def __init__(self) -> None:
        self._arrived: SimpleQueue[_Reader | None] = SimpleQueue()
        self._readers: set[_Reader] = set()
        self._thread: threading.Thread | None = None

    def follow(
        self, container_id: str, cgroup: Cgroup | None = None, *, joins_network: bool = False
    ) -> FollowedContainer:
        """Follow a container until it ends or is abandoned. Without its cgroup, search for it until it exists.

        With `joins_network`, its traffic counts from now.
        """
        if self._thread is None:
            self._wake_file = os.eventfd(0)
            self._thread = threading.Thread(target=self._run, name="counters", daemon=True)
            self._thread.start()
        followed = FollowedContainer()
        self._send(_Reader(container_id, cgroup, followed, joins_network=joins_network))
        return followed

    def close(self) -> None:
        if self._thread is not None:
            self._send(None)
            self._thread.join()
            os.close(self._wake_file)
            self._thread = None

    def _send(self, message: _Reader | None) -> None:
        self._arrived.put(message)
        os.eventfd_write(self._wake_file, 1)

    def _run(self) -> None:
        with suppress(PermissionError):  # on a busy machine it would often come too late for the end of a container
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PRIORITY)
        with select.epoll() as files:
            files.register(self._wake_file, select.EPOLLIN)
            while self._wait(files):
                self._read_due(files)
        for reader in self._readers:
            reader.close()

    def _wait(self, files: select.epoll) -> bool:
        """Wait until the next reading is due, and handle what happens before. Return False when closed."""
        due = min((reader.due for reader in self._readers), default=None)
        if self._wake_file not in self._poll(files, None if due is None else max(0.0, due - time.monotonic())):
            return True
        os.eventfd_read(self._wake_file)
        while not self._arrived.empty():
            arrived = self._arrived.get()
            if arrived is None:
                return False
            self._readers.add(arrived)
        return True

    def _poll(self, files: select.epoll, secs: float | None) -> set[int]:
        """Wait for the end of a container, and read the last counters of those that have ended. Return the ready files.

        The kernel removes the counters a few milliseconds after the end.
        """
        ready = {file for file, _ in files.poll(secs)}
        for reader in [each for each in self._readers if each.end_file in ready]:
            reader.read_at_end()
            self._drop(reader, files)
        return ready

    def _read_due(self, files: select.epoll) -> None:
        """Read all containers that are due. One that ends during the pass does not wait for the others."""
        now = time.monotonic()
        due = [each for each in self._readers if each.due <= now]
        for reader in due:
            self._poll(files, 0)
            if reader not in self._readers:
                continue
            try:
                self._read(reader, files)
            except Exception:  # it must not end the thread, which follows all other containers too
                log.exception("The counters of a container could not be read")
                self._drop(reader, files)
        FollowedContainer.report_all([reader.followed for reader in due if reader.is_reported])

    def _read(self, reader: _Reader, files: select.epoll) -> None:
        was_open = reader.end_file >= 0
        if reader.followed.is_abandoned or not reader.read():
            self._drop(reader, files)
        elif reader.end_file >= 0 and not was_open:
            files.register(reader.end_file, select.EPOLLIN)

    def _drop(self, reader: _Reader, files: select.epoll) -> None:
        self._readers.discard(reader)
        if reader.end_file >= 0:
            with suppress(FileNotFoundError):  # it ended in its first reading, before it was registered
                files.unregister(reader.end_file)
        reader.close()


def without_cache(counters: Counters, memory_bytes: int) -> int:
    return max(0, memory_bytes - counters.cache_bytes)


def _set_all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        event.set()


def _now() -> int:
    return time.time_ns() // 1_000_000
