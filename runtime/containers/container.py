"""One container on a Docker engine."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import docker.errors

from runtime.containers import (
    ContainerState,
    Engine,
    EngineUnavailable,
    Exec,
    ExecSpec,
    LogLine,
    Sample,
    StartFailed,
    cgroups,
    kernel_log,
)
from runtime.containers.connection import EngineConnection, error_message, ignoring_statuses
from runtime.containers.counters import CounterThread, FollowedContainer
from runtime.containers.disk_usage import used_bytes
from runtime.containers.events import RECONNECT_SECS, ContainerEvents
from runtime.containers.log_frames import DeliveredLines, LogFrames
from runtime.containers.network_sandboxes import JOINED_LABEL, NetworkSandboxes
from runtime.containers.open_files import removed_bytes
from runtime.containers.response_fields import ZERO_TIME, container_state, stats_sample
from runtime.containers.response_stream import read_response
from runtime.containers.streams import JsonStream
from runtime.containers.terminals import DockerExec
from runtime.containers.threaded_stream import read_in_thread

log = logging.getLogger("greenroom.containers")

SIGKILL_EXIT_CODE = 137
CPU_PERIOD = 100_000  # microseconds
CPU_QUOTA_MIN = 1_000  # the kernel's own minimum
LOOPBACK = "127.0.0.1"
DETAILS = ("State", "NetworkSettings", "GraphDriver", "Mounts")
"""What is used of the engine's description of a running container. It stays the same until the container ends."""
LOG_END_SECS = 1.0  # the log ends while the engine still removes the container's network
OOM_EVENT_SECS = 0.3  # the engine may learn of an OOM kill later than of the exit, through another channel


Recreate = Callable[[], Awaitable["DockerContainer"]]


class DockerContainer:
    """Implements `Container` with Docker.

    It may have joined a sandbox, which its labels name. `recreate` replaces it by one with its own network.
    """

    def __init__(
        self,
        connection: EngineConnection,
        events: ContainerEvents,
        counters: CounterThread,
        engine: Engine,
        container_id: str,
        labels: Mapping[str, str],
        sandboxes: NetworkSandboxes,
        recreate: Recreate | None = None,
    ) -> None:
        self._connection = connection
        self._events = events
        self._counters = counters
        self._engine = engine
        self._id = container_id
        self._labels = labels
        self._sandboxes = sandboxes
        self._recreate = recreate
        self._killed = False
        self._details: Mapping[str, Any] | None = None
        self._address: str | None = None
        self._followed: FollowedContainer | None = None
        self._writable_folders: tuple[Path, ...] | None = None
        self._cgroup: cgroups.Cgroup | None = None

    @property
    def id(self) -> str:
        return self._id

    @property
    def labels(self) -> Mapping[str, str]:
        return self._labels

    async def start(self) -> None:
        with self._sandboxes.during_start():
            try:
                await self._start()
            except docker.errors.APIError as error:
                if not await self._replace_without_sandbox():
                    raise StartFailed(error_message(error)) from error
                await self.start()

    async def inspect(self) -> ContainerState | None:
        return await self._with_kills(await self._state())

    async def wait(self) -> ContainerState | None:
        with self._events.watch(self._id) as changed:
            while True:
                changed.clear()
                try:
                    state = await self._state()
                except EngineUnavailable:  # the engine may be restarting; the container's state is known afterwards
                    await asyncio.sleep(RECONNECT_SECS)
                    continue
                if state is None or not state.running:
                    break
                await changed.wait()

        if state is None:
            return None
        await self.final_sample()
        if state.oom_killed or state.exit_code == 0 or self._killed or (self._followed and self._followed.is_complete):
            return await self._with_kills(replace(state, oom_killed=state.oom_killed or self._was_oom_killed()))
        await asyncio.sleep(OOM_EVENT_SECS)
        with suppress(EngineUnavailable):
            return await self.inspect()
        return await self._with_kills(state)

    async def kill(self, signal: str = "SIGKILL") -> None:
        self._killed = self._killed or signal == "SIGKILL"
        with ignoring_statuses(404, 409):
            await self._connection.call(self._connection.api.kill, self._id, signal)

    async def stop(self, grace_secs: int) -> None:
        # The engine's own stop would occupy a thread of the pool for the whole grace period.
        await self.kill("SIGTERM")
        try:
            await asyncio.wait_for(self.wait(), grace_secs)
        except TimeoutError:
            await self.kill()
            await self.wait()

    async def set_cpus(self, cpus: float) -> None:
        with ignoring_statuses(404, 409):
            await self._connection.call(
                self._connection.api.update_container, self._id, cpu_period=CPU_PERIOD, cpu_quota=cpu_quota(cpus)
            )

    async def execute(self, spec: ExecSpec) -> Exec:
        return await DockerExec.start(self._connection, self._id, spec)

    async def address_of(self, port: int) -> tuple[str, int] | None:
        if self._address is not None:
            return self._address, port
        found = await self._running_details()
        if not found:
            return None
        settings = found["NetworkSettings"]
        if self._engine.reaches_containers:
            self._address = (
                settings["Networks"][self._engine.network]["IPAddress"]
                if self._sandbox is None
                else await self._sandboxes.address(self._sandbox)
            )
            return None if self._address is None else (self._address, port)
        published = settings["Ports"].get(f"{port}/tcp")
        return (LOOPBACK, int(published[0]["HostPort"])) if published else None

    async def logs(self) -> AsyncGenerator[list[LogLine], None]:
        delivered, since, ended = DeliveredLines(), 0, False  # it follows the log of an ended container to its end, too
        while True:
            frames = LogFrames()
            try:
                async with aclosing(self._log_batches(frames, since, follow=not ended)) as batches:
                    async for lines in batches:
                        if fresh := delivered.new_lines(lines):
                            yield fresh
                if ended:
                    break
            except docker.errors.NotFound:
                break
            except (EngineUnavailable, docker.errors.APIError):
                await asyncio.sleep(RECONNECT_SECS)
            # A busy engine sometimes ends a followed log too early. Only a log read after the end is complete.
            ended = await self._ends_soon()
            since = delivered.start_over(frames.open_stamps())
        if unfinished := delivered.new_lines(frames.end()):
            yield unfinished

    async def samples(self) -> AsyncGenerator[Sample, None]:
        followed = await self._follow()
        async with aclosing(followed.samples() if followed else self._samples_from_engine()) as samples:
            async for sample in samples:
                yield sample

    async def final_sample(self) -> Sample | None:
        return await self._followed.final_sample() if self._followed else None

    async def disk_bytes(self) -> int | None:
        if self._writable_folders is None:
            self._writable_folders = await self._find_writable_folders()
        if not self._writable_folders:
            return await self._writable_size()
        if self._cgroup is None:
            self._cgroup = await self._find_cgroup()
        try:
            return await self._connection.measure(partial(_disk_bytes, self._writable_folders, self._cgroup))
        except FileNotFoundError:  # the container was removed in the meantime
            return None
        except OSError as error:
            log.warning("The disk of container %s is measured by the engine: %s", self._id[:12], error)
            return await self._writable_size()

    async def remove(self) -> None:
        if self._followed:
            self._followed.is_abandoned = True
        with ignoring_statuses(404, 409):
            await self._connection.call(self._connection.api.remove_container, self._id, v=True, force=True)
        if self._sandbox is not None:
            self._sandboxes.discard(self._sandbox)

    @property
    def _sandbox(self) -> str | None:
        """The id of the sandbox that the container has joined."""
        return self._labels.get(JOINED_LABEL)

    async def _start(self) -> None:
        async with self._connection.start_slot():
            if self._engine.reads_cgroups:  # before the start: the container may end before its next inspection
                self._followed = self._counters.follow(self._id, joins_network=self._sandbox is not None)
            await self._connection.call(self._connection.api.start, self._id)

    async def _replace_without_sandbox(self) -> bool:
        """Replace the container if its sandbox has ended before the start. Return whether that was so."""
        lost = self._sandbox
        if lost is None or self._recreate is None or await self._sandboxes.address(lost) is not None:
            return False
        if self._followed:
            self._followed.is_abandoned = True
        replacement = await self._recreate()
        self._id, self._labels = replacement.id, replacement.labels
        self._sandboxes.discard(lost)
        return True

    async def _inspect(self) -> Mapping[str, Any] | None:
        found = None
        with ignoring_statuses(404):
            found = dict(await self._connection.call(self._connection.api.inspect_container, self._id))
        if found and found["State"]["Running"]:
            self._details = {part: found[part] for part in DETAILS if part in found}
        else:
            self._details = self._address = None  # the engine can give the address to another container
        return found

    async def _running_details(self) -> Mapping[str, Any] | None:
        """Return the DETAILS of the running container; None if it does not run."""
        if self._details is None:
            await self._inspect()
        return self._details

    async def _state(self) -> ContainerState | None:
        if not (found := await self._inspect()):
            return None
        state = container_state(found["State"])
        return replace(state, oom_killed=state.oom_killed or self._was_oom_killed())

    async def _with_kills(self, state: ContainerState | None) -> ContainerState | None:
        """Add to the state of an ended container what the kernel recorded about out-of-memory kills in it."""
        if state is None or state.running:
            return state
        if not state.oom_killed and (self._killed or state.exit_code != SIGKILL_EXIT_CODE):
            return state
        followed = self._followed
        kills, killed = (followed.final_oom_kills(), followed.processes.killed) if followed else (None, ())
        if self._engine.reads_cgroups:  # then the engine runs on the kernel of this process
            killed = await self._connection.measure(partial(kernel_log.killed_processes, self._id)) or killed
        return replace(state, oom_kills=kills, killed=killed)

    async def _find_writable_folders(self) -> tuple[Path, ...]:
        """Return the folders of this host that hold what the container writes. Empty if this host cannot read them."""
        found = self._details or await self._inspect() or {}
        layer = ((found.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
        if not layer or not os.access(layer, os.R_OK | os.X_OK):
            return ()
        return Path(layer), *(Path(mount["Source"]) for mount in found["Mounts"] if mount["Type"] == "volume")

    async def _writable_size(self) -> int | None:
        with ignoring_statuses(404):
            found = await self._connection.call(self._connection.get, f"/containers/{self._id}/json", size=1)
            return int(found.get("SizeRw") or 0)
        return None

    async def _log_batches(self, frames: LogFrames, since: int, *, follow: bool) -> AsyncGenerator[list[LogLine], None]:
        params = {"since": since, "follow": int(follow), "stdout": 1, "stderr": 1, "timestamps": 1}
        async with aclosing(read_response(self._connection, f"/containers/{self._id}/logs", params)) as pieces:
            async for piece in pieces:
                if lines := frames.feed(piece):
                    yield lines

    async def _ends_soon(self) -> bool:
        """Return whether the container ends within LOG_END_SECS."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), LOG_END_SECS)
            return True
        return False

    async def _follow(self) -> FollowedContainer | None:
        """Return the container's counters, or None if this host cannot read them."""
        if not self._engine.reads_cgroups or (self._followed and self._followed.latest):
            return self._followed
        self._cgroup = await self._find_cgroup()
        if self._followed and self._followed.latest:  # the thread has located them in the meantime
            return self._followed
        if self._followed:
            self._followed.is_abandoned = True
        self._followed = self._counters.follow(self._id, self._cgroup) if self._cgroup else None
        return self._followed

    async def _find_cgroup(self) -> cgroups.Cgroup | None:
        if not self._engine.reads_cgroups or not (found := await self._running_details()):
            return None
        return await self._connection.measure(partial(cgroups.find, found["State"]["Pid"], self._id))

    def _was_oom_killed(self) -> bool:
        return self._events.was_oom_killed(self._id) or bool(self._followed and self._followed.oom_kills)

    async def _samples_from_engine(self) -> AsyncGenerator[Sample, None]:
        while await self._is_running():
            with suppress(EngineUnavailable, docker.errors.APIError):
                async with aclosing(read_in_thread(self._open_stats, f"stats {self._id[:12]}")) as batches:
                    async for batch in batches:
                        if batch[-1]["read"] == ZERO_TIME:  # the endless stream of a container that has ended
                            break
                        yield stats_sample(batch[-1])
            await asyncio.sleep(RECONNECT_SECS)

    async def _is_running(self) -> bool:
        """Return whether the container is running, or may be: true if the engine does not answer."""
        try:
            state = await self.inspect()
        except EngineUnavailable:
            return True
        return state is not None and state.running

    def _open_stats(self) -> JsonStream:
        return JsonStream(self._connection.stream(f"/containers/{self._id}/stats", stream=1))


def _disk_bytes(folders: Sequence[Path], cgroup: cgroups.Cgroup | None) -> int:
    """Return what the files in the folders take, and the removed ones that the container's processes still use."""
    removed = 0
    if cgroup is not None:
        with suppress(OSError):  # the container has ended, and with it the removed files
            removed = removed_bytes(cgroup.process_ids(), folders)
    return used_bytes(folders) + removed


def cpu_quota(cpus: float) -> int:
    """Return the CPU quota for CPU_PERIOD. With `nano_cpus` the engine would reject more cores than the host has."""
    return max(CPU_QUOTA_MIN, round(cpus * CPU_PERIOD))
