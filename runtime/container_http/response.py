"""Reading the HTTP responses that arrive on a connection to a container, one after the other."""

from __future__ import annotations

from http import HTTPStatus
from typing import Protocol

import httptools

MAX_HEADER_BYTES = 131_072
"""The limit on everything that is not a body: the heads with all interim responses, trailers, chunk extensions."""
MAX_HEADERS = 256
MAX_INTERIM_RESPONSES = 32
SWITCHING_PROTOCOLS = HTTPStatus.SWITCHING_PROTOCOLS
NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
FINAL_STATUSES = range(200, 600)
UNTIL_CLOSE = 1 << 62
"""The length of a body that ends with its connection."""

Headers = list[tuple[bytes, bytes]]


class InvalidResponse(Exception):
    """What the server sent is not a complete HTTP response. The message states the reason."""


class ResponseHead:
    """The head of a response. Names of headers are as the server wrote them.

    `length` is the length of the body, None if it is not announced. A response to HEAD has a length and no body.
    """

    __slots__ = ("has_body", "headers", "is_chunked", "length", "reason", "status")

    def __init__(self, status: int, reason: bytes, headers: Headers) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.length: int | None = None
        self.is_chunked = False
        self.has_body = False


class Receiver(Protocol):
    """What gets a response while it is read. None of its methods may read further."""

    def receive_interim(self, head: ResponseHead) -> None:
        """A response with a status below 200, before the final one."""

    def receive_head(self, head: ResponseHead) -> None:
        """The head of the final response. Its body may follow immediately."""

    def receive_body(self, pieces: list[bytes], trailers: Headers | None) -> None:
        """Some of the body. With `trailers`, which may be empty, the response is complete."""


class ResponseReader:
    """Reads responses. Call `expect` before each request. `feed` raises InvalidResponse.

    The parser only sees heads and chunks. A body without chunks is passed on as it arrives.
    """

    def __init__(self) -> None:
        self._parser: httptools.HttpResponseParser | None = None
        self._receiver: Receiver | None = None
        self.is_complete = True

    def expect(self, receiver: Receiver, *, is_head_request: bool = False, may_switch: bool = False) -> None:
        """Expect the response to a request. It switches protocols only if that was requested."""
        self._receiver = receiver
        self._is_head_request = is_head_request
        self._may_switch = may_switch
        self._headers: Headers = []
        self._trailers: Headers = []
        self._reason = b""
        self._pieces: list[bytes] = []
        self._head: ResponseHead | None = None
        self._interim: list[ResponseHead] = []
        self._interim_responses = 0
        self._overhead = 0
        self._left = 0
        self.has_begun = False
        self.is_complete = False
        self.is_reusable = False
        self.after_switch: bytes | None = None
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
            # Servers write such responses, and every client accepts them.
            self._parser.set_dangerous_leniencies(
                lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
            )

    @property
    def harmless_bytes(self) -> int:
        """How many of the next bytes cost almost nothing, because they are one piece of a body."""
        return self._left

    def feed(self, data: bytes) -> None:
        """Parse the next received bytes. Raises InvalidResponse."""
        self.has_begun = True
        if self._left:
            self._pass_on(data)
        elif self.is_complete:
            self.is_reusable = False
        else:
            self._parse(data)

    def end(self) -> None:
        """The server closed its side. Raises InvalidResponse if the response is not complete."""
        if self.is_complete:
            return
        if self._left > UNTIL_CLOSE // 2:
            self.is_complete = True
            self._deliver([], [])
        elif self._left:
            raise InvalidResponse(f"the connection was closed {self._left} bytes before the end of the response")
        elif self._head is not None:
            raise InvalidResponse("the connection was closed within the response")
        else:
            raise InvalidResponse("the connection was closed without a response")

    def _pass_on(self, data: bytes) -> None:
        """Pass a piece of a body on that has no chunks."""
        if len(data) > self._left:
            data = data[: self._left]
            self.is_reusable = False
        self._left -= len(data)
        self.is_complete = not self._left
        self._deliver([data], [] if self.is_complete else None)

    def _deliver(self, pieces: list[bytes], trailers: Headers | None) -> None:
        assert self._receiver is not None
        self._receiver.receive_body(pieces, trailers)

    def _parse(self, data: bytes) -> None:
        assert self._parser is not None and self._receiver is not None
        is_new, problem = self._head is None, None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.after_switch = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self._parser = None
            self.is_reusable = False
            if not self.is_complete:
                problem = InvalidResponse(str(error.__context__ or error))
        pieces, self._pieces = self._pieces, []
        self._count_overhead(len(data), has_body=bool(pieces))
        if self._interim:
            interim, self._interim = self._interim, []
            for each in interim:
                self._receiver.receive_interim(each)
        if self._head is None:
            if problem is not None:
                raise problem
            return
        if is_new:
            self._begin(self._head, pieces)
        if self.after_switch is not None:
            return
        if self.is_complete:
            self._deliver(pieces, self._trailers)
        elif pieces or is_new:
            self._deliver(pieces, None)
        if problem is not None:
            raise problem

    def _begin(self, head: ResponseHead, pieces: list[bytes]) -> None:
        """Pass the head on. From now on, a body without chunks is not parsed."""
        assert self._receiver is not None
        if head.status == SWITCHING_PROTOCOLS:
            if not self._may_switch or self.after_switch is None:
                raise InvalidResponse(f"the status {head.status} was not requested")
            self._parser = None
            self.is_complete = True
        elif head.status not in FINAL_STATUSES:
            raise InvalidResponse(f"the status {head.status} was not requested")
        elif not head.has_body:
            self._end_without_body(pieces)
        elif not (head.is_chunked or self.is_complete):
            received = sum(map(len, pieces))
            self._left = (UNTIL_CLOSE if head.length is None else head.length) - received
            self._parser = None
        self._receiver.receive_head(head)

    def _end_without_body(self, pieces: list[bytes]) -> None:
        """The response ends here. If its headers announce a body, the parser expects one, so it is not used again."""
        if pieces or not self.is_complete:
            self._parser = None
            self.is_reusable = False
        pieces.clear()
        self.is_complete = True

    def _count_overhead(self, size: int, *, has_body: bool) -> None:
        self._overhead = 0 if has_body else self._overhead + size
        if self._overhead > MAX_HEADER_BYTES and not self.is_complete:
            raise InvalidResponse(f"more than {MAX_HEADER_BYTES:,} bytes of headers or trailers")

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.is_complete:  # a second response, which nobody requested
            self.is_reusable = False
            self._headers = []

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self._headers
        if len(headers) >= MAX_HEADERS:
            raise InvalidResponse(f"more than {MAX_HEADERS} headers")
        headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._head is not None:
            return
        assert self._parser is not None
        status = self._parser.get_status_code()
        head = ResponseHead(status, self._reason, self._headers)
        self._headers, self._reason = self._trailers, b""
        if HTTPStatus.CONTINUE <= status < HTTPStatus.OK and status != SWITCHING_PROTOCOLS:
            self._interim_responses += 1
            if self._interim_responses > MAX_INTERIM_RESPONSES:
                raise InvalidResponse(f"more than {MAX_INTERIM_RESPONSES} interim responses")
            self._interim.append(head)
            self._headers = []
            return
        _set_framing(head)
        head.has_body = not (self._is_head_request or status in NO_BODY)
        self.is_reusable = self._parser.should_keep_alive()
        self._head = head

    def on_body(self, body: bytes) -> None:
        if not self.is_complete:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._head is not None:
            self.is_complete = True


def _set_framing(head: ResponseHead) -> None:
    """Find out how the end of the body is recognized. Raises InvalidResponse for codings that nobody requested."""
    for name, value in head.headers:
        if len(name) == 14 and name.lower() == b"content-length":
            head.length = int(value)
        elif len(name) == 17 and name.lower() == b"transfer-encoding":
            coding = value.lower().strip()
            if coding != b"chunked":
                raise InvalidResponse(f"the transfer coding {coding.decode('latin-1')!r} was not requested")
            head.is_chunked = True
