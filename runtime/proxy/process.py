"""The proxy's own process: it serves clients, obeys the server's orders, and reports what runs have used.

It ends when its input closes, which is when the server ends, however that ends.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from runtime.base.clock import SystemClock
from runtime.base.open_file_limit import raise_open_file_limit
from runtime.proxy.accounts import Accounts
from runtime.proxy.client_connection import ClientConnection, ProxyContext
from runtime.proxy.counters import Counters
from runtime.proxy.destinations import Destinations
from runtime.proxy.exits import Exits, probe_silent_peer
from runtime.proxy.faults import Faults
from runtime.proxy.messages import READ_BYTES
from runtime.proxy.protocol import (
    MAX_LINE_BYTES,
    Admit,
    Flush,
    Order,
    Report,
    Revoke,
    SetFaults,
    Start,
    decode_order,
    encode,
)
from runtime.proxy.recent_requests import RecentRequests

REPORT_SECS = 1.0
MAX_CLIENTS = 20_000
FILES_PER_CLIENT = 2
RESERVED_FILES = 64
RESOLVERS = 32
"""Threads that resolve names, so that slow names do not delay the others."""


def main() -> None:
    """Run the process until its input closes."""
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve())
    os._exit(0)  # without waiting for threads that still resolve names


async def _serve() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(RESOLVERS, "resolver"))
    orders, reports = await _open_pipes()
    start = decode_order(await orders.readline())
    assert isinstance(start, Start)
    process = ProxyProcess(start, reports)
    await process.listen()
    reporting = asyncio.create_task(process.report_regularly())
    while line := await orders.readline():
        await process.obey(decode_order(line))
    reporting.cancel()
    await process.close()


async def _open_pipes() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout)
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)


class ProxyProcess:
    """What the process does, once its first order has arrived. Call `listen` first and `close` last."""

    def __init__(self, start: Start, reports: asyncio.StreamWriter) -> None:
        self._reports = reports
        self._accounts = Accounts(start.accounts)
        self._counters = Counters()
        self._recent = RecentRequests()
        self._faults = Faults()
        self._faults.set(start.faults)
        self._reported_changes = self._faults.changes
        self._max_clients = _max_clients()
        self._clients: Counter[str] = Counter()
        """Open connections by the address of the client, which for containers is one a run."""
        self._sockets = [socket.socket(fileno=each) for each in start.sockets]
        self._servers: list[asyncio.Server] = []
        destinations = Destinations(start.settings, {start.port, *start.api_ports}, start.host_address)
        self._context = ProxyContext(
            accounts=self._accounts,
            counters=self._counters,
            recent=self._recent,
            clock=SystemClock(),
            faults=self._faults,
            exits=Exits(start.settings, destinations),
            groups=start.settings.groups,
            port=start.port,
            max_open=self._max_clients // 2,
        )

    async def listen(self) -> None:
        for each in self._sockets:
            self._servers.append(await asyncio.start_server(self._accept, sock=each, limit=READ_BYTES))

    async def obey(self, order: Order) -> None:
        match order:
            case Admit():
                self._accounts.admit(order.account)
            case Revoke():
                self._accounts.revoke(order.run_id)
                await self._report()
                self._counters.drop(order.run_id)
            case Flush():
                await self._report(order.number)
            case SetFaults():
                self._faults.set(order.faults)
                self._reported_changes = self._faults.changes

    async def report_regularly(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECS)
            await self._report()

    async def close(self) -> None:
        """Stop to listen, and report for the last time."""
        for each in self._servers:
            each.close()
        with suppress(OSError):  # the server has ended, too
            await self._report()
        self._reports.close()

    async def _report(self, flushed: int | None = None) -> None:
        used, requests = self._counters.take(), self._recent.take()
        has_changed = self._faults.changes != self._reported_changes
        self._reported_changes = self._faults.changes
        if used or requests or has_changed or flushed is not None:
            faults = self._faults.ordered if has_changed else None
            self._reports.write(encode(Report(used=used, requests=requests, faults=faults, flushed=flushed)))
            await self._reports.drain()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client, unless all clients, or those of its address, have too many connections."""
        connected = writer.get_extra_info("socket")
        peer = writer.get_extra_info("peername")
        client = str(peer[0]) if peer else ""
        if self._clients.total() >= self._max_clients or self._clients[client] >= self._max_clients // 2:
            writer.transport.abort()
            return
        self._clients[client] += 1
        try:
            probe_silent_peer(connected)
            with suppress(asyncio.CancelledError):  # the client's run has ended
                await ClientConnection(self._context, reader, writer).serve()
        finally:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]


def _max_clients() -> int:
    """How many clients the process can serve with the files that it may open."""
    return min(MAX_CLIENTS, (raise_open_file_limit() - RESERVED_FILES) // FILES_PER_CLIENT)
