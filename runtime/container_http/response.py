"""Reading an HTTP response from a connection to a container."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus

import httptools

from runtime.base.loop_share import loop_share
from runtime.container_http.connection import ContainerConnection

MAX_HEADER_BYTES = 131_072
"""The limit on everything that is not a body: the heads with all interim responses, trailers, chunk extensions."""
MAX_HEADERS = 256
MAX_INTERIM_RESPONSES = 32
SLICE_BYTES = 16_384
"""Bytes that are parsed without a pause: at most 3 ms of work, for headers without values."""
NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class InvalidResponse(Exception):
    """What the server sent is not a complete HTTP response. The message states the reason."""


class ContainerResponse:
    """One response. `read_head` has to be called first; then `status` and `headers` are set.

    `after_upgrade` is what the server sent after the head of an upgrade; None if the response is not an upgrade.
    """

    def __init__(self, connection: ContainerConnection, method: str) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._connection = connection
        self._is_head_request = method == "HEAD"
        self._body: list[bytes] = []
        self._unparsed = b""
        self._is_complete = False
        self._has_head = False
        self._interim_responses = 0
        self._overhead = 0
        self.after_upgrade: bytes | None = None
        self._share = loop_share()
        self._parser = httptools.HttpResponseParser(self)
        # Servers write such responses, and every client accepts them.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    async def read_head(self) -> None:
        """Read until the head of the final response. Raises InvalidResponse, ConnectionError."""
        while not self._has_head:
            data = await self._connection.read()
            if not data:
                raise InvalidResponse("the connection was closed without a response")
            self._parse_head(data)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, without its transfer coding. Raises InvalidResponse if it is incomplete, ConnectionError."""
        coding, length = self._framing()
        left = None if length is None else length - sum(map(len, self._body))
        while True:
            if self._body:
                yield self._take_body()
            if self._is_complete or left == 0:
                return
            data = await self._next()
            if coding == b"chunked":
                if not data:
                    raise InvalidResponse("the connection was closed within the response")
                await self._share.feed(self._parse, data, SLICE_BYTES)
            elif left is None:
                self._is_complete = not data
                self._body = [data] if data else []
            else:
                if not data:
                    raise InvalidResponse(f"the connection was closed {left} bytes before the end of the response")
                self._body = [data[:left]]
                left -= len(self._body[0])

    def _framing(self) -> tuple[bytes | None, int | None]:
        """The last transfer coding, and the length of a body that has none."""
        codings = [value for name, value in self.headers if name.lower() == b"transfer-encoding"]
        if codings:
            return codings[-1].rpartition(b",")[2].strip().lower(), None
        lengths = [int(value) for name, value in self.headers if name.lower() == b"content-length"]
        return None, lengths[0] if lengths else None

    async def _next(self) -> bytes:
        data, self._unparsed = self._unparsed, b""
        return data or await self._connection.read()

    def _parse_head(self, data: bytes) -> None:
        """Parse until the end of the head. Its limits make this short, so it needs no pause."""
        start = 0
        while not self._has_head and start < len(data):
            self._parse(data[start : start + SLICE_BYTES])
            start += SLICE_BYTES
        self._unparsed = data[start:]
        if self.after_upgrade is not None:
            self.after_upgrade += self._unparsed

    def _take_body(self) -> bytes:
        body, self._body = self._body, []
        return body[0] if len(body) == 1 else b"".join(body)

    def _parse(self, data: bytes) -> None:
        if self._is_complete:
            return
        seen = len(self._body)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.after_upgrade = data[upgrade.args[0] :]
        except httptools.HttpParserError as problem:
            if not self._is_complete:
                raise InvalidResponse(str(problem.__context__ or problem)) from problem
        self._overhead = 0 if len(self._body) > seen else self._overhead + len(data)
        if self._overhead > MAX_HEADER_BYTES and not self._is_complete:
            raise InvalidResponse(f"more than {MAX_HEADER_BYTES:,} bytes of headers or trailers")

    # What the parser calls.

    def on_message_begin(self) -> None:
        if not self._has_head:
            self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:  # a trailer
            return
        if len(self.headers) >= MAX_HEADERS:
            raise InvalidResponse(f"more than {MAX_HEADERS} headers")
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._has_head:  # a second response, which nobody requested
            return
        self.status = self._parser.get_status_code()
        if self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self._interim_responses += 1
            if self._interim_responses > MAX_INTERIM_RESPONSES:
                raise InvalidResponse(f"more than {MAX_INTERIM_RESPONSES} interim responses")
            return
        self._has_head = True
        self._is_complete = self._is_head_request or self.status < HTTPStatus.OK or self.status in NO_BODY

    def on_body(self, body: bytes) -> None:
        if not self._is_complete:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._has_head:
            self._is_complete = True
