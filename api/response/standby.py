"""The state of Standby as the local controls return it."""

from __future__ import annotations

from api.response.standby_models import StandbyProblem, StandbyRun, StandbySettings, StandbyTarget, StandbyTargets
from runtime.base.addresses import STANDBY_PATH
from runtime.base.clock import Millis, iso
from runtime.base.errors import NotFound
from runtime.base.records import Definition, User
from runtime.orchestrator import Orchestrator
from runtime.standby import settings as stored
from runtime.standby.pool import Pool, PooledRun


def present_standby(orchestrator: Orchestrator, user: User) -> StandbyTargets:
    return StandbyTargets(items=tuple(_target(orchestrator, pool) for pool in orchestrator.standby.pools_of(user)))


def _target(orchestrator: Orchestrator, pool: Pool) -> StandbyTarget:
    target, now, addresses = pool.target, orchestrator.clock.now(), orchestrator.addresses
    current = orchestrator.standby.targets.current_build(target)
    build_id = None if current is None else current[0]
    return StandbyTarget(
        label=target.label,
        url=addresses.standby_url(target.label),
        page_url=f"{addresses.public_base}{STANDBY_PATH}{target.label}/",
        actor_id=target.actor.id,
        actor_name=f"{orchestrator.users.get(target.actor.user_id).username}/{target.actor.name}",
        actor_title=target.actor.title,
        task_id=None if target.task is None else target.task.id,
        task_name=None if target.task is None else target.task.name,
        is_enabled=target.settings.is_enabled,
        settings=_settings(target.settings),
        build_number=None if current is None else current[1],
        web_server_mcp_path=_mcp_path(orchestrator, build_id),
        waiting_requests=pool.waiting,
        open_requests=sum(run.open_requests for run in pool.runs),
        requests_per_sec=pool.requests.per_second(now),
        recent_requests=pool.requests.history(now),
        problem=None if pool.problem is None else StandbyProblem(at=iso(pool.problem.at), message=pool.problem.message),
        runs=tuple(_run(orchestrator, run, build_id, now) for run in pool.runs),
    )


def _settings(settings: stored.StandbySettings) -> StandbySettings:
    return StandbySettings(
        desired_requests_per_actor_run=settings.desired_requests,
        max_requests_per_actor_run=settings.max_requests,
        idle_timeout_secs=settings.idle_timeout_secs,
        build=settings.build,
        memory_mbytes=settings.memory_mbytes,
        should_pass_actor_input=settings.passes_input,
    )


def _run(orchestrator: Orchestrator, run: PooledRun, build_id: str | None, now: Millis) -> StandbyRun:
    record = orchestrator.runs.get(run.run_id) if run.is_stored else None
    return StandbyRun(
        id=run.run_id,
        build_number=None if record is None else record.build_number,
        status=None if record is None else record.status,
        started_at=None if record is None else iso(record.started_at),
        is_ready=run.is_ready,
        is_outdated=build_id is not None and run.build_id != build_id,
        is_ending=run.is_ending,
        open_requests=run.open_requests,
        requests=run.requests.total,
        requests_per_sec=run.requests.per_second(now),
        idle_since=None if run.open_requests else iso(run.idle_since),
    )


def _mcp_path(orchestrator: Orchestrator, build_id: str | None) -> str | None:
    try:
        build = None if build_id is None else orchestrator.builds.get(build_id)
    except NotFound:
        return None
    path = None if build is None else Definition.of(build).document.get("webServerMcpPath")
    return path if isinstance(path, str) else None
