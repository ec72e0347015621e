"""The limits of the proxy's process, on the event loop of the test."""

from __future__ import annotations

import asyncio
import os
from typing import BinaryIO

import pytest

from api.sockets import listen
from runtime.base.proxy_settings import ProxySettings
from runtime.proxy import process
from runtime.proxy.process import ProxyProcess
from runtime.proxy.protocol import Start

STATUS_PAGE = b"GET /?format=json HTTP/1.1\r\nHost: proxy\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def test_one_address_cannot_have_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the process can serve four clients, one address gets two connections at a time."""
    monkeypatch.setattr(process, "_max_clients", lambda: 4)
    [listening] = listen(0, ("127.0.0.1",))
    port = listening.getsockname()[1]
    start = Start(ProxySettings(), (), port, "127.0.0.1", (), (os.dup(listening.fileno()),))
    listening.close()
    with nowhere() as file:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, file)
        proxy = ProxyProcess(start, asyncio.StreamWriter(transport, protocol, None, loop))
        await proxy.listen()
        served = [await served_connection(port) for _ in range(3)]
        assert [each is not None for each in served] == [True, True, False]
        await disconnect(served[0])
        assert await served_connection(port) is not None
        await proxy.close()


def nowhere() -> BinaryIO:
    return open(os.devnull, "wb")


async def served_connection(port: int) -> Connection | None:
    """Open a connection and request the status page. Returns None if the proxy closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(STATUS_PAGE)
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (ConnectionResetError, asyncio.IncompleteReadError):
        return None
    assert head.startswith(b"HTTP/1.1 200 ")
    return reader, writer


async def disconnect(connection: Connection | None) -> None:
    """Close the sending side, and return when the proxy has closed the other side."""
    assert connection is not None
    reader, writer = connection
    writer.write_eof()
    await reader.read()
    writer.close()
