"""Where the traffic of a group goes out: directly to the target, or through an upstream proxy."""

from __future__ import annotations

import asyncio
import base64
import socket
from dataclasses import dataclass

from python_socks import ProxyType
from python_socks.async_.asyncio import Proxy as UpstreamConnector

from runtime.base.proxy_settings import ALL_GROUPS, ProxySettings, Upstream
from runtime.proxy.destinations import Destinations
from runtime.proxy.messages import READ_BYTES
from runtime.proxy.usernames import Parameters

CONNECT_SECS = 30.0
PROBE_AFTER_SECS, PROBE_EVERY_SECS, PROBES = 60, 20, 3
"""When the kernel probes silent peers, so that the connections of peers that have vanished end."""
TYPES = {"http": ProxyType.HTTP, "socks4": ProxyType.SOCKS4, "socks5": ProxyType.SOCKS5}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Exit:
    """An open connection for requests to one target.

    `upstream` is set if requests on it are addressed to an HTTP proxy; `authorization` are the credentials for it.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream: Upstream | None = None
    authorization: bytes | None = None


class Exits:
    """Opens connections to targets, which are checked first."""

    def __init__(self, settings: ProxySettings, destinations: Destinations) -> None:
        self._upstreams = settings.upstreams
        self._destinations = destinations

    async def open_for_requests(self, parameters: Parameters, host: str, port: int) -> Exit:
        """A connection for requests to a target. Raises ProxyFailure, OSError, ProxyError, TimeoutError."""
        upstream = self._upstream(parameters)
        if upstream is None or upstream.scheme != "http":
            return Exit(*await self.open_tunnel(parameters, host, port))
        self._destinations.check_literal(host, port)
        streams = await _connect([upstream.host], upstream.port)
        return Exit(*streams, upstream, _authorization(upstream, parameters))

    async def open_tunnel(self, parameters: Parameters, host: str, port: int) -> Streams:
        """A connection to the target itself. Raises ProxyFailure, OSError, ProxyError, TimeoutError."""
        upstream = self._upstream(parameters)
        if upstream is None:
            return await _connect(await self._destinations.resolve(host, port), port)
        self._destinations.check_literal(host, port)
        username, password = _credentials(upstream, parameters)
        connector = UpstreamConnector(
            TYPES[upstream.scheme], upstream.host, upstream.port, username, password, rdns=True
        )
        connected = await connector.connect(host, port, timeout=CONNECT_SECS)
        return await asyncio.open_connection(sock=_probed(connected), limit=READ_BYTES)

    def _upstream(self, parameters: Parameters) -> Upstream | None:
        return self._upstreams.get(parameters.group) or self._upstreams.get(ALL_GROUPS)


async def _connect(addresses: list[str], port: int) -> Streams:
    """Connect to the first address that accepts."""
    async with asyncio.timeout(CONNECT_SECS):
        for index, address in enumerate(addresses):
            try:
                reader, writer = await asyncio.open_connection(address, port, limit=READ_BYTES)
            except OSError:
                if index + 1 == len(addresses):
                    raise
                continue
            _probed(writer.get_extra_info("socket"))
            return reader, writer
    raise OSError("the name has no address")


def _probed(connected: socket.socket) -> socket.socket:
    probe_silent_peer(connected)
    return connected


def probe_silent_peer(connected: socket.socket) -> None:
    """Let the kernel end the connection if the peer has vanished."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", PROBE_AFTER_SECS),
        ("TCP_KEEPINTVL", PROBE_EVERY_SECS),
        ("TCP_KEEPCNT", PROBES),
    ):
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _credentials(upstream: Upstream, parameters: Parameters) -> tuple[str | None, str | None]:
    """The upstream's credentials. A password without a user name is that of another Apify Proxy."""
    if upstream.username is None and upstream.password is not None:
        return parameters.username, upstream.password
    return upstream.username, upstream.password


def _authorization(upstream: Upstream, parameters: Parameters) -> bytes | None:
    username, password = _credentials(upstream, parameters)
    if username is None:
        return None
    return b"Basic " + base64.b64encode(f"{username}:{password or ''}".encode())
