"""The processes of a container by the name of their program, such as node and chrome.

Source: proc(5). The program's file decides the name, because a process can rename itself: Node.js calls its process
`MainThread`. These numbers are estimates. Memory that processes share counts for each of them, and the CPU time that a
process has used between the last reading and its end is missing.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from runtime.containers import ProcessUse
from runtime.containers.cgroups import PROC, read_file

MAX_READ = 256
"""The most processes that are read. Reading them takes about 30 microseconds each, once a second."""
MAX_NAMES = 12
"""The most names that are distinguished in one container; all later ones count as OTHER."""
MAX_NAME_LENGTH = 32
OTHER = "other"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
NANOS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
VERSION = re.compile(r"(?<=[a-z])-?[0-9.]+$")
"""The version in the name of a program: `python3.13` is python."""
UNPRINTABLE = re.compile(r"[^\w.+ -]")
INIT = "docker-init"
"""The engine's own first process, which is not the Actor's."""
DELETED = " (deleted)"
"""The end of the path of a program whose file was removed."""


class ContainerProcesses:
    """Reads the processes of one container again and again, and adds up the CPU time of those that end."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = str(proc)
        self._programs: dict[int, tuple[str, str, str]] = {}
        self._cpu_nanos: dict[int, int] = {}
        self._totals: defaultdict[str, int] = defaultdict(int)

    def read(self, pids: Collection[int]) -> tuple[int, Mapping[str, ProcessUse]]:
        """Return the number of processes, and their use by name. Both without the engine's own first process.

        A name whose processes have ended uses no memory any more. If the system hides the names, or the container has
        too many processes, no name is returned.
        """
        if len(pids) > MAX_READ:
            return len(pids), {}
        memory: defaultdict[str, int] = defaultdict(int)
        names = []
        for pid in pids:
            with suppress(OSError, ValueError, IndexError):  # it has ended
                name, nanos, size = self._read(pid)
                names.append(name)
                memory[name] += size
                self._totals[name] += max(0, nanos - self._cpu_nanos.get(pid, 0))
                self._cpu_nanos[pid] = nanos
        self._forget(set(pids))
        uses = {name: ProcessUse(memory.get(name, 0), total) for name, total in self._totals.items() if name != INIT}
        return len(pids) - names.count(INIT), uses

    def _read(self, pid: int) -> tuple[str, int, int]:
        """Return the name of a process, its CPU time and its anonymous memory."""
        stat = read_file(f"{self._proc}/{pid}/stat")
        begin, end = stat.index("("), stat.rindex(")")
        fields = stat[end + 2 :].split()
        resident, shared = read_file(f"{self._proc}/{pid}/statm").split()[1:3]
        ticks, started = int(fields[11]) + int(fields[12]), fields[19]
        size = max(0, int(resident) - int(shared)) * PAGE_BYTES
        return self._name(pid, stat[begin + 1 : end], started), ticks * NANOS_PER_TICK, size

    def _name(self, pid: int, own_name: str, started: str) -> str:
        """Return the name of a program. It is read again if the process has changed it, or if the id was used again."""
        known = self._programs.get(pid)
        if known and known[0] == own_name and known[1] == started:
            return known[2]
        if known and known[1] != started:
            self._cpu_nanos.pop(pid, None)
        name = self._within_limit(self._program(pid, own_name))
        self._programs[pid] = own_name, started, name
        return name

    def _program(self, pid: int, own_name: str) -> str:
        try:
            name = os.path.basename(os.readlink(f"{self._proc}/{pid}/exe").removesuffix(DELETED))
        except OSError:  # this user may not read it
            name = own_name
        return UNPRINTABLE.sub("", VERSION.sub("", name))[:MAX_NAME_LENGTH] or OTHER

    def _within_limit(self, name: str) -> str:
        return name if name in self._totals or len(self._totals) < MAX_NAMES else OTHER

    def _forget(self, living: set[int]) -> None:
        for pid in self._programs.keys() - living:
            del self._programs[pid]
            self._cpu_nanos.pop(pid, None)
