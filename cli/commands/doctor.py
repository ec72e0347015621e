"""`greenroom doctor`: checks whether this machine and its engine can run Actors under the platform's limits."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer

from cli import server, terminal
from cli.configuration.loading import current_folder, load
from cli.doctor.clients import examine_clients
from cli.errors import FAILED
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.terminal import print_message, print_result, progress
from cli.terminal.interrupts import interrupt_on_termination
from runtime.base.json_text import JsonDict
from runtime.doctor import Area, Check, Verdict, in_area, is_ok
from runtime.doctor.engine import examine_engine
from runtime.doctor.host import examine_host

app = typer.Typer(add_completion=False)

INDENT = " " * 22
STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red", Verdict.SKIP: "dim"}


@app.command(cls=Command)
def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check whether this machine can run Actors under the platform's limits. Each problem has a fix.

    The command tries the limits out with small programs in containers, and removes these afterwards. It needs no image
    and downloads nothing. The exit code is 1 if a check fails.

    Example: greenroom doctor --json
    """
    checks: list[Check] = []
    for check in _examine(resolved(data_dir), load(current_folder())["server.port"]):
        checks.append(check)
        if not as_json:
            _print(check)
    if as_json:
        terminal.print_json(_summary(checks))
    else:
        counts = Counter(check.verdict for check in checks)
        print_message(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]))
    if not is_ok(checks):
        raise typer.Exit(FAILED)


def _examine(data_dir: Path, port: int) -> Iterator[Check]:
    running = server.find(data_dir)
    with progress("Examining the engine"), interrupt_on_termination():  # the containers of the probes are removed
        of_engine = asyncio.run(_collect(_instance_id(data_dir)))
    yield from of_engine
    yield from in_area(Area.HOST, examine_host(data_dir))
    yield from in_area(Area.CLIENTS, examine_clients(port, running, os.environ))


async def _collect(own_instance_id: str | None) -> list[Check]:
    return [check async for check in examine_engine(own_instance_id)]


def _instance_id(data_dir: Path) -> str | None:
    """Return the id that labels the containers of a data directory; None if it has none yet."""
    try:
        return str(json.loads((data_dir / "instance.json").read_text())["id"])
    except (OSError, ValueError, KeyError):
        return None


def _print(check: Check) -> None:
    print_result(_wrapped(f"{check.verdict:<5} {check.name:<15} ", check.found), STYLES[check.verdict])
    if check.fix:
        print_result(_wrapped(INDENT, check.fix))


def _wrapped(label: str, text: str) -> str:
    """Return a text beside its label: on a terminal in lines that fit, otherwise in one line."""
    width = terminal.stdout.width if terminal.stdout.is_terminal else sys.maxsize
    return textwrap.fill(text, width, initial_indent=label, subsequent_indent=INDENT, break_on_hyphens=False)


def _summary(checks: list[Check]) -> JsonDict:
    fields = (
        {"area": c.area, "name": c.name, "verdict": c.verdict, "found": c.found, "fix": c.fix or None} for c in checks
    )
    return {"ok": is_ok(checks), "checks": list(fields)}
