"""The door to the container engine: an interface that does not depend on Docker.

`docker.py` implements it with Docker; `tests/fakes` contains a scripted fake. No other package imports docker.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from runtime.base.records.endings import KilledProcess
from runtime.base.skipped_imports import skip_import

# `requests` imports this package to guess the encoding of texts. Loading its tables takes as long as loading
# `requests` itself. Without it, `requests` assumes UTF-8, which the engine sends.
skip_import("charset_normalizer")
warnings.filterwarnings("ignore", "Unable to find acceptable character detection dependency")

INSTANCE_LABEL = "com.greenroom.instance"
"""The label of everything that Greenroom creates on an engine. Several instances can share one engine."""
STAND_IN_LABEL = "com.greenroom.stand-in"
"""The label of base images that were built locally because they could not be pulled. Its value describes the image."""


class DiskEnforcement(StrEnum):
    HARD = "hard"  # the engine's storage quota: writes fail
    POLLED = "polled"  # the engine limits single files; Greenroom measures the writable layer regularly
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The properties and features of the engine, probed once when the server starts.

    `gateway` is the address at which containers of the instance's network reach this host; None if they reach it by
    the engine's own host name (Docker Desktop). If `reaches_containers` is false, this host cannot reach a container
    by its IP address, and web server ports are published on 127.0.0.1. `quota_counts_image` is true if a storage quota
    includes the size of the image (btrfs). `disk_note` is the reason for `disk`. With `reads_cgroups`, this
    host can read the counters of containers.
    """

    version: str
    api_version: str
    cgroup_version: str
    storage_driver: str
    operating_system: str
    disk: DiskEnforcement
    disk_note: str
    quota_counts_image: bool
    reads_cgroups: bool
    network: str
    gateway: str | None
    reaches_containers: bool
    memory_bytes: int
    cpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStart:
    """When the engine was last started, in milliseconds since 1970.

    With `live_restore`, containers continue to run while the engine stops and starts.
    """

    at: int
    live_restore: bool


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine at a path in the container, which can only read it."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """The parameters of a new container. Sizes in bytes, `cpus` in cores; `disk_bytes` does not include the image.

    `start` replaces the image's entry point and command. This host can reach the `other_ports` as it can reach the
    port of the web server.
    """

    name: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    memory_bytes: int
    cpus: float
    disk_bytes: int
    pids: int
    shm_bytes: int
    web_server_port: int
    hosts: Mapping[str, str]
    mounts: Sequence[Mount] = ()
    start: Sequence[str] | None = None
    other_ports: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """The state of a container as the engine's inspect returns it. Times in milliseconds since 1970.

    `oom_kills` is the kernel's count of out-of-memory kills in an ended container; None if it was not read. `killed`
    are the processes whose names are certain, so there may be fewer of them. Neither is set for an end that excludes
    such kills.
    """

    running: bool
    started_at: int | None = None
    finished_at: int | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    oom_kills: int | None = None
    killed: tuple[KilledProcess, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One complete line. `stamp` is the engine's RFC 3339 time with nanoseconds; `text` has no line end."""

    stamp: str
    stream: str
    text: bytes


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What the processes of one name use: anonymous memory in bytes, and CPU time since the container's start.

    Memory that processes share counts for each of them. The last CPU time of a process before its end is missing.
    """

    memory_bytes: int
    cpu_nanos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The parts of a container's memory in bytes, how often the kernel throttled its CPU, and its processes.

    `shared_bytes` is shared memory, such as files in /dev/shm. `cache_bytes` is the page cache without it. With
    `is_kernel_estimated`, the kernel does not count its own memory separately, and `kernel_bytes` is the rest of the
    memory in use. A period is the time for which the CPU quota is granted; `throttled_nanos` is the sum over all cores.
    `threads` is the number that the limit of processes applies to. None means that it is not visible.
    """

    source: str
    anonymous_bytes: int
    kernel_bytes: int
    is_kernel_estimated: bool
    shared_bytes: int
    cache_bytes: int
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_nanos: int | None = None
    threads: int | None = None
    processes: int | None = None
    by_name: Mapping[str, ProcessUse] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Counters at one moment, since the container's start: memory without reclaimable cache, CPU time and traffic.

    Traffic that could not be measured is None. `memory_bytes` of a final sample is the last use before the end.
    `memory_mean_bytes` is the mean use since about the sample before; None if only the use at this moment is known.
    `counted_from` is the time from which the CPU time counts; None means the container's start. `oom_kills` counts the
    processes that the kernel killed for the container's use of memory. `is_peak_complete` is true if the kernel itself
    counts the peak; otherwise a shorter peak between two readings is missing. `detail` may be older than the rest.
    `listening` are the TCP addresses, as `address:port`, at which processes of the container listen; empty also if that
    is unknown.
    """

    at: int
    memory_bytes: int
    memory_peak_bytes: int
    cpu_nanos: int
    net_rx_bytes: int | None
    net_tx_bytes: int | None
    memory_mean_bytes: float | None = None
    is_final: bool = False
    counted_from: int | None = None
    oom_kills: int | None = None
    is_peak_complete: bool = False
    detail: Detail | None = None
    listening: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecSpec:
    """A process to start in a running container. With `has_terminal`, it gets a terminal, which joins its outputs."""

    command: Sequence[str]
    has_terminal: bool
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """Some output of such a process. `stream` is 1 for standard output and 2 for standard error."""

    stream: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """`start` is its entry point, followed by its command."""

    id: str
    size_bytes: int
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    working_folder: str = "/"
    start: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """A build of the tar archive `context`, which contains the `dockerfile` under this name.

    With `buildkit` the engine uses BuildKit, which has no memory limit, instead of its classic builder. `images` are
    the images that the Dockerfile names. `secrets` maps ids to the secrets for `RUN --mount=type=secret`; it is None if
    the Dockerfile has no such mount. `platform` None means the engine's own.
    """

    context: Path
    dockerfile: str
    tag: str
    build_args: Mapping[str, str]
    use_cache: bool
    memory_bytes: int
    buildkit: bool = False
    images: Sequence[str] = ()
    secrets: Mapping[str, str] | None = None
    platform: str | None = None


BuildLines = Callable[[list[str]], None]
"""Receives a build's output while it arrives, in batches of complete lines."""


class EngineUnavailable(Exception):
    """The engine does not answer, or rejects a valid request. Every method can raise it."""


class BuildFailed(Exception):
    """A step of the build failed; the message is the engine's last error."""


class PullFailed(BuildFailed):
    """An image in the Dockerfile is not on the engine, and could not be pulled."""


class WrongArchitecture(BuildFailed):
    """An image in the Dockerfile does not exist for the platform."""


class StartFailed(Exception):
    """The container could not be created or started; the message is the engine's."""


class ImageMissing(StartFailed):
    """The image is no longer on the engine."""


class Exec(Protocol):
    """A process that was started in a running container. It ends with the container at the latest."""

    def output(self) -> AsyncGenerator[OutputChunk, None]:
        """Yield the output until the process has ended. Can be called once; closing it ends the connection."""
        ...

    def close(self) -> None:
        """End the connection. The process continues."""

    async def write(self, data: bytes) -> None:
        """Send input. Input for a process that has ended is dropped."""

    async def end_input(self) -> None: ...

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of the terminal."""

    async def exit_code(self) -> int | None:
        """Return the exit code, or None if it is unknown.

        It is unknown while the process runs, after the container has been removed, and without an engine.
        """


class Container(Protocol):
    """A created container. All methods except the iterators are idempotent. A removed container counts as ended."""

    @property
    def id(self) -> str: ...

    @property
    def labels(self) -> Mapping[str, str]: ...

    async def start(self) -> None:
        """Start the container. Raises StartFailed."""

    async def inspect(self) -> ContainerState | None:
        """Return the state, or None if the container was removed."""

    async def wait(self) -> ContainerState | None:
        """Wait until the container is not running. Return its state, or None if it was removed."""

    async def kill(self, signal: str = "SIGKILL") -> None: ...

    async def stop(self, grace_secs: int) -> None:
        """Send SIGTERM, and SIGKILL after the grace period."""

    async def set_cpus(self, cpus: float) -> None: ...

    async def execute(self, spec: ExecSpec) -> Exec:
        """Start a process in the running container. Raises StartFailed."""
        ...

    async def address_of(self, port: int) -> tuple[str, int] | None:
        """Return the address at which this host reaches the container's port, or None if it is not running."""

    def logs(self) -> AsyncGenerator[list[LogLine], None]:
        """Yield all lines in order, in batches as they arrive, until the container has ended and all lines are read."""
        ...

    def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield the first sample immediately, then about one per second, until the container ends."""
        ...

    async def final_sample(self) -> Sample | None:
        """Return the counters of an ended container at its end, or None if this host could not read them."""

    async def disk_bytes(self) -> int | None:
        """Return how many bytes the container has written to its own layer, or None if that is unknown."""

    async def remove(self) -> None:
        """Remove the container; kill it first if it is running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerProcess:
    """A process in a container. `pid` and `parent` are ids on the engine's host. `command` has its arguments."""

    pid: int
    parent: int
    command: str


class Containers(Protocol):
    """The engine, limited to the containers, images and network of one Greenroom instance."""

    @property
    def is_reachable(self) -> bool:
        """Whether the engine answered when it was last reached. The end of a connection is noticed within seconds."""

    async def open(self) -> Engine:
        """Probe the engine and create the instance's network. Raises EngineUnavailable."""

    async def restarted_since(self, moment: int) -> EngineStart | None:
        """Return the engine's last start if it was at or after `moment`, in milliseconds since 1970.

        Otherwise, or if the time of the start is unknown, return None. Raises EngineUnavailable once the engine begins
        to stop, which is before it stops its containers.
        """

    async def create(self, spec: ContainerSpec) -> Container:
        """Create a container, and remove a leftover one with the same name. Raises StartFailed, ImageMissing."""

    async def list(self) -> list[Container]:
        """Return all containers of this instance, running or not."""

    async def build(self, spec: BuildSpec, log: BuildLines) -> Image:
        """Build an image; `log` receives the engine's output. Raises BuildFailed, WrongArchitecture."""

    async def image(self, name: str) -> Image | None:
        """Return the image with this name or id, or None if the engine does not have it."""

    async def modified_at(self, container_id: str, path: str) -> int | None:
        """Return when a file or folder at this absolute path of a container, running or not, was changed last.

        None if the container has none there. In milliseconds since 1970, by the engine's clock.
        """
        ...

    async def processes(self, container_id: str) -> Sequence[ContainerProcess]:
        """Return the processes of a container; none if it does not run."""
        ...

    async def image_contains(self, image: Image, path: str) -> bool:
        """Return whether the image has a file or folder at this absolute path."""
        ...

    async def image_names(self, repository: str) -> Sequence[str]:
        """Return the full names of all images of the repository."""
        ...

    async def name_image(self, image: Image, name: str) -> None:
        """Add a name to an image."""

    async def remove_image(self, name: str) -> None:
        """Remove a name of an image. Removing its last name removes the image, unless a container uses it."""

    async def close(self) -> None: ...
