"""A whole dataset as one file: how long it takes, and what memory it takes while the dataset grows tenfold."""

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
class Export:
    secs: float
    grown_bytes: int
    """How much more memory the server had at its peak than before."""


def measure(contenders: list[Contender]) -> None:
    table = Table("", "30k rows: s", "MB more", "300k rows: s", "MB more", title="Exports", title_justify="left")
    for format in FORMATS:
        for contender in contenders:
            exports = [export(contender, name, format) for name in DATASETS]
            cells = [cell for each in exports for cell in (f"{each.secs:.1f}", f"{each.grown_bytes / MEBI:.0f}")]
            table.add_row(f"{format}, {contender.name}", *cells)
    CONSOLE.print(table)


def export(contender: Contender, name: str, format: str) -> Export:
    path = f"/v2/datasets/{contender.id('datasets', name)}/{contender.export}?format={format}"
    with Memory(contender.pid) as memory:
        began = monotonic()
        contender.costs([Message("GET", path)], connections=1)
        secs = monotonic() - began
    return Export(secs, memory.peak - memory.before)


class Memory:
    """Looks at the resident memory of a process while the block runs."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch)
        self.before = self.peak = self._process.memory_info().rss

    def __enter__(self) -> Memory:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECS):
            self.peak = max(self.peak, self._process.memory_info().rss)
