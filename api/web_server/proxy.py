"""The proxy as an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from api.response.errors import error_response
from api.web_server.client_connection import ignore_disconnect, reject
from api.web_server.container_session import open_session
from api.web_server.forwarding import ForwardedRequest, Target
from api.web_server.headers import header_text
from api.web_server.http_exchange import forward_http
from api.web_server.run_address import run_address_of
from api.web_server.websocket_relay import forward_websocket
from runtime.base.errors import GreenroomError


class WebServerProxy:
    """Answers "http" and "websocket" scopes that have a run's address.

    `find_target` returns the container of a run by its key, and raises a GreenroomError for a key without a live run.
    The client gets that error as the platform's error object.
    """

    def __init__(self, find_target: Callable[[str], Awaitable[Target]]) -> None:
        self._find_target = find_target
        self._opened: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        forward = forward_websocket if scope["type"] == "websocket" else forward_http
        try:
            request = await self._forwarded_request(scope)
            if request.needs_slash:
                await _redirect_to_slash(scope)(scope, receive, send)
            else:
                await forward(self._session(), request, receive, ignore_disconnect(send))
        except GreenroomError as problem:
            await reject(error_response(problem, scope), scope, receive, send)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        # Opened when it is first needed, because it belongs to the running event loop.
        if self._opened is None:
            self._opened = open_session()
        return self._opened

    async def _forwarded_request(self, scope: Scope) -> ForwardedRequest:
        address = run_address_of(scope)
        if address is None:
            raise ValueError(f"{scope['path']} is not the address of a run's web server")
        return ForwardedRequest(scope, address, await self._find_target(address.key))


def _redirect_to_slash(scope: Scope) -> Response:
    query = header_text(scope["query_string"])
    return RedirectResponse(header_text(scope["raw_path"]) + "/" + (f"?{query}" if query else ""), 308)
