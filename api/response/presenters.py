"""Records together with the values that are computed for a response: usage, costs, webhooks, counts.

What a record contains depends on the caller.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from api.request.callers import Caller
from api.request.path_records import sees_as_owner
from api.response import serializers
from runtime.access import permissions
from runtime.base.errors import NotFound
from runtime.base.json_text import JsonDict
from runtime.base.paging import Paging
from runtime.base.records import Actor, Build, Run, Task, Webhook, WebhookCondition
from runtime.builds import number_int
from runtime.orchestrator import Orchestrator
from runtime.standby.settings import StandbySettings, settings_of

RUNS_IN_TURN = 25
"""How many runs are presented in one step, which takes a few milliseconds."""


def present_job(orchestrator: Orchestrator, record: Run | Build) -> JsonDict:
    """A run or build as its owner would get it now. Webhooks send it as their `resource`."""
    if isinstance(record, Build):
        return serializers.build(record, orchestrator.billing.plan.usd_per_unit, orchestrator.clock.now())
    return present_run(orchestrator, record, Caller(orchestrator.users.get(record.user_id)))


def present_actor(orchestrator: Orchestrator, actor: Actor, caller: Caller) -> JsonDict:
    """An Actor with its versions. Other users do not get the sources. Limited runs do not get versions and builds."""
    owner, versions = orchestrator.users.get(actor.user_id), orchestrator.versions.of_actor(actor)
    standby_url = _standby_url(orchestrator, actor, settings_of(actor))
    presented = serializers.actor(actor, owner, versions, orchestrator.clock.now(), standby_url)
    if permissions.is_limited(caller.run):
        return {**presented, "versions": [], "taggedBuilds": {}}
    if actor.user_id == caller.user.id:
        return presented
    return {**presented, "versions": [serializers.version_without_source(each) for each in versions]}


def present_build(
    orchestrator: Orchestrator, build: Build, caller: Caller | None, *, has_image: bool | None = None
) -> JsonDict:
    """A build. Only its owner gets its costs, and the environment variables in its actor.json."""
    prices, now = orchestrator.billing.plan.usd_per_unit, orchestrator.clock.now()
    presented = serializers.build(build, prices, now, has_image=has_image)
    if caller is not None and caller.user.id == build.user_id:
        return presented
    public = {name: value for name, value in presented.items() if not name.startswith("usage")}
    definition = {name: value for name, value in build.definition.items() if name != "environmentVariables"}
    return {**public, **serializers.build_definition(replace(build, definition=definition))}


def present_run(orchestrator: Orchestrator, run: Run, caller: Caller | None) -> JsonDict:
    """A run. Its costs and its webhooks, whose URLs are secret, are shown only to callers that may see them."""
    billing = orchestrator.billing
    presented = serializers.run(run, build_number_int(run), billing.event_counts(run), orchestrator.clock.now())
    if caller is None or not sees_as_owner(orchestrator, run, caller):
        return presented
    presented |= serializers.run_usage(run, billing.usage(run), billing.plan.usd_per_unit, billing.total_usd(run))
    if permissions.may_manage_webhook(caller.run, WebhookCondition(actor_run_id=run.id)):
        presented["webhooks"] = [serializers.webhook_draft(each) for each in orchestrator.webhooks.ad_hoc_of_run(run)]
    return presented


def present_run_summaries(orchestrator: Orchestrator, runs: list[Run]) -> list[JsonDict]:
    """Runs with the names of the Actors that they execute."""
    names = {id: _name_and_title(orchestrator, id) for id in {run.current_actor_id for run in runs}}
    now, billing = orchestrator.clock.now(), orchestrator.billing
    return [
        serializers.run_summary(run, *names[run.current_actor_id], *billing.items_and_total_usd(run), now)
        for run in runs
    ]


async def present_runs_in_turns(orchestrator: Orchestrator, runs: list[Run]) -> list[JsonDict]:
    """The same for any number of runs, without holding the event loop for more than a few of them."""
    presented: list[JsonDict] = []
    for start in range(0, len(runs), RUNS_IN_TURN):
        presented += present_run_summaries(orchestrator, runs[start : start + RUNS_IN_TURN])
        await asyncio.sleep(0)
    return presented


def _name_and_title(orchestrator: Orchestrator, actor_id: str) -> tuple[str | None, str | None]:
    """`username/name` and the title, both None for an Actor that has been deleted."""
    try:
        actor = orchestrator.actors.get(actor_id)
    except NotFound:
        return None, None
    return f"{orchestrator.users.get(actor.user_id).username}/{actor.name}", actor.title


def present_task(orchestrator: Orchestrator, task: Task) -> JsonDict:
    """A task as its owner gets it."""
    settings = settings_of(orchestrator.actors.get(task.actor_id), task)
    return serializers.task(task, orchestrator.users.get(task.user_id), _standby_url(orchestrator, task, settings))


def _standby_url(orchestrator: Orchestrator, record: Actor | Task, settings: StandbySettings) -> str | None:
    label = orchestrator.standby.targets.label_of(record) if settings.is_enabled else None
    return None if label is None else orchestrator.addresses.standby_url(label)


def present_task_in_list(orchestrator: Orchestrator, task: Task) -> JsonDict:
    """A task with the name of its Actor, which may be another user's."""
    actor = orchestrator.actors.get(task.actor_id)
    owner, actor_owner = orchestrator.users.get(task.user_id), orchestrator.users.get(actor.user_id)
    return serializers.task_in_list(task, owner, actor, actor_owner)


def present_webhook(orchestrator: Orchestrator, webhook: Webhook) -> JsonDict:
    """A webhook with the number of its dispatches, and the last of them."""
    user = orchestrator.users.get(webhook.user_id)
    dispatches = orchestrator.dispatches.page(user, webhook, Paging(offset=0, limit=1, desc=True))
    return serializers.webhook(webhook, dispatches.total, next(iter(dispatches.items), None))


def build_number_int(run: Run) -> int:
    """The number of a run's build as the platform's integer."""
    version, _, number = run.build_number.rpartition(".")
    return number_int(version, int(number))
