"""Creating webhooks, which clients can do at /v2/webhooks, at an Actor and at a task."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.request.bodies import read_object
from api.request.callers import Caller
from api.request.dependencies import orchestrator_of
from api.request.parsing.fields import field
from api.request.parsing.webhooks import parse_webhook_condition, parse_webhook_draft
from api.response.envelopes import created_response
from api.response.presenters import present_webhook
from runtime.access import permissions
from runtime.base.records import WebhookCondition


async def create_webhook_from_body(request: Request, caller: Caller, condition: WebhookCondition | None) -> Response:
    """Create the webhook in the request's body, or return the one with the same idempotency key.

    `condition` is what the webhook is on. If it is None, the condition is read from the body.
    """
    orchestrator, body = orchestrator_of(request), await read_object(request)
    condition = condition or parse_webhook_condition(body)
    is_ad_hoc = field(body, "isAdHoc", bool) or False
    permissions.check_webhook(caller.run, condition)
    draft = parse_webhook_draft(body, caller)
    webhook = await orchestrator.webhooks.create(caller.user, draft, condition, is_ad_hoc=is_ad_hoc)
    permissions.check_webhook(caller.run, webhook.condition)  # the idempotency key may belong to another webhook
    location = f"{orchestrator.addresses.public_base}/v2/webhooks/{webhook.id}"
    return created_response(present_webhook(orchestrator, webhook), location)
