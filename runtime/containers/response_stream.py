"""A response of the engine that lasts as long as a run, read on the event loop.

A thread for each of them would take turns with the event loop: with many verbose runs, the turns cost more than the
work.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial
from typing import cast
from urllib.parse import urlencode

import docker.errors
import httptools

from runtime.containers import EngineUnavailable
from runtime.containers.connection import CALL_TIMEOUT_SECS, EngineConnection
from runtime.containers.direct_connection import connect, is_direct
from runtime.containers.streams import ByteStream
from runtime.containers.threaded_stream import read_in_thread

PIECE_BYTES = 8 * 1024
"""About so much is passed on at a time. Each piece of a log takes a millisecond, and other work runs in between."""
BUFFER_BYTES = 256 * 1024
"""With so much waiting for its reader, nothing more is received."""


def read_response(
    connection: EngineConnection, path: str, params: Mapping[str, str | int]
) -> AsyncGenerator[bytes, None]:
    """GET a response of the engine's API, and yield its body in pieces. Closing the iterator closes the connection.

    Raises docker's APIError for an error response, and EngineUnavailable. Only docker-py reaches some engines, and only
    in a thread.
    """
    return (_read_on_loop if is_direct(connection) else _read_in_thread)(connection, path, params)


async def _read_on_loop(
    connection: EngineConnection, path: str, params: Mapping[str, str | int]
) -> AsyncGenerator[bytes, None]:
    url = f"/v{connection.api.api_version}{path}?{urlencode(params)}"
    response = _Response(f"GET {url} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
    try:
        async with asyncio.timeout(CALL_TIMEOUT_SECS):
            transport = await connect(connection, lambda: response)
    except (OSError, TimeoutError) as error:
        raise EngineUnavailable(f"The Docker engine does not answer: {error}") from error
    try:
        while piece := await response.take():
            yield piece
    finally:
        transport.abort()


async def _read_in_thread(
    connection: EngineConnection, path: str, params: Mapping[str, str | int]
) -> AsyncGenerator[bytes, None]:
    stream = partial(connection.stream, path, **params)
    async with aclosing(read_in_thread(lambda: ByteStream(stream()), path, size_of=len)) as batches:
        async for pieces in batches:
            yield b"".join(pieces)


class _Response(asyncio.Protocol):
    """Sends the request and buffers the body of the response."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._is_paused = self._is_complete = False
        self._problem: Exception | None = None
        self._changed = asyncio.Event()

    async def take(self) -> bytes:
        """Return the next piece of the body; nothing at its end."""
        if self._chunks:
            await asyncio.sleep(0)  # so that a fast stream does not block the event loop
        while not (self._chunks or self._is_complete or self._problem) or self._is_unfinished_error():
            self._changed.clear()
            await self._changed.wait()
        piece = self._next_piece()
        if self._parser.get_status_code() >= 400:
            raise _api_error(self._parser.get_status_code(), piece)
        if not piece and self._problem:
            raise EngineUnavailable(f"The connection to the Docker engine was lost: {self._problem}")
        return piece

    def _is_unfinished_error(self) -> bool:
        return self._parser.get_status_code() >= 400 and not (self._is_complete or self._problem)

    def _next_piece(self) -> bytes:
        chunks, size = [], 0
        while self._chunks and size < PIECE_BYTES:
            chunks.append(self._chunks.popleft())
            size += len(chunks[-1])
        self._size -= size
        if self._is_paused and self._size < BUFFER_BYTES:
            self._is_paused = False
            self._transport.resume_reading()
        return b"".join(chunks)

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._problem = error
        if self._size >= BUFFER_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._problem = self._problem or error or ConnectionResetError("The engine closed it.")
        self._changed.set()

    # What the parser calls.

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._size += len(body)

    def on_message_complete(self) -> None:
        self._is_complete = True


def _api_error(status: int, body: bytes) -> docker.errors.APIError:
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, LookupError, TypeError):
        message = body.decode(errors="replace").strip()
    error_class = docker.errors.NotFound if status == 404 else docker.errors.APIError
    return error_class(f"{status}: {message}", explanation=message)
