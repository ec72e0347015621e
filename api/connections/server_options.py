"""The options of uvicorn: protocols with limits, and nothing added to what the proxy forwards."""

from __future__ import annotations

from typing import Any

from api.connections.http_protocol import http_protocol
from api.connections.websocket_protocol import WebSocketProtocol

MAX_MESSAGE_BYTES = 65_536
"""The limit on one message to the server's own WebSocket, which ignores all messages."""
SERVER_OPTIONS: dict[str, Any] = {
    "http": http_protocol,
    "ws": WebSocketProtocol,
    "ws_max_size": MAX_MESSAGE_BYTES,
    "ws_per_message_deflate": False,
    "proxy_headers": False,
    "server_header": False,
}
"""X-Forwarded-* and Server belong to the container. The size of a compressed message is known too late."""
