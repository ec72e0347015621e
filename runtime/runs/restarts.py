"""When and how a run continues in a new container: pure functions of its record.

Source: "restartOnError", reboot, migration and metamorph in the platform's documentation; the limit on restarts is a
constant of the npm package `@apify/consts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runtime.base.clock import Millis
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Aborter, ContainerEnd, Order, OrderKind, Restart, Run
from runtime.containers import ContainerState, EngineStart
from runtime.runs import messages

MAX_RESTARTS_ON_ERROR = 3
RESTART_WINDOW_MILLIS = 60_000
"""An Actor that fails is restarted only if it was restarted fewer than 3 times in the last minute."""
ABORT_GRACE_MILLIS = 30_000
"""The time a gracefully aborted Actor has to save its state (platform documentation, "Aborting runs")."""
STOPPED_EXIT_CODES = {messages.SIGKILL_EXIT_CODE, 143, 255}
"""SIGKILL, SIGTERM, and the code that the engine reports for containers that went down with the machine."""
ENGINE_RESTART_MILLIS = 30_000
"""Longer than an engine takes to restart: its containers get 10 s to stop, and it gets 15 s itself."""


def next_restart(run: Run, state: ContainerState | None, now: Millis) -> Restart | None:
    """The restart that follows the end of a container with this state; None if the run is over."""
    if run.status is not JobStatus.RUNNING:
        return None
    if run.restart is not None and not _ended_by_itself(run, state):
        return run.restart
    failed = state is not None and state.exit_code != 0 and run.stopped_because is None
    return Restart.ON_ERROR if failed and run.options.restart_on_error and not is_crash_loop(run, now) else None


def stopping_at(moment: Millis) -> Callable[[Run], Run]:
    """A change that stops the container at a moment and cancels every restart."""
    return lambda run: replace(run, stop_at=moment, restart=None, next_metamorph=None)


def stopping_gracefully(now: Millis) -> Callable[[Run], Run]:
    """A change that stops the container when the Actor has had time to save its state."""
    stop = stopping_at(now + ABORT_GRACE_MILLIS)
    return lambda run: replace(stop(run), stopped_because=None)


def winding_down(now: Millis, reason: str) -> Callable[[Run], Run]:
    """A change that gives a RUNNING run the time to end by itself. Otherwise it is aborted, for this reason.

    The status remains RUNNING, because a run that then exits with 0 has succeeded. A Standby run succeeds anyway.
    """
    stop = stopping_at(now + ABORT_GRACE_MILLIS)
    return lambda run: replace(stop(run), stopped_because=reason) if run.status is JobStatus.RUNNING else run


def is_winding_down(run: Run) -> bool:
    """Whether the run is about to end: it has reached its maximum cost, or is a Standby run that is not needed."""
    is_stopping = run.stop_at is not None and run.restart is None
    return run.status is JobStatus.RUNNING and is_stopping and run.stopped_because is not None


def is_leaving_standby(run: Run) -> bool:
    """Whether a Standby run is winding down. It then succeeds, whatever its exit code is."""
    return run.standby_label is not None and is_winding_down(run)


def must_abort(run: Run) -> bool:
    """Whether the run is winding down, and counts as aborted unless it exits with 0 in time."""
    return is_winding_down(run) and not is_leaving_standby(run)


def stop_moment(run: Run) -> Millis | None:
    """When to kill the run's container: at the ordered moment, or immediately for an abort without one.

    None if nothing is ordered.
    """
    return 0 if run.stop_at is None and run.status is JobStatus.ABORTING else run.stop_at


def is_crash_loop(run: Run, now: Millis) -> bool:
    recent = [at for at in run.restarts_on_error if at > now - RESTART_WINDOW_MILLIS]
    return len(recent) >= MAX_RESTARTS_ON_ERROR


def stopped_by_engine(run: Run, state: ContainerState, start: EngineStart, *, watched: bool) -> bool:
    """Whether the engine, which has started again since, probably stopped the container.

    The exit code depends on how the Actor handles SIGTERM. If no server `watched`, the engine may have stopped long
    after the Actor had ended by itself. Then other exit codes count only shortly before the engine's start.
    """
    if run.status is not JobStatus.RUNNING or run.stopped_because is not None or messages.is_oom_end(state):
        return False
    if state.exit_code in STOPPED_EXIT_CODES:
        return True
    is_recent = start.at - (state.finished_at or 0) <= ENGINE_RESTART_MILLIS
    return (watched or is_recent) and not start.live_restore


def moved_by_engine(run: Run, at: Millis) -> Run:
    """The run with a migration ordered at the moment when the engine stopped its container; an earlier order stays."""
    if run.status is not JobStatus.RUNNING:
        return run
    order = Order(kind=OrderKind.MIGRATION, at=at, by=Aborter.ENGINE)
    return replace(ordered(run, Restart.MIGRATION), stop_at=at, last_order=order)


def ordered(run: Run, restart: Restart, end: ContainerEnd | None = None) -> Run:
    """The run with the order to continue in a new container; an abort or another order that came first stays.

    `end` is the end of the container that the new one replaces.
    """
    if run.status is not JobStatus.RUNNING:
        return run
    return replace(run, restart=run.restart or restart, container_end=end or run.container_end)


def restarted(run: Run, now: Millis) -> Run:
    """The run after its order was carried out and counted; unchanged if an abort came first."""
    if run.status is not JobStatus.RUNNING or run.restart is None:
        return run
    cleared = replace(
        run,
        restart=None,
        stop_at=None,
        next_metamorph=None,
        container_id=None,
        container_started_at=None,
        container_end=None,
        is_container_server_ready=False,
    )
    match run.restart:
        case Restart.REBOOT:
            return replace(cleared, stats=replace(run.stats, reboot_count=run.stats.reboot_count + 1))
        case Restart.MIGRATION:
            return replace(cleared, stats=replace(run.stats, migration_count=run.stats.migration_count + 1))
        case Restart.ON_ERROR:
            counted = replace(run.stats, restart_count=run.stats.restart_count + 1)
            return replace(cleared, stats=counted, restarts_on_error=(*run.restarts_on_error, now))
        case Restart.METAMORPH:
            return _metamorphosed(run, cleared)


def _metamorphosed(run: Run, cleared: Run) -> Run:
    target = run.next_metamorph
    assert target is not None, "a metamorph is ordered with its target"
    return replace(
        cleared,
        input_key=target.input_key,
        web_server_port=target.web_server_port,
        grants=target.grants,
        datasets=target.datasets,
        output=target.output,
        metamorphs=(*run.metamorphs, target),
    )


def _ended_by_itself(run: Run, state: ContainerState | None) -> bool:
    """Whether the Actor ended before the ordered moment: then it has finished, and no restart follows."""
    return state is not None and state.finished_at is not None and state.finished_at < (run.stop_at or 0)
