"""Suggestions for ids and names, through the protocol between the command and the shells."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands.completion import Shell
from cli.completion import COMPLETION_VARIABLE
from cli.main import app, main
from tests.cli.serving import Serving

ROOT = Path(__file__).resolve().parents[3]
Suggest = Callable[[str], list[str]]


@pytest.fixture
def suggest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Suggest:
    """Return what bash would suggest for the last word of a line."""

    def suggestions(line: str) -> list[str]:
        monkeypatch.setenv(COMPLETION_VARIABLE, "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return capsys.readouterr().out.split()

    return suggestions


def test_commands_and_options_are_suggested(suggest: Suggest) -> None:
    assert "prune" in suggest("greenroom p")
    assert suggest("greenroom run --mem") == ["--memory"]


def test_ids_and_names_come_from_the_running_server(suggest: Suggest, serving: Serving) -> None:
    run = serving.run("hello")
    option = f"--data-dir {serving.data_dir}"
    greeting = [run.id, "hello", "last"]
    assert sorted(suggest(f"greenroom logs {option} ")) == sorted(greeting)
    assert suggest(f"greenroom abort {option} {run.id[:4]}") == [run.id]
    assert suggest(f"greenroom call {option} h") == ["hello"]
    assert suggest(f"greenroom storage export {option} --run la") == ["last"]
    assert suggest(f"greenroom dataset get {option} {run.default_dataset_id[:4]}") == [run.default_dataset_id]
    serving.data("POST", "schedules", json={"name": "nightly", "cronExpression": "@daily"})
    assert suggest(f"greenroom schedule fire {option} ") == ["nightly"]


def test_completion_starts_no_server(suggest: Suggest, tmp_path: Path) -> None:
    assert suggest(f"greenroom logs --data-dir {tmp_path} ") == []
    assert list(tmp_path.iterdir()) == []


SCRIPTED = """
PATH="{bin}:$PATH"
eval "$(greenroom completion bash)"
COMP_WORDS=({words}) COMP_CWORD={last} COMP_LINE='{line}' COMP_POINT={point}
_greenroom_completion greenroom
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """The command of this checkout, in a folder for the PATH."""
    path = tmp_path / "greenroom"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/greenroom/__main__.py "$@"\n')
    path.chmod(0o755)
    return path


def test_bash_completes_commands_and_ids(serving: Serving, launcher: Path) -> None:
    run = serving.run("hello")

    def completed(line: str) -> list[str]:
        words = line.split(" ")
        script = SCRIPTED.format(bin=launcher.parent, words=line, last=len(words) - 1, line=line, point=len(line))
        result = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
        return result.stdout.split()

    assert "metamorph" in completed("greenroom me")
    assert completed(f"greenroom logs --data-dir {serving.data_dir} {run.id[:5]}") == [run.id]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_ids(serving: Serving, launcher: Path) -> None:
    run = serving.run("hello")
    line = f"greenroom logs --data-dir {serving.data_dir} {run.id[:5]}"
    script = f'set PATH {launcher.parent} $PATH; greenroom completion fish | source; complete -C "{line}"'
    result = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split("\t")[0] == run.id


@pytest.mark.parametrize("shell", Shell)
def test_each_shell_has_a_script(cli: CliRunner, shell: Shell) -> None:
    printed = cli.invoke(app, ["completion", shell])
    assert (printed.exit_code, f"{COMPLETION_VARIABLE}" in printed.stdout) == (0, True)
    described = json.loads(cli.invoke(app, ["completion", shell, "--json"]).stdout)
    assert f"greenroom completion {shell}" in described["installation"]
