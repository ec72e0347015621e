from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.doctor import Check, fail, ok, warn

GOOD = ok("engine", "Docker 29")
POOR = warn("disk limit", "polled", "Use another engine.")
BAD = fail("gateway", "ETIMEDOUT", "Allow it.")


def examined(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    async def examine(_: str | None) -> AsyncIterator[Check]:
        for check in checks:
            yield check

    monkeypatch.setattr("cli.commands.doctor.examine_engine", examine)
    monkeypatch.setattr("cli.commands.doctor.examine_host", lambda *_: iter(()))
    monkeypatch.setattr("cli.commands.doctor.examine_clients", lambda *_: iter(()))


def test_each_problem_is_printed_with_its_fix(cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examined(monkeypatch, GOOD, POOR, BAD)
    result = cli.invoke(app, ["doctor", "--data-dir", str(tmp_path)])
    words = [line.split() for line in result.stdout.splitlines()]
    assert words == [
        ["OK", "engine", "Docker", "29"],
        ["WARN", "disk", "limit", "polled"],
        ["Use", "another", "engine."],
        ["FAIL", "gateway", "ETIMEDOUT"],
        ["Allow", "it."],
    ]
    assert (result.exit_code, "1 OK, 1 WARN, 1 FAIL" in result.stderr) == (1, True)


def test_warnings_do_not_fail(cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examined(monkeypatch, GOOD, POOR)
    assert cli.invoke(app, ["doctor", "--data-dir", str(tmp_path)]).exit_code == 0


def test_a_terminated_command_lets_the_probes_remove_their_containers(
    cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = []

    async def examine(_: str | None) -> AsyncIterator[Check]:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(10)
            yield GOOD
        finally:
            await asyncio.sleep(0)
            removed.append("container")

    monkeypatch.setattr("cli.commands.doctor.examine_engine", examine)
    result = cli.invoke(app, ["doctor", "--data-dir", str(tmp_path)])
    assert (result.exit_code, removed) == (3, ["container"])


def test_json(cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examined(monkeypatch, GOOD, BAD)
    printed = json.loads(cli.invoke(app, ["doctor", "--json", "--data-dir", str(tmp_path)]).stdout)
    assert printed == {
        "ok": False,
        "checks": [
            {"area": "engine", "name": "engine", "verdict": "OK", "found": "Docker 29", "fix": None},
            {"area": "engine", "name": "gateway", "verdict": "FAIL", "found": "ETIMEDOUT", "fix": "Allow it."},
        ],
    }
