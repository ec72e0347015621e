"""Finds the processes that the kernel killed, by comparing a container's processes before and after a kill.

The kernel counts the kills in a container, but only its log names the processes, and usually only root can read that.
If as many processes disappeared between two readings as the kernel killed, those are the killed ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from runtime.base.records.endings import KilledProcess, Witness
from runtime.containers.cgroups import PROC, read_file

MAX_PROCESSES = 64
"""Containers with more processes are not observed: reading their names would take too long."""


class ProcessList:
    """The processes of one container at the last reading."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = str(proc)
        self._names: dict[int, str] = {}
        self._kills = 0
        self._unnamed = 0
        self.killed: tuple[KilledProcess, ...] = ()

    def update(self, pids: list[int], kills: int, first_process: int | None, *, rereads_names: bool = True) -> None:
        """Compare the processes with those of the last reading. A process can change its name.

        `kills` is the kernel's count, read after the processes: so a killed process disappears in this reading or in
        the next one, because its end takes a moment. The end of the first process ends all others, so in an empty
        container it does not count as killed if it had children.
        """
        names = self._read_names(pids, {} if rereads_names else self._names)
        gone = {pid: name for pid, name in self._names.items() if pid not in names}
        if not pids and len(gone) > 1 and first_process is not None:
            gone.pop(first_process, None)
        unnamed = self._unnamed + kills - self._kills
        if unnamed and len(gone) == unnamed:
            self.killed += tuple(
                KilledProcess(pid=pid, name=name, witness=Witness.PROCESS_LIST) for pid, name in gone.items()
            )
        self._unnamed = 0 if gone else kills - self._kills
        self._names, self._kills = names, kills

    def _read_names(self, pids: list[int], known: Mapping[int, str]) -> dict[int, str]:
        names = {}
        for pid in pids if len(pids) <= MAX_PROCESSES else ():
            with suppress(OSError):  # it has just ended
                names[pid] = known.get(pid) or read_file(f"{self._proc}/{pid}/comm").rstrip("\n")
        return names
