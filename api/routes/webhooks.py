"""/v2/webhooks"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request import parsing
from api.request.access import caller_of, limited_caller_of
from api.request.bodies import read_object
from api.request.dependencies import orchestrator_of
from api.response import serializers
from api.response.envelopes import data_response, no_content
from api.response.presenters import dispatches_page, present_webhook, webhook_created, webhooks_page
from runtime.access import permissions
from runtime.base.records import Webhook

router = APIRouter(prefix="/v2/webhooks")


@router.get("")
async def list_webhooks(request: Request) -> Response:
    return webhooks_page(request, None)


@router.post("")
async def create_webhook(request: Request) -> Response:
    """Answers with the existing webhook where one has the same idempotency key."""
    return await webhook_created(request, None)


@router.get("/{webhook}")
async def get_webhook(request: Request, webhook: str) -> Response:
    return data_response(present_webhook(orchestrator_of(request), _own(request, webhook)))


@router.put("/{webhook}")
async def update_webhook(request: Request, webhook: str) -> Response:
    """A patch: what the body leaves out stays."""
    orchestrator, record, body = orchestrator_of(request), _own(request, webhook), await read_object(request)
    caller = limited_caller_of(request)
    condition = parsing.webhook_condition(body) if body.get("condition") is not None else None
    permissions.check_webhook(caller.run, condition or record.condition)
    changed = await orchestrator.webhooks.update(caller.user, record, parsing.webhook_fields(body, caller), condition)
    return data_response(present_webhook(orchestrator, changed))


@router.delete("/{webhook}")
async def delete_webhook(request: Request, webhook: str) -> Response:
    await orchestrator_of(request).webhooks.delete(_own(request, webhook))
    return no_content()


@router.post("/{webhook}/test")
async def test_webhook(request: Request, webhook: str) -> Response:
    return data_response(
        serializers.dispatch(await orchestrator_of(request).dispatches.test(_found(request, webhook))), 201
    )


@router.get("/{webhook}/dispatches")
async def list_dispatches_of_webhook(request: Request, webhook: str) -> Response:
    return dispatches_page(request, _found(request, webhook))


def _own(request: Request, id: str) -> Webhook:
    """The caller's webhook; for a limited run, one on itself."""
    caller = limited_caller_of(request)
    webhook = orchestrator_of(request).webhooks.get(caller.user, id)
    permissions.check_webhook(caller.run, webhook.condition)
    return webhook


def _found(request: Request, id: str) -> Webhook:
    return orchestrator_of(request).webhooks.get(caller_of(request).user, id)
