"""The sources of live events: changes of records, samples, logs, and the state of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial

from api.response.doctor_models import present_examination
from api.response.fit_models import FitDetails
from api.response.fits import present_fit, present_live_runs
from api.response.live_event_models import BuildEvent, LogGrowth, RunSample, SampledCurves, SampledProcess, ServerState
from api.response.presenters import RUNS_IN_TURN, present_run_summaries
from api.response.proxy_request_models import present_proxied_requests
from api.response.run_details import present_entry
from api.response.serializers.jobs import iso_or_none
from api.response.standby import present_standby
from api.response.standby_models import StandbyTargets
from runtime.base.background import in_background
from runtime.base.clock import iso
from runtime.base.errors import NotFound
from runtime.base.json_text import JsonDict
from runtime.base.records import Build, Fit, ProxyRequest
from runtime.doctor.examination import Examination
from runtime.live_events.hub import Source, Started
from runtime.live_events.row_feed import DELETED, MODIFIED, RowChange
from runtime.metrics.blocks import Origin, Point
from runtime.metrics.curves import curve_point
from runtime.orchestrator import Orchestrator

RECORDS = ("actor", "task", "schedule", "webhook", "fit", "dataset", "key-value-store", "request-queue", "user")
ENGINE_CHECK_SECS = 2.0
FIT_PAUSE_SECS = 1.0
STANDBY_PAUSE_SECS = 1.0


def add_sources(orchestrator: Orchestrator, examination: Examination) -> None:
    """Let the parts of the orchestrator publish events. They do so only while somebody listens."""
    sources: dict[str, Source] = {
        "runs": partial(_publish_runs, orchestrator),
        "builds": partial(_publish_builds, orchestrator),
        "records": partial(_publish_records, orchestrator),
        "run": partial(_publish_timeline, orchestrator),
        "fit": partial(_publish_fit, orchestrator),
        "standby": partial(_publish_standby, orchestrator),
        "server": partial(_publish_server, orchestrator),
    }
    for kind, source in sources.items():
        orchestrator.live_events.add_source(kind, source)
    orchestrator.history.metrics.report_point = partial(_publish_sample, orchestrator)
    orchestrator.proxy.report_requests = partial(_publish_proxied, orchestrator)
    examination.report_progress = partial(_publish_examination, orchestrator, examination)
    orchestrator.logs.report_growth = partial(_publish_growth, orchestrator)


async def _publish_runs(orchestrator: Orchestrator, _: str, started: Started) -> None:
    """Each changed run as the list of runs shows it, and deleted runs."""
    events = orchestrator.live_events
    async with orchestrator.row_feed.listen("run") as listener:
        started()
        async for batch in listener.batches():
            users = events.users_of("runs")
            changes = [change for change in batch if change.user_id in users]
            _publish_deleted(orchestrator, "runs", changes)
            for start in range(0, len(changes), RUNS_IN_TURN):
                runs = orchestrator.row_feed.runs(changes[start : start + RUNS_IN_TURN])
                for run, summary in zip(runs, present_run_summaries(orchestrator, runs), strict=True):
                    events.publish("runs", "run", summary, user_id=run.user_id, key=run.id)
                await asyncio.sleep(0)


async def _publish_builds(orchestrator: Orchestrator, _: str, started: Started) -> None:
    events = orchestrator.live_events
    async with orchestrator.row_feed.listen("build") as listener:
        started()
        async for changes in listener.batches():
            _publish_deleted(orchestrator, "builds", changes)
            for build in orchestrator.row_feed.builds(changes):
                events.publish("builds", "build", _build(build), user_id=build.user_id, key=build.id)


async def _publish_records(orchestrator: Orchestrator, _: str, started: Started) -> None:
    async with orchestrator.row_feed.listen(*RECORDS) as listener:
        started()
        async for changes in listener.batches():
            for change in changes:
                _publish_change(orchestrator, "records", change, key=f"{change.kind} {change.id} {change.change}")


def _publish_deleted(orchestrator: Orchestrator, topic: str, changes: Iterable[RowChange]) -> None:
    """The deletion replaces the last event of the record."""
    for change in changes:
        if change.change == DELETED:
            _publish_change(orchestrator, topic, change, key=change.id)


def _publish_change(orchestrator: Orchestrator, topic: str, change: RowChange, key: str) -> None:
    if change.user_id is not None:
        data: JsonDict = {"kind": change.kind, "id": change.id, "change": change.change}
        orchestrator.live_events.publish(topic, "changed", data, user_id=change.user_id, key=key)


async def _publish_timeline(orchestrator: Orchestrator, run_id: str, started: Started) -> None:
    """The new entries of the time line of a run."""
    timeline = orchestrator.history.timeline
    async with orchestrator.row_feed.listen("timeline") as listener:
        last = max((entry.position for entry in timeline.of_run(run_id)), default=-1)
        started()
        async for changes in listener.batches():
            if any(change.id == run_id for change in changes):
                for entry in timeline.of_run(run_id, after=last):
                    last = entry.position
                    data = {"id": run_id, **present_entry(entry).model_dump(by_alias=True, mode="json")}
                    orchestrator.live_events.publish(f"run:{run_id}", "timeline", data, user_id=None)


async def _publish_fit(orchestrator: Orchestrator, fit_id: str, started: Started) -> None:
    """A fit now and after each change, and once a second with the numbers of its live runs, until it has ended."""
    started()
    shown: FitDetails | None = None
    with suppress(NotFound):  # it was deleted
        fit = orchestrator.fits.get(fit_id)
        while shown is None or not shown.status.is_terminal:
            last, shown = shown, await _shown_fit(orchestrator, fit, shown)
            if shown is not last:
                data = await in_background(partial(shown.model_dump, by_alias=True, mode="json"))
                orchestrator.live_events.publish(f"fit:{fit_id}", "fit", data, user_id=fit.user_id, key="fit")
            fit = await orchestrator.fits.wait(fit, fit.changes, FIT_PAUSE_SECS)


async def _shown_fit(orchestrator: Orchestrator, fit: Fit, last: FitDetails | None) -> FitDetails:
    """What is shown of a fit. Until its record changes, only the numbers of live runs in `last` are replaced."""
    if last is None or last.changes != fit.changes:
        return await present_fit(orchestrator, fit)
    live = present_live_runs(orchestrator, fit)
    return last if live == last.live else last.model_copy(update={"live": live})


async def _publish_standby(orchestrator: Orchestrator, _: str, started: Started) -> None:
    """The Standby of each user who listens, once a second if it differs from the last one."""
    events, last = orchestrator.live_events, dict[str, StandbyTargets]()
    started()
    while True:
        for user_id in events.users_of("standby"):
            shown = present_standby(orchestrator, orchestrator.users.get(user_id))
            if last.get(user_id) != shown:
                last[user_id] = shown
                data = shown.model_dump(by_alias=True, mode="json")
                events.publish("standby", "standby", data, user_id=user_id, key=user_id)
        await orchestrator.clock.sleep(STANDBY_PAUSE_SECS)


async def _publish_server(orchestrator: Orchestrator, _: str, started: Started) -> None:
    """The state of the server for each user who listens, whenever it differs from the last one."""
    last: dict[str, ServerState] = {}

    def publish() -> None:
        for user_id in orchestrator.live_events.users_of("server"):
            state = server_state(orchestrator, user_id)
            if last.get(user_id) != state:
                last[user_id] = state
                data = state.model_dump(by_alias=True)
                orchestrator.live_events.publish("server", "server", data, user_id=user_id, key=user_id)

    async def check_engine() -> None:
        while True:
            publish()
            await orchestrator.clock.sleep(ENGINE_CHECK_SECS)

    async with orchestrator.row_feed.listen("run", "build") as listener, asyncio.TaskGroup() as tasks:
        started()
        tasks.create_task(check_engine())
        async for changes in listener.batches():
            if any(change.change != MODIFIED for change in changes):
                publish()


def server_state(orchestrator: Orchestrator, user_id: str) -> ServerState:
    """What a user may know about the load of the server."""
    quota = orchestrator.job_quota
    return ServerState(
        used_mbytes=quota.used(user_id)[1],
        limit_mbytes=quota.cap_mbytes,
        live_runs=len(orchestrator.live_runs.live_run_ids),
        is_engine_reachable=orchestrator.containers.is_reachable,
        data_folder_bytes=None if orchestrator.data_folder.last is None else orchestrator.data_folder.last.size_bytes,
    )


def _publish_sample(orchestrator: Orchestrator, run_id: str, origin: Origin, point: Point, last: Point | None) -> None:
    topic = f"run:{run_id}"
    if not orchestrator.live_events.is_wanted(topic):
        return
    sample = curve_point(origin, point, last)
    processes = tuple(
        SampledProcess(name=name, memory_bytes=memory, cpu_cores=sample.cpu_by_name.get(name))
        for name, memory in sample.memory_by_name.items()
    )
    data = RunSample(id=run_id, at=sample.at, curves=SampledCurves(**sample.values), processes=processes).model_dump(
        by_alias=True
    )
    orchestrator.live_events.publish(topic, "sample", data, user_id=None)


def _publish_proxied(orchestrator: Orchestrator, user_id: str, requests: Sequence[ProxyRequest]) -> None:
    if orchestrator.live_events.is_wanted("proxy"):
        data = present_proxied_requests(requests).model_dump(by_alias=True)
        orchestrator.live_events.publish("proxy", "proxied", data, user_id=user_id)


def _publish_examination(orchestrator: Orchestrator, examination: Examination) -> None:
    if orchestrator.live_events.is_wanted("doctor"):
        data = present_examination(examination).model_dump(by_alias=True, mode="json")
        orchestrator.live_events.publish("doctor", "doctor", data, user_id=None, key="doctor")


def _publish_growth(orchestrator: Orchestrator, job_id: str, size: int, lines: int) -> None:
    for topic in (f"run:{job_id}", f"build:{job_id}"):
        if orchestrator.live_events.is_wanted(topic):
            data = LogGrowth(id=job_id, bytes=size, lines=lines).model_dump(by_alias=True)
            orchestrator.live_events.publish(topic, "log", data, user_id=None, key="log")


def _build(build: Build) -> JsonDict:
    return BuildEvent(
        id=build.id,
        actor_id=build.actor_id,
        build_number=build.number,
        status=build.status,
        started_at=iso(build.started_at),
        finished_at=iso_or_none(build.finished_at),
    ).model_dump(by_alias=True)
