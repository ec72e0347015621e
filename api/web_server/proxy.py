"""The proxy from a run's public address to the web server in its container.

It has no opinion on what passes: bodies stream both ways untouched, and Authorization and Cookie are for the
container's own server. Whoever knows the key may call (platform documentation, "Container web server"), so Greenroom's
token is neither needed nor read here, and a client that sends it anyway shows it to the Actor. Trailers and 1xx answers
stay behind.

Two addresses lead here. The host form has an origin of its own and passes everything. The path form shares the API's
origin, so its answers are sandboxed, and their cookies and redirects are held below the run's own path.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from api.response.errors import error_response
from runtime.base.addresses import WEB_SERVER_DOMAIN, WEB_SERVER_PATH
from runtime.base.errors import BadGateway, GreenroomError

log = logging.getLogger("greenroom.web_server")

RawHeaders = list[tuple[bytes, bytes]]
T = TypeVar("T")

CONNECT_TIMEOUT_SECS = 5.0
MAX_HEADER_BYTES = 131_072
MAX_MESSAGE_BYTES = 128 * 1024 * 1024
"""Of one WebSocket message; both libraries hold it whole."""
SERVER_OPTIONS: dict[str, Any] = {
    "http": "httptools",
    "ws": "websockets-sansio",
    "ws_max_size": MAX_MESSAGE_BYTES,
    "proxy_headers": False,
    "server_header": False,
}
"""What uvicorn must be told: X-Forwarded-* and Server are the container's, and messages may be as big as ours."""

HOST = re.compile(rf"([a-z0-9-]{{1,63}})\.{re.escape(WEB_SERVER_DOMAIN)}\.?(?::(\d{{1,5}}))?", re.IGNORECASE | re.ASCII)
HTTP_PORT = 80
PATH = re.compile(rf"({re.escape(WEB_SERVER_PATH)}([^/]+))(/.*)?", re.DOTALL)
SANDBOX = (b"content-security-policy", b"sandbox allow-scripts allow-forms")

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110, section 7.6.1, with the older names."""
REPLACED_IN_REQUESTS = frozenset({b"expect", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"})
"""Expect is answered by our own server: many an Actor's server would never say 100."""
REPLACED_IN_ANSWERS = frozenset({b"date"})
"""uvicorn writes its own."""
HEADER_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""RFC 9110, section 5. uvicorn breaks the connection over any other."""
BODY_HEADERS = frozenset({b"content-length", b"content-type", b"content-encoding"})
FINAL = range(200, 600)
"""The statuses that end an exchange. Of those below, aiohttp lets only an unasked-for 101 through."""
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

GOING_AWAY = aiohttp.WSCloseCode.GOING_AWAY
NOT_FOR_THE_WIRE = frozenset({1005, 1006})


@dataclass(frozen=True, slots=True)
class Target:
    """Where this host reaches a container's web server."""

    host: str
    port: int


class WebServerProxy:
    """An ASGI application for "http" and "websocket" scopes that `web_key_of` recognises.

    `find_target` raises a GreenroomError for a key without a live run; it becomes the platform's error object.
    """

    def __init__(self, find_target: Callable[[str], Awaitable[Target]]) -> None:
        self._find_target = find_target
        self._opened: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _websocket if scope["type"] == "websocket" else _http
        try:
            passage = await self._passage(scope)
            if passage.needs_slash:
                await _with_slash(scope)(scope, receive, send)
            else:
                await exchange(self._session(), passage, receive, _unless_gone(send))
        except GreenroomError as problem:
            await _refuse(error_response(problem, scope), scope, receive, send)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        # Made when first needed: it belongs to the running loop.
        if self._opened is None:
            self._opened = _session()
        return self._opened

    async def _passage(self, scope: Scope) -> _Passage:
        address = _address_of(scope)
        if address is None:
            raise ValueError(f"{scope['path']} is no address of a web server")
        return _Passage(scope, address, await self._find_target(address.key))


def web_key_of(scope: Scope) -> tuple[str, str] | None:
    """The key a request names and the raw path to forward; None where it is not for a web server.

    The path is empty for a path-form address without its slash. Keys in host names come in lower case.
    """
    address = _address_of(scope)
    return None if address is None else (address.key, address.path)


def is_web_server_host(host: str, ports: Collection[int]) -> bool:
    """Whether a Host header names a run's web server on one of the ports; none given is that of HTTP."""
    named = HOST.fullmatch(host)
    return named is not None and int(named[2] or HTTP_PORT) in ports


@dataclass(frozen=True, slots=True)
class _Address:
    """`prefix` is what the path form puts before the container's own paths; empty in the host form."""

    key: str
    prefix: str
    path: str


def _address_of(scope: Scope) -> _Address | None:
    raw_path = _text(scope["raw_path"])
    if in_host := HOST.fullmatch(Headers(scope=scope).get("host", "")):
        return _Address(in_host[1].lower(), "", raw_path)
    if in_path := PATH.fullmatch(raw_path):
        return _Address(in_path[2], in_path[1], in_path[3] or "")
    return None


def _with_slash(scope: Scope) -> Response:
    query = _text(scope["query_string"])
    return RedirectResponse(_text(scope["raw_path"]) + "/" + (f"?{query}" if query else ""), 308)


def _session() -> aiohttp.ClientSession:
    # A connection each: a kept one may be closed by the container the moment it is used again, and a request that
    # cannot be repeated would fail for it.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECS),
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        middlewares=(_once, _no_redirected_handshake),
    )


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Name what went wrong before aiohttp, which would send an idempotent request again."""
    where = f"{request.url.host}:{request.url.port}"
    must = "The Actor must run an HTTP server on the port in ACTOR_WEB_SERVER_PORT, listening on 0.0.0.0."
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
        message = f"Nothing listens on port {request.url.port} of this run's container ({where}). {must}"
        raise BadGateway("web-server-not-listening", message) from problem
    except aiohttp.WSServerHandshakeError:
        raise
    except aiohttp.ClientError as problem:
        reason = str(problem) or type(problem).__name__
        message = f"The run's web server at {where} gave no valid HTTP answer: {reason}. {must}"
        raise BadGateway("web-server-not-answering", message) from problem


async def _no_redirected_handshake(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await send(request)
    if "upgrade" in request.headers and response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        info, headers = response.request_info, response.headers
        response.close()
        raise aiohttp.WSServerHandshakeError(info, (), status=response.status, headers=headers)
    return response


@dataclass(frozen=True, slots=True)
class _Passage:
    """One request on its way from its address to the container."""

    scope: Scope
    address: _Address
    target: Target

    @property
    def needs_slash(self) -> bool:
        return not self.address.path and self.scope["type"] == "http"

    @property
    def url(self) -> URL:
        host, port, path = self.target.host, self.target.port, self.address.path or "/"
        query = _text(self.scope["query_string"])
        return URL.build(scheme="http", host=host, port=port, path=path, query_string=query, encoded=True)

    @property
    def has_body(self) -> bool:
        headers = Headers(scope=self.scope)
        return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

    def request_headers(self) -> CIMultiDict[str]:
        kept = CIMultiDict(
            (_text(name), _text(value))
            for name, value in _end_to_end(self.scope["headers"], REPLACED_IN_REQUESTS)
            if not name.startswith(b"sec-websocket-")
        )
        kept.extend(self._forwarded())
        return kept

    def _forwarded(self) -> dict[str, str]:
        headers = Headers(scope=self.scope)
        client = self.scope.get("client")
        hops = [*headers.getlist("x-forwarded-for"), *([client[0]] if client else [])]
        secure = self.scope["scheme"] in ("https", "wss")
        return {
            "x-forwarded-for": ", ".join(hops),
            "x-forwarded-host": headers.get("host", ""),
            "x-forwarded-proto": "https" if secure else "http",
        }

    def answer_headers(self, headers: Iterable[tuple[bytes, bytes]], status: int) -> RawHeaders:
        # uvicorn insists on as many bytes as Content-Length says, also where there cannot be any.
        dropped = REPLACED_IN_ANSWERS | ({b"content-length"} if status in BODILESS else set())
        kept = [header for header in _end_to_end(headers, dropped) if _is_sendable(*header)]
        if not self.address.prefix:
            return kept
        return [(name, self._below_prefix(name, value)) for name, value in kept] + [SANDBOX]

    def _below_prefix(self, name: bytes, value: bytes) -> bytes:
        if name == b"set-cookie":
            return _cookie_below(self.address.prefix.encode(), value)
        if name == b"location":
            return self._location_below(value)
        return value

    def _location_below(self, value: bytes) -> bytes:
        """A redirect within the container's server, as its client must see it."""
        try:
            location = urlsplit(value)
        except ValueError:  # what it means is for its client to judge
            return value
        own = location.netloc in (b"", Headers(scope=self.scope).get("host", "").encode())
        if not own or not location.path.startswith(b"/"):
            return value
        return location._replace(path=self.address.prefix.encode() + location.path).geturl()


def _cookie_below(prefix: bytes, cookie: bytes) -> bytes:
    """The cookie without Domain and with its Path below `prefix`.

    Without a Path, or with one that is none, a browser takes the folder of the request, which is below it already.
    """
    pair, *attributes = cookie.split(b";")
    kept = [pair]
    for attribute in attributes:
        name, _, value = (part.strip() for part in attribute.partition(b"="))
        if name.lower() == b"path" and value.startswith(b"/"):
            kept.append(b" Path=" + prefix + value)
        elif name.lower() != b"domain":
            kept.append(attribute)
    return b";".join(kept)


def _end_to_end(headers: Iterable[tuple[bytes, bytes]], dropped: Iterable[bytes]) -> RawHeaders:
    lowered = [(name.lower(), value) for name, value in headers]
    named = {token.strip().lower() for name, value in lowered if name == b"connection" for token in value.split(b",")}
    gone = HOP_BY_HOP.union(dropped, named)
    return [(name, value) for name, value in lowered if name not in gone]


def _is_sendable(name: bytes, value: bytes) -> bool:
    if HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value):
        return True
    log.warning("A web server's answer goes without its header %r, which is not valid", name)
    return False


def _text(raw: bytes) -> str:
    # aiohttp writes its lines as UTF-8.
    return raw.decode("utf-8", "replace")


def _unless_gone(send: Send) -> Send:
    async def sending(message: Message) -> None:
        # A server may raise once the client has gone; `receive` tells it too, and how it went.
        with suppress(OSError):
            await send(message)

    return sending


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
    else:
        await response(scope, receive, send)


async def _while_there(work: Awaitable[T], leaving: Awaitable[object]) -> T | None:
    """The result of `work`; None where `leaving` ends first, and `work` is given up."""
    working, left = asyncio.ensure_future(work), asyncio.ensure_future(leaving)
    try:
        await asyncio.wait({working, left}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _stop(working, left)
    return None if working.cancelled() else working.result()


async def _stop(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# HTTP


class _Upload:
    """The client's side of an exchange; nobody else reads `receive`."""

    def __init__(self, receive: Receive, has_body: bool) -> None:
        self._receive = receive
        self._has_body = has_body
        self._read = asyncio.Event()
        self._gone = False

    def body(self) -> AsyncIterator[bytes] | None:
        return self._pieces() if self._has_body else None

    async def _pieces(self) -> AsyncIterator[bytes]:
        # aiohttp holds the head back for the first piece; a client may wait for an answer before it sends one.
        yield b""
        more = True
        try:
            while more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self._gone = True
                    raise ConnectionResetError("the client has gone")
                more = message.get("more_body", False)
                yield message.get("body", b"")
        finally:
            self._read.set()

    async def client_gone(self) -> None:
        """Return when the client has gone."""
        if self._has_body:
            await self._read.wait()
        while not self._gone:
            self._gone = (await self._receive())["type"] == "http.disconnect"


async def _http(session: aiohttp.ClientSession, passage: _Passage, receive: Receive, send: Send) -> None:
    upload = _Upload(receive, passage.has_body)
    await _while_there(_exchange(session, passage, upload, send), upload.client_gone())


async def _exchange(session: aiohttp.ClientSession, passage: _Passage, upload: _Upload, send: Send) -> None:
    headers = passage.request_headers()
    method, body = passage.scope["method"], upload.body()
    async with session.request(method, passage.url, headers=headers, data=body, allow_redirects=False) as response:
        status = response.status
        if status not in FINAL:
            raise BadGateway("web-server-not-answering", f"The run's web server answered with the status {status}.")
        answer_headers = passage.answer_headers(response.raw_headers, status)
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        try:
            async for piece in response.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except aiohttp.ClientError as problem:
            # Left unfinished, so that the server breaks the connection and the client sees a broken answer.
            log.warning("The web server at %s broke off its answer: %s", passage.url.authority, problem)
            return
        await send({"type": "http.response.body", "body": b""})


# WebSockets


async def _websocket(session: aiohttp.ClientSession, passage: _Passage, receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    handshake = session.ws_connect(
        passage.url,
        headers=passage.request_headers(),
        protocols=passage.scope["subprotocols"],
        autoclose=False,
        max_msg_size=MAX_MESSAGE_BYTES,
    )
    try:
        # Until it is accepted, a client can only leave.
        upstream = await _while_there(handshake, receive())
    except aiohttp.WSServerHandshakeError as refusal:
        await _refuse(_refusal(passage, refusal), passage.scope, receive, send)
        return
    if upstream is None:
        return
    async with upstream:
        await send({"type": "websocket.accept", "subprotocol": upstream.protocol})
        await _relay(receive, send, upstream)


def _refusal(passage: _Passage, refusal: aiohttp.WSServerHandshakeError) -> Response:
    """The container's own refusal, without its body."""
    if refusal.status not in FINAL:
        raise BadGateway("web-server-not-answering", f"The run's web server gave no valid answer: {refusal.message}")
    response = Response(status_code=refusal.status)
    raw = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in (refusal.headers or {}).items()]
    kept = passage.answer_headers(raw, refusal.status)
    response.raw_headers = [header for header in kept if header[0] not in BODY_HEADERS]
    return response


async def _relay(receive: Receive, send: Send, upstream: aiohttp.ClientWebSocketResponse) -> None:
    """Pass messages until one side ends. A writer that finds its side broken goes on: that side's reader tells."""
    up = asyncio.create_task(_up(receive, upstream), name="web socket up")
    down = asyncio.create_task(_down(upstream, send), name="web socket down")
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if up.done():
            code, reason = up.result()
            await upstream.close(code=code, message=reason.encode())
    finally:
        await _stop(up, down)
    if not down.cancelled():
        down.result()


async def _up(receive: Receive, upstream: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """Pass the client's messages until it has gone; answers with its close code and reason."""
    while (message := await receive())["type"] == "websocket.receive":
        text: str | None = message.get("text")
        with suppress(aiohttp.ClientError):
            await (upstream.send_bytes(message["bytes"]) if text is None else upstream.send_str(text))
    code: int = message["code"]
    # uvicorn says 1005 for a lost connection too.
    return GOING_AWAY if code in NOT_FOR_THE_WIRE else code, message.get("reason") or ""


async def _down(upstream: aiohttp.ClientWebSocketResponse, send: Send) -> None:
    """Pass the container's messages until its close, which is passed too; after a broken connection there is none."""
    while (message := await upstream.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
        kind = "text" if message.type is aiohttp.WSMsgType.TEXT else "bytes"
        await send({"type": "websocket.send", kind: message.data})
    if message.type is aiohttp.WSMsgType.CLOSE:
        code = message.data or aiohttp.WSCloseCode.OK
        await send({"type": "websocket.close", "code": code, "reason": message.extra or ""})
        await upstream.close(code=code)
