"""uvicorn's HTTP protocol with limits on headers. It forwards the requests for web servers of runs itself.

A forwarded request needs neither a scope nor a task. Its Forwarding takes the place of uvicorn's cycle.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.connections.head_deadline import HeadDeadline
from api.web_server.client import Client, SwitchedConnection
from api.web_server.forwarding import Forwarding
from api.web_server.proxy import WebServers
from api.web_server.request import RequestHeaders, WebRequest
from api.web_server.run_address import RunAddress
from runtime.base.fair_protocol import FairProtocol, FairTransport
from runtime.base.loop_share import loop_share

MAX_HEADER_BYTES = 131_072
"""The limit on a request's head, and on its trailers and chunk extensions."""
MAX_HEADERS = 256
CHUNKED_SLICE_BYTES = 16_384
MAX_UNREAD_BYTES = 128 * 1024
"""The part of a body that waits for the application: less than uvloop receives in a call, because adding costs time."""
MAX_EARLY_BYTES = 65_536
"""What a client may send after an upgrade request before it has the response."""
HEAD_SECS = 60.0
"""A connection is closed if it is open, or has begun a request, for this time without a complete head."""
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
BODY_SECS = 300.0
"""A connection is closed if a request without a response lacks a part of its body and nothing arrives for this time."""


class HeadersTooLarge(Exception):
    """The request exceeds a limit on headers."""


class HttpProtocol(HttpToolsProtocol):
    """One connection of a client."""

    slice_bytes = 4096
    """At most 10 ms of work, for the smallest requests."""

    def __init__(self, web_servers: WebServers | None, **options: Any) -> None:
        super().__init__(**options)
        self._web_servers = web_servers
        self._deadline = HeadDeadline(self.loop, self.timeout_keep_alive_handler)
        self._overhead = 0
        self._has_progress = False
        self._has_head = False
        self._at_start = True
        """Whether the parser has not seen any part of the next request."""
        self._messages = 0
        self._announced_bytes: int | None = None
        self._body_bytes = 0
        self._body_check: asyncio.TimerHandle | None = None
        self._is_upgrade = self._is_web_socket = False
        self._is_repeating = False
        self._early: bytes | None = None
        self._client: Client | None = None
        self._received: Forwarding | None = None
        """The forwarded request that is being received. `_answered` is the one that is being answered."""
        self._answered: Forwarding | None = None
        self._starting: Forwarding | None = None
        self._application: RequestResponseCycle | None = None
        self._pieces: list[bytes] = []
        self._trailers: list[tuple[bytes, bytes]] = []

    def harmless_bytes(self) -> int:
        """The rest of a body whose length was announced. Of a chunked body, a few chunks."""
        if self.cycle is None or not self.cycle.more_body:
            return 0
        if self._announced_bytes is None:
            lengths = [int(value) for name, value in self.headers if name == b"content-length"]
            self._announced_bytes = lengths[0] if lengths else 0
        return max(CHUNKED_SLICE_BYTES, self._announced_bytes - self._body_bytes)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _PipelineFlow(transport, self.pipeline)
        self._deadline.set(HEAD_SECS, is_begun=True)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._store_early(data)
            return
        if self._at_start and (self.cycle is None or self.cycle.response_complete) and self._web_servers is not None:
            request = self._web_servers.known_requests.find(data)
            if request is not None:
                self._answer_known(self._web_servers, request)
                return
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        was_at_start, self._messages = self._at_start, 0
        self._has_progress = False
        try:
            self.parser.feed_data(data)
            self._count_overhead(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except (httptools.HttpParserError, HeadersTooLarge) as problem:
            self._reject(problem)
        is_one = was_at_start and self._at_start and self._messages == 1
        if is_one and self._received is not None and self._web_servers is not None:
            self._web_servers.known_requests.remember(data, self._request)
        self._after_parsing()

    def _answer_known(self, web_servers: WebServers, request: WebRequest) -> None:
        """Answer a request that the parser has not seen, because it has seen the same headers before."""
        self._deadline.clear()
        client = self._client or self._new_client()
        self._received = self._answered = forwarding = web_servers.forwarding(client, request)
        self.cycle = cast(Any, forwarding)
        forwarding.more_body = False
        forwarding.start()

    def _after_parsing(self) -> None:
        """Pass on what the parser found, outside of its callbacks: they turn every error into an invalid request."""
        if self._pieces and self._received is not None:
            self._send_body(None)
        if self._starting is not None:
            starting, self._starting = self._starting, None
            self._start(starting)
        cycle = self.cycle
        if not (self._has_progress or self._deadline.is_begun) and (cycle is None or cycle.response_complete):
            self._deadline.set(HEAD_SECS, is_begun=True)
        if cycle is not None and cycle.more_body and self._body_check is None and self._is_body_missing():
            self._check_body_later()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._received is not None:
            self.cycle = cast(Any, None)
        super().connection_lost(exc)
        self._deadline.cancel()
        if self._answered is not None:
            self._answered.abort()
        if self._application is not None:  # uvicorn only informs that of the last pipelined request
            self._application.disconnected = True
            self._application.message_event.set()
        if self._body_check is not None:
            self._body_check.cancel()

    def shutdown(self) -> None:
        """As in uvicorn: close the connection, or let its last response be complete first."""
        if self._received is None:
            super().shutdown()
        elif self._received.response_complete:
            self.transport.close()
        else:
            self._received.is_persistent = False

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._answered is not None:
            self._answered.pause_response()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._answered is not None:
            self._answered.resume_response()

    def _is_body_missing(self) -> bool:
        return self.cycle is not None and self.cycle.more_body and not self.cycle.response_started

    def _check_body_later(self) -> None:
        """Close the connection later if no more of the body has arrived by then, although it could be received."""
        self._body_check = self.loop.call_later(BODY_SECS, self._check_body, self.cycle, self._body_bytes)

    def _check_body(self, cycle: object, body_bytes: int) -> None:
        self._body_check = None
        if not self._is_body_missing():
            return
        if cycle is self.cycle and body_bytes == self._body_bytes and not self.flow.read_paused:
            self.transport.close()
        else:
            self._check_body_later()

    def _count_overhead(self, size: int) -> None:
        """Count bytes that complete neither a head nor any part of a body."""
        self._overhead = 0 if self._has_progress else self._overhead + size
        if self._overhead > MAX_HEADER_BYTES:
            raise HeadersTooLarge

    def _reject(self, problem: Exception) -> None:
        if isinstance(problem, HeadersTooLarge) or isinstance(problem.__context__, HeadersTooLarge):
            limits = f"{MAX_HEADERS} headers and {MAX_HEADER_BYTES:,} bytes"
            self._send_error(431, "request-header-fields-too-large", f"The limit on a request's headers is {limits}.")
        else:
            self._send_error(400, "invalid-request", f"This is not a valid HTTP request: {problem}")

    def _send_error(self, status: int, kind: str, message: str) -> None:
        """Reject what the client sends and close. A response that has been started stays incomplete."""
        self._starting = None
        active = self._answered or self._application
        is_within_response = active is not None and active.response_started
        if self._answered is not None:
            self._answered.abort()
        if not is_within_response:
            body = json.dumps({"error": {"type": kind, "message": message}}).encode()
            head = b"content-type: application/json; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """As in uvicorn, but without a scope, which not every request needs."""
        self.url = b""
        self.headers = []
        self._has_head = self._at_start = False
        self._messages += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self._trailers if self._has_head else self.headers
        if len(headers) >= MAX_HEADERS:
            raise HeadersTooLarge
        headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._is_repeating:
            return
        self._deadline.clear()
        self._has_progress = self._has_head = True
        self._announced_bytes = None
        self._body_bytes = 0
        self._received = None
        self._trailers = []
        self._is_upgrade = self.parser.should_upgrade()
        self._is_web_socket = self._is_upgrade and super()._should_upgrade()
        if self._web_servers is not None:
            address = self._web_servers.address_of(self.headers, _origin_form(self.url))
            if address is not None:
                self._forward(self._web_servers, address)
                return
        self._begin_scope()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """As in uvicorn, but with a larger buffer: many slices arrive before the application gets its turn."""
        self._has_progress = True
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            return
        if self._received is not None:
            self._pieces.append(body)
            return
        self.cycle.body += body
        if len(self.cycle.body) >= MAX_UNREAD_BYTES:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self._is_upgrade and not self._is_web_socket and any(each[0] in FRAMING for each in self.headers):
            self._is_upgrade = False
            return  # the body follows
        self._at_start = True
        if self._received is None:
            super().on_message_complete()
        else:
            self._send_body(self._trailers)

    def _begin_scope(self) -> None:
        """Create what uvicorn needs for the application."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers += headers  # the scope has this list
        self.expect_100_continue = any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in headers
        )

    # Requests for the web servers of runs.

    def _forward(self, web_servers: WebServers, address: RunAddress) -> None:
        version = self.parser.get_http_version()
        is_persistent = version == "1.1" and self.parser.should_keep_alive()
        headers = RequestHeaders(self.headers, is_upgrade=self._is_web_socket, is_persistent=is_persistent)
        self._request = WebRequest(self.parser.get_method(), address, headers, version)
        forwarding = web_servers.forwarding(self._client or self._new_client(), self._request)
        earlier, self.cycle = self.cycle, cast(Any, forwarding)
        self._received = forwarding
        if earlier is None or earlier.response_complete:
            self._starting = forwarding
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft(cast(Any, (forwarding, None)))

    def _new_client(self) -> Client:
        self._client = Client(
            self.transport,
            self.flow,
            self.client[0] if self.client else "",
            self.scheme or "http",
            lambda: self.server_state.default_headers,
            self.on_response_complete,
            self._switch_protocols,
        )
        return self._client

    def _send_body(self, trailers: list[tuple[bytes, bytes]] | None) -> None:
        pieces, self._pieces = self._pieces, []
        if self._received is not None:
            self._received.send_body(pieces, trailers)

    def _start(self, forwarding: Forwarding) -> None:
        self._answered = forwarding
        forwarding.start()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Start the answer to a pipelined request. A forwarding starts later, because a rejected one ends
        immediately."""
        if app is None:
            self.loop.call_soon(self._start, cycle)
        else:
            self._application = cycle
            super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """As in uvicorn, but most requests need no timer of their own."""
        self.server_state.total_requests += 1
        self._answered = self._application = None
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._deadline.set(self.timeout_keep_alive, is_begun=False)
        if self.flow.read_paused:
            self.flow.resume_reading()  # the last of the pipelined requests may have begun
        early, self._early = self._early, None
        if early:
            self.data_received(early)

    # Upgrades. A WebSocket of a run's web server is not ours: its container answers the handshake.

    def _should_upgrade(self) -> bool:
        return self._is_web_socket and self._received is None

    def _upgrade(self, early: bytes) -> None:
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        elif self._is_web_socket:
            self._early = early
        else:
            self._ignore_upgrade(early)

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Continue with HTTP after the offer of another protocol, such as HTTP/2.

        The parser believes that the request ends with its head. So another one gets the headers that frame the body.
        """
        headers = self.headers
        framing = [header for header in headers if header[0] in FRAMING]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        if framing:
            self._is_repeating = True
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join([b"%b: %b\r\n" % each for each in framing]))
            self._is_repeating = False
            self.headers, self._has_head = headers, True
        self.data_received(rest)

    def _store_early(self, data: bytes) -> None:
        self._early = (self._early or b"") + data
        if len(self._early) > MAX_EARLY_BYTES:
            self.flow.pause_reading()

    def _switch_protocols(self, head: bytes) -> SwitchedConnection:
        self._answered = None
        self.connections.discard(self)
        transport, waiting = cast(FairTransport, self.transport).release()
        transport.write(head)
        return SwitchedConnection(transport, (self._early or b"") + waiting, self.flow.write_paused, self.connections)


class _PipelineFlow(FlowControl):
    """uvicorn's flow control, which receives no more requests while some wait for the responses before them."""

    def __init__(self, transport: asyncio.Transport, pipeline: Collection[object]) -> None:
        super().__init__(transport)
        self._pipeline = pipeline

    def resume_reading(self) -> None:
        if not self._pipeline:
            super().resume_reading()


def _origin_form(url: bytes) -> bytes:
    """The path and query of a URL. A proxy's client sends the whole URL, and its Host header decides."""
    if url.startswith(b"/") and b"#" not in url:
        return url
    parsed = httptools.parse_url(url)
    path: bytes = parsed.path or b"/"
    return path if parsed.query is None else path + b"?" + parsed.query


def http_protocol(web_servers: WebServers | None, **options: Any) -> asyncio.Protocol:
    """The protocol for a new connection. uvicorn calls this as a class."""
    return FairProtocol(loop_share(), HttpProtocol(web_servers, **options))
