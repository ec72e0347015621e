"""The HTTP client of the door to the web. Importing it imports aiohttp."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from socket import AF_INET, AI_NUMERICHOST, AddressFamily
from typing import cast

import aiohttp
from aiohttp import AddrInfoType
from aiohttp.abc import ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.resolver import ThreadedResolver
from aiohttp.streams import StreamReader
from yarl import URL

from runtime.base.addresses import HOST_IN_CONTAINERS, WEB_SERVER_DOMAIN
from runtime.base.loop_share import LoopShare, loop_share
from runtime.base.outbound_policy import OutboundPolicy
from runtime.outbound.responses import OutboundError, OutboundResponse

MAX_RESPONSE_BYTES = 10_000
"""The stored part of a response; the rest is not read."""
CHUNK_BYTES = 256 * 1024
SILENCE_SECS = 60.0
"""A download fails after this time without data."""
SLICE_BYTES = 16_384
"""Bytes that are parsed without a pause: at most a few milliseconds of work."""
MAX_INTERIM_RESPONSES = 32
MAX_OVERHEAD_BYTES = 1_048_576
"""The most bytes in a row that are neither a head nor a body: line ends before a head, or extensions of chunks."""


class WebClient:
    """A client without cookies or proxies. Only downloads follow redirects.

    The policy is applied to the address of every connection, just before it is opened. So it also holds for names
    that resolve differently each time, and for redirects.
    """

    def __init__(self, policy: OutboundPolicy, timeout_secs: float) -> None:
        self._policy = policy
        self._timeout_secs = timeout_secs
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: str, headers: Mapping[str, str], *, verify: bool) -> OutboundResponse:
        """Send one POST request; `verify` checks the server's certificate. Raises OutboundError."""
        try:
            async with self._open().post(
                url, data=body.encode(), headers=headers, ssl=verify, allow_redirects=False
            ) as response:
                return OutboundResponse(response.status, await _read_beginning(response))
        except TimeoutError as error:
            raise OutboundError(f"No response within {self._timeout_secs:g} seconds") from error
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            raise OutboundError(f"Cannot send the request: {error or type(error).__name__}") from error

    async def download(self, url: str, to: Path, max_bytes: int, on_progress: Callable[[int], None]) -> int:
        """Download a file and return its size. `on_progress` receives the number of bytes so far.

        Raises OutboundError. Its message does not contain the URL, which may contain secrets.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=SILENCE_SECS, sock_read=SILENCE_SECS)
        try:
            request = self._open().get(URL(url, encoded=True), timeout=timeout, headers={"Accept-Encoding": "identity"})
            async with request as response:
                if response.status != 200:
                    raise OutboundError(f"the server returned {response.status} {response.reason or ''}".rstrip())
                return await _write(response, to, max_bytes, on_progress)
        except TimeoutError as error:
            raise OutboundError(f"no data arrived for {SILENCE_SECS:g} seconds") from error
        except aiohttp.ClientConnectorError as error:
            raise OutboundError(f"cannot connect: {error.os_error.strerror or error.os_error}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OutboundError(f"the connection was lost ({type(error).__name__})") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Return the session, which is created at the first request because it belongs to the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(self._policy),
                timeout=aiohttp.ClientTimeout(total=self._timeout_secs),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Greenroom"},
            )
        return self._session


class _Connector(aiohttp.TCPConnector):
    """Opens connections to addresses that the policy allows. Their protocol is a BoundedExchange."""

    def __init__(self, policy: OutboundPolicy) -> None:
        super().__init__(resolver=OwnNamesResolver(), force_close=True, socket_factory=partial(_checked_socket, policy))
        # aiohttp has no parameter for it.
        self._factory = cast("partial[ResponseHandler]", partial(BoundedExchange, loop=self._loop))


def _checked_socket(policy: OutboundPolicy, target: AddrInfoType) -> socket.socket:
    """Create the socket for a connection to this address. Raises ForbiddenAddress."""
    family, type, protocol, _, address = target
    policy.check(str(address[0]))
    return socket.socket(family, type, protocol)


class BoundedExchange(ResponseHandler):
    """aiohttp's protocol for one request and its response. No server can occupy the event loop.

    The response is parsed in slices. Everything that is not a body has limits; aiohttp itself limits headers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._share: LoopShare = loop_share()
        self._waiting = b""
        self._is_queued = False
        self._is_resuming = False
        self._heads = 0
        self._overhead = 0

    async def read(self) -> tuple[RawResponseMessage, StreamReader]:
        """The next head, with its body. Raises ClientPayloadError after too many interim responses."""
        head = await super().read()
        self._heads += 1
        if self._heads > MAX_INTERIM_RESPONSES:
            raise aiohttp.ClientPayloadError(f"more than {MAX_INTERIM_RESPONSES} interim responses")
        return head

    def data_received(self, data: bytes) -> None:
        if not data:  # aiohttp continues with what it has received before
            super().data_received(data)
        elif self._waiting or len(data) > SLICE_BYTES:
            self._wait(data)
        else:
            self._parse(data)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Continue in a later turn: the reader of a body would get more and more pieces while it takes the first."""
        if not self._is_resuming:
            self._is_resuming = True
            self._share.add(lambda: self._resume(resume_parser))

    def _resume(self, resume_parser: bool) -> None:
        self._is_resuming = False
        super().resume_reading(resume_parser)
        if self._waiting:
            self._wait(b"")

    def _wait(self, data: bytes) -> None:
        """Parse these bytes later, after those that wait already. Until then, nothing more is received."""
        self._waiting += data
        if self.transport is not None:
            self.transport.pause_reading()
        if not self._is_queued:
            self._is_queued = True
            self._share.add(self._parse_slice)

    def _parse_slice(self) -> None:
        self._is_queued = False
        if self.transport is None or self._reading_paused:
            return
        slice, self._waiting = self._waiting[:SLICE_BYTES], self._waiting[SLICE_BYTES:]
        self._parse(slice)
        if self._waiting:
            self._wait(b"")
        elif self.transport is not None and not self._reading_paused:
            self.transport.resume_reading()

    def _parse(self, data: bytes) -> None:
        body, length = self._payload, _length(self._payload)
        super().data_received(data)
        has_progress = self._payload is not body or _length(body) > length
        self._overhead = 0 if has_progress else self._overhead + len(data)
        if self._overhead > MAX_OVERHEAD_BYTES and self.transport is not None:
            problem = aiohttp.ClientPayloadError(f"more than {MAX_OVERHEAD_BYTES:,} bytes without a head or a body")
            self.set_exception(problem)
            if self._payload is not None:
                self._payload.set_exception(problem)
            self.transport.abort()


class OwnNamesResolver(ThreadedResolver):
    """The machine's resolver, except that Greenroom's own host names always resolve to this machine."""

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        if not is_own_name(host):
            return await super().resolve(host, port, family)
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=AF_INET, proto=0, flags=AI_NUMERICHOST)
        ]


def is_own_name(host: str) -> bool:
    """Return whether a host name means this machine."""
    name = host.lower().rstrip(".")
    return name == HOST_IN_CONTAINERS or name.endswith(f".{WEB_SERVER_DOMAIN}")


def _length(body: StreamReader | None) -> int:
    """How many bytes of the body have been received."""
    return 0 if body is None else body.total_bytes


async def _read_beginning(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in response.content.iter_chunked(MAX_RESPONSE_BYTES):
        body += chunk
        if len(body) >= MAX_RESPONSE_BYTES:
            break
    return body[:MAX_RESPONSE_BYTES].decode(errors="replace")


async def _write(response: aiohttp.ClientResponse, to: Path, max_bytes: int, on_progress: Callable[[int], None]) -> int:
    size = 0
    with to.open("wb") as file:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise OutboundError(f"the file is larger than the allowed {max_bytes:,} bytes")
            file.write(chunk)
            on_progress(size)
    return size
