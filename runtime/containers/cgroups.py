"""A container's counters, read directly from the kernel: four small files per sample.

Memory excludes `inactive_file`, the page cache that the kernel reclaims first, as `docker stats` does. Source: the
kernel's documentation of cgroup v1 (`memory`, `cpuacct`) and v2, proc(5).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from runtime.containers import Sample

PROC = Path("/proc")
ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The files of one container's counters."""

    version: int
    memory: Path
    cpu: Path
    net_dev: Path

    def sample(self) -> Sample:
        """Read the counters. Raises OSError when the container has ended, also if the kernel shows only a part then."""
        try:
            rx, tx = parse_traffic(self.net_dev.read_text())
            memory, cpu = self._read_v1() if self.version == 1 else self._read_v2()
        except (ValueError, LookupError) as error:
            raise OSError(f"The counters of the container are incomplete: {error!r}") from error
        return Sample(
            at=time.time_ns() // 1_000_000, memory_bytes=memory, cpu_nanos=cpu, net_rx_bytes=rx, net_tx_bytes=tx
        )

    def _read_v1(self) -> tuple[int, int]:
        usage = int((self.memory / "memory.usage_in_bytes").read_text())
        cache = read_value((self.memory / "memory.stat").read_text(), "total_inactive_file")
        return max(0, usage - cache), int((self.cpu / "cpuacct.usage").read_text())

    def _read_v2(self) -> tuple[int, int]:
        usage = int((self.memory / "memory.current").read_text())
        cache = read_value((self.memory / "memory.stat").read_text(), "inactive_file")
        return max(0, usage - cache), read_value((self.cpu / "cpu.stat").read_text(), "usage_usec") * 1000


def are_visible(root: Path = ROOT) -> bool:
    """Return whether this host has control groups."""
    return (root / "memory").is_dir() or (root / "cgroup.controllers").is_file()


def find(pid: int, container_id: str, proc: Path = PROC, root: Path = ROOT) -> Cgroup | None:
    """Return the counters of the container whose first process is `pid`, or None if this host does not see them."""
    try:
        paths = parse_hierarchies((proc / str(pid) / "cgroup").read_text())
        cgroup = _locate(paths, root, proc / str(pid) / "net" / "dev")
        # This process does not belong to the container: the engine's process ids are those of another machine.
        if container_id not in str(cgroup.memory):
            return None
        cgroup.sample()
    except (OSError, ValueError, LookupError):
        return None
    return cgroup


def _locate(paths: dict[str, str], root: Path, net_dev: Path) -> Cgroup:
    if "memory" in paths:
        memory = root / "memory" / paths["memory"].lstrip("/")
        return Cgroup(1, memory, root / "cpuacct" / paths["cpuacct"].lstrip("/"), net_dev)
    unified = root / paths[""].lstrip("/")
    return Cgroup(2, unified, unified, net_dev)


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
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    raise KeyError(key)


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
