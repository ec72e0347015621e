"""The web server of one container, with the connections to it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from runtime.base.fair_protocol import FairProtocol
from runtime.base.loop_share import loop_share
from runtime.container_http.connection import ContainerConnection, NotListening
from runtime.container_http.response import KnownHeads

CONNECT_TIMEOUT_SECS = 5.0
MAX_IDLE = 32
"""The most connections of a container that wait for their next request."""
IDLE_SECS = 4.0
"""How long a connection waits for its next request: less than the 5 seconds of Node.js and uvicorn."""
STARVED_SECS = 0.5
"""A new connection that is not answered for this time may wait for a server that serves one connection at a time."""
ALONE_SECS = 10.0
"""How long no connection is used twice, after one was not answered."""
SILENT_SECS = 3600.0
"""An exchange without a byte in either direction for this time is ended."""
CHECK_SECS = 0.5


class ResponseTimeout(ConnectionError):
    """Nothing was sent in either direction for SILENT_SECS."""


class Target:
    """Where this host reaches a container's web server. A container that replaces it gets a target of its own.

    Idle connections are used again, the last one first. Some servers serve one connection at a time, and an idle
    connection would block them. So if a new connection is not answered soon, idle connections are closed, and none is
    used again for a while.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._idle: deque[ContainerConnection] = deque()
        self._busy: set[ContainerConnection] = set()
        self._check: asyncio.TimerHandle | None = None
        self._alone_until = 0.0
        self._known_heads = KnownHeads()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def take_idle(self) -> ContainerConnection | None:
        """A connection that has been used before. The server may be closing it at this moment."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closing():
                self._busy.add(connection)
                return connection
        return None

    async def open(self) -> ContainerConnection:
        """A new connection. Raises NotListening."""
        timeout_secs = CONNECT_TIMEOUT_SECS
        loop = asyncio.get_running_loop()
        share = loop_share()
        try:
            async with asyncio.timeout(timeout_secs):
                _, layer = await loop.create_connection(
                    lambda: FairProtocol(share, ContainerConnection(self, self._known_heads)), self.host, self.port
                )
        except TimeoutError as problem:
            raise NotListening(f"no connection within {timeout_secs:g} seconds") from problem
        except OSError as problem:
            raise NotListening(problem.strerror or str(problem)) from problem
        connection = cast(ContainerConnection, layer.protocol)
        self._busy.add(connection)
        if self._check is None:
            self._check_later(loop)
        return connection

    def put_back(self, connection: ContainerConnection) -> None:
        self._busy.discard(connection)
        if len(self._idle) < MAX_IDLE and connection.active_at >= self._alone_until:
            self._idle.append(connection)
        else:
            connection.abort()

    def lose(self, connection: ContainerConnection) -> None:
        self._busy.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        """Close all connections. Their exchanges are not notified."""
        self.close_idle()
        for connection in list(self._busy):
            connection.abort()
        if self._check is not None:
            self._check.cancel()

    def close_idle(self) -> None:
        while self._idle:
            self._idle.pop().abort()

    def _check_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._check = loop.call_later(CHECK_SECS, self._check_connections, loop)

    def _check_connections(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close idle connections that are too old or block the server, and end exchanges without progress."""
        now = loop.time()
        while self._idle and self._idle[0].active_at < now - IDLE_SECS:
            self._idle.popleft().abort()
        for connection in list(self._busy):
            waited = now - connection.active_at
            if waited > SILENT_SECS:
                connection.fail(ResponseTimeout(f"nothing was sent for {SILENT_SECS:g} seconds"))
            elif waited > STARVED_SECS and not (connection.is_reused or connection.has_answered):
                self._alone_until = now + ALONE_SECS
                self.close_idle()
        self._check = None
        if self._idle or self._busy:
            self._check_later(loop)
