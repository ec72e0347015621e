"""uvicorn's HTTP protocol with limits on headers, and with upgrades that the application answers itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.connections.fair_protocol import FairProtocol, FairTransport
from api.standby.standby_address import address_of_scope
from api.web_server.run_address import run_address_of
from runtime.base.loop_share import loop_share

MAX_HEADER_BYTES = 131_072
"""The limit on a request's head, and on its trailers and chunk extensions."""
MAX_HEADERS = 256
CHUNKED_SLICE_BYTES = 16_384
MAX_UNREAD_BYTES = 128 * 1024
"""The part of a body that waits for the application: less than uvloop receives at once, because adding costs time."""
MAX_EARLY_BYTES = 65_536
"""What a client may send after an upgrade request before it has the response."""
HEAD_SECS = 60.0
"""A connection is closed if it is open, or has begun a request, for this time without a complete head."""
BODY_SECS = 300.0
"""A connection is closed if a request without a response lacks a part of its body and nothing arrives for this time."""
SWITCH = "greenroom.switch_protocols"
"""The extension of the scope of an upgrade request: a function that sends a response 101 and returns the connection."""


@dataclass(frozen=True, slots=True)
class SwitchedConnection:
    """A connection that no longer speaks HTTP. `early` is what the client has sent already.

    `connections` are the server's open connections. Its members are shut down with the server.
    """

    transport: asyncio.Transport
    early: bytes
    connections: set[Any]


class HeadersTooLarge(Exception):
    """The request exceeds a limit on headers."""


class HttpProtocol(HttpToolsProtocol):
    """One connection of a client."""

    slice_bytes = 4096
    """At most 10 ms of work, for the smallest requests."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._overhead = 0
        self._has_progress = False
        self._announced_bytes: int | None = None
        self._body_bytes = 0
        self._body_check: asyncio.TimerHandle | None = None
        self._is_web_socket = False
        self._early: bytes | None = None
        self._waits_for_head = False

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
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._store_early(data)
            return
        self._has_progress = False
        try:
            self.parser.feed_data(data)
            self._count_overhead(len(data))
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except (httptools.HttpParserError, HeadersTooLarge) as problem:
            self._reject(problem)
        if not self._has_progress and not self._waits_for_head and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_head()
        if self._body_check is None and self._is_body_missing():
            self._check_body_later()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._body_check is not None:
            self._body_check.cancel()

    def _wait_for_head(self) -> None:
        """Limit the time until the next head is complete: open connections are limited, and cost a peer nothing."""
        self._unset_keepalive_if_required()
        self._waits_for_head = True
        self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECS, self.timeout_keep_alive_handler)

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
        body = json.dumps({"error": {"type": kind, "message": message}}).encode()
        head = b"content-type: application/json; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MAX_HEADERS:
            raise HeadersTooLarge
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unset_keepalive_if_required()
        self._has_progress = True
        self._waits_for_head = False
        self._announced_bytes = None
        self._body_bytes = 0
        self._is_web_socket = self.parser.should_upgrade() and super()._should_upgrade()
        super().on_headers_complete()
        if self._is_proxied_web_socket():
            self.scope["extensions"] = cast(Any, {SWITCH: self._switch_protocols})

    def on_body(self, body: bytes) -> None:
        """As in uvicorn, but with a larger buffer: many slices arrive before the application gets its turn."""
        self._has_progress = True
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) >= MAX_UNREAD_BYTES:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    # Upgrades. A WebSocket of a run's web server is not ours: its container answers the handshake.

    def _should_upgrade(self) -> bool:
        return self._is_web_socket and not self._is_proxied_web_socket()

    def _is_proxied_web_socket(self) -> bool:
        if not self._is_web_socket:
            return False
        scope = {"headers": self.headers, "raw_path": httptools.parse_url(self.url).path}
        return run_address_of(scope) is not None or address_of_scope(scope) is not None

    def _upgrade(self, early: bytes) -> None:
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        elif self._is_web_socket:
            self._early = early

    def _store_early(self, data: bytes) -> None:
        self._early = (self._early or b"") + data
        if len(self._early) > MAX_EARLY_BYTES:
            self.flow.pause_reading()

    def _switch_protocols(self, head: bytes) -> SwitchedConnection:
        self.cycle.response_started = self.cycle.response_complete = True
        self.cycle.message_event.set()
        self.connections.discard(self)
        transport, waiting = cast(FairTransport, self.transport).release()
        transport.write(head)
        return SwitchedConnection(transport, (self._early or b"") + waiting, self.connections)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.flow.resume_reading()  # the last of the pipelined requests may have begun
        early, self._early = self._early, None
        if early and not self.transport.is_closing():
            self.data_received(early)


class _PipelineFlow(FlowControl):
    """uvicorn's flow control, which receives no more requests while some wait for the responses before them."""

    def __init__(self, transport: asyncio.Transport, pipeline: Collection[object]) -> None:
        super().__init__(transport)
        self._pipeline = pipeline

    def resume_reading(self) -> None:
        if not self._pipeline:
            super().resume_reading()


def http_protocol(**options: Any) -> asyncio.Protocol:
    """The protocol for a new connection. uvicorn calls this as a class."""
    return FairProtocol(loop_share(), HttpProtocol(**options))
