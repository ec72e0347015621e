"""Forwarding one request to a container, and its response to the client, while both are streamed."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import RedirectResponse, Response

from api.response.errors import error_response, internal_error
from api.web_server.client import Client
from api.web_server.headers import RawHeaders, lines_of, trailer_lines
from api.web_server.request import WebRequest
from api.web_server.response import interim_head, response_head
from api.web_server.splice import splice
from runtime.base.errors import BadGateway, GatewayTimeout, GreenroomError
from runtime.container_http.connection import ContainerConnection, NotListening
from runtime.container_http.response import SWITCHING_PROTOCOLS, ResponseHead
from runtime.container_http.target import ResponseTimeout, Target

if TYPE_CHECKING:
    from api.web_server.proxy import WebServers

log = logging.getLogger("greenroom.web_server")
T = TypeVar("T")

MAX_UNSENT_BYTES = 128 * 1024
"""The part of a request's body that waits for a connection to the container."""
MAX_COPIED_BYTES = 64 * 1024
"""Larger pieces are written separately, which costs less than copying them."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINT = "The Actor must run an HTTP server on the port in ACTOR_WEB_SERVER_PORT, listening on 0.0.0.0."
SCOPE = {"type": "http", "method": "GET", "path": "/"}
"""The scope for errors. It is the same for all requests, because the API's own rules do not apply to them."""


class Forwarding:
    """One request and its response. It needs no task, except while a connection is opened.

    The client's side calls the methods above, and the container's side those of an Exchange below.
    """

    # Initial values. Most requests never change them.
    more_body = True
    response_started = False
    response_complete = False
    _is_chunked = False
    _has_end = True
    _unsent: list[bytes] | None = None
    _unsent_bytes = 0
    _trailers: RawHeaders | None = None
    _connection: ContainerConnection | None = None
    _task: asyncio.Future[Any] | None = None

    def __init__(self, client: Client, web_servers: WebServers, request: WebRequest) -> None:
        self._client = client
        self._web_servers = web_servers
        self._request = request
        self.is_persistent = request.headers.is_persistent

    def start(self) -> None:
        """Find the container and send it the request. Errors become the client's response."""
        if self._client.transport.is_closing():
            self.response_complete = True
            return
        self._web_servers.open_forwardings.add(self)
        self._attempt(self._begin)

    def send_body(self, pieces: list[bytes], trailers: RawHeaders | None) -> None:
        """Send some of the request's body. With `trailers`, which may be empty, it is complete."""
        if trailers is not None:
            self.more_body = False
            self._trailers = trailers
        if self.response_complete:
            return
        self._unsent = pieces if self._unsent is None else self._unsent + pieces
        if self._connection is not None:
            if data := self._take_unsent():
                self._connection.write(data)
        else:
            self._unsent_bytes += sum(map(len, pieces))
            if self._unsent_bytes > MAX_UNSENT_BYTES:
                self._client.pause_request()

    def abort(self) -> None:
        """End everything, because the client has disconnected."""
        self._end()
        if self._connection is not None:
            self._connection.abort()

    def shut_down(self) -> None:
        """End everything, because the server stops."""
        self.abort()
        self._client.transport.close()

    def pause_response(self) -> None:
        if self._connection is not None:
            self._connection.pause_reading()

    def resume_response(self) -> None:
        if self._connection is not None:
            self._connection.resume_reading()

    # The request.

    def _begin(self) -> None:
        self._request.check()
        self._web_servers.check_host(self._request)
        self._find_container()

    def _find_container(self) -> None:
        """Connect to the container for the request, which is valid. Raises GreenroomError."""
        self._connect_to(self._web_servers.find_target(self._request))

    def _connect_to(self, target: Target | Awaitable[Target]) -> None:
        if isinstance(target, Target):
            self._connect(target)
        else:
            self._continue_with(target, self._connect)

    def _continue_with(self, result: Awaitable[T], use: Callable[[T], None]) -> None:
        """Wait for the result in a task, then use it."""

        def attempt(task: asyncio.Future[T]) -> None:
            if not task.cancelled():
                self._attempt(lambda: use(task.result()))

        self._task = task = asyncio.ensure_future(result)
        task.add_done_callback(attempt)

    def _attempt(self, step: Callable[[], None]) -> None:
        """Take a step of the request. Errors become the client's response."""
        try:
            step()
        except GreenroomError as problem:
            self._reject(problem)
        except Exception as problem:
            self._respond(internal_error(problem, SCOPE))

    def _connect(self, target: Target) -> None:
        if self.response_complete:
            return
        self._target = target
        if self._request.address.prefix and self._request.needs_slash:
            self._respond(RedirectResponse(self._request.address.with_slash, 308))
            return
        # The container may close an idle connection just now. A request that cannot be repeated would be lost then.
        connection = target.take_idle() if self._request.is_repeatable else None
        if connection is None:
            self._task = asyncio.ensure_future(self._open())
        else:
            self._send(connection)

    async def _open(self) -> None:
        target = self._target
        try:
            connection = await target.open()
        except NotListening as problem:
            where = f"port {target.port} of this run's container ({target})"
            message = f"Nothing listens on {where}: {problem}. {HINT}"
            self._reject(BadGateway("web-server-not-listening", message))
            return
        if self.response_complete:
            connection.abort()
        else:
            self._send(connection)

    def _send(self, connection: ContainerConnection) -> None:
        client, request = self._client, self._request
        self._connection = connection
        head, has_body = request.head(client.forwarded), request.headers.has_body
        if has_body:
            head += self._take_unsent()
        connection.begin(self, head, request.method == b"HEAD", request.headers.is_upgrade)
        if client.flow.write_paused:
            connection.pause_reading()
        if has_body:
            client.resume_request()
            if request.headers.expects_continue and self.more_body and request.version == "1.1":
                client.write(CONTINUE)

    def _take_unsent(self) -> bytes:
        body = b"" if self._unsent is None else b"".join(self._unsent)
        self._unsent = None
        if not self._request.headers.is_chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk if self.more_body else chunk + _last_chunk(self._trailers or [])

    # The response.

    def receive_interim(self, head: ResponseHead) -> None:
        if self._request.version == "1.1":
            self._client.write(interim_head(head, self._request))

    def receive_head(self, head: ResponseHead) -> None:
        if head.status == SWITCHING_PROTOCOLS:
            self._switch(head)
            return
        request = self._request
        is_open = head.length is None and request.method != b"HEAD"
        self._is_chunked = is_open and request.version == "1.1"
        self._has_end = self._is_chunked or not is_open
        if not self._has_end:
            self.is_persistent = False
        self.response_started = True
        self._head = response_head(head, request, self._client, chunked=self._is_chunked, persistent=self.is_persistent)

    def receive_body(self, pieces: list[bytes], trailers: RawHeaders | None) -> None:
        head, self._head = self._head, b""
        write = self._client.write
        if self._is_chunked:
            body = b"".join(pieces)
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            write(head + chunk + (b"" if trailers is None else _last_chunk(trailers)))
        elif head and len(pieces) == 1 and len(pieces[0]) < MAX_COPIED_BYTES:
            write(head + pieces[0])
        else:
            for piece in (head, *pieces):
                if piece:
                    write(piece)
        if trailers is not None:
            self._complete()

    def fail(self, problem: Exception) -> None:
        connection, self._connection = self._connection, None
        if connection is None or self.response_complete:
            return
        if self.response_started:
            # The response stays unfinished, so the client notices the failure.
            log.warning("The web server at %s broke off its response: %s", self._target, problem)
            self._end()
            if self._has_end:
                self._client.transport.close()
            else:  # a closed connection would be the end of a complete response
                _reset(self._client.transport)
        elif self._request.is_repeatable and connection.is_reused and not connection.has_answered:
            self._task = asyncio.ensure_future(self._open())
        elif isinstance(problem, ResponseTimeout):
            message = f"The run's web server at {self._target} did not respond: {problem}."
            self._reject(GatewayTimeout("web-server-timeout", message))
        else:
            message = f"The run's web server at {self._target} gave no valid HTTP answer: {problem}. {HINT}"
            self._reject(BadGateway("web-server-not-answering", message))

    def pause_request(self) -> None:
        self._client.pause_request()

    def resume_request(self) -> None:
        self._client.resume_request()

    def _switch(self, head: ResponseHead) -> None:
        assert self._connection is not None
        container, received = self._connection.detach()
        self.response_started = True
        self._leave_http()
        splice(self._client.switch_protocols(interim_head(head, self._request)), container, received, self._end)

    def _reject(self, problem: GreenroomError) -> None:
        self._respond(error_response(problem, SCOPE))

    def _respond(self, response: Response) -> None:
        """Send a response of Greenroom itself."""
        if self.response_complete:
            return
        self.response_started = True
        lines = self._client.default_lines() + lines_of(response.raw_headers)
        lines += b"" if self.is_persistent else b"connection: close\r\n"
        body = b"" if self._request.method == b"HEAD" else bytes(response.body)
        status = f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}\r\n".encode()
        self._client.write(b"%b%b\r\n%b" % (status, lines, body))
        self._complete()

    def _complete(self) -> None:
        """The client has its whole response. A container that has not received the whole request gets no more of it."""
        self._end()
        if self.more_body and self._connection is not None:
            self._connection.abort()
        self._connection = None
        if not self.is_persistent:
            self._client.transport.close()
        self._client.end_response()

    def _end(self) -> None:
        """The exchange has ended. After a switch of protocols, it ends when both sides have left."""
        self._leave_http()

    def _leave_http(self) -> None:
        self.response_complete = True
        self._web_servers.open_forwardings.discard(self)


def _last_chunk(trailers: RawHeaders) -> bytes:
    return b"0\r\n%b\r\n" % trailer_lines(trailers) if trailers else b"0\r\n\r\n"


def _reset(transport: asyncio.Transport) -> None:
    """Break a connection off, so that the client gets an error."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
