"""The export of a whole dataset as one file: its duration and memory, for two datasets whose sizes differ tenfold."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic

import psutil
from rich.table import Table

from benchmarks.storages.contenders import Contender
from benchmarks.storages.load import Message
from benchmarks.table import CONSOLE

FORMATS = ("csv", "xlsx")
DATASETS = ("items-30k", "items-300k")
SAMPLE_SECS = 0.01
MEBI = 2**20


@dataclass(frozen=True, slots=True)
class ExportCost:
    """`peak_bytes` is how far the server's memory grew during the export."""

    secs: float
    peak_bytes: int


def measure(contenders: list[Contender]) -> None:
    table = Table("", "30k rows: s", "MB more", "300k rows: s", "MB more", title="Exports", title_justify="left")
    for format in FORMATS:
        for contender in contenders:
            exports = [export(contender, name, format) for name in DATASETS]
            cells = [cell for each in exports for cell in (f"{each.secs:.1f}", f"{each.peak_bytes / MEBI:.0f}")]
            table.add_row(f"{format}, {contender.name}", *cells)
    CONSOLE.print(table)


def export(contender: Contender, name: str, format: str) -> ExportCost:
    path = f"/v2/datasets/{contender.id('datasets', name)}/{contender.export}?format={format}"
    with PeakMemory(contender.pid) as memory:
        started = monotonic()
        contender.costs([Message("GET", path)], connections=1)
        secs = monotonic() - started
    return ExportCost(secs, memory.peak - memory.before)


class PeakMemory:
    """Measures the peak of a process's resident memory while the block runs."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.before = self.peak = self._process.memory_info().rss

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECS):
            self.peak = max(self.peak, self._process.memory_info().rss)
