"""Readiness of a run's web server, by the platform's own probe."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from runtime.base.records import Run
from runtime.container_http.connection import ContainerConnection, NotListening
from runtime.container_http.response import ContainerResponse, InvalidResponse

PROBE_HEADER = "x-apify-container-server-readiness-probe"
PROBE_TIMEOUT_SECS = 5.0
"""Long enough for a container with a small CPU share, short enough for a server that accepts and never answers."""


def with_ready_server(run: Run) -> Run:
    """The run after its web server has answered for the first time."""
    return replace(run, is_container_server_ready=True, listening=())


async def is_ready(host: str, port: int, timeout_secs: float = PROBE_TIMEOUT_SECS) -> bool:
    """Whether `GET /` gets any HTTP response, of any status (platform documentation, "Actor Standby")."""
    head = f"GET / HTTP/1.1\r\nhost: {host}:{port}\r\n{PROBE_HEADER}: 1\r\nconnection: close\r\n\r\n"
    try:
        async with (
            asyncio.timeout(timeout_secs),
            await ContainerConnection.open(host, port, timeout_secs) as connection,
        ):
            connection.write(head.encode())
            await ContainerResponse(connection, "GET").read_head()
            return True
    except (NotListening, InvalidResponse, ConnectionError, TimeoutError):
        return False
