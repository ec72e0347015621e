"""The options of uvicorn: protocols with limits, and nothing added to what the proxy forwards."""

from __future__ import annotations

from functools import partial
from typing import Any

from api.connections.http_protocol import http_protocol
from api.connections.websocket_protocol import WebSocketProtocol
from api.web_server.proxy import WebServers

MAX_MESSAGE_BYTES = 65_536
"""The limit on one message to the server's own WebSocket, which ignores all messages."""


def server_options(web_servers: WebServers | None = None) -> dict[str, Any]:
    """The options for a server whose connections forward to these web servers.

    X-Forwarded-* and Server belong to the container. The size of a compressed message is known too late.
    """
    return {
        "http": partial(http_protocol, web_servers),
        "ws": WebSocketProtocol,
        "ws_max_size": MAX_MESSAGE_BYTES,
        "ws_per_message_deflate": False,
        "proxy_headers": False,
        "server_header": False,
    }
