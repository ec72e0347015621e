"""The origin of a run or build: which kind of client started it, and from where."""

from __future__ import annotations

from starlette.requests import Request

from api.request.callers import Caller
from runtime.base.records import Meta, Origin


def parse_meta(request: Request, caller: Caller) -> Meta:
    return Meta(
        origin=_parse_origin(request, caller),
        client_ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )


def _parse_origin(request: Request, caller: Caller) -> Origin:
    """What the client's header names. Without a header, the token or the user agent shows whether a run is calling."""
    named = request.headers.get("x-apify-request-origin", "")
    if named in set(Origin):
        return Origin(named)
    is_in_actor = "isAtHome/true" in request.headers.get("user-agent", "")
    return Origin.ACTOR if caller.run is not None or is_in_actor else Origin.API
