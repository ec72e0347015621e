"""Converts fields of the engine's responses to records of this package.

Source: Docker Engine API, "Inspect a container", "List processes running inside a container" and
"Get container stats based on resource usage" and "Get information about files in a container".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runtime.base.clock import millis_of
from runtime.containers import ContainerProcess, ContainerState, Sample
from runtime.containers.details import detail_from_engine

ZERO_TIME = "0001-01-01T00:00:00Z"  # the engine's value for a time that is not set


def container_state(state: Mapping[str, Any]) -> ContainerState:
    """Convert the `State` of an inspect response."""
    ended = not state["Running"] and state["StartedAt"] != ZERO_TIME
    return ContainerState(
        running=state["Running"],
        started_at=parse_time(state["StartedAt"]),
        finished_at=parse_time(state["FinishedAt"]) if ended else None,
        exit_code=state["ExitCode"] if ended else None,
        oom_killed=state["OOMKilled"],
        error=clean_error(state["Error"]),
    )


def container_processes(top: Mapping[str, Any]) -> list[ContainerProcess]:
    """Convert the response that lists the processes of a container: the columns of `ps -ef` on the engine's host.

    The command is the last column, which has the title CMD or COMMAND. BusyBox shows no parents; then they are 0.
    """
    titles = top["Titles"]
    rows = [(dict(zip(titles, row, strict=False)), row) for row in top["Processes"] or ()]
    return [
        ContainerProcess(pid=int(named["PID"]), parent=int(named.get("PPID", 0)), command=row[-1])
        for named, row in rows
    ]


def modified_at(headers: Mapping[str, str]) -> int | None:
    """Convert the headers that describe a file in a container to the time of its last change."""
    found: dict[str, Any] = json.loads(base64.b64decode(headers["X-Docker-Container-Path-Stat"]))
    return parse_time(found["mtime"])


def stats_sample(stats: Mapping[str, Any]) -> Sample:
    """Convert one message of the engine's stats stream."""
    memory = stats["memory_stats"]
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))  # cgroup v1, v2
    networks = stats.get("networks")
    used = max(0, memory.get("usage", 0) - cache)
    return Sample(
        at=parse_time(stats["read"]) or 0,
        memory_bytes=used,
        memory_peak_bytes=used,
        cpu_nanos=stats["cpu_stats"]["cpu_usage"]["total_usage"],
        net_rx_bytes=None if networks is None else sum(network["rx_bytes"] for network in networks.values()),
        net_tx_bytes=None if networks is None else sum(network["tx_bytes"] for network in networks.values()),
        detail=detail_from_engine(stats),
    )


def parse_time(time: str) -> int | None:
    """Convert a time of the engine to milliseconds since 1970, or None if it is not set."""
    return None if time == ZERO_TIME else millis_of(datetime.fromisoformat(time))


def clean_error(message: str) -> str:
    """Remove the names of the layers that an error message passed through."""
    for layer in (r"failed to create (shim )?task: ", r"OCI runtime \w+ failed: ", r"runc \w+ failed: "):
        message = re.sub(layer, "", message)
    message = re.sub(r"\w+_linux\.go:\d+: [\w ]+ caused: ", "", message)
    return message.strip().removesuffix(": unknown")
