"""/v2/webhook-dispatches"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery
from api.response import serializers
from api.response.envelopes import data_response
from api.response.pages import dispatches_page

router = Router(prefix="/v2/webhook-dispatches")


@router.get("")
async def list_dispatches(request: Request, caller: FullCaller, paging: PagingQuery) -> Response:
    return dispatches_page(orchestrator_of(request), caller.user, None, paging)


@router.get("/{dispatch}")
async def get_dispatch(request: Request, caller: FullCaller, dispatch: str) -> Response:
    record = orchestrator_of(request).dispatches.get(caller.user, dispatch)
    return data_response(serializers.webhook_dispatch(record))
