"""Forwarding one request to its target, and the response to the client."""

from __future__ import annotations

import asyncio

from runtime.proxy.errors import BrokenResponse, ProxyFailure, failure_of
from runtime.proxy.exits import Exit
from runtime.proxy.messages import Head, Headers, InvalidMessage, RequestReader, ResponseReader
from runtime.proxy.recent_requests import Exchange
from runtime.proxy.relay import abort, close
from runtime.proxy.targets import Target


class Forwarding:
    """One request and its response. `run` returns whether the client's connection can be used again.

    The target's connection is used for one request only. Bodies flow as fast as their receiver reads.
    """

    def __init__(
        self,
        head: Head,
        requests: RequestReader,
        client: asyncio.StreamWriter,
        exit: Exit,
        target: Target,
        exchange: Exchange,
    ) -> None:
        self._head = head
        self._requests = requests
        self._client = client
        self._exit = exit
        self._target = target
        self._exchange = exchange
        self._response = ResponseReader(exit.reader, head.method)

    async def run(self) -> bool:
        """Raises ProxyFailure before the response begins, then BrokenResponse, and OSError if the client fails."""
        sending = asyncio.create_task(self._send_request())
        try:
            is_framed = await self._pass_response_on()
            return is_framed and sending.done() and not sending.exception() and self._head.is_persistent
        finally:
            sending.cancel()
            await asyncio.wait({sending})
            if not sending.cancelled():
                sending.exception()  # the response, or the lack of one, is what the client gets
            self._exchange.count(received=self._response.take_received())
            close(self._exit.writer)

    async def _send_request(self) -> None:
        is_chunked = self._head.is_coded
        try:
            await self._send(self._request_head())
            async for piece in self._requests.body():
                self._exchange.count(client=self._requests.take_received())
                await self._send(_chunk(piece) if is_chunked else piece)
            if is_chunked:
                await self._send(b"0\r\n\r\n")
        except InvalidMessage:
            abort(self._exit.writer)  # the target must not take a part of a body for the whole
            raise
        finally:
            self._exchange.count(client=self._requests.take_received())

    async def _send(self, data: bytes) -> None:
        self._exit.writer.write(data)
        self._exchange.count(sent=len(data))
        await self._exit.writer.drain()

    def _request_head(self) -> bytes:
        path = self._target.path or b"/"
        authority = self._target.authority.encode()
        target = b"http://" + authority + path if self._exit.upstream is not None else path
        headers = [(name, value) for name, value in self._head.end_to_end() if name.lower() != b"host"]
        headers.insert(0, (b"Host", authority))
        if self._exit.authorization is not None:
            headers.append((b"Proxy-Authorization", self._exit.authorization))
        if self._head.is_coded:
            headers.append((b"Transfer-Encoding", b"chunked"))
        return _lines(b"%s %s HTTP/1.1" % (self._head.method.encode(), target), [*headers, (b"Connection", b"close")])

    async def _pass_response_on(self) -> bool:
        """Returns whether the client can find the end of the response without the end of the connection."""
        head = await self._next_head()
        while head.status < 200:
            if self._head.version == "1.1":
                await self._write(_lines(_status_line(head), head.end_to_end()))
            head = await self._next_head()
        self._exchange.status = head.status
        is_chunked = self._response.has_body and head.content_length is None and self._head.version == "1.1"
        is_framed = is_chunked or not self._response.has_body or head.content_length is not None
        await self._write(self._response_head(head, is_chunked, is_framed))
        await self._pass_body_on(is_chunked)
        return is_framed

    async def _next_head(self) -> Head:
        try:
            head = await self._response.head()
        except InvalidMessage as problem:
            raise ProxyFailure(599, f"{self._target.authority} returned an invalid response: {problem}.") from problem
        except OSError as problem:
            raise failure_of(problem, self._target.authority) from problem
        if head.status == 407 and self._exit.upstream is not None:
            raise ProxyFailure(597, "The upstream proxy rejected its credentials.")
        return head

    def _response_head(self, head: Head, is_chunked: bool, is_framed: bool) -> bytes:
        headers = head.end_to_end()
        if is_chunked:
            headers.append((b"Transfer-Encoding", b"chunked"))
        if not (is_framed and self._head.is_persistent):
            headers.append((b"Connection", b"close"))
        return _lines(_status_line(head), headers)

    async def _pass_body_on(self, is_chunked: bool) -> None:
        try:
            async for piece in self._response.body():
                await self._write(_chunk(piece) if is_chunked else piece)
        except (InvalidMessage, OSError) as problem:
            raise BrokenResponse from problem
        if is_chunked:
            await self._write(b"0\r\n\r\n")

    async def _write(self, data: bytes) -> None:
        self._exchange.count(received=self._response.take_received(), client=len(data))
        self._client.write(data)
        await self._client.drain()


def plain_response(status_line: str, headers: dict[str, str], body: bytes, is_persistent: bool) -> bytes:
    """A response of the proxy itself."""
    all_headers = {
        **headers,
        "Content-Length": str(len(body)),
        "Connection": "keep-alive" if is_persistent else "close",
    }
    encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in all_headers.items()]
    return _lines(f"HTTP/1.1 {status_line}".encode(), encoded) + body


def _status_line(head: Head) -> bytes:
    return b"HTTP/1.1 %d %s" % (head.status, head.reason)


def _lines(first: bytes, headers: Headers) -> bytes:
    return b"\r\n".join((first, *(name + b": " + value for name, value in headers), b"", b""))


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)
