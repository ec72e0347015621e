"""Explains runs and builds from what is stored about them. It changes nothing, and starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from runtime.base.background import in_background
from runtime.base.clock import Clock
from runtime.base.records import Build, Run
from runtime.database import Database
from runtime.explanations.case import Case, describe_exit_code
from runtime.explanations.findings import Certainty, Evidence, Explanation, FoundCause, find_causes
from runtime.explanations.output import Output
from runtime.jobs import resource_limits, stats
from runtime.jobs.logs import Logs

LOG_BYTES = 64 * 1024
"""How much of the end of a log is read."""
LINES_SHOWN = 10


class Explanations:
    """Explains the runs and builds of one instance."""

    def __init__(self, *, database: Database, logs: Logs, clock: Clock, cpu_burst_secs: float) -> None:
        self._database = database
        self._logs = logs
        self._clock = clock
        self._cpu_burst_secs = cpu_burst_secs

    async def of_run(self, run: Run) -> Explanation:
        """Why the run ended, or what limits it now."""
        build, now = self._database.builds.get(run.current_build_id), self._clock.now()
        actor, folder = self._source_of(run.actor_id, run.user_id, build)
        case_of = partial(
            Case,
            run=run,
            actor=actor,
            folder=folder,
            definition={} if build is None else build.definition,
            granted_cpus=resource_limits.granted_cpus(run, self._cpu_burst_secs, run.finished_at or now),
            average_cpus=resource_limits.average_granted_cpus(run, self._cpu_burst_secs),
            now=now,
        )
        log = self._logs.last_lines(run.id, LOG_BYTES)
        return await in_background(lambda: explain_run(case_of(output=Output(log))))

    async def of_build(self, build: Build) -> Explanation:
        """Why the build ended."""
        actor, folder = self._source_of(build.actor_id, build.user_id, build)
        log = self._logs.last_lines(build.id, LOG_BYTES)
        return await in_background(lambda: explain_build(build, actor, folder, Output(log)))

    def _source_of(self, actor_id: str, user_id: str, build: Build | None) -> tuple[str | None, str | None]:
        """The name by which commands find the Actor, and the local folder of its source. None for what is unknown."""
        actor = self._database.actors.get(actor_id)
        if actor is None:
            return None, None
        if actor.user_id != user_id:
            owner = self._database.users.get(actor.user_id)
            return (f"{owner.username}/{actor.name}" if owner else None), None
        version = build and self._database.versions.by_number(actor.id, build.version_number)
        return actor.name, version.folder if version else None


def explain_run(case: Case) -> Explanation:
    """The explanation of a run of which everything is known that can be known."""
    # Imported here and below, because few servers explain anything, and the causes compile a hundred patterns.
    from runtime.explanations.causes import RUN_CAUSES

    causes = find_causes(RUN_CAUSES, case)
    return Explanation(
        id=case.run.id,
        kind="run",
        status=case.run.status,
        is_live=case.is_live,
        exit_code=case.run.exit_code,
        summary=_summary(causes) or _no_evidence(case),
        command=_next_command(causes) or case.show_log(),
        causes=causes,
        facts=tuple(_facts(case)),
        last_lines=tuple(line.text for line in case.output.all[-LINES_SHOWN:]),
    )


def explain_build(build: Build, actor: str | None, folder: str | None, output: Output) -> Explanation:
    """The same for a build. It has no measurements."""
    from runtime.explanations.builds import BUILD_CAUSES, BuildCase

    lines = tuple(line.text for line in output.all)
    case = BuildCase(build=build, actor=actor, folder=folder, lines=lines)
    causes = find_causes(BUILD_CAUSES, case)
    nothing = "There is no evidence of why the build ended." if build.status.is_terminal else "The build is running."
    return Explanation(
        id=build.id,
        kind="build",
        status=build.status,
        is_live=not build.status.is_terminal,
        exit_code=None,
        summary=_summary(causes) or nothing,
        command=_next_command(causes) or case.show_log(),
        causes=causes,
        last_lines=lines[-LINES_SHOWN:],
    )


def _summary(causes: tuple[FoundCause, ...]) -> str | None:
    """The strongest cause in one sentence; None if there are only circumstances."""
    if not causes or causes[0].finding.certainty is Certainty.CIRCUMSTANCE:
        return None
    first = causes[0].finding
    return first.sentence if first.certainty is Certainty.CERTAIN else f"Probably: {first.sentence}"


def _next_command(causes: tuple[FoundCause, ...]) -> str | None:
    return None if _summary(causes) is None else causes[0].finding.command


def _no_evidence(case: Case) -> str:
    if case.is_live:
        return "The run is live. Nothing that Greenroom measures limits it now."
    code = case.run.exit_code
    shown = "without an exit code" if code is None else f"with exit code {describe_exit_code(code)}"
    return f"There is no evidence of why the run ended: it ended {shown}."


def _facts(case: Case) -> Iterator[Evidence]:
    """Numbers about the end. What was not measured is left out."""
    run = case.run
    if not case.is_live:
        yield case.exit_evidence()
    secs = stats.duration_millis(run, case.now) / 1000
    timeout = f"timeout {run.options.timeout_secs} s" if run.options.timeout_secs else "no timeout"
    yield Evidence("duration", f"{secs:.1f} s; {timeout}")
    yield from case.peak_evidence()
    if run.stats.disk_max_bytes is not None:
        written = run.stats.disk_max_bytes / resource_limits.MBYTE
        yield Evidence("disk", f"{written:.0f} MB written of {run.options.disk_mbytes} MB")
    yield from case.cpu_evidence()
    if case.ending.oom_kills is not None:
        yield Evidence("cgroup", f"oom_kill {case.ending.oom_kills}")
    if case.ending.engine_error:
        yield Evidence("Docker", case.ending.engine_error)
