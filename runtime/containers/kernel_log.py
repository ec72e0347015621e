"""The kernel's own log, which names each process that it kills for its memory. Usually only root can read it.

Source: `oom_kill.c` of the kernel, and its documentation of `/dev/kmsg`: each read returns one record, as
`priority,sequence,microseconds,flags;text`. The log is a ring, so old records are overwritten.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from runtime.base.records.endings import KilledProcess, Witness

KERNEL_LOG = Path("/dev/kmsg")
MAX_RECORD_BYTES = 8192
VICTIM = re.compile(r"oom-kill:.*,task_memcg=(?P<cgroup>\S+),task=(?P<name>.+),pid=(?P<pid>\d+),uid=\d+")
KILLED = re.compile(r"Killed process (?P<pid>\d+) \(.*\).*?anon-rss:(?P<kilobytes>\d+)kB")


def killed_processes(container_id: str, path: Path | None = None) -> tuple[KilledProcess, ...]:
    """Return the processes of a container that the kernel killed. Empty if this host's log cannot be read."""
    with suppress(OSError):
        return parse_kills(_records(path or KERNEL_LOG), container_id)
    return ()


def parse_kills(records: list[str], container_id: str) -> tuple[KilledProcess, ...]:
    """Find the kills of a container. The memory of a killed process follows in a later record."""
    found: dict[int, KilledProcess] = {}
    for record in records:
        if (victim := VICTIM.search(record)) and container_id in victim["cgroup"]:
            pid = int(victim["pid"])
            found[pid] = KilledProcess(pid=pid, name=victim["name"], witness=Witness.KERNEL_LOG)
        elif (killed := KILLED.search(record)) and (process := found.get(int(killed["pid"]))) is not None:
            memory_bytes = int(killed["kilobytes"]) * 1024
            found[process.pid] = KilledProcess(
                pid=process.pid, name=process.name, witness=process.witness, memory_bytes=memory_bytes
            )
    return tuple(found.values())


def _records(path: Path) -> list[str]:
    """Return the log's records, the oldest first. Raises OSError."""
    records: list[str] = []
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            try:
                record = os.read(file, MAX_RECORD_BYTES)
            except BlockingIOError:  # it was the last one
                return records
            except BrokenPipeError:  # the record was overwritten; the next read returns the oldest one left
                continue
            if not record:
                return records
            if b"ill" in record:
                records.append(record.decode(errors="replace"))
    finally:
        os.close(file)
