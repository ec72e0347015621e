"""The files in which the kernel counts what a container uses.

Source: the kernel's documentation of cgroup v1 (`memory`, `cpuacct`, `cpu`, `pids`) and v2, proc(5). All files of a
cgroup vanish with it, also for those who have opened them before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.base.lines import lines_of

PROC = Path("/proc")
ROOT = Path("/sys/fs/cgroup")
MAX_FILE_BYTES = 1 << 16
RUNTIMES = ("runc", "crun")
FIRST_PROCESS = "1"
"""The id of a container's first process, as the container sees it."""


Read = Callable[[str], str]
"""Returns the text of a small file. Raises OSError."""


def read_file(path: str) -> str:
    """Return the text of a file of the kernel in a third of the time that `Path` takes. Raises OSError.

    The kernel may return a long text in several parts. A name in it can contain any bytes.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        parts = [os.read(file, MAX_FILE_BYTES)]
        while parts[-1]:
            parts.append(os.read(file, MAX_FILE_BYTES))
    finally:
        os.close(file)
    return b"".join(parts).decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Counters:
    """What a container uses, and has used since its creation.

    `cache_bytes` is the page cache that the kernel reclaims first (`inactive_file`). It is part of `usage_bytes` and of
    `peak_bytes`. The peak and the number of out-of-memory kills are None if the kernel does not count them.
    """

    usage_bytes: int
    cache_bytes: int
    peak_bytes: int | None
    oom_kills: int | None
    cpu_nanos: int


@dataclass(frozen=True, slots=True)
class Throttling:
    """How many CPU periods there were, in how many of them the kernel stopped the container, and for how long."""

    periods: int
    throttled_periods: int
    throttled_nanos: int


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The folders of one container's counters: of its memory, CPU time, CPU quota and threads.

    With `read`, a method reads the files in another way, such as `OpenFiles.read`.
    """

    version: int
    memory: str
    cpu: str
    quota: str
    threads: str

    def read(self, read: Read = read_file) -> Counters:
        """Read the counters. Raises OSError if the cgroup does not exist, no longer, or only in part."""
        try:
            return self._read_v1(read) if self.version == 1 else self._read_v2(read)
        except (ValueError, LookupError) as error:
            raise OSError(f"The counters of the container are incomplete: {error!r}") from error

    def process_ids(self) -> list[int]:
        """Return the processes of the container, without those of cgroups below it. Raises OSError.

        The file is opened each time: with cgroup v1, an open one shows the processes of the first reading.
        """
        return [int(pid) for pid in read_file(f"{self.memory}/cgroup.procs").split()]

    def read_memory(self, read: Read = read_file) -> dict[str, int]:
        """Return the parts of the memory, with the names of `memory.stat`. Raises OSError."""
        return parse_values(read(f"{self.memory}/memory.stat"))

    def kernel_bytes(self, memory: Mapping[str, int], read: Read = read_file) -> int | None:
        """Return the memory of the kernel for the container, or None if it is not counted separately."""
        return _number(f"{self.memory}/memory.kmem.usage_in_bytes", read) if self.version == 1 else memory.get("kernel")

    def read_throttling(self, read: Read = read_file) -> Throttling | None:
        """Return how often the kernel throttled the container, or None if it does not count that."""
        with suppress(FileNotFoundError):
            values = parse_values(read(f"{self.quota}/cpu.stat"))
            if "nr_periods" in values:
                micros = values.get("throttled_usec", 0)
                nanos = values.get("throttled_time", micros * 1000)
                return Throttling(values["nr_periods"], values["nr_throttled"], nanos)
        return None

    def count_threads(self, read: Read = read_file) -> int | None:
        return _number(f"{self.threads}/pids.current", read)

    def _read_v1(self, read: Read) -> Counters:
        return Counters(
            peak_bytes=_number(f"{self.memory}/memory.max_usage_in_bytes", read),
            oom_kills=find_value(read(f"{self.memory}/memory.oom_control"), "oom_kill"),
            usage_bytes=int(read(f"{self.memory}/memory.usage_in_bytes")),
            cache_bytes=read_value(read(f"{self.memory}/memory.stat"), "total_inactive_file"),
            cpu_nanos=int(read(f"{self.cpu}/cpuacct.usage")),
        )

    def _read_v2(self, read: Read) -> Counters:
        return Counters(
            peak_bytes=_number(f"{self.memory}/memory.peak", read),
            oom_kills=find_value(read(f"{self.memory}/memory.events"), "oom_kill"),
            usage_bytes=int(read(f"{self.memory}/memory.current")),
            cache_bytes=read_value(read(f"{self.memory}/memory.stat"), "inactive_file"),
            cpu_nanos=read_value(read(f"{self.cpu}/cpu.stat"), "usage_usec") * 1000,
        )


class OpenFiles:
    """Reads small files of the kernel again and again. They stay open, because opening takes most of the time."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    def read(self, path: str) -> str:
        """Return the current text of a file. Raises OSError, also if the kernel has removed an open file."""
        if (file := self._files.get(path)) is None:
            file = self._files[path] = os.open(path, os.O_RDONLY)
        return os.pread(file, MAX_FILE_BYTES, 0).decode()

    def close(self) -> None:
        while self._files:
            os.close(self._files.popitem()[1])


def are_visible(root: Path = ROOT) -> bool:
    """Return whether this host has control groups."""
    return (root / "memory").is_dir() or (root / "cgroup.controllers").is_file()


def locate(container_id: str, root: Path = ROOT) -> Cgroup | None:
    """Return the cgroup of a container, or None if it is not in one of the places that engines use by default."""
    for place in (f"docker/{container_id}", f"system.slice/docker-{container_id}.scope"):
        memory = root / "memory" / place
        if memory.is_dir():
            return v1(root, dict.fromkeys(("memory", "cpuacct", "cpu", "pids"), place))
        if (root / place / "memory.current").is_file():
            return v2(root / place)
    return None


def find(pid: int, container_id: str, proc: Path = PROC, root: Path = ROOT) -> Cgroup | None:
    """Return the cgroup of the container whose first process is `pid`, or None if this host does not see it."""
    try:
        cgroup = _located_by(parse_hierarchies((proc / str(pid) / "cgroup").read_text()), root)
        # This process does not belong to the container: the engine's process ids are those of another machine.
        if container_id not in cgroup.memory:
            return None
        cgroup.read()
    except (OSError, ValueError, LookupError):
        return None
    return cgroup


def first_process(cgroup: Cgroup, proc: Path = PROC) -> int | None:
    """Return the container's first process, whose end ends all others, or None if there is none. Raises OSError."""
    return next((pid for pid in cgroup.process_ids() if _id_in_container(pid, proc) == FIRST_PROCESS), None)


def is_prepared(pid: int, proc: Path = PROC) -> bool:
    """Return whether the first process is still the engine's runtime, which prepares the container. Raises OSError."""
    return (proc / str(pid) / "comm").read_text().startswith(RUNTIMES)


def _id_in_container(pid: int, proc: Path) -> str | None:
    """Return the innermost id of a process that lives in another PID namespace than this one, else None."""
    with suppress(OSError):  # it ended in the meantime, or the system hides it
        for line in lines_of(read_file(f"{proc}/{pid}/status")):
            if line.startswith("NSpid:") and len(ids := line.split()[1:]) > 1:
                return ids[-1]
    return None


def _located_by(paths: dict[str, str], root: Path) -> Cgroup:
    return v1(root, paths) if "memory" in paths else v2(root / paths[""].lstrip("/"))


def v1(root: Path, paths: Mapping[str, str]) -> Cgroup:
    """Return the folders at `paths` below the root of each controller. A controller that does not exist counts nothing.

    Raises KeyError without the controllers `memory` and `cpuacct`.
    """

    def folder(controller: str) -> str:
        return str(root / controller / paths[controller].lstrip("/"))

    rest = {name: folder(name) if name in paths else "" for name in ("cpu", "pids")}
    return Cgroup(1, folder("memory"), folder("cpuacct"), quota=rest["cpu"], threads=rest["pids"])


def v2(folder: Path) -> Cgroup:
    return Cgroup(2, str(folder), str(folder), quota=str(folder), threads=str(folder))


def parse_hierarchies(text: str) -> dict[str, str]:
    """Map controllers to paths, from the text of `/proc/<pid>/cgroup`. The unified hierarchy (v2) has an empty key."""
    paths = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def read_value(text: str, key: str) -> int:
    """Return one value from a text of `key value` lines. Raises KeyError."""
    if (value := find_value(text, key)) is None:
        raise KeyError(key)
    return value


def find_value(text: str, key: str) -> int | None:
    """Return one value from a text of `key value` lines, or None if the key does not occur."""
    _, found, rest = f"\n{text}".partition(f"\n{key} ")
    return int(rest.partition("\n")[0]) if found else None


def parse_values(text: str) -> dict[str, int]:
    """Return all values of a text of `key value` lines."""
    fields = text.split()
    return dict(zip(fields[::2], map(int, fields[1::2]), strict=True))


def parse_traffic(text: str) -> tuple[int, int]:
    """Return the bytes received and sent, without the loopback, from the text of `/proc/<pid>/net/dev`."""
    rx = tx = 0
    for line in text.splitlines()[2:]:
        name, _, counters = line.partition(":")
        fields = counters.split()
        if name.strip() != "lo":
            rx += int(fields[0])
            tx += int(fields[8])
    return rx, tx


def _number(path: str, read: Read) -> int | None:
    """Return the number in a file, or None if the kernel does not have the file."""
    try:
        return int(read(path))
    except FileNotFoundError:
        return None
