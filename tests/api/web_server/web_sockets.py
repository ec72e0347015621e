"""Helpers for the tests of WebSockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from tests.api.web_server.proxy_stage import Handler, ProxyStage

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def talking(talk: Callable[[web.WebSocketResponse], Awaitable[None]], **options: Any) -> Handler:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse(max_msg_size=0, **options)
        await web_socket.prepare(request)
        await talk(web_socket)
        return web_socket

    return handler


async def echo(web_socket: web.WebSocketResponse) -> None:
    async for message in web_socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await web_socket.send_str(message.data)
        else:
            await web_socket.send_bytes(message.data)


def handshake(stage: ProxyStage) -> bytes:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    return f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n{upgrade}{key}\r\n".encode()
