"""/greenroom/standby: the Actors and tasks with Standby, and the runs that serve their requests."""

from __future__ import annotations

from fastapi import Depends
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.path_records import OwnTask, VisibleActor
from api.request.security_schemes import user_token
from api.response.envelopes import LocalResponse
from api.response.local_controls import ErrorEnvelope
from api.response.standby import present_standby
from api.response.standby_models import StandbyTargets, StoppedRuns, WarmRun
from runtime.base.records import Actor, Task, User
from runtime.orchestrator import Orchestrator
from runtime.standby.targets import checked

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
    dependencies=[Depends(user_token)],
)


@router.get("/greenroom/standby")
async def list_standby(request: Request, caller: FullCaller) -> StandbyTargets:
    """List the Actors and tasks with Standby: their addresses, settings, live runs and open requests."""
    return present_standby(orchestrator_of(request), caller.user)


@router.post("/greenroom/actors/{actor}/standby/warm-up")
async def warm_up_actor(request: Request, caller: FullCaller, actor: VisibleActor) -> WarmRun:
    """Start a run for the Standby requests to an Actor, unless one is live, and wait until it is ready."""
    return await _warm_up(orchestrator_of(request), caller.user, actor)


@router.post("/greenroom/actor-tasks/{task}/standby/warm-up")
async def warm_up_task(request: Request, caller: FullCaller, task: OwnTask) -> WarmRun:
    """The same for a task."""
    return await _warm_up(orchestrator_of(request), caller.user, task)


@router.post("/greenroom/actors/{actor}/standby/stop")
async def stop_actor(request: Request, caller: FullCaller, actor: VisibleActor) -> StoppedRuns:
    """Stop the runs that serve the Standby requests to an Actor. They have 30 seconds to end, and succeed."""
    return await _stop(orchestrator_of(request), caller.user, actor)


@router.post("/greenroom/actor-tasks/{task}/standby/stop")
async def stop_task(request: Request, caller: FullCaller, task: OwnTask) -> StoppedRuns:
    """The same for a task."""
    return await _stop(orchestrator_of(request), caller.user, task)


async def _warm_up(orchestrator: Orchestrator, user: User, record: Actor | Task) -> WarmRun:
    target = checked(orchestrator.standby.targets.of(user, record))
    run_id = await orchestrator.standby.warm_up(target)
    return WarmRun(run_id=run_id, url=orchestrator.addresses.standby_url(target.label))


async def _stop(orchestrator: Orchestrator, user: User, record: Actor | Task) -> StoppedRuns:
    return StoppedRuns(run_ids=tuple(await orchestrator.standby.stop(orchestrator.standby.targets.of(user, record))))
