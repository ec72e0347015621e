"""The door to the container engine: what the orchestrator asks of it, and nothing of how Docker answers.

`docker.py` is the only module that imports docker; `tests/fakes` holds a scripted fake of the same interface.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

INSTANCE_LABEL = "com.greenroom.instance"
"""Everything Greenroom makes on an engine carries it: several instances may share one engine."""
STAND_IN_LABEL = "com.greenroom.stand-in"
"""Set on locally built base images that stand in for ones that could not be pulled; its value says what it is."""


class DiskEnforcement(StrEnum):
    HARD = "hard"  # the engine's storage quota: writes fail
    POLLED = "polled"  # a per-file limit, and the writable layer measured now and then
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What the engine is and can do, probed once when the server starts.

    `gateway` is the address under which containers of the instance's network reach this host; None where the host is
    reached by the engine's own host name (Docker Desktop). `reaches_containers` tells whether this host reaches a
    container by its IP; otherwise web server ports are published on 127.0.0.1. `quota_counts_image` is true where a
    storage quota counts the image's own size too (btrfs).
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

    With `live_restore` it leaves its containers alone when it stops and starts.
    """

    at: int
    live_restore: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """Everything a container is born with. Sizes in bytes; `cpus` in cores; `disk_bytes` is the run's own limit."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """The truth about a container as the engine's inspect tells it. Times in milliseconds since 1970."""

    running: bool
    started_at: int | None = None
    finished_at: int | None = None
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One whole line. `stamp` is the engine's own RFC 3339 time with nanoseconds; `text` has no line end."""

    stamp: str
    stream: str
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Counters at one moment: memory without reclaimable cache, CPU time and traffic since the container started."""

    at: int
    memory_bytes: int
    cpu_nanos: int
    net_rx_bytes: int
    net_tx_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    id: str
    size_bytes: int
    labels: Mapping[str, str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """A build of the tar archive `context` with the `dockerfile` that has this name in it.

    With `buildkit` the engine builds by that instead of its classic builder; it holds no memory limit. `images` are
    those that the Dockerfile names, `secrets` what its `RUN --mount=type=secret` may ask for, by id; None where it has
    no such mount. `platform` None is the engine's own.
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
"""Takes a build's output as it comes, some whole lines at a time."""


class EngineUnavailable(Exception):
    """The engine does not answer, or refuses what it should not; any method may raise it. Says what was tried."""


class BuildFailed(Exception):
    """A step of the build failed; the message is the engine's last word."""


class WrongArchitecture(BuildFailed):
    """An image that the Dockerfile names does not exist for the platform."""


class StartFailed(Exception):
    """The container could not be created or started; the message is the engine's."""


class ImageMissing(StartFailed):
    """The image is no longer on the engine."""


class Container(Protocol):
    """A created container. Every method but the iterators is idempotent; one that is gone counts as ended."""

    @property
    def id(self) -> str: ...

    @property
    def labels(self) -> Mapping[str, str]: ...

    async def start(self) -> None:
        """Raises StartFailed."""

    async def inspect(self) -> ContainerState | None:
        """None when the container is gone."""

    async def wait(self) -> ContainerState | None:
        """Return when the container is not running; None when it is gone."""

    async def kill(self, signal: str = "SIGKILL") -> None: ...

    async def stop(self, grace_secs: int) -> None:
        """SIGTERM, then SIGKILL after the grace."""

    async def set_cpus(self, cpus: float) -> None: ...

    async def web_server_address(self, port: int) -> tuple[str, int] | None:
        """Where this host reaches the container's port; None when it does not run."""

    def logs(self) -> AsyncIterator[list[LogLine]]:
        """All lines in order, in batches as they come, following until the container ends and all is read."""
        ...

    def samples(self) -> AsyncIterator[Sample]:
        """One at once, then about one a second, until the container ends."""
        ...

    async def disk_bytes(self) -> int | None:
        """Bytes the container has written to its own layer; None when that cannot be told."""

    async def remove(self) -> None:
        """Kill it if need be and remove it."""


class Containers(Protocol):
    """The engine, as one instance of Greenroom sees it."""

    async def open(self) -> Engine:
        """Probe the engine and make the instance's network. Raises EngineUnavailable."""

    async def restarted_since(self, moment: int) -> EngineStart | None:
        """How the engine was started if that was after the moment; None also where it cannot be told.

        Raises EngineUnavailable as soon as the engine begins to stop, which is before it stops its containers.
        """

    async def create(self, spec: ContainerSpec) -> Container:
        """Make it, instead of one of the same name that is left. Raises StartFailed, ImageMissing."""

    async def list(self) -> list[Container]:
        """All containers of this instance, running or not."""

    async def build(self, spec: BuildSpec, log: BuildLines) -> Image:
        """Build an image, telling `log` the engine's output. Raises BuildFailed, WrongArchitecture."""

    async def image(self, name: str) -> Image | None: ...

    async def image_names(self, repository: str) -> Sequence[str]:
        """The full names of all images of the repository."""
        ...

    async def name_image(self, image: Image, name: str) -> None:
        """Give an image one more name."""

    async def remove_image(self, name: str) -> None:
        """Take a name away, and the image with its last one; an image that a container uses stays."""

    async def close(self) -> None: ...
