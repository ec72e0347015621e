"""`greenroom status`: whether a server runs, and what it enforces."""

from __future__ import annotations

import json
from pathlib import Path

from cli import server
from cli.terminal import results
from cli.up import facts


def status(data_dir: Path, *, as_json: bool) -> bool:
    """Tell about the server of a data directory; whether there is one."""
    running = server.find(data_dir)
    if as_json:
        told = {"running": True, "pid": running.pid, **running.info} if running else {"running": False}
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for line in _lines(running, data_dir):
            results.print(line)
    return running is not None


def _lines(running: server.Server | None, data_dir: Path) -> list[str]:
    if not running:
        return [f"No server runs on {data_dir}; `greenroom up` starts one."]
    info = running.info
    first = f"Greenroom {info['version']} runs since {info['startedAt']} (pid {running.pid})"
    return [first, *facts(info), f"Live      runs: {info['liveRuns']}"]
