"""Suggestions for ids and names, through the protocol between the command and the shells."""

from __future__ import annotations

import json
import os
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
from tests.examples import some

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


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_does_not_execute_the_title_of_an_actor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], serving: Serving, tmp_path: Path
) -> None:
    """zsh evaluates what it gets twice, at last as `_arguments` does for a list of words with descriptions."""
    serving.thread.run(serving.api.create_actor("hello"))
    serving.data("PUT", "actors/me~hello", json={"title": "The \\$(touch executed) `touch executed` [/x] \n Actor"})
    monkeypatch.setenv(COMPLETION_VARIABLE, "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", f"greenroom call --data-dir {serving.data_dir} he")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main()
    printed = capsys.readouterr().out
    function = '_arguments() { action=${1#*: :}; eval ws\\=\\( "${action[3,-3]}" \\); print -r -- $ws }'
    script = f'{function}; eval $(print -r -- "$PRINTED")'
    shown = subprocess.run(
        ["zsh", "-f", "-c", script],
        env={**os.environ, "PRINTED": printed},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "hello:The touch executed touch executed /x Actor\n"
    assert not (tmp_path / "executed").exists()


def test_completion_starts_no_server(suggest: Suggest, tmp_path: Path) -> None:
    assert suggest(f"greenroom logs --data-dir {tmp_path} ") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("zsh", '_arguments \'*: :(("metamorph":"Turn a live run'),
        ("fish", "metamorph\tTurn a live run"),
        ("powershell", "metamorph:::Turn a live run"),
    ],
)
def test_other_shells_get_descriptions_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str, expected: str
) -> None:
    monkeypatch.setenv(COMPLETION_VARIABLE, f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "greenroom metam")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", "metam")
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.startswith(expected)


BASH_SCRIPT = """
eval "$(greenroom completion bash)"
COMP_LINE='{line}' COMP_WORDS=({line}) COMP_CWORD={last}
_greenroom_completion greenroom
printf '%s\n' "${{COMPREPLY[@]}}"
"""
FISH_SCRIPT = 'greenroom completion fish | source; complete -C "{line}"'
REAL_SHELLS = (("bash", "--norc", BASH_SCRIPT), ("fish", "--no-config", FISH_SCRIPT))


@pytest.mark.processes
@pytest.mark.parametrize(("shell", "option", "script"), some(REAL_SHELLS))
def test_a_real_shell_completes_ids(serving: Serving, tmp_path: Path, shell: str, option: str, script: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    launcher = tmp_path / "greenroom"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/greenroom/__main__.py "$@"\n')
    launcher.chmod(0o755)
    run = serving.run("hello")
    line = f"greenroom logs --data-dir {serving.data_dir} {run.id[:5]}"
    result = subprocess.run(
        [shell, option, "-c", script.format(line=line, last=line.count(" "))],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split()[0] == run.id


@pytest.mark.parametrize("shell", Shell)
def test_each_shell_has_a_script(cli: CliRunner, shell: Shell) -> None:
    printed = cli.invoke(app, ["completion", shell])
    assert (printed.exit_code, f"{COMPLETION_VARIABLE}" in printed.stdout) == (0, True)
    described = json.loads(cli.invoke(app, ["completion", shell, "--json"]).stdout)
    assert f"greenroom completion {shell}" in described["installation"]
