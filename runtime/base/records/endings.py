"""What is recorded about the end of a run, because it is lost when the run's container is removed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Witness(StrEnum):
    """Where the name of a killed process comes from."""

    KERNEL_LOG = "kernel log"
    PROCESS_LIST = "process list"  # it disappeared between two readings of the container's processes


@dataclass(frozen=True, slots=True, kw_only=True)
class KilledProcess:
    """A process that the kernel killed at a container's memory limit. `memory_bytes` is its own memory, if known."""

    pid: int
    name: str
    witness: Witness
    memory_bytes: int | None = None


class NoContainer(StrEnum):
    """Why a run ended without the state of a container."""

    START_FAILED = "start failed"
    IMAGE_MISSING = "image missing"
    VANISHED = "vanished"
    SERVER_ERROR = "server error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a run's last container.

    `oom_killed` is true if the engine or the kernel reported an out-of-memory kill in the container. `oom_kills` is the
    kernel's count of them; None if it was not read. `last_memory_bytes` is the last measured use before the end.
    `problem` is Greenroom's or the engine's message if there is no container whose state could be read;
    `engine_error` is the engine's own remark about a container that has a state.
    """

    oom_killed: bool = False
    oom_kills: int | None = None
    killed: tuple[KilledProcess, ...] = ()
    last_memory_bytes: int | None = None
    engine_error: str = ""
    no_container: NoContainer | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEnd:
    """The end of a container. `oom_killed` is as in an Ending."""

    at: int
    exit_code: int | None
    oom_killed: bool


class Aborter(StrEnum):
    """Who ordered the abort, or another change, of a run. The engine moves runs when it stops their containers."""

    USER = "user"
    RUN = "run"
    ITSELF = "itself"
    SERVER = "server"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """The first order to abort a run. `run_id` is the run whose token ordered it."""

    by: Aborter
    at: int
    gracefully: bool
    run_id: str | None = None


class OrderKind(StrEnum):
    ABORT = "abort"
    GRACEFUL_ABORT = "graceful-abort"
    REBOOT = "reboot"
    MIGRATION = "migration"
    METAMORPH = "metamorph"
    RESURRECTION = "resurrection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order to a run that was accepted. `run_id` is the run whose token ordered it, `target` a metamorph's Actor."""

    kind: OrderKind
    at: int
    by: Aborter
    run_id: str | None = None
    target: str | None = None
