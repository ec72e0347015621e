"""Forwarding WebSockets: the handshake, then messages both ways until one side closes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
from starlette.responses import Response
from starlette.types import Receive, Send

from api.web_server.client_connection import cancel, reject, while_connected
from api.web_server.container_session import FINAL_STATUSES
from api.web_server.forwarding import ForwardedRequest
from api.web_server.server_options import MAX_MESSAGE_BYTES
from runtime.base.errors import BadGateway

BODY_HEADERS = frozenset({b"content-length", b"content-type", b"content-encoding"})
GOING_AWAY = aiohttp.WSCloseCode.GOING_AWAY
NEVER_SENT = frozenset({1005, 1006})
"""Close codes that only report the absence of a close frame; a close frame cannot contain them."""


async def forward_websocket(
    session: aiohttp.ClientSession, request: ForwardedRequest, receive: Receive, send: Send
) -> None:
    """Forward one WebSocket until one side closes it. Raises BadGateway."""
    await receive()  # websocket.connect
    handshake = session.ws_connect(
        request.url,
        headers=request.request_headers(),
        protocols=request.scope["subprotocols"],
        autoclose=False,
        max_msg_size=MAX_MESSAGE_BYTES,
    )
    try:
        # Before the socket is accepted, a client can only disconnect.
        upstream = await while_connected(handshake, receive())
    except aiohttp.WSServerHandshakeError as problem:
        await reject(_rejection(request, problem), request.scope, receive, send)
        return
    if upstream is None:
        return
    async with upstream:
        await send({"type": "websocket.accept", "subprotocol": upstream.protocol})
        await _relay(receive, send, upstream)


def _rejection(request: ForwardedRequest, problem: aiohttp.WSServerHandshakeError) -> Response:
    """The container's own response to a rejected handshake, without its body."""
    if problem.status not in FINAL_STATUSES:
        raise BadGateway("web-server-not-answering", f"The run's web server gave no valid answer: {problem.message}")
    response = Response(status_code=problem.status)
    raw = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in (problem.headers or {}).items()]
    headers = request.response_headers(raw, problem.status)
    response.raw_headers = [header for header in headers if header[0] not in BODY_HEADERS]
    return response


async def _relay(receive: Receive, send: Send, upstream: aiohttp.ClientWebSocketResponse) -> None:
    """Forward messages until one side ends. Writers ignore a broken connection: the reader of that side reports it."""
    up = asyncio.create_task(_forward_up(receive, upstream), name="web socket up")
    down = asyncio.create_task(_forward_down(upstream, send), name="web socket down")
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if up.done():
            code, reason = up.result()
            await upstream.close(code=code, message=reason.encode())
    finally:
        await cancel(up, down)
    if not down.cancelled():
        down.result()


async def _forward_up(receive: Receive, upstream: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """Forward the client's messages until it closes or disconnects. Return its close code and reason."""
    while (message := await receive())["type"] == "websocket.receive":
        text: str | None = message.get("text")
        with suppress(aiohttp.ClientError):
            await (upstream.send_bytes(message["bytes"]) if text is None else upstream.send_str(text))
    code: int = message["code"]
    # uvicorn reports 1005 for a lost connection too.
    return GOING_AWAY if code in NEVER_SENT else code, message.get("reason") or ""


async def _forward_down(upstream: aiohttp.ClientWebSocketResponse, send: Send) -> None:
    """Forward the container's messages and its close frame. A broken connection has no close frame."""
    while (message := await upstream.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        kind = "text" if message.type is aiohttp.WSMsgType.TEXT else "bytes"
        await send({"type": "websocket.send", kind: message.data})
    if message.type is aiohttp.WSMsgType.CLOSE:
        code = message.data or aiohttp.WSCloseCode.OK
        await send({"type": "websocket.close", "code": code, "reason": message.extra or ""})
        await upstream.close(code=code)
