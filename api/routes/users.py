"""/v2/users"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.request.callers import Caller, LiveCaller
from api.request.dependencies import orchestrator_of
from api.response import serializers
from api.response.envelopes import data_response
from runtime.access import permissions
from runtime.base.json_text import JsonDict
from runtime.orchestrator import Orchestrator

router = APIRouter(prefix="/v2/users")


@router.get("/me")
async def get_me(request: Request, caller: LiveCaller) -> Response:
    """The caller's user. A limited run gets only what it may know about its user."""
    orchestrator = orchestrator_of(request)
    proxy = _proxy_access(orchestrator, caller)
    if permissions.is_limited(caller.run):
        return data_response(serializers.limited_user(caller.user, proxy))
    return data_response(serializers.private_user(caller.user, orchestrator.memory_quota.cap_mbytes, proxy))


@router.get("/{user_id}")
async def get_user(request: Request, user_id: str) -> Response:
    users = orchestrator_of(request).users
    return data_response(serializers.public_user(users.by_username(user_id) or users.get(user_id)))


def _proxy_access(orchestrator: Orchestrator, caller: Caller) -> JsonDict:
    """A run gets its own password, so that the proxy knows which run uses it."""
    if orchestrator.addresses.proxy_port is None:
        return serializers.NO_PROXY
    user_password = orchestrator.signer.proxy_password(caller.user.id)
    password = user_password if caller.run is None else caller.run.proxy_password
    return serializers.proxy_access(password, orchestrator.settings.proxy.groups)
