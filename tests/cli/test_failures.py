"""Every failure of a command has an exit code of its own kind and, with --json, one JSON object with an error code."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import server, terminal
from cli.main import app
from greenroom import __main__ as launcher
from tests.cli.commands.test_run import command
from tests.cli.conftest import Served

Configure = Callable[[Served], None]


def nothing(served: Served) -> None:
    pass


def failing_build(status: str) -> Configure:
    return lambda served: setattr(served.stub, "build_status", status)


def failing_start(status: int, slug: str) -> Configure:
    return lambda served: setattr(served.stub, "error", (status, slug, "It is so."))


def run_input(**wanted: Any) -> list[str]:
    return ["-i", json.dumps(wanted)]


@pytest.fixture
def fail(cli: CliRunner, served: Served, folder: Path) -> Any:
    def call(arguments: list[str]) -> tuple[int, dict[str, Any], str]:
        given = [str(folder) if each == "FOLDER" else each for each in arguments]
        result = cli.invoke(app, [*given, "--json", "--data-dir", str(served.data_dir)])
        return result.exit_code, json.loads(result.stdout), result.stderr

    return call


@pytest.mark.parametrize(
    ("arguments", "configure", "exit_code", "code"),
    [
        (["run", "/absent"], nothing, 64, "usage"),
        (["run", "FOLDER", "-m", "40000"], nothing, 64, "usage"),
        (["run", "FOLDER", "--unknown"], nothing, 64, "usage"),
        (["run", "FOLDER", "FOLDER"], nothing, 64, "usage"),
        (["unknown"], nothing, 64, "usage"),
        (["--unknown"], nothing, 64, "usage"),
        (["storage", "export"], nothing, 64, "usage"),
        (["storage", "import", "/absent"], nothing, 64, "usage"),
        (["run", "FOLDER", "--build", ""], nothing, 64, "usage"),
        (["run", "FOLDER", "--env", f"A={'x' * 60_000}"], nothing, 64, "usage"),
        (["run", "FOLDER", "--env", "A=\udcff"], nothing, 64, "usage"),
        (["storage", "export", "--run", ""], nothing, 64, "usage"),
        (["storage", "import", "FOLDER", "--name", ""], nothing, 64, "usage"),
        (["storage", "export", "\udcff"], nothing, 5, "invalid-input"),
        (["run", "FOLDER", "-i", "[" * 100_000], nothing, 5, "invalid-input"),
        (["storage", "export", "absent"], nothing, 5, "invalid-input"),
        (["run", "FOLDER", "-i", "{"], nothing, 5, "invalid-input"),
        (["run", "/"], nothing, 5, "invalid-input"),
        (["run", "FOLDER", "--no-build"], nothing, 5, "invalid-input"),
        (["run", "FOLDER"], failing_start(400, "invalid-input"), 5, "invalid-input"),
        (["run", "FOLDER"], failing_start(402, "actor-memory-limit-exceeded"), 69, "actor-memory-limit-exceeded"),
        (["run", "FOLDER"], failing_build("FAILED"), 65, "build-failed"),
        (["run", "FOLDER"], failing_build("TIMED-OUT"), 2, "build-timed-out"),
        (["push", "FOLDER"], failing_build("ABORTED"), 3, "build-aborted"),
        (["run", "FOLDER", *run_input(status="FAILED", exitCode=91)], nothing, 91, "run-failed"),
        (["run", "FOLDER", *run_input(status="FAILED", exitCode=2)], nothing, 1, "run-failed"),
        (["run", "FOLDER", *run_input(status="TIMED-OUT")], nothing, 2, "run-timed-out"),
        (["run", "FOLDER", *run_input(status="ABORTED")], nothing, 3, "run-aborted"),
    ],
)
def test_a_failure_is_one_json_object_with_its_code(
    fail: Any, served: Served, arguments: list[str], configure: Configure, exit_code: int, code: str
) -> None:
    configure(served)
    actual, printed, stderr = fail(arguments)
    error = printed["error"]
    assert (actual, error["code"], error["exitCode"]) == (exit_code, code, exit_code)
    assert error["message"]
    assert "Traceback" not in stderr


def test_the_advice_after_a_usage_error_names_the_help_of_the_command(fail: Any) -> None:
    error = fail(["run", "FOLDER", "--unknown"])[1]["error"]
    assert error["advice"].endswith(" run --help`.")


def test_an_input_that_does_not_match_the_schema_can_be_corrected(fail: Any, served: Served) -> None:
    served.stub.error = (400, "invalid-input", "Input is not valid: Field input.url is required")
    assert "-i @input.json" in fail(["run", "FOLDER"])[1]["error"]["advice"]


def test_a_path_that_is_not_utf_8(cli: CliRunner, served: Served, folder: Path) -> None:
    renamed = folder.rename(folder.with_name("\udcff"))
    result = cli.invoke(app, ["push", str(renamed), "--json", "--data-dir", str(served.data_dir)])
    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, error["code"]) == (5, "invalid-input")
    assert "\\udcff" in error["message"]


@pytest.mark.parametrize("is_closed", [True, False])
def test_an_unreadable_stdin(fail: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_closed: bool) -> None:
    with (tmp_path / "written").open("w") as only_writable:
        monkeypatch.setattr("cli.runs.input.sys", SimpleNamespace(stdin=None if is_closed else only_writable))
        exit_code, printed, _ = fail(["run", "FOLDER", "-i", "-"])
    assert (exit_code, printed["error"]["code"]) == (5, "invalid-input")
    assert "stdin" in printed["error"]["message"]


def test_a_failed_build_is_in_the_object(fail: Any, served: Served) -> None:
    served.stub.build_status = "FAILED"
    _, printed, _ = fail(["push", "FOLDER"])
    assert (printed["actor"]["name"], printed["build"]["status"]) == ("greeter", "FAILED")


def test_a_successful_run_has_no_error(fail: Any) -> None:
    exit_code, printed, _ = fail(["run", "FOLDER"])
    assert (exit_code, "error" in printed) == (0, False)


def test_a_server_that_does_not_start(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", ("false",))
    result = cli.invoke(app, ["run", str(folder), "--json", "--data-dir", str(tmp_path / "fresh")])
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (69, "server-unavailable")


def test_an_error_in_greenroom_itself(fail: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("cli.commands.run.run_actor", broken)
    exit_code, printed, stderr = fail(["run", "FOLDER"])
    assert (exit_code, printed["error"]["code"]) == (69, "internal-error")
    assert "Traceback" in stderr


@pytest.mark.processes
def test_an_interrupted_build(served: Served, folder: Path) -> None:
    served.stub.build_status = "RUNNING"
    with command(str(folder), "--json", "--data-dir", str(served.data_dir)) as running:
        running.read_until("Step 1/1", "stderr")
        running.interrupt(signal.SIGTERM)
        code, out, _ = running.end()
    assert (code, json.loads(out)["error"]["code"]) == (3, "aborted")


def test_an_interrupt_during_the_imports(fail: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher blocks interrupts, and the command handles one that arrived during its imports."""
    ended: list[tuple[int, str]] = []

    def run_command() -> None:
        signal.raise_signal(signal.SIGINT)
        exit_code, printed, _ = fail(["run", "FOLDER"])
        ended.append((exit_code, printed["error"]["code"]))

    monkeypatch.setitem(sys.modules, "cli.main", SimpleNamespace(main=run_command))
    monkeypatch.setattr(sys, "path", sys.path.copy())
    launcher.main()
    assert ended == [(3, "aborted")]


def test_json_has_no_characters_that_a_terminal_acts_on(capsys: pytest.CaptureFixture[str]) -> None:
    items = ["\x1b[2J", "\x9b2J\x7f", "\ud800", "ü"]
    terminal.print_json(items)
    printed = capsys.readouterr().out
    assert json.loads(printed) == items
    assert not any(character in printed for character in "\x1b\x9b\x7f")
    assert "ü" in printed


@pytest.mark.parametrize("arguments", [["run"], ["push"], ["status"], ["storage", "import"], ["storage", "export"]])
def test_help_names_the_usage_in_plain_words(cli: CliRunner, arguments: list[str]) -> None:
    usage = cli.invoke(app, [*arguments, "--help"]).stdout
    assert "{" not in usage.splitlines()[1]
