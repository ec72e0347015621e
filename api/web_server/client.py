"""The client's side of an exchange, as the forwarding of a request uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class SwitchedConnection:
    """A connection that no longer speaks HTTP. `early` is what the client has sent already.

    `connections` are the server's open connections. Its members are shut down with the server.
    """

    transport: asyncio.Transport
    early: bytes
    is_write_paused: bool
    connections: set[Any]


class Flow(Protocol):
    """Decides whether a connection receives, and knows whether it can send."""

    write_paused: bool

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Client:
    """The connection of a client. It carries one response at a time.

    `forwarded` are its address and its protocol for the container, as the end of a request's head. `default_headers`
    returns those of a response that has no Date. `end_response` has to be called after each response.
    `switch_protocols` sends the head of a response 101 and hands the connection over.
    """

    __slots__ = (
        "_default_headers",
        "end_response",
        "flow",
        "forwarded",
        "pause_request",
        "resume_request",
        "switch_protocols",
        "transport",
        "write",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        flow: Flow,
        address: str,
        scheme: str,
        default_headers: Callable[[], list[tuple[bytes, bytes]]],
        end_response: Callable[[], None],
        switch_protocols: Callable[[bytes], SwitchedConnection],
    ) -> None:
        self.transport = transport
        self.write = transport.write
        self.flow = flow
        self.pause_request, self.resume_request = flow.pause_reading, flow.resume_reading
        self.forwarded = f"{address}\r\nx-forwarded-proto: {scheme}\r\n\r\n".encode()
        self.end_response = end_response
        self.switch_protocols = switch_protocols
        self._default_headers = default_headers

    def default_lines(self) -> bytes:
        return b"".join([b"%b: %b\r\n" % header for header in self._default_headers()])
