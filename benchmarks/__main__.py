"""Runs the benchmarks that are named on the command line, or all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from benchmarks import (
    builds,
    busy_logs,
    console_pages,
    console_scrolling,
    development_loop,
    footprint,
    leftovers,
    live_events,
    live_runs,
    run_lists,
    run_start,
    standby,
)
from benchmarks.servers import new_server
from benchmarks.storages.measure import measure as measure_storages
from benchmarks.web_server.measure import measure as measure_web_server
from testing.live_server import LiveServer


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"Unknown benchmark: {', '.join(unknown)}. Choose from {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


def with_server(measure: Callable[[LiveServer], None]) -> None:
    with new_server() as server:
        measure(server)


BENCHMARKS: dict[str, Callable[[], None]] = {
    "run_start": partial(with_server, run_start.measure),
    "leftovers": partial(with_server, leftovers.measure),
    "builds": partial(with_server, builds.measure),
    "development_loop": partial(with_server, development_loop.measure),
    "live_runs": partial(with_server, live_runs.measure),
    "busy_logs": partial(with_server, busy_logs.measure),
    "console_pages": partial(with_server, console_pages.measure),
    "console_scrolling": partial(with_server, console_scrolling.measure),
    "live_events": partial(with_server, live_events.measure),
    "run_lists": partial(with_server, run_lists.measure),
    "web_server": partial(with_server, measure_web_server),
    "standby": partial(with_server, standby.measure),
    "storages": measure_storages,
    "footprint": footprint.measure,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
