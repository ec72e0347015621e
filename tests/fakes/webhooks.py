"""Webhooks of a stage's user that send to a receiver."""

from __future__ import annotations

from typing import Any

from runtime.base.paging import Paging
from runtime.base.records import Webhook, WebhookCondition, WebhookDispatch, WebhookDraft, WebhookEvent
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage

E = WebhookEvent
ALL_EVENTS = tuple(E)
ENDS_OF_RUNS = (E.RUN_SUCCEEDED, E.RUN_FAILED, E.RUN_ABORTED, E.RUN_TIMED_OUT)


def draft(receiver: Receiver, *events: WebhookEvent, **fields: Any) -> WebhookDraft:
    """A webhook for the given events, or for all ends of runs."""
    return WebhookDraft(event_types=events or ENDS_OF_RUNS, request_url=receiver.url(), **fields)


async def webhook_on(stage: Stage, webhook: WebhookDraft, **condition: str) -> Webhook:
    return await stage.orchestrator.webhooks.create(stage.user, webhook, WebhookCondition(**condition))


def dispatches(stage: Stage, webhook: Webhook | None = None) -> list[WebhookDispatch]:
    """The dispatches of all webhooks or of one webhook, oldest first."""
    return stage.orchestrator.dispatches.page(stage.user, webhook, Paging(offset=0, limit=1000)).items
