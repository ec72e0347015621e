"""The time of `greenroom ps` with 10,000 stored runs, compared with 10 stored runs, and with `docker ps`.

The second table shows the responses that the web console gets.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.table import show
from runtime.base.records import Run, new_id
from runtime.database import Database
from testing.live_server import LiveServer

ROUNDS = 15
FEW, MANY = 10, 10_000
PAGE = 50
QUERIES = (
    "sort=-startedAt",
    "q=hello",
    "q=no-such-run",
    "status=SUCCEEDED,LIVE&origin=API",
    "sort=-items",
    "sort=-memMaxBytes",
)
GREENROOM = [sys.executable, "-P", str(Path(__file__).parents[1] / "greenroom" / "__main__.py")]


def measure(server: LiveServer) -> None:
    """Measure with few runs and with many. The server must not have any runs yet."""
    run_id = server.finished_run(server.sample("hello"))["id"]
    option = ["--data-dir", str(server.data_dir)]
    lists = {"ps": [*GREENROOM, "ps", *option], "ps -a": [*GREENROOM, "ps", "-a", *option]}
    results: dict[str, list[float]] = {}
    for count in (FEW, MANY):
        server.interrupt()
        asyncio.run(add_runs(server.data_dir, run_id, count - 1))
        server.start()
        for _ in range(ROUNDS):
            for name, command in {"docker ps": ["docker", "ps"], **lists}.items():
                row = name if name == "docker ps" else f"greenroom {name}, {count:,} runs"
                results.setdefault(row, []).append(millis_of(command))
    whole = [*lists["ps -a"], "--limit", str(MANY)]
    results[f"greenroom ps -a --limit {MANY}, {MANY:,} runs"] = [millis_of(whole) for _ in range(ROUNDS)]
    show("List of runs", "ms", results)
    show(
        f"Pages of {PAGE} of {MANY:,} runs",
        "ms",
        {f"GET /greenroom/runs?{query}": [millis_of_page(server, query) for _ in range(ROUNDS)] for query in QUERIES},
    )


async def add_runs(data_dir: Path, run_id: str, count: int) -> None:
    """Store copies of a finished run until there are `count` of them."""
    database = Database(data_dir)
    run = database.runs.get(run_id)
    assert run is not None
    missing = count + 1 - len(database.runs.ids())
    await asyncio.gather(*(database.runs.insert(copied(run)) for _ in range(missing)))
    database.close()


def copied(run: Run) -> Run:
    """Return a copy of a run under other ids and secrets."""
    return replace(run, id=new_id(), token=new_id(), web_key=new_id(), events_key=new_id(), proxy_password=new_id())


def millis_of_page(server: LiveServer, query: str) -> float:
    started = time.monotonic()
    server.http.get(f"/greenroom/runs?limit={PAGE}&{query}").raise_for_status()
    return (time.monotonic() - started) * 1000


def millis_of(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return (time.monotonic() - started) * 1000
