"""A connection to the engine that switches to another protocol, which Docker calls hijacking.

docker-py cannot be used for it: it reads ahead on the connections that it opens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

from runtime.containers import EngineUnavailable
from runtime.containers.connection import CALL_TIMEOUT_SECS, EngineConnection
from runtime.containers.direct_connection import ProtocolFactory, UnsupportedAddress, connect

END_OF_HEAD = b"\r\n\r\n"


class UpgradeFailed(Exception):
    """The engine rejected the upgrade, or its address does not permit one. The message contains the reason."""


async def open_hijacked_connection(
    connection: EngineConnection,
    path: str,
    upgrade: str,
    headers: Iterable[tuple[str, str]],
    protocol_factory: ProtocolFactory,
    body: bytes = b"",
) -> asyncio.BaseTransport:
    """POST to the engine's API, and pass the connection to a new protocol when the engine has switched.

    Raises UpgradeFailed, and EngineUnavailable if the engine does not answer.
    """
    url = f"/v{connection.api.api_version}{path}"
    lines = [f"POST {url} HTTP/1.1", "Host: docker", "Connection: Upgrade", f"Upgrade: {upgrade}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    request = "\r\n".join(lines).encode() + END_OF_HEAD + body
    switched = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(CALL_TIMEOUT_SECS):
            transport = await connect(connection, lambda: UpgradeProtocol(request, protocol_factory, switched))
            try:
                await switched
            except asyncio.CancelledError:
                transport.close()
                raise
    except UnsupportedAddress as error:
        raise UpgradeFailed(str(error)) from error
    except (OSError, TimeoutError) as error:
        raise EngineUnavailable(f"The Docker engine does not answer: {error}") from error
    return transport


class UpgradeProtocol(asyncio.Protocol):
    """Sends the request, and passes the connection on after the head of the response."""

    def __init__(self, request: bytes, protocol_factory: ProtocolFactory, switched: asyncio.Future[None]) -> None:
        self._request = request
        self._protocol_factory = protocol_factory
        self._switched = switched
        self._response = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport is not a subclass of it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._response += data
        head, ended, rest = self._response.partition(END_OF_HEAD)
        if not ended:
            return
        if head.split(b" ")[1] != b"101":
            self._transport.close()
            return
        protocol = self._protocol_factory()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if rest:
            protocol.data_received(rest)
        self._switched.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._switched.done():
            reason = self._response.decode(errors="replace").strip() or "it closed the connection"
            self._switched.set_exception(UpgradeFailed(f"The engine did not switch protocols: {reason}"))
