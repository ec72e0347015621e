"""Collects what has to be recorded about the end of a run before its container is removed."""

from __future__ import annotations

from runtime.base.clock import Millis
from runtime.base.records import ContainerEnd, Ending, NoContainer, Run
from runtime.containers import ContainerState, ImageMissing, StartFailed


def ending_of(run: Run, state: ContainerState | None, problem: Exception | None) -> Ending:
    """The ending of a run whose last container has this state. `problem` is why there is no state."""
    if state is None or state.started_at is None:
        return _without_container(run, problem)
    return Ending(
        oom_killed=state.oom_killed,
        oom_kills=state.oom_kills,
        killed=state.killed,
        last_memory_bytes=run.stats.mem_current_bytes,
        engine_error=state.error,
    )


def container_end_of(state: ContainerState | None, now: Millis) -> ContainerEnd | None:
    """When and how a container ended; None if it never started or its state is not known."""
    if state is None or state.started_at is None:
        return None
    return ContainerEnd(at=state.finished_at or now, exit_code=state.exit_code, oom_killed=state.oom_killed)


def _without_container(run: Run, problem: Exception | None) -> Ending:
    match problem:
        case None if run.container_id is None:  # it was aborted before it had a container
            return Ending()
        case None:
            return Ending(no_container=NoContainer.VANISHED, last_memory_bytes=run.stats.mem_current_bytes)
        case ImageMissing():
            return Ending(no_container=NoContainer.IMAGE_MISSING, problem=str(problem))
        case StartFailed():
            return Ending(no_container=NoContainer.START_FAILED, problem=str(problem))
    return Ending(no_container=NoContainer.SERVER_ERROR, problem=f"{type(problem).__name__}: {problem}")
