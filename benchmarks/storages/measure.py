"""Compares storages: Greenroom, its database behind plain FastAPI handlers, and Crawlee's on disk behind Express.

All receive the same requests on the same routes, over 8 connections (large records: one), in alternating rounds. The
first round warms up, and medians are shown. The load generator shares the cores, so the relevant cost is the server's
own CPU. Both Python contenders run uvicorn with uvloop and httptools on copies of one data directory, and authenticate
the caller in the same way. Plain FastAPI does less: it has no guards, aliases, permissions or client keys. Crawlee (npm
@crawlee/memory-storage, with persistence) requires no token. Pushes are also measured with SQLite alone: the same rows,
one transaction each.

Targets: a fifth of Crawlee's CPU for pushes and locks, half of plain FastAPI's for the frequent operations of crawlers,
costs that hardly grow with the storage, and exports in constant memory.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from platform import python_version
from statistics import median

import psutil
from rich.table import Table

from benchmarks.storages import bare_sqlite, exports, operations
from benchmarks.storages.contenders import BareAsgi, Contender, Crawlee, Greenroom, PlainFastapi
from benchmarks.storages.load import Cost
from benchmarks.storages.operations import BIG, DEEP, HOT, WRITES, Operation
from benchmarks.storages.prefilled import fill, fill_over_http
from benchmarks.table import CONSOLE

ROUNDS = 5
Results = dict[str, dict[str, Cost]]
"""The median cost by operation and contender."""
SQLITE = "bare SQLite"
GROWTH = (
    ("page at 90 % of 100k", "first page of 100k", 1.3),
    ("page at 90 % of 1M", "first page of 1M", 1.3),
    ("head of 100 at 1M", "head of 100 at 10k", 1.5),
)
"""An operation on a lot of data, the same kind of operation on little data, and the highest ratio of their CPU."""


def measure() -> None:
    with contenders() as (greenroom, plain, bare, crawlee):
        results = {op.name: costs(op, (greenroom, plain, crawlee, bare)) for op in WRITES}
        results |= {op.name: costs(op, (greenroom, plain, crawlee)) for op in HOT}
        results |= {op.name: costs(op, (greenroom, plain)) for op in DEEP}
        results |= {op.name: costs(op, (greenroom, plain, crawlee)) for op in BIG}
        with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
            for name, items in operations.PUSHES.items():
                results[name][SQLITE] = median_cost(
                    [bare_sqlite.pushes(Path(folder), items, 400) for _ in range(ROUNDS)]
                )
        show(results)
        show_bounds(results)
        show_growth(results)
        exports.measure([greenroom, plain])


@contextmanager
def contenders() -> Iterator[tuple[Contender, Contender, Contender, Contender]]:
    """Start all contenders on the same storages. Crawlee gets only small ones, because it stores a file per item."""
    with ExitStack() as stack:
        greenroom, plain, bare, files = (stack.enter_context(_folder()) for _ in range(4))
        fill(greenroom)
        shutil.copytree(greenroom, plain, dirs_exist_ok=True)
        shutil.copytree(greenroom, bare, dirs_exist_ok=True)
        started = Greenroom(greenroom), PlainFastapi(plain), BareAsgi(bare), Crawlee(files)
        for contender in started:
            stack.callback(contender.close)
        fill_over_http(started[3])
        yield started


def costs(operation: Operation, contenders: tuple[Contender, ...]) -> dict[str, Cost]:
    """Return the median cost for each contender. The contenders alternate, and the first round does not count."""
    ids = {contender.name: contender.id(operation.storage_type, operation.storage) for contender in contenders}
    found: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for round in range(ROUNDS + 1):
        for contender in contenders:
            messages = operation.messages(ids[contender.name], round)
            found[contender.name].append(contender.costs(messages, operation.connections))
    return {name: median_cost(each[1:]) for name, each in found.items()}


def median_cost(costs: list[Cost]) -> Cost:
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


def show(results: Results) -> None:
    names = [
        name for name in dict.fromkeys(name for costs in results.values() for name in costs) if name != BareAsgi.name
    ]
    title = "Storages: wall-clock time / CPU of the server in µs per request, and the ratio to Greenroom's CPU"
    table = Table("", *names, title=title, title_justify="left")
    for operation, costs in results.items():
        table.add_row(operation, *(_cell(costs.get(name), costs[names[0]]) for name in names))
    CONSOLE.print(table)
    CONSOLE.print("Not measured: Crawlee with a million items or requests, which would be a million files.")
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    CONSOLE.print(
        f"Python {python_version()}, {cores} cores shared with the load generator, {memory:.0f} GB of memory."
    )


def show_bounds(results: Results) -> None:
    """Show how much CPU each Python server adds to that of uvicorn and the database, which no handler can avoid."""
    title = "CPU of writes in µs per request, compared with handlers that only write"
    table = Table("", BareAsgi.name, "Greenroom adds", "plain FastAPI adds", title=title, title_justify="left")
    for name in (operation.name for operation in WRITES):
        bound = results[name][BareAsgi.name].cpu
        more = (results[name][each].cpu - bound for each in (Greenroom.name, PlainFastapi.name))
        table.add_row(name, f"{bound:.0f}", *(f"{each:.0f}" for each in more))
    CONSOLE.print(table)


def show_growth(results: Results) -> None:
    table = Table("", "times the CPU of", "", "at most", title="How Greenroom's costs grow", title_justify="left")
    for big, small, most in GROWTH:
        ratio = results[big][Greenroom.name].cpu / results[small][Greenroom.name].cpu
        table.add_row(big, small, f"{ratio:.2f}", f"{most}")
    CONSOLE.print(table)


def _cell(cost: Cost | None, ours: Cost) -> str:
    if cost is None:
        return "-"
    ratio = "" if cost is ours else f"  x{cost.cpu / ours.cpu:.1f}"
    return f"{cost.wall:,.0f} / {cost.cpu:,.0f}{ratio}"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        yield Path(folder)
