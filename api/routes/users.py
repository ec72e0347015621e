"""/v2/users"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import wire
from api.access import limited_caller_of
from api.parts import parts_of
from api.responses import data_response
from runtime import permissions

router = APIRouter(prefix="/v2/users")


@router.get("/me")
async def get_me(request: Request) -> Response:
    """To a limited run, only what it may know of its user."""
    caller = limited_caller_of(request)
    if permissions.is_limited(caller.run):
        return data_response(wire.limited_user(caller.user))
    return data_response(wire.private_user(caller.user, parts_of(request).budget.cap_mbytes))


@router.get("/{user_id}")
async def get_user(request: Request, user_id: str) -> Response:
    users = parts_of(request).users
    return data_response(wire.public_user(users.named(user_id) or users.get(user_id)))
