"""/v2/webhook-dispatches"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request.access import caller_of
from api.request.dependencies import orchestrator_of
from api.response import serializers
from api.response.envelopes import data_response
from api.response.presenters import dispatches_page

router = APIRouter(prefix="/v2/webhook-dispatches")


@router.get("")
async def list_dispatches(request: Request) -> Response:
    return dispatches_page(request, None)


@router.get("/{dispatch}")
async def get_dispatch(request: Request, dispatch: str) -> Response:
    return data_response(
        serializers.dispatch(orchestrator_of(request).dispatches.get(caller_of(request).user, dispatch))
    )
