"""Reading the HTTP responses that arrive on a connection to a container, one after the other."""

from __future__ import annotations

from typing import Protocol

import httptools

MAX_HEADER_BYTES = 131_072
"""The limit on everything that is not a body: the heads with all interim responses, trailers, chunk extensions."""
MAX_HEADERS = 256
MAX_INTERIM_RESPONSES = 32
CONTINUE, SWITCHING_PROTOCOLS, OK = 100, 101, 200
NO_BODY = frozenset({204, 304})
FINAL_STATUSES = range(200, 600)
UNTIL_CLOSE = 1 << 62
"""The length of a body that ends with its connection."""

END_OF_HEAD = b"\r\n\r\n"
MAX_KNOWN = 256
"""The most heads of a container that are remembered. `MAX_KNOWN_BYTES` is the size of the longest."""
MAX_KNOWN_BYTES = 2048

Headers = list[tuple[bytes, bytes]]


class InvalidResponse(Exception):
    """What the server sent is not a complete HTTP response. The message states the reason."""


class ResponseHead:
    """The head of a response. Names of headers are as the server wrote them. Heads with the same bytes are one object.

    `length` is the length of the body, None if it is not announced. A response to HEAD may have one.
    `plain` is for the receiver, which can store there what it makes of the head.
    """

    __slots__ = ("headers", "is_chunked", "is_reusable", "length", "plain", "reason", "status")

    def __init__(self, status: int, reason: bytes, headers: Headers) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.length: int | None = None
        self.is_chunked = False
        self.is_reusable = False
        self.plain: bytes | None = None


class KnownHeads:
    """The heads of one container's responses, by their bytes. What was parsed once needs no parser again.

    Only heads of responses whose body has an announced length are known.
    """

    def __init__(self) -> None:
        self._heads: dict[bytes, ResponseHead] = {}

    def find(self, data: bytes) -> tuple[ResponseHead, int] | None:
        """The head at the beginning of `data`, and its size."""
        end = data.find(END_OF_HEAD, 0, MAX_KNOWN_BYTES) + 4
        head = self._heads.get(data[:end])
        return None if head is None else (head, end)

    def remember(self, data: bytes, head: ResponseHead, body_bytes: int) -> None:
        """Remember a head that was parsed, if it is clear where it ends: `body_bytes` follow in `data`."""
        end = data.find(END_OF_HEAD, 0, MAX_KNOWN_BYTES) + 4
        if end > 3 and len(data) - end == body_bytes:
            if len(self._heads) >= MAX_KNOWN:
                self._heads.clear()
            self._heads[data[:end]] = head


class Receiver(Protocol):
    """What gets a response while it is read. None of its methods may read further."""

    def receive_interim(self, head: ResponseHead) -> None:
        """A response with a status below 200, before the final one."""

    def receive_head(self, head: ResponseHead) -> None:
        """The head of the final response. Its body may follow immediately."""

    def receive_body(self, pieces: list[bytes], trailers: Headers | None) -> None:
        """Some of the body. With `trailers`, which may be empty, the response is complete."""


class ResponseReader:
    """Reads responses. Call `expect` before each request. `feed` and `end` raise InvalidResponse.

    A parser only sees new heads, and chunks. A body without chunks is passed on as it arrives.
    """

    def __init__(self, known_heads: KnownHeads) -> None:
        self._known_heads = known_heads
        self.is_complete = True

    def expect(self, receiver: Receiver, is_head_request: bool, may_switch: bool) -> None:
        """Expect the response to a request. It switches protocols only if that was requested."""
        self._receiver = receiver
        self._is_head_request = is_head_request
        self._may_switch = may_switch
        self._parser: ResponseParser | None = None
        self.left = 0
        """How many bytes of a body without chunks are still to come."""
        self.has_begun = self.is_complete = self.is_reusable = False
        self.after_switch: bytes | None = None

    def feed(self, data: bytes) -> None:
        """Read the next received bytes. Raises InvalidResponse."""
        if self.left:
            self._pass_on(data)
        elif self.is_complete:
            self.is_reusable = False
        elif self.has_begun or self._is_head_request or (known := self._known_heads.find(data)) is None:
            self.has_begun = True
            self._parse(data)
        else:
            self.has_begun = True
            self._begin_known(data, *known)

    def end(self) -> None:
        """The server closed its side. Raises InvalidResponse if the response is not complete."""
        if self.is_complete:
            return
        if self.left > UNTIL_CLOSE // 2:
            self.is_complete = True
            self._receiver.receive_body([], [])
        elif self.left:
            raise InvalidResponse(f"the connection was closed {self.left} bytes before the end of the response")
        elif self._parser is not None and self._parser.head is not None:
            raise InvalidResponse("the connection was closed within the response")
        else:
            raise InvalidResponse("the connection was closed without a response")

    def _begin_known(self, data: bytes, head: ResponseHead, end: int) -> None:
        """Begin a response with a head that was parsed before."""
        self.is_reusable = head.is_reusable
        self._receiver.receive_head(head)
        self.left = head.length or 0
        self._pass_on(data[end:])

    def _pass_on(self, data: bytes) -> None:
        """Pass a piece of a body on that has no chunks."""
        if len(data) > self.left:
            data = data[: self.left]
            self.is_reusable = False
        self.left -= len(data)
        self.is_complete = not self.left
        self._receiver.receive_body([data], [] if self.is_complete else None)

    def _parse(self, data: bytes) -> None:
        parser, whole = self._parser, b""
        if parser is None:
            parser, whole = ResponseParser(), data
            self._parser = parser
        is_new = parser.head is None
        problem = parser.feed(data)
        for head in parser.take_interim():
            self._receiver.receive_interim(head)
        if parser.head is not None:
            pieces = parser.take_pieces()
            if is_new:
                self._begin(parser, whole, pieces)
            if self.after_switch is None and (pieces or is_new or self.is_complete or parser.is_complete):
                self.is_complete = self.is_complete or parser.is_complete
                self._receiver.receive_body(pieces, parser.trailers if self.is_complete else None)
        self.is_reusable = self.is_reusable and not parser.has_extra
        if problem is not None and not self.is_complete:
            raise problem

    def _begin(self, parser: ResponseParser, whole: bytes, pieces: list[bytes]) -> None:
        """Pass the head on. From now on, a body without chunks is not parsed.

        `whole` is everything that the server has sent; empty if it arrived in several pieces.
        """
        head = parser.head
        assert head is not None
        size = sum(map(len, pieces))
        self.is_reusable = head.is_reusable
        if head.status == SWITCHING_PROTOCOLS:
            if not self._may_switch or parser.after_switch is None:
                raise InvalidResponse(f"the status {head.status} was not requested")
            self.after_switch = parser.after_switch
            self.is_complete = True
        elif head.status not in FINAL_STATUSES:
            raise InvalidResponse(f"the status {head.status} was not requested")
        elif self._is_head_request or head.status in NO_BODY:
            # Some servers send a body nevertheless, which would be taken for the next response.
            self.is_reusable = self.is_reusable and not (head.is_chunked or head.length or pieces)
            self.is_complete = True
            pieces.clear()
        elif head.length is None:
            self.left = 0 if head.is_chunked else UNTIL_CLOSE
        else:
            self.left = head.length - size
            if not parser.has_extra:
                self._known_heads.remember(whole, head, size)
        self._receiver.receive_head(head)


class ResponseParser:
    """Parses the head and the chunks of one response, with the heads before it."""

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.trailers: Headers = []
        self.is_complete = False
        self.has_extra = False
        """Whether the server sent more than this response."""
        self.after_switch: bytes | None = None
        self._headers: Headers = []
        self._reason = b""
        self._pieces: list[bytes] = []
        self._interim: list[ResponseHead] = []
        self._interim_responses = 0
        self._overhead = 0
        self._parser = httptools.HttpResponseParser(self)
        # Servers write such responses, and every client accepts them.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def feed(self, data: bytes) -> InvalidResponse | None:
        """Parse received bytes, and return why they are not valid. What was valid before has to be taken first."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.after_switch = data[upgrade.args[0] :]
        except httptools.HttpParserError as problem:
            self.has_extra = self.is_complete
            return InvalidResponse(str(problem.__context__ or problem))
        self._overhead = 0 if self._pieces else self._overhead + len(data)
        if self._overhead > MAX_HEADER_BYTES:
            return InvalidResponse(f"more than {MAX_HEADER_BYTES:,} bytes of headers or trailers")
        return None

    def take_pieces(self) -> list[bytes]:
        """The pieces of the body that were parsed since the last call."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def take_interim(self) -> list[ResponseHead]:
        """The heads of responses with a status below 200 that were parsed since the last call."""
        interim, self._interim = self._interim, []
        return interim

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:  # a second response, which nobody requested
            self.has_extra = True
            self._headers = []

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self._headers
        if len(headers) >= MAX_HEADERS:
            raise InvalidResponse(f"more than {MAX_HEADERS} headers")
        headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.head is not None:
            return
        status = self._parser.get_status_code()
        head = ResponseHead(status, self._reason, self._headers)
        self._reason = b""
        if CONTINUE <= status < OK and status != SWITCHING_PROTOCOLS:
            self._interim_responses += 1
            if self._interim_responses > MAX_INTERIM_RESPONSES:
                raise InvalidResponse(f"more than {MAX_INTERIM_RESPONSES} interim responses")
            self._interim.append(head)
            self._headers = []
            return
        self._headers = self.trailers
        _set_framing(head)
        head.is_reusable = self._parser.should_keep_alive()
        self.head = head

    def on_body(self, body: bytes) -> None:
        if not self.is_complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self.head is not None:
            self.is_complete = True


def _set_framing(head: ResponseHead) -> None:
    """Find out how the end of the body is recognized. Raises InvalidResponse for codings that nobody requested."""
    for name, value in head.headers:
        if len(name) == len(b"content-length") and name.lower() == b"content-length":
            head.length = int(value)
        elif len(name) == len(b"transfer-encoding") and name.lower() == b"transfer-encoding":
            coding = value.lower().strip()
            if coding != b"chunked":
                raise InvalidResponse(f"the transfer coding {coding.decode('latin-1')!r} was not requested")
            head.is_chunked = True
    if head.status in NO_BODY and head.length is None:
        head.length = 0
