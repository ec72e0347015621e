"""Describes a server in readable lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LABEL_WIDTH = 10


def describe_server(info: Mapping[str, Any]) -> list[str]:
    """Describe a server and the limits it enforces, in five lines."""
    engine = info["engine"]
    return [
        f"API       {info['apiUrl']}",
        f"Data      {info['dataDir']}",
        f"Engine    Docker {engine['version']}, cgroup v{engine['cgroupVersion']}, {engine['storageDriver']}",
        f"Proxy     {_proxy(info)}",
        f"Enforced  {'; '.join(info['enforced'])}",
    ]


def _proxy(info: Mapping[str, Any]) -> str:
    if info["proxyUrl"] is None:
        return "off"
    through = ", ".join(f"{group} through {address}" for group, address in sorted(info["proxyUpstreams"].items()))
    return f"{info['proxyUrl']}{', ' if through else ''}{through}"


def count_live_runs(count: int) -> str:
    return f"{count} live run{'s' if count != 1 else ''}"


def describe_live_runs(count: int) -> str:
    """Describe what happens to the runs that are live when a server stops."""
    if not count:
        return "No live runs remain."
    verb = "continue" if count != 1 else "continues"
    return f"{count_live_runs(count)} {verb}. The next `greenroom up` adopts the runs that are still live."
