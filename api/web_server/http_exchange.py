"""Forwarding HTTP: the request to the container, and its response to the client, while both are streamed."""

from __future__ import annotations

import logging

import aiohttp
from starlette.types import Receive, Send

from api.web_server.client_connection import Upload, while_connected
from api.web_server.container_session import FINAL_STATUSES
from api.web_server.forwarding import ForwardedRequest
from runtime.base.errors import BadGateway

log = logging.getLogger("greenroom.web_server")


async def forward_http(session: aiohttp.ClientSession, request: ForwardedRequest, receive: Receive, send: Send) -> None:
    """Forward one request and its response. It ends early if the client disconnects. Raises BadGateway."""
    upload = Upload(receive, request.has_body)
    await while_connected(_exchange(session, request, upload, send), upload.wait_for_disconnect())


async def _exchange(session: aiohttp.ClientSession, request: ForwardedRequest, upload: Upload, send: Send) -> None:
    headers = request.request_headers()
    method, body = request.scope["method"], upload.body()
    async with session.request(method, request.url, headers=headers, data=body, allow_redirects=False) as response:
        status = response.status
        if status not in FINAL_STATUSES:
            raise BadGateway("web-server-not-answering", f"The run's web server answered with the status {status}.")
        response_headers = request.response_headers(response.raw_headers, status)
        await send({"type": "http.response.start", "status": status, "headers": response_headers})
        try:
            async for piece in response.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except aiohttp.ClientError as problem:
            # The response stays unfinished. So uvicorn closes the connection, and the client notices the failure.
            log.warning("The web server at %s broke off its response: %s", request.url.authority, problem)
            return
        await send({"type": "http.response.body", "body": b""})
