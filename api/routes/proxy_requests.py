"""/greenroom/proxy/requests: the last requests of a user through the proxy."""

from __future__ import annotations

from fastapi import Depends
from starlette.requests import Request

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.security_schemes import user_token
from api.response.local_controls import ErrorEnvelope
from api.response.proxy_request_models import ProxiedRequests, present_proxied_requests

router = Router(responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}})


@router.get("/greenroom/proxy/requests", dependencies=[Depends(user_token)])
async def list_proxied_requests(request: Request, caller: FullCaller) -> ProxiedRequests:
    """List the last 100 requests and tunnels of the caller that have ended since the server started.

    They are reported once a second, and the live event `proxied` contains new ones. A tunnel is listed when it closes.
    """
    return present_proxied_requests(orchestrator_of(request).proxy.recent_requests(caller.user.id))
