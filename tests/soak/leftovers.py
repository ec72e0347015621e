"""Leftovers of a server: threads and open files of its process, and rows and files that belong to nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import psutil

OF_MISSING_RUN = "run_id IS NOT NULL AND run_id NOT IN (SELECT id FROM runs)"
ORPHANS = {
    "runs with pending events": "SELECT id FROM runs WHERE json_extract(body, '$.pending_events') <> '{}'",
    "live runs": "SELECT id FROM runs WHERE status NOT IN ('SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED-OUT')",
    "pending dispatches": "SELECT id FROM dispatches WHERE next_call_at IS NOT NULL",
    "webhooks of no run": f"SELECT id FROM webhooks WHERE {OF_MISSING_RUN}",
    "datasets of no run": f"SELECT id FROM datasets WHERE {OF_MISSING_RUN}",
    "key-value stores of no run": f"SELECT id FROM key_value_stores WHERE {OF_MISSING_RUN}",
    "request queues of no run": f"SELECT id FROM request_queues WHERE {OF_MISSING_RUN}",
    "pushes of no dataset": "SELECT dataset_id FROM pushes WHERE dataset_id NOT IN (SELECT id FROM datasets)",
    "records of no store": "SELECT key FROM records WHERE store_id NOT IN (SELECT id FROM key_value_stores)",
}


@dataclass(frozen=True)
class ProcessResources:
    """The threads and file descriptors of a process. Most descriptors are pooled connections to the engine."""

    threads: int
    descriptors: int

    def is_within(self, before: ProcessResources, slack: ProcessResources) -> bool:
        return (
            self.threads <= before.threads + slack.threads
            and self.descriptors <= before.descriptors + slack.descriptors
        )


def process_resources(pid: int) -> ProcessResources:
    process = psutil.Process(pid)
    return ProcessResources(process.num_threads(), process.num_fds())


def open_files(pid: int, data_dir: Path) -> list[str]:
    """Return the logs and values that a process has open."""
    folders = (data_dir / "logs", data_dir / "values")
    return [file.path for file in psutil.Process(pid).open_files() if Path(file.path).parent in folders]


def orphans(data_dir: Path) -> dict[str, list[str]]:
    """Return the rows and files in the data directory that belong to nothing, by description."""
    connection = sqlite3.connect(f"file:{data_dir / 'greenroom.db'}?mode=ro", uri=True)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = {what: [row[0] for row in connection.execute(query)] for what, query in ORPHANS.items()}
        jobs = {f"{row[0]}.log" for row in connection.execute("SELECT id FROM runs UNION SELECT id FROM builds")}
        values = {row[0] for row in connection.execute("SELECT file FROM records WHERE file IS NOT NULL")}
    finally:
        connection.close()
    found["logs of no job"] = sorted(names_in(data_dir / "logs") - jobs)
    found["values of no record"] = sorted(names_in(data_dir / "values") - values)
    found["missing values"] = sorted(values - names_in(data_dir / "values"))
    return {what: ids for what, ids in found.items() if ids}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
