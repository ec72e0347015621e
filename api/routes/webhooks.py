"""/v2/webhooks"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.bodies import read_object
from api.request.callers import FullCaller, LiveCaller
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery
from api.request.parsing.webhooks import parse_webhook_condition, parse_webhook_fields
from api.request.path_records import OwnWebhook
from api.response import serializers
from api.response.envelopes import data_response, no_content
from api.response.pages import dispatches_page, webhooks_page
from api.response.presenters import present_webhook
from api.routes.creating_webhooks import create_webhook_from_body
from runtime.access import permissions

router = Router(prefix="/v2/webhooks")


@router.get("")
async def list_webhooks(request: Request, caller: FullCaller, paging: PagingQuery) -> Response:
    return webhooks_page(orchestrator_of(request), caller.user, None, paging)


@router.post("")
async def create_webhook(request: Request, caller: LiveCaller) -> Response:
    """If a webhook has the same idempotency key, that webhook is returned."""
    return await create_webhook_from_body(request, caller, None)


@router.get("/{webhook}")
async def get_webhook(request: Request, webhook: OwnWebhook) -> Response:
    return data_response(present_webhook(orchestrator_of(request), webhook))


@router.put("/{webhook}")
async def update_webhook(request: Request, caller: LiveCaller, webhook: OwnWebhook) -> Response:
    """Change the fields in the body. All other fields stay unchanged."""
    orchestrator, body = orchestrator_of(request), await read_object(request)
    condition = parse_webhook_condition(body) if body.get("condition") is not None else None
    permissions.check_webhook(caller.run, condition or webhook.condition)
    fields = parse_webhook_fields(body, caller)
    changed = await orchestrator.webhooks.update(caller.user, webhook, fields, condition)
    return data_response(present_webhook(orchestrator, changed))


@router.delete("/{webhook}")
async def delete_webhook(request: Request, webhook: OwnWebhook) -> Response:
    await orchestrator_of(request).webhooks.delete(webhook)
    return no_content()


@router.post("/{webhook}/test")
async def test_webhook(request: Request, caller: FullCaller, webhook: OwnWebhook) -> Response:
    dispatch = await orchestrator_of(request).dispatches.test(webhook)
    return data_response(serializers.webhook_dispatch(dispatch), 201)


@router.get("/{webhook}/dispatches")
async def list_dispatches_of_webhook(
    request: Request, caller: FullCaller, webhook: OwnWebhook, paging: PagingQuery
) -> Response:
    return dispatches_page(orchestrator_of(request), caller.user, webhook, paging)
