"""One container of the engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import docker.errors

from runtime.containers import ContainerState, Engine, EngineUnavailable, LogLine, Sample, StartFailed, cgroups
from runtime.containers.connection import Connection, explained, tolerating
from runtime.containers.disk import used_bytes
from runtime.containers.events import RECONNECT_SECS, Events
from runtime.containers.log_frames import Delivered, LogFrames
from runtime.containers.response_fields import NEVER, container_state, stats_sample
from runtime.containers.streams import JsonStream, LogStream
from runtime.containers.threaded_stream import following

CPU_PERIOD = 100_000  # microseconds
CPU_QUOTA_MIN = 1_000  # the kernel's own minimum
LOOPBACK = "127.0.0.1"
SAMPLE_SECS = 1.0
FIRST_PAUSES_SECS = (0.3, 0.3, 0.4)  # the shortest runs should not go unseen
RECHECK_SECS = 30.0  # events may be lost; whoever waits looks again at the latest after this
LOG_END_SECS = 1.0  # the log ends while the engine is still taking the container's network down
SIGKILLED = 137
OOM_NEWS_SECS = 0.3  # by its own way to the engine, the news of an OOM kill may come after that of the exit


class DockerContainer:
    """`Container` of this package, on a real engine."""

    def __init__(
        self, connection: Connection, events: Events, engine: Engine, container_id: str, labels: Mapping[str, str]
    ) -> None:
        self._connection = connection
        self._events = events
        self._engine = engine
        self._id = container_id
        self._labels = labels
        self._killed = False
        self._address: str | None = None
        self._written: tuple[Path, ...] | None = None

    @property
    def id(self) -> str:
        return self._id

    @property
    def labels(self) -> Mapping[str, str]:
        return self._labels

    async def start(self) -> None:
        try:
            await self._connection.start(self._id)
        except docker.errors.APIError as error:
            raise StartFailed(explained(error)) from error

    async def inspect(self) -> ContainerState | None:
        if not (found := await self._inspect()):
            return None
        state = container_state(found["State"])
        if not state.running:
            self._address = None  # the engine may give it to another
        return replace(state, oom_killed=state.oom_killed or self._events.was_oom_killed(self._id))

    async def wait(self) -> ContainerState | None:
        with self._events.woken(self._id) as wake:
            while True:
                wake.clear()
                try:
                    state = await self.inspect()
                except EngineUnavailable:  # being restarted; what became of the container is known afterwards
                    await asyncio.sleep(RECONNECT_SECS)
                    continue
                if state is None or not state.running:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), RECHECK_SECS)

        if state and state.exit_code == SIGKILLED and not state.oom_killed and not self._killed:
            await asyncio.sleep(OOM_NEWS_SECS)
            with suppress(EngineUnavailable):
                return await self.inspect()
        return state

    async def kill(self, signal: str = "SIGKILL") -> None:
        self._killed = self._killed or signal == "SIGKILL"
        with tolerating(404, 409):
            await self._connection.call(self._connection.api.kill, self._id, signal)

    async def stop(self, grace_secs: int) -> None:
        # Not the engine's own stop: it would keep a thread of the pool for the whole grace.
        await self.kill("SIGTERM")
        try:
            await asyncio.wait_for(self.wait(), grace_secs)
        except TimeoutError:
            await self.kill()
            await self.wait()

    async def set_cpus(self, cpus: float) -> None:
        with tolerating(404, 409):
            await self._connection.call(
                self._connection.api.update_container, self._id, cpu_period=CPU_PERIOD, cpu_quota=cpu_quota(cpus)
            )

    async def web_server_address(self, port: int) -> tuple[str, int] | None:
        if self._address is not None:
            return self._address, port
        found = await self._inspect()
        if not found or not found["State"]["Running"]:
            return None
        settings = found["NetworkSettings"]
        if self._engine.reaches_containers:
            self._address = settings["Networks"][self._engine.network]["IPAddress"]
            return self._address, port
        published = settings["Ports"].get(f"{port}/tcp")
        return (LOOPBACK, int(published[0]["HostPort"])) if published else None

    async def logs(self) -> AsyncIterator[list[LogLine]]:
        delivered, since, ended = Delivered(), 0, not await self._runs()
        while True:
            frames = LogFrames()
            try:
                async with aclosing(self._log_batches(frames, since, follow=not ended)) as batches:
                    async for lines in batches:
                        if fresh := delivered.fresh(lines):
                            yield fresh
                if ended:
                    break
            except docker.errors.NotFound:
                break
            except (EngineUnavailable, docker.errors.APIError):
                await asyncio.sleep(RECONNECT_SECS)
            # A busy engine ends a followed log too early now and then: complete is what is read after the end.
            ended = await self._ends_soon()
            since = delivered.again(frames.open_stamps())
        if torn := delivered.fresh(frames.end()):
            yield torn

    async def samples(self) -> AsyncIterator[Sample]:
        cgroup = await self._cgroup()
        async with aclosing(self._counted(cgroup) if cgroup else self._streamed()) as samples:
            async for sample in samples:
                yield sample

    async def disk_bytes(self) -> int | None:
        if self._written is None:
            self._written = await self._writable_folders()
        if not self._written:
            return await self._writable_size()
        with suppress(FileNotFoundError):  # removed meanwhile
            return await self._connection.measure(partial(used_bytes, self._written))
        return None

    async def remove(self) -> None:
        with tolerating(404, 409):
            await self._connection.call(self._connection.api.remove_container, self._id, v=True, force=True)

    async def _inspect(self) -> dict[str, Any] | None:
        with tolerating(404):
            return dict(await self._connection.call(self._connection.api.inspect_container, self._id))
        return None

    async def _writable_folders(self) -> tuple[Path, ...]:
        """Where this host sees what the container writes; nothing where it cannot."""
        found = await self._inspect() or {}
        layer = ((found.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
        if not layer or not os.access(layer, os.R_OK | os.X_OK):
            return ()
        return Path(layer), *(Path(mount["Source"]) for mount in found["Mounts"] if mount["Type"] == "volume")

    async def _writable_size(self) -> int | None:
        with tolerating(404):
            found = await self._connection.call(self._connection.get, f"/containers/{self._id}/json", size=1)
            return int(found.get("SizeRw") or 0)
        return None

    def _log_batches(self, frames: LogFrames, since: int, *, follow: bool) -> AsyncGenerator[list[LogLine], None]:
        params = {"since": since, "follow": int(follow), "stdout": 1, "stderr": 1, "timestamps": 1}

        def open_log() -> LogStream:
            return LogStream(self._connection.stream(f"/containers/{self._id}/logs", **params), frames)

        return following(open_log, f"log {self._id[:12]}", weigh=lambda line: 128 + len(line.text))

    async def _ends_soon(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), LOG_END_SECS)
            return True
        return False

    async def _cgroup(self) -> cgroups.Cgroup | None:
        if not self._engine.reads_cgroups or not (found := await self._inspect()):
            return None
        return await self._connection.measure(partial(cgroups.find, found["State"]["Pid"], self._id))

    async def _counted(self, cgroup: cgroups.Cgroup) -> AsyncGenerator[Sample, None]:
        pauses = chain(FIRST_PAUSES_SECS, repeat(SAMPLE_SECS))
        while True:
            try:
                sample = await self._connection.measure(cgroup.sample)
            except OSError:  # the kernel removes a cgroup with its last process
                return
            yield sample
            await asyncio.sleep(next(pauses))

    async def _streamed(self) -> AsyncGenerator[Sample, None]:
        while await self._runs():
            with suppress(EngineUnavailable, docker.errors.APIError):
                async with aclosing(following(self._open_stats, f"stats {self._id[:12]}")) as batches:
                    async for batch in batches:
                        if batch[-1]["read"] == NEVER:  # of a container that has ended the engine tells this for ever
                            break
                        yield stats_sample(batch[-1])
            await asyncio.sleep(RECONNECT_SECS)

    async def _runs(self) -> bool:
        try:
            state = await self.inspect()
        except EngineUnavailable:
            return True
        return state is not None and state.running

    def _open_stats(self) -> JsonStream:
        return JsonStream(self._connection.stream(f"/containers/{self._id}/stats", stream=1))


def cpu_quota(cpus: float) -> int:
    """Not nano_cpus: the engine refuses more of those than the host has cores."""
    return max(CPU_QUOTA_MIN, round(cpus * CPU_PERIOD))
