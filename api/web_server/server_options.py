"""The options that keep uvicorn from changing what the proxy forwards."""

from __future__ import annotations

from typing import Any

MAX_HEADER_BYTES = 131_072
MAX_MESSAGE_BYTES = 128 * 1024 * 1024
"""The limit on one WebSocket message, which uvicorn and aiohttp each hold in memory as a whole."""
SERVER_OPTIONS: dict[str, Any] = {
    "http": "httptools",
    "ws": "websockets-sansio",
    "ws_max_size": MAX_MESSAGE_BYTES,
    "proxy_headers": False,
    "server_header": False,
}
"""X-Forwarded-* and Server belong to the container, and both sides accept WebSocket messages of the same size."""
