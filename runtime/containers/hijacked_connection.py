"""A connection to the engine on which it goes on in another protocol. docker-py reads ahead on those that it opens."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable, Iterable
from typing import cast
from urllib.parse import urlsplit

from docker.utils import parse_host

from runtime.containers import BuildFailed, EngineUnavailable
from runtime.containers.connection import CALL_TIMEOUT_SECS, Connection

END_OF_HEAD = b"\r\n\r\n"


async def upgraded(
    connection: Connection, path: str, to: str, headers: Iterable[tuple[str, str]], make: Callable[[], asyncio.Protocol]
) -> asyncio.BaseTransport:
    """POST to the engine's API; when it agrees, what `make` returns speaks on the connection.

    Raises BuildFailed where the engine refuses or its address is of another kind, EngineUnavailable where it is silent.
    """
    url = f"/v{connection.api.api_version}{path}"
    lines = [f"POST {url} HTTP/1.1", "Host: docker", "Connection: Upgrade", f"Upgrade: {to}"]
    lines += [f"{name}: {value}" for name, value in headers]
    request = "\r\n".join(lines).encode() + END_OF_HEAD
    agreed = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(CALL_TIMEOUT_SECS):
            transport = await _connect(connection, lambda: Upgrade(request, make, agreed))
            try:
                await agreed
            except asyncio.CancelledError:
                transport.close()
                raise
    except (OSError, TimeoutError) as error:
        raise EngineUnavailable(f"The Docker engine does not answer: {error}") from error
    return transport


class Upgrade(asyncio.Protocol):
    """Sends the request, and hands the connection over after the head of the answer."""

    def __init__(self, request: bytes, make: Callable[[], asyncio.Protocol], agreed: asyncio.Future[None]) -> None:
        self._request = request
        self._make = make
        self._agreed = agreed
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, ended, rest = self._answer.partition(END_OF_HEAD)
        if not ended:
            return
        if head.split(b" ")[1] != b"101":
            self._transport.close()
            return
        protocol = self._make()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if rest:
            protocol.data_received(rest)
        self._agreed.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._agreed.done():
            told = self._answer.decode(errors="replace").strip() or "it closed the connection"
            self._agreed.set_exception(BuildFailed(f"The engine did not change its protocol: {told}"))


async def _connect(connection: Connection, make: Callable[[], asyncio.Protocol]) -> asyncio.BaseTransport:
    loop = asyncio.get_running_loop()
    address = connection.address()
    url = urlsplit(str(parse_host(address.get("base_url"), sys.platform == "win32", bool(address.get("tls")))))
    if url.scheme == "http+unix":
        transport, _ = await loop.create_unix_connection(make, url.path)
    elif url.scheme in ("http", "https") and url.hostname and url.port:
        tls = _tls(connection) if url.scheme == "https" else None
        transport, _ = await loop.create_connection(make, url.hostname, url.port, ssl=tls)
    else:
        raise BuildFailed(
            f"A Dockerfile's secrets need an engine at a Unix socket or a TCP address, and this is {url.geturl()}"
        )
    return transport


def _tls(connection: Connection) -> ssl.SSLContext:
    """The certificates that docker-py found for this engine."""
    verify, cert = connection.api.verify, connection.api.cert
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if cert:
        context.load_cert_chain(*cert)
    return context
