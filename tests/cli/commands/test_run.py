from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import server
from cli.main import app
from tests.cli.conftest import Served
from tests.cli.reports import an_unmeasured_report, no_metrics
from tests.examples import some

ROOT = Path(__file__).resolve().parents[3]
WITH_STUB = """
import sys
from cli import main, server
server.COMMAND = (sys.executable, "-m", "tests.cli.stub")
main.main()
"""


@pytest.fixture
def run(cli: CliRunner, served: Served, folder: Path) -> Any:
    def call(*options: str, stdin: str | None = None) -> Any:
        return cli.invoke(app, ["run", str(folder), "--data-dir", str(served.data_dir), *options], input=stdin)

    return call


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({}, 0),
        ({"status": "FAILED", "exitCode": 91}, 91),
        ({"status": "FAILED", "exitCode": None}, 1),
        ({"status": "TIMED-OUT", "exitCode": 137}, 2),
        ({"status": "ABORTED", "exitCode": 0}, 3),
        *(({"status": "FAILED", "exitCode": own}, 1) for own in (1, 2, 3, 5, 64, 65, 69)),
        *(({"status": "FAILED", "exitCode": own}, own) for own in (4, 66, 130, 137, 255)),
    ],
)
def test_the_exit_code_is_that_of_the_actor_unless_it_is_reserved(run: Any, wanted: dict[str, Any], code: int) -> None:
    assert run("-i", json.dumps(wanted)).exit_code == code


@pytest.mark.parametrize("options", [["--watch", "--json"], ["--watch", "--no-build"], ["--watch", "--build", "x"]])
def test_options_that_do_not_fit_to_watch_are_usage_errors(cli: CliRunner, folder: Path, options: list[str]) -> None:
    assert cli.invoke(app, ["run", str(folder), *options]).exit_code == 64
    assert cli.invoke(app, ["run", "https://github.com/a/b", "--watch"]).exit_code == 64


def test_a_report_that_cannot_be_fetched_does_not_change_the_exit_code(run: Any, served: Served) -> None:
    served.stub.report = None
    ended = run("-i", '{"status": "FAILED", "exitCode": 91, "message": "No pages."}')
    assert ended.exit_code == 91
    assert "FAILED  run r1: No pages." in ended.stderr
    assert "Its results cannot be shown now:" in ended.stderr and "greenroom inspect r1" in ended.stderr


def test_run_creates_an_actor_a_version_and_a_build_from_the_folder(run: Any, served: Served, folder: Path) -> None:
    assert run().exit_code == 0
    stub = served.stub
    assert [actor["name"] for actor in stub.actors.values()] == ["greeter"]
    version = stub.versions["a1", "0.3"]
    assert (version["sourceType"], version["buildTag"]) == ("SOURCE_FILES", "latest")
    assert (version["localFolder"], version["sourceFiles"]) == (str(folder), [])
    assert [build["buildNumber"] for build in stub.builds] == ["0.3.1"]


def test_each_call_starts_a_new_build(run: Any, served: Served) -> None:
    assert run().exit_code == run().exit_code == 0
    assert [build["buildNumber"] for build in served.stub.builds] == ["0.3.1", "0.3.2"]
    assert "run?build=0.3.2" in served.stub.requests


def test_after_a_failed_build_nothing_runs(run: Any, served: Served) -> None:
    served.stub.build_status = "FAILED"
    failed = run()
    assert (failed.exit_code, served.stub.runs) == (65, {})
    assert "Build 0.3.1 finished with status FAILED" in failed.stderr


def test_memory_timeout_and_input_are_sent(run: Any, served: Served) -> None:
    assert run("-m", "512", "--timeout", "0", "-i", ' {"message": "hi"}').exit_code == 0
    assert "run?build=0.3.1&memory=512&timeout=0" in served.stub.requests
    assert served.stub.bodies["r1"] == b' {"message": "hi"}'


def test_input_from_a_file_and_from_stdin(run: Any, served: Served, tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('{"a": 1}')
    assert run("-i", f"@{tmp_path / 'input.json'}").exit_code == 0
    assert run("-i", "-", stdin='{"b": "ü"}').exit_code == 0
    assert run().exit_code == 0
    assert served.stub.bodies == {"r1": b'{"a": 1}', "r2": '{"b": "ü"}'.encode(), "r3": b""}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ('{"a": 1,\n x}', "line 2, column 2"),
        ("NaN", "NaN is not a valid JSON value"),
        ("", "line 1, column 1"),
        ("@/no/file", "No such"),
    ],
)
def test_invalid_json_input_is_rejected_before_any_request(run: Any, served: Served, given: str, reason: str) -> None:
    failed = run("-i", given)
    assert failed.exit_code == 5
    assert reason in failed.stderr
    assert not served.stub.actors


def test_input_that_the_server_rejects(run: Any, served: Served) -> None:
    served.stub.error = 400, "invalid-input", "Input is not valid: Field input.x is required"
    failed = run()
    assert (failed.exit_code, failed.stdout) == (5, "")
    assert "Field input.x is required" in failed.stderr


def test_an_exceeded_memory_limit_is_a_failure(run: Any, served: Served) -> None:
    served.stub.error = 402, "actor-memory-limit-exceeded", "You would exceed the memory limit"
    assert run().exit_code == 69


def test_log_and_summary_are_on_stdout_and_messages_on_stderr(run: Any, served: Served) -> None:
    done = run("-i", json.dumps({"message": "All done", "items": [{"n": n} for n in range(5)]}))
    lines = done.stdout.splitlines()
    assert lines[0].endswith("first line of r1")
    assert lines[1].endswith("last line of r1, ünïcode")
    assert lines[3:] == [
        "SUCCEEDED  run r1 of build 0.3.1: All done",
        "Exit code  0",
        "Duration   2.3 s",
        "Memory     ▂▅▁▃  peak 64.0 MB of 128 MB (50 %), 95 % of the time below 60.0 MB",
        "CPU         █▅▁  25 % of the granted time, 0.5 s in total; grant: 0.03125 cores",
        "Network    ████  2.4 MB in, 2.9 kB out",
        "Disk       ████  peak 4.0 kB of 256 MB; checked periodically",
        "Cost       ~$0.3000 for the user; 0.0003 compute units; platform usage ~$0.000087, which the developer of"
        " the Actor pays",
        "Items      5, the first 3:",
        '           {"n": 0}',
        '           {"n": 1}',
        '           {"n": 2}',
        "Dataset    http://host/v2/datasets/d1/items?s=1",
        "Store      http://host/v2/key-value-stores/k1/keys?s=1",
        f"Log        http://127.0.0.1:{served.port}/v2/logs/r1",
        f"Report     greenroom report r1 --data-dir {served.data_dir}",
    ]
    assert "Building 0.3.1" in done.stderr
    assert "Step 1/1" in done.stderr


def test_the_summary_states_what_was_not_measured(run: Any, served: Served) -> None:
    served.stub.report, served.stub.metrics = an_unmeasured_report(), no_metrics()
    lines = run().stdout.splitlines()
    assert "Memory     not measured; limit 128 MB" in lines
    assert "CPU        not measured; grant: 0.03125 cores" in lines
    assert "Network    not measured" in lines
    assert "Disk       not measured; limit 256 MB; checked periodically" in lines


def test_json_is_one_object_on_stdout(run: Any) -> None:
    items = [{"n": n} for n in range(12)]
    done = run("--json", "-i", json.dumps({"items": items, "output": {"x": "ü"}}))
    printed = json.loads(done.stdout)
    assert printed["run"]["status"] == "SUCCEEDED"
    assert (printed["itemCount"], printed["items"], printed["output"]) == (12, items[:10], {"x": "ü"})
    assert "first line of r1" in done.stderr


@pytest.mark.parametrize("stored", ["{", "NaN"])
def test_an_output_that_is_not_json_is_shown_as_text(run: Any, stored: str) -> None:
    done = run("--json", "-i", json.dumps({"rawOutput": stored}))
    assert (done.exit_code, json.loads(done.stdout)["output"]) == (0, stored)


def test_an_input_over_the_limit_is_rejected_before_any_request(run: Any, served: Served, tmp_path: Path) -> None:
    (tmp_path / "large.json").write_text(json.dumps("x" * 9_437_184))
    failed = run("-i", f"@{tmp_path / 'large.json'}")
    assert (failed.exit_code, "9,437,186 bytes" in failed.stderr, served.stub.requests) == (5, True, [])


def test_a_log_has_no_colors_outside_a_terminal(run: Any, served: Served) -> None:
    run()
    assert "log r1?stream=1&raw=0" in served.stub.requests


def test_invalid_options_are_usage_errors(cli: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert cli.invoke(app, ["run", str(tmp_path / "absent")]).exit_code == 64
    assert cli.invoke(app, ["run", str(tmp_path / "file")]).exit_code == 64
    assert cli.invoke(app, ["run", str(tmp_path), "-m", "0"]).exit_code == 64
    assert cli.invoke(app, ["run", str(tmp_path), "--timeout", "-1"]).exit_code == 64
    assert cli.invoke(app, ["run", str(tmp_path), "--permission", "root"]).exit_code == 64
    assert cli.invoke(app, ["run", str(tmp_path), "--env", "=x"]).exit_code == 64
    assert cli.invoke(app, ["run", str(tmp_path), "--build", "x", "--no-build"]).exit_code == 64
    assert cli.invoke(app, ["nothing"]).exit_code == 64


class Command:
    """`greenroom run` as a process. The `command` function kills it when the test ends."""

    def __init__(self, *options: str, ignoring: str = "") -> None:
        """`ignoring` lists signals that the command ignores from its start, by the names that a shell uses."""
        ignored = ["sh", "-c", f"trap '' {ignoring}; exec \"$@\"", "sh"] if ignoring else []
        self.process = subprocess.Popen(
            [*ignored, sys.executable, "-c", WITH_STUB, "run", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def read_until(self, text: str, stream: str = "stdout") -> None:
        pipe = self.process.stdout if stream == "stdout" else self.process.stderr
        assert pipe
        while text not in (line := pipe.readline()):
            assert line, f"'{text}' was never printed"

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextmanager
def command(*options: str, ignoring: str = "") -> Iterator[Command]:
    running = Command(*options, ignoring=ignoring)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


@pytest.mark.processes
@pytest.mark.parametrize("number", some([signal.SIGINT, signal.SIGTERM]))
def test_an_interrupt_aborts_the_run_and_shows_a_summary(served: Served, folder: Path, number: signal.Signals) -> None:
    with command(str(folder), "--data-dir", str(served.data_dir), "-i", '{"waits": "until aborted"}') as running:
        running.read_until("first line of r1")
        running.interrupt(number)
        code, out, err = running.end()
    assert code == 3
    assert served.stub.requests.count("abort r1") == 1
    assert out.splitlines()[0].endswith("last line of r1, ünïcode")
    assert "ABORTED    run r1" in out
    assert "first line" not in out
    assert "Aborting the run" in err


@pytest.mark.processes
def test_a_command_in_the_background_ignores_the_terminal(served: Served, folder: Path) -> None:
    """As `nohup greenroom run ... &` in a script starts it: with SIGINT and SIGHUP ignored."""
    waits = ("--data-dir", str(served.data_dir), "-i", '{"waits": "until aborted"}')
    with command(str(folder), *waits, ignoring="INT HUP") as running:
        running.read_until("first line of r1")
        running.interrupt(signal.SIGINT)
        running.interrupt(signal.SIGHUP)
        served.stub.end_run("r1", "SUCCEEDED", 0)
        code, out, _ = running.end()
    assert (code, served.stub.requests.count("abort r1")) == (0, 0)
    assert "SUCCEEDED  run r1" in out


@pytest.mark.processes
def test_sigterm_aborts_the_run_of_a_command_in_the_background(served: Served, folder: Path) -> None:
    waits = ("--data-dir", str(served.data_dir), "-i", '{"waits": "until aborted"}')
    with command(str(folder), *waits, ignoring="INT HUP") as running:
        running.read_until("first line of r1")
        running.interrupt(signal.SIGTERM)
        code, out, _ = running.end()
    assert (code, served.stub.requests.count("abort r1")) == (3, 1)
    assert "ABORTED    run r1" in out


@pytest.mark.processes
def test_an_interrupt_aborts_the_build_and_shows_its_status(served: Served, folder: Path) -> None:
    served.stub.build_status = "RUNNING"
    with command(str(folder), "--data-dir", str(served.data_dir)) as running:
        running.read_until("Step 1/1", "stderr")
        running.interrupt()
        code, out, err = running.end()
    assert (code, out, served.stub.runs) == (3, "", {})
    assert served.stub.builds[0]["status"] == "ABORTED"
    assert "Build 0.3.1 finished with status ABORTED." in err


@pytest.mark.processes
def test_a_second_interrupt_exits_immediately(served: Served, folder: Path) -> None:
    with command(str(folder), "--data-dir", str(served.data_dir), "-i", '{"waits": "forever"}') as running:
        running.read_until("first line of r1")
        running.interrupt()
        running.read_until("Aborting the run", "stderr")
        running.interrupt()
        code, out, err = running.end()
    assert (code, out) == (3, "")
    assert "Run r1 may still be ending" in err
    served.stub.end_run("r1", "ABORTED", None)


@pytest.mark.processes
@pytest.mark.parametrize("interrupts", some([1, 2]))
def test_an_interrupted_command_stops_its_temporary_server(folder: Path, tmp_path: Path, interrupts: int) -> None:
    data_dir = tmp_path / "fresh"
    waits = json.dumps({"waits": "forever" if interrupts == 2 else "until aborted"})
    with command(str(folder), "--data-dir", str(data_dir), "-i", waits) as running:
        running.read_until("first line of r1")
        found = server.find(data_dir)
        assert found
        running.interrupt()
        if interrupts == 2:
            running.read_until("Aborting the run", "stderr")
            running.interrupt()
        code, _, _ = running.end()
    server.wait_until_stopped(found)
    assert (code, (data_dir / "stopped").read_text()) == (3, "1")


@pytest.mark.processes
def test_without_a_server_a_temporary_one_is_started_and_stopped(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", (sys.executable, "-m", "tests.cli.stub"))
    data_dir = tmp_path / "fresh"
    done = cli.invoke(app, ["run", str(folder), "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    assert (data_dir / "stopped").read_text() == "1"
    assert server.find(data_dir) is None
    assert oct(data_dir.stat().st_mode)[-3:] == "700"


@pytest.mark.processes
def test_a_temporary_server_does_not_stop_runs_that_it_adopted(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", (sys.executable, "-m", "tests.cli.stub"))
    monkeypatch.setenv("STUB_LIVE_RUNS", "2")
    done = cli.invoke(app, ["run", str(folder), "--data-dir", str(tmp_path / "fresh")])
    assert done.exit_code == 0
    assert (tmp_path / "fresh" / "stopped").read_text() == "0"
    assert "2 live runs continue" in done.stderr


@pytest.mark.processes
def test_the_last_of_several_commands_stops_the_temporary_server(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", (sys.executable, "-m", "tests.cli.stub"))
    data_dir = tmp_path / "fresh"
    with server.find_or_start(data_dir) as first:
        with server.find_or_start(data_dir) as second:
            assert second.pid == first.pid
        assert not (data_dir / "stopped").exists()
    assert (data_dir / "stopped").exists()


def test_a_server_that_was_running_before_is_not_stopped(run: Any, served: Served) -> None:
    assert run().exit_code == 0
    assert served.stub.stop_runs is None
    assert server.find(served.data_dir)


@pytest.mark.processes
def test_the_error_for_a_server_that_does_not_start_shows_the_end_of_its_log(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", (sys.executable, "-c", "raise SystemExit('no engine here')"))
    failed = cli.invoke(app, ["run", str(folder), "--data-dir", str(tmp_path / "fresh")])
    assert failed.exit_code == 69
    assert "no engine here" in failed.stderr


@pytest.mark.processes
def test_the_error_for_a_server_that_dies_shows_how_to_start_it(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", (sys.executable, "-m", "tests.cli.stub"))
    data_dir = tmp_path / "fresh"
    with (
        server.find_or_start(data_dir) as found,
        command(str(folder), "--data-dir", str(data_dir), "-i", '{"waits": "until aborted"}') as running,
    ):
        running.read_until("first line of r1")
        os.kill(found.pid, signal.SIGKILL)
        code, _, err = running.end()
    assert code == 69
    assert "stopped answering" in err
    assert "greenroom up" in err
