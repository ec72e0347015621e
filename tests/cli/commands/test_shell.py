from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from runtime.containers import OutputChunk
from tests.cli.conftest import Greenroom
from tests.cli.serving import Serving
from tests.examples import examples
from tests.fakes.containers import FakeExec

ROOT = Path(__file__).resolve().parents[3]


def test_a_command_gets_stdin_and_its_exit_code_is_returned(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    container = serving.api.container_of(run)
    result = greenroom("shell", "last", "--", "cat", "-", stdin="text")
    assert (result.exit_code, result.stdout, result.stderr) == (3, "TEXT", "bye")
    [process] = container.executed
    assert (process.spec.command, process.spec.has_terminal, process.sizes) == (("cat", "-"), False, [])


def test_a_large_input_arrives_completely(greenroom: Greenroom, serving: Serving) -> None:
    """A client that sends more frames per second than the limit is disconnected."""
    serving.run("hello")
    size = examples(9_000_000)
    result = greenroom("shell", "last", "--", "cat", stdin="x" * size)
    assert (result.exit_code, len(result.stdout)) == (3, size)


@pytest.mark.processes
def test_the_exit_code_of_a_command_that_ends_before_its_input(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def output(_: FakeExec) -> AsyncGenerator[OutputChunk, None]:
        yield OutputChunk(1, b"done")

    monkeypatch.setattr(FakeExec, "output", output)
    run = serving.run("hello")
    command = [sys.executable, f"{ROOT}/greenroom/__main__.py", "shell", run.id, "--data-dir", str(serving.data_dir)]
    with subprocess.Popen(
        [*command, "--", "ls"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.wait(30) == 3
        assert process.stdout is not None and process.stdout.read() == b"done"
        assert process.stderr is not None and process.stderr.read() == b""


def test_a_run_without_a_container_has_no_shell(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    serving.api.container_of(run).execute_error = "no such file"
    failed = greenroom("shell", "last", "--", "missing")
    assert (failed.exit_code, failed.stderr) == (5, "The command cannot be started: no such file\n")
    serving.finish(run)
    ended = greenroom("shell", run.id)
    assert (ended.exit_code, f"Run {run.id} has no running container." in ended.stderr) == (5, True)
    assert "greenroom resurrect RUN" in ended.stderr
