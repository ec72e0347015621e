"""Reading HTTP/1 requests and responses from streams, piece by piece. Everything except bodies has limits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httptools

from runtime.base.http_headers import hop_by_hop_names

READ_BYTES = 32_768
MAX_OVERHEAD_BYTES = 131_072
"""The most bytes in a row that are not a body: heads, trailers, extensions of chunks."""
MAX_HEADERS = 256
SILENCE_SECS = 600.0
"""How long a peer may be silent within a message, or before a response."""
MAX_INTERIM_RESPONSES = 32
NO_BODY = frozenset({204, 304})

Headers = list[tuple[bytes, bytes]]


class InvalidMessage(Exception):
    """What the peer sent is not a complete HTTP message. The message states the reason."""


class TooLarge(InvalidMessage):
    """The head of the message exceeds the limits."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request, or of a response with its `status` and `reason`."""

    headers: Headers
    version: str
    method: str = ""
    target: bytes = b""
    status: int = 0
    reason: bytes = b""

    def value(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def content_length(self) -> int | None:
        """The length of the body, unless it has a transfer coding."""
        length = self.value(b"content-length")
        return int(length) if length is not None and not self.is_coded else None

    @property
    def is_coded(self) -> bool:
        return self.value(b"transfer-encoding") is not None

    @property
    def is_persistent(self) -> bool:
        """Whether the sender wants to use its connection for further messages."""
        options = b",".join(value for key, value in self.headers if key.lower() in (b"connection", b"proxy-connection"))
        return self.version == "1.1" and b"close" not in options.lower()

    def end_to_end(self) -> Headers:
        """The headers that a proxy passes on."""
        dropped = hop_by_hop_names(self.headers)
        return [(key, value) for key, value in self.headers if key.lower() not in dropped]


class MessageReader:
    """Reads messages from a stream. Subclasses create the parser."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._received = 0
        self._heads: deque[Head] = deque()
        self._body: deque[bytes | None] = deque()
        """Pieces of bodies. None stands for the end of a body."""
        self._headers: Headers = []
        self._text = b""
        self._overhead = 0

    def take_received(self) -> int:
        """How many bytes have been read since the last call."""
        received, self._received = self._received, 0
        return received

    async def _read(self) -> bytes:
        async with asyncio.timeout(SILENCE_SECS):
            data = await self._stream.read(READ_BYTES)
        self._received += len(data)
        return data

    def _feed(self, parser: httptools.HttpRequestParser | httptools.HttpResponseParser, data: bytes) -> None:
        pieces = len(self._body)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise
        except httptools.HttpParserError as problem:
            if isinstance(problem.__context__, InvalidMessage):
                raise problem.__context__ from None
            raise InvalidMessage(str(problem)) from problem
        self._overhead = 0 if len(self._body) > pieces else self._overhead + len(data)
        if self._overhead > MAX_OVERHEAD_BYTES:
            raise TooLarge(f"more than {MAX_OVERHEAD_BYTES:,} bytes without a body")

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._headers, self._text = [], b""

    def on_url(self, part: bytes) -> None:
        self._text += part

    on_status = on_url

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) >= MAX_HEADERS:
            raise TooLarge(f"more than {MAX_HEADERS} headers")
        self._headers.append((name, value))

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)

    def on_message_complete(self) -> None:
        self._body.append(None)


class RequestReader(MessageReader):
    """Reads the requests of one client, one after the other: first `head`, then all of `body`."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        super().__init__(stream)
        self._parser = httptools.HttpRequestParser(self)
        self._after_connect: bytes | None = None

    async def head(self) -> Head | None:
        """The next request; None if the client has closed its side. Raises InvalidMessage."""
        while not self._heads:
            data = await self._read()
            if not data:
                if self._text:
                    raise InvalidMessage("the connection was closed within a request")
                return None
            self._parse(data)
        return self._heads.popleft()

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the body, without a transfer coding. Raises InvalidMessage if it is incomplete."""
        while True:
            while self._body:
                piece = self._body.popleft()
                if piece is None:
                    return
                yield piece
            try:
                data = await self._read()
            except OSError as problem:
                raise InvalidMessage("the connection was lost within a body") from problem
            if not data:
                raise InvalidMessage("the connection was closed within a body")
            self._parse(data)

    def skip_body(self) -> bool:
        """Skip the body of a request that is not forwarded. Returns False if there is one, which cannot be skipped."""
        if not self._body or self._body[0] is not None:
            return False
        self._body.popleft()
        if self._after_connect is not None:
            rest, self._after_connect = self._after_connect, None
            self._parser = httptools.HttpRequestParser(self)
            if rest:
                self._parse(rest)
        return True

    def after_connect(self) -> bytes:
        """What the client has sent after the head of a CONNECT request."""
        return self._after_connect or b""

    def _parse(self, data: bytes) -> None:
        try:
            self._feed(self._parser, data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            if self._heads and self._heads[-1].method == "CONNECT":
                self._after_connect = rest
                return
            # The client offers another protocol. It continues with HTTP if the offer is ignored.
            self._parser = httptools.HttpRequestParser(self)
            if rest:
                self._parse(rest)

    def on_headers_complete(self) -> None:
        method = self._parser.get_method().decode("ascii")
        self._heads.append(Head(self._headers, self._parser.get_http_version(), method, self._text))
        self._headers, self._text = [], b""


class ResponseReader(MessageReader):
    """Reads the response to one request: `head` until it is final, then `body`."""

    def __init__(self, stream: asyncio.StreamReader, request_method: str) -> None:
        super().__init__(stream)
        self._is_head_request = request_method == "HEAD"
        self._is_complete = False
        self._head: Head | None = None
        self._interim = 0
        self._parser = httptools.HttpResponseParser(self)
        # Servers write such responses, and every client accepts them.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    async def head(self) -> Head:
        """The next head: those of interim responses, then the final one. Raises InvalidMessage."""
        while not self._heads:
            data = await self._read()
            if not data:
                raise InvalidMessage("the connection was closed without a response")
            self._parse(data)
        return self._heads.popleft()

    @property
    def has_body(self) -> bool:
        """Whether the final response may have a body. Its headers may describe one that is not sent."""
        return not (self._is_head_request or (self._head is not None and self._head.status in NO_BODY))

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the final body, without a transfer coding. Raises InvalidMessage if it is incomplete."""
        assert self._head is not None
        if not self.has_body:
            return
        ends_with_connection = self._head.content_length is None and not self._head.is_coded
        while True:
            while self._body:
                piece = self._body.popleft()
                if piece is None:
                    return
                yield piece
            data = await self._read()
            if not data:
                if ends_with_connection:
                    return
                raise InvalidMessage("the connection was closed within a response")
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._is_complete:
            return
        try:
            self._feed(self._parser, data)
        except httptools.HttpParserUpgrade as upgrade:
            raise InvalidMessage("the server switched to another protocol") from upgrade
        except InvalidMessage:
            if not self._is_complete:  # what follows a complete response does not matter
                raise

    def on_headers_complete(self) -> None:
        if self._head is not None:
            return
        status = self._parser.get_status_code()
        head = Head(self._headers, self._parser.get_http_version(), status=status, reason=self._text)
        self._heads.append(head)
        self._headers, self._text = [], b""
        if status >= 200:
            self._head = head
            self._is_complete = not self.has_body
            return
        self._interim += 1
        if self._interim > MAX_INTERIM_RESPONSES:
            raise InvalidMessage(f"more than {MAX_INTERIM_RESPONSES} interim responses")

    def on_message_complete(self) -> None:
        if self._head is not None:
            self._is_complete = True
            super().on_message_complete()
