from __future__ import annotations

from tests.cli.conftest import Greenroom
from tests.cli.serving import Serving


def test_a_command_gets_stdin_and_its_exit_code_is_returned(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    container = serving.api.container_of(run)
    result = greenroom("shell", "last", "--", "cat", "-", stdin="text")
    assert (result.exit_code, result.stdout, result.stderr) == (3, "TEXT", "bye")
    [process] = container.executed
    assert (process.spec.command, process.spec.has_terminal, process.sizes) == (("cat", "-"), False, [])


def test_a_run_without_a_container_has_no_shell(greenroom: Greenroom, serving: Serving) -> None:
    run = serving.run("hello")
    serving.api.container_of(run).execute_error = "no such file"
    failed = greenroom("shell", "last", "--", "missing")
    assert (failed.exit_code, failed.stderr) == (5, "The command cannot be started: no such file\n")
    serving.finish(run)
    ended = greenroom("shell", run.id)
    assert (ended.exit_code, f"Run {run.id} has no running container." in ended.stderr) == (5, True)
