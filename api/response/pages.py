"""Pages of the lists that several routes share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from starlette.responses import Response

from api.response import serializers
from api.response.envelopes import page_response
from api.response.presenters import build_number_int, present_webhook
from runtime.base.json_text import Json, JsonDict
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, RunFilter, Task, User, Webhook
from runtime.orchestrator import Orchestrator

T = TypeVar("T")


def find_page(
    paging: Paging, find: Callable[[Paging], Page[T]], present: Callable[[T], JsonDict], **fields: Json
) -> Response:
    """The page that `find` returns for this paging, each record presented. `fields` are more fields of the page."""
    page = find(paging)
    return page_response([present(each) for each in page.items], page.total, paging, **fields)


def runs_page(
    orchestrator: Orchestrator, user: User, of: Actor | Task | None, run_filter: RunFilter, paging: Paging
) -> Response:
    """The user's runs, or the user's runs of one Actor or task."""
    now, billing = orchestrator.clock.now(), orchestrator.billing
    return find_page(
        paging,
        partial(orchestrator.runs.page, user, of, run_filter),
        lambda run: serializers.run_in_list(run, build_number_int(run), billing.total_usd(run), now),
    )


def builds_page(orchestrator: Orchestrator, user: User, of: Actor | None, paging: Paging) -> Response:
    """The user's builds, or the builds of one Actor."""
    find = partial(orchestrator.builds.page, user, of)
    prices, now = orchestrator.billing.plan.usd_per_unit, orchestrator.clock.now()
    return find_page(paging, find, partial(serializers.build_in_list, usd_per_unit=prices, now=now))


def webhooks_page(orchestrator: Orchestrator, user: User, on: Actor | Task | None, paging: Paging) -> Response:
    """The user's webhooks, or those on one Actor or task."""
    find = partial(orchestrator.webhooks.page, user, on)
    return find_page(paging, find, partial(present_webhook, orchestrator))


def dispatches_page(orchestrator: Orchestrator, user: User, of: Webhook | None, paging: Paging) -> Response:
    """The dispatches of the user's webhooks, or of one webhook."""
    find = partial(orchestrator.dispatches.page, user, of)
    return find_page(paging, find, serializers.webhook_dispatch)
