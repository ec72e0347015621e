"""Relays the debugger of a run to its container, and measures in passing how long the debugger holds the run.

The container's port is not reachable by itself: the server listens at the run's debug port of this machine. So it sees
what program and debugger send to each other, on every engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from runtime.base.clock import Clock
from runtime.containers import EngineUnavailable
from runtime.runs import messages
from runtime.runs.debug_protocols import DebugTraffic
from runtime.runs.limit_watchers import WatchedRun

logger = logging.getLogger("greenroom.supervisor")

LOOPBACK = "127.0.0.1"
PAUSE_SECS = 5.0
SLICE_BYTES = 16 * 1024
"""How much is parsed before everything else gets its turn."""
MAX_CONNECTIONS = 32


class DebuggerRelay:
    """Serves the debug ports of runs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def serve(self, watched: WatchedRun, port: int) -> None:
        """Relay connections until this is cancelled. While the port is in use, try again."""
        async with asyncio.TaskGroup() as connections:
            server = await self._open(watched, port, connections)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                server.close()

    async def _open(self, watched: WatchedRun, port: int, connections: asyncio.TaskGroup) -> asyncio.Server:
        live: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(live) >= MAX_CONNECTIONS:
                writer.close()
                return
            task = connections.create_task(_serve(watched, port, reader, writer))
            live.add(task)
            task.add_done_callback(live.discard)

        is_reported = False
        while True:
            try:
                return await asyncio.start_server(accept, LOOPBACK, port, limit=SLICE_BYTES)
            except OSError as problem:
                if not is_reported:
                    watched.log.system(messages.debug_port_in_use(port, problem))
                is_reported = True
            await self._clock.sleep(PAUSE_SECS)


async def _serve(watched: WatchedRun, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Relay one connection. An error in it ends only this connection."""
    traffic = DebugTraffic()
    try:
        async with _closing(writer), _connection(watched, port) as (from_program, to_program):
            await _first_of(
                _pump(reader, to_program, partial(_observe, watched, traffic, traffic.from_debugger)),
                _pump(from_program, writer, partial(_observe, watched, traffic, traffic.from_program)),
            )
    except (OSError, EngineUnavailable):  # the program does not listen yet, or has ended: the debugger tries again
        pass
    except Exception:
        logger.exception("A debugger of run %s could not be relayed", watched.run.id)
    finally:
        watched.hold.release(traffic)


@asynccontextmanager
async def _connection(
    watched: WatchedRun, port: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to the debugger's port of the container. Raises OSError, EngineUnavailable."""
    address = await watched.container.address_of(port)
    if address is None:
        raise ConnectionError("The container does not run")
    reader, writer = await asyncio.open_connection(*address, limit=SLICE_BYTES)
    async with _closing(writer):
        yield reader, writer


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()  # a client that does not read would hold what is unsent, and with it the run
        raise
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, observe: Callable[[bytes], None]) -> None:
    """Pass everything on. It is observed first: the program must not stop again before it is known to run."""
    while data := await reader.read(SLICE_BYTES):
        observe(data)
        writer.write(data)
        await writer.drain()


def _observe(watched: WatchedRun, traffic: DebugTraffic, read: Callable[[bytes], None], data: bytes) -> None:
    read(data)
    watched.hold.update(traffic, is_paused=traffic.is_paused, has_started=traffic.has_started)


async def _first_of(*pumps: Coroutine[Any, Any, None]) -> None:
    """Run both directions until one of them ends, and raise its error."""
    tasks = [asyncio.ensure_future(each) for each in pumps]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
