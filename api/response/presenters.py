"""Runs, builds and webhooks as answers: records, their usage and their numbers put together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.request import parsing
from api.request.access import Caller, caller_of, late_caller_of, limited_caller_of
from api.request.bodies import read_object
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.response import serializers
from api.response.envelopes import data_response, page_response
from runtime.access import permissions
from runtime.base.errors import record_not_found
from runtime.base.paging import Paging
from runtime.base.records import Actor, Build, Run, Task, Webhook, WebhookCondition, WebhookDispatch
from runtime.builds import number_int
from runtime.orchestrator import Orchestrator


def own_run(request: Request, id: str, caller: Caller) -> Run:
    """A run of the caller's user; for a limited run, or one that has ended, only itself.

    Raises NotFound, also for another user's, Forbidden, Unauthorized.
    """
    run = orchestrator_of(request).runs.get(id)
    if run.user_id != caller.user.id:
        raise record_not_found("Run", id)
    permissions.check_own_run(caller.run, run)
    return run


def seen_run(request: Request, run: Run) -> Run:
    """A run that anybody may read who knows its id, unless its general access is restricted to its owner.

    Raises NotFound, and Unauthorized without a token.
    """
    if permissions.is_readable_by_anyone(run.general_access, by_name=False):
        return run
    if not _may_see(orchestrator_of(request), run, late_caller_of(request)):
        raise record_not_found("Run", run.id)
    return run


def present_job(orchestrator: Orchestrator, record: Run | Build) -> dict[str, Any]:
    """A run or build as its owner would get it now."""
    if isinstance(record, Build):
        return serializers.build(record, orchestrator.clock.now())
    return present_run(orchestrator, record, Caller(orchestrator.users.get(record.user_id)))


def present_build(
    orchestrator: Orchestrator, build: Build, caller: Caller | None, *, has_image: bool | None = None
) -> dict[str, Any]:
    """A build; what it cost, and its variables in actor.json, are shown to its owner only."""
    shown = serializers.build(build, orchestrator.clock.now(), has_image=has_image)
    if caller is not None and caller.user.id == build.user_id:
        return shown
    public = {name: value for name, value in shown.items() if not name.startswith("usage")}
    definition = {name: value for name, value in build.definition.items() if name != "environmentVariables"}
    return {**public, **serializers.build_definition(replace(build, definition=definition))}


def present_run(orchestrator: Orchestrator, run: Run, caller: Caller | None) -> dict[str, Any]:
    """A run; what it cost, and its webhooks, whose URLs are secret, are shown to who may see that only."""
    now, number = orchestrator.clock.now(), _build_number_int(run)
    shown = serializers.run(run, number, orchestrator.billing.event_counts(run), now)
    if caller is None or not _may_see(orchestrator, run, caller):
        return shown
    billing = orchestrator.billing
    shown = {**shown, **serializers.run_usage(run, billing.usage(run), billing.total_usd(run))}
    if not permissions.may_manage_webhook(caller.run, WebhookCondition(actor_run_id=run.id)):
        return shown
    return {**shown, "webhooks": [serializers.webhook_draft(each) for each in orchestrator.webhooks.ad_hoc_of_run(run)]}


def _may_see(orchestrator: Orchestrator, run: Run, caller: Caller) -> bool:
    has_started = partial(orchestrator.runs.has_started, caller.run)
    return caller.user.id == run.user_id and permissions.may_see_run(caller.run, run, has_started)


def runs_page(request: Request, of: Actor | Task | None) -> Response:
    """The caller's runs, or those of one Actor or task, as the query narrows them."""
    orchestrator, params = orchestrator_of(request), Params(request)
    paging, now = params.paging(), orchestrator.clock.now()
    page = orchestrator.runs.page(caller_of(request).user, of, parsing.run_filter(params), paging)
    billing = orchestrator.billing
    items = [serializers.run_in_list(run, _build_number_int(run), billing.total_usd(run), now) for run in page.items]
    return page_response(items, page.total, paging)


def builds_page(request: Request, actor: Actor | None) -> Response:
    """The caller's builds, or those of one Actor."""
    orchestrator, paging = orchestrator_of(request), Params(request).paging()
    page = orchestrator.builds.page(caller_of(request).user, actor, paging)
    now = orchestrator.clock.now()
    return page_response([serializers.build_in_list(build, now) for build in page.items], page.total, paging)


def _build_number_int(run: Run) -> int:
    version, _, number = run.build_number.rpartition(".")
    return number_int(version, int(number))


def present_webhook(orchestrator: Orchestrator, webhook: Webhook) -> dict[str, Any]:
    return serializers.webhook(webhook, *_dispatched(orchestrator, webhook))


def webhooks_page(request: Request, on: Actor | Task | None) -> Response:
    """The caller's webhooks, or those on one Actor or task."""
    orchestrator, paging = orchestrator_of(request), Params(request).paging()
    page = orchestrator.webhooks.page(caller_of(request).user, on, paging)
    return page_response([present_webhook(orchestrator, each) for each in page.items], page.total, paging)


async def webhook_created(request: Request, on: Actor | Task | None) -> Response:
    """A webhook from the request's body; on one Actor or task where it is asked for there."""
    orchestrator, caller, body = orchestrator_of(request), limited_caller_of(request), await read_object(request)
    condition = parsing.webhook_condition(body) if on is None else _on(on)
    is_ad_hoc = parsing.field(body, "isAdHoc", bool) or False
    permissions.check_webhook(caller.run, condition)
    draft = parsing.webhook_draft(body, caller)
    webhook = await orchestrator.webhooks.create(caller.user, draft, condition, is_ad_hoc=is_ad_hoc)
    permissions.check_webhook(caller.run, webhook.condition)  # an idempotency key may have found another one
    location = f"{orchestrator.addresses.public_base}/v2/webhooks/{webhook.id}"
    return data_response(present_webhook(orchestrator, webhook), 201, {"Location": location})


def _on(what: Actor | Task) -> WebhookCondition:
    return WebhookCondition(actor_task_id=what.id) if isinstance(what, Task) else WebhookCondition(actor_id=what.id)


def dispatches_page(request: Request, webhook: Webhook | None) -> Response:
    """What the caller's webhooks dispatched, or one of them."""
    orchestrator, paging = orchestrator_of(request), Params(request).paging()
    page = orchestrator.dispatches.page(caller_of(request).user, webhook, paging)
    return page_response([serializers.dispatch(each) for each in page.items], page.total, paging)


def _dispatched(orchestrator: Orchestrator, webhook: Webhook) -> tuple[int, WebhookDispatch | None]:
    """How many dispatches a webhook has, and the last of them."""
    user = orchestrator.users.get(webhook.user_id)
    page = orchestrator.dispatches.page(user, webhook, Paging(offset=0, limit=1, desc=True))
    return page.total, next(iter(page.items), None)
