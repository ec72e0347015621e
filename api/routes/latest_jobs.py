"""/greenroom/actor-jobs and /greenroom/task-runs: the latest jobs of all Actors and tasks, in one request each."""

from __future__ import annotations

from fastapi import Depends
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.security_schemes import user_token
from api.response import latest_job_models as models
from api.response.local_controls import ErrorEnvelope
from api.response.serializers.jobs import iso_or_none
from runtime.base.clock import DAY_MILLIS, iso
from runtime.base.records import ActorJobs, LatestBuild, LatestRun

RECENT_MILLIS = 7 * DAY_MILLIS

router = Router(
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
    dependencies=[Depends(user_token)],
)


@router.get("/greenroom/actor-jobs")
async def list_jobs_of_actors(request: Request, caller: FullCaller) -> models.JobsOfActors:
    """List the latest build, the last run and the number of recent runs of each Actor."""
    orchestrator = orchestrator_of(request)
    found = await orchestrator.latest_jobs.of_actors(caller.user.id, orchestrator.clock.now() - RECENT_MILLIS)
    return models.JobsOfActors(items=tuple(_jobs(actor_id, jobs) for actor_id, jobs in found.items()))


@router.get("/greenroom/task-runs")
async def list_runs_of_tasks(request: Request, caller: FullCaller) -> models.RunsOfTasks:
    """List the last run of each task."""
    found = await orchestrator_of(request).latest_jobs.of_tasks(caller.user.id)
    return models.RunsOfTasks(
        items=tuple(models.RunOfTask(task_id=task_id, last_run=_run(run)) for task_id, run in found.items())
    )


def _jobs(actor_id: str, jobs: ActorJobs) -> models.JobsOfActor:
    return models.JobsOfActor(
        actor_id=actor_id,
        latest_build=None if jobs.latest_build is None else _build(jobs.latest_build),
        last_run=None if jobs.last_run is None else _run(jobs.last_run),
        recent_runs=jobs.recent_runs,
    )


def _run(run: LatestRun) -> models.LastRun:
    return models.LastRun(
        id=run.id, status=run.status, started_at=iso(run.started_at), finished_at=iso_or_none(run.finished_at)
    )


def _build(build: LatestBuild) -> models.LatestBuild:
    return models.LatestBuild(
        id=build.id,
        build_number=build.number,
        status=build.status,
        started_at=iso(build.started_at),
        finished_at=iso_or_none(build.finished_at),
    )
