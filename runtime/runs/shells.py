"""Processes that the operator starts in the container of a live run, such as a shell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runtime.base.errors import EngineError, Invalid
from runtime.base.records import Run
from runtime.containers import EngineUnavailable, Exec, ExecSpec, StartFailed
from runtime.runs.live_runs import LiveRuns

__all__ = ["Exec", "start_process"]

SHELL = ("sh", "-c", "if command -v bash > /dev/null; then exec bash; else exec sh; fi")
"""The best shell of the image."""


async def start_process(
    live_runs: LiveRuns, run: Run, command: Sequence[str], *, has_terminal: bool, environment: Mapping[str, str]
) -> Exec:
    """Start a command, or a shell if it is empty, with the environment of the Actor and these variables.

    Raises Invalid if the run has no running container or the command cannot be started, and EngineError.
    """
    spec = ExecSpec(command=tuple(command) or SHELL, has_terminal=has_terminal, environment=environment)
    try:
        process = await live_runs.execute(run.id, spec)
    except StartFailed as problem:
        raise Invalid("cannot-execute", f"The command cannot be started: {problem}") from problem
    except EngineUnavailable as problem:
        raise EngineError("engine-unavailable", str(problem)) from problem
    if process is None:
        raise Invalid("run-not-live", f"Run {run.id} has no running container. Its status is {run.status}.")
    return process
