"""The table of commands: it describes the modules in `cli/commands/`, and importing it imports none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.command_table import PACKAGE, load
from cli.main import COMMANDS, app

ROOT = Path(__file__).resolve().parents[2]
SLOW_IMPORTS = {"asyncio", "docker", "fastapi", "httpx", "importlib.metadata", "msgspec", "pydantic"}


def test_the_table_lists_every_module() -> None:
    modules = {path.stem for path in (ROOT / PACKAGE.replace(".", "/")).glob("*.py")} - {"__init__"}
    assert modules == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_sentence_of_the_help(name: str) -> None:
    help_text = " ".join(load(name).help.split())
    assert f"{help_text} ".startswith(f"{COMMANDS[name].summary} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_narrow_terminal_gets_the_whole_help(cli: CliRunner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = cli.invoke(app, [name, "--help"])
    assert (result.exit_code, "\N{HORIZONTAL ELLIPSIS}" in result.stdout) == (0, False)


@pytest.mark.processes
def test_slow_packages_are_imported_only_by_the_commands_that_need_them() -> None:
    code = "import sys; before = set(sys.modules); import cli.main; print(*sys.modules.keys() - before)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not SLOW_IMPORTS & set(result.stdout.split())
