"""The proxy as an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from api.response.errors import error_response
from api.web_server.client_connection import ignore_disconnect
from api.web_server.forwarding import ForwardedRequest, Target
from api.web_server.headers import header_text
from api.web_server.http_exchange import forward
from api.web_server.run_address import run_address_of
from runtime.base.errors import GreenroomError


class WebServerProxy:
    """Answers requests that have a run's address. The handshake of a WebSocket is such a request too.

    `find_target` returns the container of a run by its key, and raises a GreenroomError for a key without a live run.
    The client gets that error as the platform's error object.
    """

    def __init__(self, find_target: Callable[[str], Awaitable[Target]]) -> None:
        self._find_target = find_target

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await self._forwarded_request(scope)
            if request.needs_slash:
                await redirect_to_slash(scope)(scope, receive, send)
            else:
                await forward(request, receive, ignore_disconnect(send))
        except GreenroomError as problem:
            await error_response(problem, scope)(scope, receive, send)

    async def _forwarded_request(self, scope: Scope) -> ForwardedRequest:
        address = run_address_of(scope)
        if address is None:
            raise ValueError(f"{scope['path']} is not the address of a run's web server")
        return ForwardedRequest(scope, address, await self._find_target(address.key))


def redirect_to_slash(scope: Scope) -> Response:
    query = header_text(scope["query_string"])
    return RedirectResponse(header_text(scope["raw_path"]) + "/" + (f"?{query}" if query else ""), 308)
