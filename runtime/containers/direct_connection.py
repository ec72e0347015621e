"""Connections to the engine that the event loop reads, without docker-py."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from docker.utils import parse_host

from runtime.containers.connection import EngineConnection

ProtocolFactory = Callable[[], asyncio.Protocol]


class UnsupportedAddress(Exception):
    """Only docker-py can reach an engine at such an address: through SSH, or a named pipe of Windows."""


def is_direct(connection: EngineConnection) -> bool:
    """Return whether `connect` supports the address of the engine."""
    return _url(connection).scheme in ("http+unix", "http", "https")


async def connect(connection: EngineConnection, protocol_factory: ProtocolFactory) -> asyncio.Transport:
    """Open a connection to the engine. Raises UnsupportedAddress and OSError."""
    loop = asyncio.get_running_loop()
    url = _url(connection)
    if url.scheme == "http+unix":
        transport, _ = await loop.create_unix_connection(protocol_factory, url.path)
    elif url.scheme in ("http", "https") and url.hostname and url.port:
        tls = _tls(connection) if url.scheme == "https" else None
        transport, _ = await loop.create_connection(protocol_factory, url.hostname, url.port, ssl=tls)
    else:
        raise UnsupportedAddress(f"It requires an engine at a Unix socket or a TCP address, not at {url.geturl()}")
    return transport


def _url(connection: EngineConnection) -> SplitResult:
    address = connection.address()
    return urlsplit(str(parse_host(address.get("base_url"), sys.platform == "win32", bool(address.get("tls")))))


def _tls(connection: EngineConnection) -> ssl.SSLContext:
    """Return a TLS context with the certificates that docker-py found for this engine."""
    verify, cert = connection.api.verify, connection.api.cert
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if cert:
        context.load_cert_chain(*cert)
    return context
