"""/v2/webhook-dispatches"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import wire
from api.access import caller_of
from api.parts import parts_of
from api.responses import data_response
from api.shown import dispatches_page

router = APIRouter(prefix="/v2/webhook-dispatches")


@router.get("")
async def list_dispatches(request: Request) -> Response:
    return dispatches_page(request, None)


@router.get("/{dispatch}")
async def get_dispatch(request: Request, dispatch: str) -> Response:
    return data_response(wire.dispatch(parts_of(request).webhooks.dispatch(caller_of(request).user, dispatch)))
