"""A scripted engine with the interface of the real one: tests script containers and read the calls they received."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from runtime.base.clock import Clock
from runtime.containers import (
    BuildFailed,
    BuildLines,
    BuildSpec,
    Container,
    ContainerProcess,
    ContainerSpec,
    ContainerState,
    DiskEnforcement,
    Engine,
    EngineStart,
    EngineUnavailable,
    Exec,
    ExecSpec,
    Image,
    ImageMissing,
    LogLine,
    OutputChunk,
    Sample,
    StartFailed,
    WrongArchitecture,
)

T = TypeVar("T")

ENGINE = Engine(
    version="20.10.24",
    api_version="1.41",
    cgroup_version="1",
    storage_driver="overlay2",
    operating_system="Debian GNU/Linux 12 (bookworm)",
    disk=DiskEnforcement.POLLED,
    disk_note="overlay2 without quotas",
    quota_counts_image=False,
    reads_cgroups=True,
    network="greenroom-fake",
    gateway="127.0.0.1",
    reaches_containers=True,
    memory_bytes=16 << 30,
    cpus=4,
)


class ScriptedContainer:
    """What a test scripts: the output, resource usage and end of a container. It does nothing by itself."""

    def __init__(self, clock: Clock) -> None:
        self.is_removed = False
        self._clock = clock
        self._state = ContainerState(running=False)
        self._lines: list[LogLine] = []
        self._samples: list[Sample] = []
        self._final_sample: Sample | None = None
        self._changed = asyncio.Event()

    @property
    def is_running(self) -> bool:
        return self._state.running and not self.is_removed

    def prints(self, *texts: str, stream: str = "stdout") -> None:
        self._lines += [LogLine(self._stamp(), stream, text.encode()) for text in texts]
        self._notify()

    def uses(self, memory_bytes: int, **counters: Any) -> None:
        self._samples.append(self._sample(memory_bytes, **counters))
        self._notify()

    def used_until_its_end(self, memory_bytes: int, **counters: Any) -> None:
        """Script the counters that are read when the container ends."""
        self._final_sample = replace(self._sample(memory_bytes, **counters), is_final=True)

    def exits(self, code: int, *, oom_killed: bool = False, error: str = "", **kills: Any) -> None:
        """End the container. `kills` are the fields of its state about out-of-memory kills."""
        self._state = ContainerState(
            running=False,
            started_at=self._state.started_at,
            finished_at=self._clock.now(),
            exit_code=code,
            oom_killed=oom_killed,
            error=error,
            **kills,
        )
        self._notify()

    def runs_out_of_memory(self) -> None:
        self.exits(137, oom_killed=True)

    def vanishes(self) -> None:
        self.is_removed = True
        self._notify()

    async def _follow(self, items: list[T]) -> AsyncGenerator[list[T], None]:
        """Yield the items in batches as the test adds them, until the container ends."""
        yielded = 0
        while True:
            running, changed = self.is_running, self._changed
            if fresh := items[yielded:]:
                yielded += len(fresh)
                yield fresh
            elif running:
                await changed.wait()
            else:
                return

    def _sample(self, memory_bytes: int, **counters: Any) -> Sample:
        counted = {"memory_peak_bytes": memory_bytes, "cpu_nanos": 0, "net_rx_bytes": 0, "net_tx_bytes": 0, **counters}
        return Sample(at=self._clock.now(), memory_bytes=memory_bytes, **counted)

    def _stamp(self) -> str:
        moment = datetime.fromtimestamp(self._clock.now() / 1000, UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}000Z"

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class FakeExec:
    """A process that prints its input in upper case until its input ends, and then exits with 3."""

    def __init__(self, spec: ExecSpec) -> None:
        self.spec = spec
        self.sizes: list[tuple[int, int]] = []
        self.is_input_ended = self.is_closed = False
        self._input: asyncio.Queue[bytes] = asyncio.Queue()

    async def output(self) -> AsyncGenerator[OutputChunk, None]:
        while data := await self._input.get():
            yield OutputChunk(1, data.upper())
        yield OutputChunk(2, b"bye")

    def close(self) -> None:
        self.is_closed = True

    async def write(self, data: bytes) -> None:
        self._input.put_nowait(data)

    async def end_input(self) -> None:
        self.is_input_ended = True
        self._input.put_nowait(b"")

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def exit_code(self) -> int | None:
        return 3


class FakeContainer(ScriptedContainer):
    """A fake with the interface of a container. Unless a test ends it, it runs until it gets a signal or is removed.

    `signals`, `cpus` and `is_removed` record the calls that it received.
    """

    def __init__(self, id: str, spec: ContainerSpec, clock: Clock) -> None:
        super().__init__(clock)
        self.spec = spec
        self.signals: list[str] = []
        self.cpus: list[float] = [spec.cpus]
        self.ignores_sigterm = False
        self.start_error: str | None = None
        self.address: tuple[str, int] | None = None
        self.other_addresses: dict[int, tuple[str, int]] = {}
        self.disk: int | None = 0
        self.executed: list[FakeExec] = []
        self.execute_error: str | None = None
        self._id = id

    @property
    def id(self) -> str:
        return self._id

    @property
    def labels(self) -> Mapping[str, str]:
        return self.spec.labels

    async def start(self) -> None:
        if self.start_error is not None:
            raise StartFailed(self.start_error)
        if self._state.started_at is None:
            self._state = ContainerState(running=True, started_at=self._clock.now())
            self._notify()

    async def inspect(self) -> ContainerState | None:
        return None if self.is_removed else self._state

    async def wait(self) -> ContainerState | None:
        while self.is_running:
            await self._changed.wait()
        return await self.inspect()

    async def kill(self, signal: str = "SIGKILL") -> None:
        self.signals.append(signal)
        if not self.is_running:
            return
        if signal == "SIGKILL":
            self.exits(137)
        elif signal == "SIGTERM" and not self.ignores_sigterm:
            self.exits(143)

    async def stop(self, grace_secs: int) -> None:
        await self.kill("SIGTERM")
        ended = asyncio.ensure_future(self.wait())
        grace = asyncio.ensure_future(self._clock.sleep(grace_secs))
        await asyncio.wait({ended, grace}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ended, grace):
            task.cancel()
        if self.is_running:
            await self.kill()

    async def set_cpus(self, cpus: float) -> None:
        self.cpus.append(cpus)

    async def execute(self, spec: ExecSpec) -> Exec:
        if self.execute_error is not None:
            raise StartFailed(self.execute_error)
        self.executed.append(FakeExec(spec))
        return self.executed[-1]

    async def address_of(self, port: int) -> tuple[str, int] | None:
        return self.other_addresses.get(port, self.address) if self.is_running else None

    async def logs(self) -> AsyncGenerator[list[LogLine], None]:
        async for lines in self._follow(self._lines):
            yield lines

    async def samples(self) -> AsyncGenerator[Sample, None]:
        async for samples in self._follow(self._samples):
            for sample in samples:
                yield sample

    async def final_sample(self) -> Sample | None:
        return self._final_sample

    async def disk_bytes(self) -> int | None:
        return None if self.is_removed else self.disk

    async def remove(self) -> None:
        if self.is_running:
            self.exits(137)
        self.vanishes()


class FakeContainers:
    """A fake with the interface of the engine. `created` and `builds` record calls; `containers` lists what exists."""

    def __init__(self, clock: Clock, engine: Engine = ENGINE) -> None:
        self.engine = engine
        self.created: list[FakeContainer] = []
        self.builds: list[BuildSpec] = []
        self.paths_in_images: set[str] = set()
        self.paths_in_containers: dict[str, int] = {}
        self.running_processes: list[ContainerProcess] = []
        self.images_by_name: dict[str, Image] = {}
        self.create_error: Exception | None = None
        self.build_lines: list[str] = ["Step 1/1 : FROM scratch"]
        self.build_error: str | BuildFailed | None = None
        self.only_platform: str | None = None
        self.build_may_end = asyncio.Event()
        self.build_may_end.set()
        self.on_create: Callable[[FakeContainer], None] = lambda container: None
        self.is_open = False
        self.last_start = clock.now() - 1
        self.live_restore = False
        self.is_away = False
        self._clock = clock
        self._numbers = itertools.count(1)

    @property
    def is_reachable(self) -> bool:
        return not self.is_away

    @property
    def containers(self) -> list[FakeContainer]:
        return [container for container in self.created if not container.is_removed]

    def stops(self, code: int = 143) -> None:
        """Stop the engine with all its containers, until `starts` is called."""
        self.is_away = True
        for container in self.containers:
            if container.is_running:
                container.exits(code)

    def starts(self) -> None:
        self.is_away = False
        self.last_start = self._clock.now()

    def add_image(self, name: str, labels: Mapping[str, str] | None = None) -> Image:
        number = next(self._numbers)
        image = Image(id=f"sha256:{number:064x}", size_bytes=1 << 20, labels=labels or {}, environment={})
        self.images_by_name[name] = self.images_by_name[image.id] = image
        return image

    async def modified_at(self, container_id: str, path: str) -> int | None:
        return self.paths_in_containers.get(path)

    async def processes(self, container_id: str) -> Sequence[ContainerProcess]:
        return self.running_processes

    async def image_contains(self, image: Image, path: str) -> bool:
        return path in self.paths_in_images

    async def open(self) -> Engine:
        self.is_open = True
        return self.engine

    async def restarted_since(self, moment: int) -> EngineStart | None:
        if self.is_away:
            raise EngineUnavailable("stopped")
        return EngineStart(at=self.last_start, live_restore=self.live_restore) if self.last_start >= moment else None

    async def create(self, spec: ContainerSpec) -> Container:
        if self.is_away:
            raise EngineUnavailable("stopped")
        if self.create_error is not None:
            raise self.create_error
        if spec.image not in self.images_by_name:
            raise ImageMissing(f"No such image: {spec.image}")
        container = FakeContainer(f"{next(self._numbers):064x}", spec, self._clock)
        self.created.append(container)
        self.on_create(container)
        return container

    async def list(self) -> list[Container]:
        return [*self.containers]

    async def build(self, spec: BuildSpec, log: BuildLines) -> Image:
        self.builds.append(spec)
        log(self.build_lines)
        await self.build_may_end.wait()
        if self.build_error is not None:
            raise self.build_error if isinstance(self.build_error, BuildFailed) else BuildFailed(self.build_error)
        if self.only_platform not in (None, spec.platform):
            raise WrongArchitecture("no match for platform in manifest: not found")
        return self.add_image(spec.tag)

    async def image(self, name: str) -> Image | None:
        return self.images_by_name.get(name)

    async def image_names(self, repository: str) -> Sequence[str]:
        return [name for name in self.images_by_name if name.startswith(f"{repository}:")]

    async def name_image(self, image: Image, name: str) -> None:
        self.images_by_name[name] = image

    async def remove_image(self, name: str) -> None:
        if (image := self.images_by_name.get(name)) is None:
            return
        names = {key for key, other in self.images_by_name.items() if other.id == image.id} - {image.id}
        if name != image.id:
            del self.images_by_name[name]
        if len(names) == 1:
            self.images_by_name = {key: other for key, other in self.images_by_name.items() if other.id != image.id}

    async def close(self) -> None:
        self.is_open = False
