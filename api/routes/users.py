"""/v2/users"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.request.callers import LiveCaller
from api.request.dependencies import orchestrator_of
from api.response import serializers
from api.response.envelopes import data_response
from runtime.access import permissions

router = APIRouter(prefix="/v2/users")


@router.get("/me")
async def get_me(request: Request, caller: LiveCaller) -> Response:
    """The caller's user. A limited run gets only what it may know about its user."""
    if permissions.is_limited(caller.run):
        return data_response(serializers.limited_user(caller.user))
    return data_response(serializers.private_user(caller.user, orchestrator_of(request).memory_quota.cap_mbytes))


@router.get("/{user_id}")
async def get_user(request: Request, user_id: str) -> Response:
    users = orchestrator_of(request).users
    return data_response(serializers.public_user(users.by_username(user_id) or users.get(user_id)))
