"""The engine's answers as records of this package. Source: Docker Engine API, "Inspect a container" and "stats"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runtime.containers import ContainerState, Sample

NEVER = "0001-01-01T00:00:00Z"  # the zero of the engine's times


def container_state(state: Mapping[str, Any]) -> ContainerState:
    """From the `State` of an inspect answer."""
    ended = not state["Running"] and state["StartedAt"] != NEVER
    return ContainerState(
        running=state["Running"],
        started_at=millis(state["StartedAt"]),
        finished_at=millis(state["FinishedAt"]) if ended else None,
        exit_code=state["ExitCode"] if ended else None,
        oom_killed=state["OOMKilled"],
        error=cleaned(state["Error"]),
    )


def stats_sample(stats: Mapping[str, Any]) -> Sample:
    """From one message of the engine's stats stream. Source: Docker Engine API, "Get container stats"."""
    memory = stats["memory_stats"]
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))  # cgroup v1, v2
    networks = stats.get("networks", {}).values()
    return Sample(
        at=millis(stats["read"]) or 0,
        memory_bytes=max(0, memory.get("usage", 0) - cache),
        cpu_nanos=stats["cpu_stats"]["cpu_usage"]["total_usage"],
        net_rx_bytes=sum(network["rx_bytes"] for network in networks),
        net_tx_bytes=sum(network["tx_bytes"] for network in networks),
    )


def millis(time: str) -> int | None:
    return None if time == NEVER else round(datetime.fromisoformat(time).timestamp() * 1000)


def cleaned(message: str) -> str:
    """The engine's message without the names of the layers it came through."""
    for layer in (r"failed to create (shim )?task: ", r"OCI runtime \w+ failed: ", r"runc \w+ failed: "):
        message = re.sub(layer, "", message)
    message = re.sub(r"\w+_linux\.go:\d+: [\w ]+ caused: ", "", message)
    return message.strip().removesuffix(": unknown")
