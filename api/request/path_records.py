"""The records that paths name. Each function checks that the caller may use the record; most are dependencies."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request

from api.request.callers import Caller, FullCaller, LiveCaller, authenticated_caller
from api.request.dependencies import orchestrator_of
from runtime.access import permissions
from runtime.base.errors import NotFound, record_not_found
from runtime.base.records import Actor, Build, Run, Schedule, Task, Webhook
from runtime.orchestrator import Orchestrator


async def _visible_actor(request: Request, actor: str, caller: LiveCaller) -> Actor:
    return orchestrator_of(request).actors.find(caller.user, actor)


async def _own_actor(request: Request, actor: str, caller: FullCaller) -> Actor:
    return orchestrator_of(request).actors.find_own(caller.user, actor)


async def _own_task(request: Request, task: str, caller: FullCaller) -> Task:
    return orchestrator_of(request).tasks.find(caller.user, task)


async def _own_schedule(request: Request, schedule: str, caller: FullCaller) -> Schedule:
    return orchestrator_of(request).schedules.find(caller.user, schedule)


async def _own_build(request: Request, build: str, caller: FullCaller) -> Build:
    return find_own_build(request, build, caller)


async def _own_webhook(request: Request, webhook: str, caller: LiveCaller) -> Webhook:
    record = orchestrator_of(request).webhooks.get(caller.user, webhook)
    permissions.check_webhook(caller.run, record.condition)
    return record


VisibleActor = Annotated[Actor, Depends(_visible_actor)]
"""An Actor that the caller may read and run: their own, or a public one. Limited runs may name it too."""
OwnActor = Annotated[Actor, Depends(_own_actor)]
"""An Actor that the caller may change and build."""
OwnTask = Annotated[Task, Depends(_own_task)]
OwnSchedule = Annotated[Schedule, Depends(_own_schedule)]
OwnBuild = Annotated[Build, Depends(_own_build)]
OwnWebhook = Annotated[Webhook, Depends(_own_webhook)]
"""A webhook of the caller's user. A limited run can name only webhooks on itself."""


def find_own_run(request: HTTPConnection, id: str, caller: Caller) -> Run:
    """A run of the caller's user. A limited run, or a run that has ended, can name only itself.

    Raises NotFound, also for a run of another user; Forbidden, Unauthorized.
    """
    run = _find_run_of_user(request, id, caller)
    permissions.check_own_run(caller.run, run)
    return run


def find_own_build(request: Request, id: str, caller: Caller) -> Build:
    """A build of the caller's user. Raises NotFound."""
    build = orchestrator_of(request).builds.get(id)
    if build.user_id != caller.user.id:
        raise record_not_found("Build", id)
    return build


def find_run_to_abort(request: Request, id: str, caller: Caller) -> Run:
    """A run of the caller's user. A limited run can name itself and the runs that it started. Raises as above."""
    run, runs = _find_run_of_user(request, id, caller), orchestrator_of(request).runs
    permissions.check_abort(caller.run, run, partial(runs.has_started, caller.run))
    return run


def _find_run_of_user(request: HTTPConnection, id: str, caller: Caller) -> Run:
    run = orchestrator_of(request).runs.get(id)
    if run.user_id != caller.user.id:
        raise record_not_found("Run", id)
    return run


def check_visible(request: Request, run: Run) -> None:
    """Anyone who knows a run's id may read the run, unless its general access is restricted to its owner.

    Raises NotFound, and Unauthorized without a token.
    """
    orchestrator = orchestrator_of(request)
    if permissions.is_readable_by_anyone(orchestrator.general_accesses.of_run(run), by_name=False):
        return
    if not sees_as_owner(orchestrator, run, authenticated_caller(request)):
        raise record_not_found("Run", run.id)


def find_visible_job(request: Request, id: str) -> Run | Build:
    """A run or build whose log the caller may read: anyone who may read the job. Raises as `check_visible`."""
    orchestrator = orchestrator_of(request)
    try:
        run = orchestrator.runs.get(id)
    except NotFound:
        return orchestrator.builds.get(id)
    check_visible(request, run)
    return run


def sees_as_owner(orchestrator: Orchestrator, run: Run, caller: Caller) -> bool:
    """Whether the caller is the run's user, or one of the user's runs that may see all of this run."""
    has_started = partial(orchestrator.runs.has_started, caller.run)
    return caller.user.id == run.user_id and permissions.may_see_run(caller.run, run, has_started)
