"""One request for a run's web server: what the container gets, and which headers of its response the client gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import Scope

from api.connections.http_protocol import SWITCH
from api.request.session_cookies import without_sessions
from api.web_server.headers import (
    ORIGIN_WIDE,
    SANDBOX,
    RawHeaders,
    cookie_below,
    end_to_end,
    is_valid,
    location_below,
)
from api.web_server.run_address import RunAddress

REPLACED_IN_REQUESTS = frozenset({b"expect", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"})
"""uvicorn answers Expect: many Actors' servers would never send 100 Continue."""
REPLACED_IN_RESPONSES = frozenset({b"date"})
"""uvicorn writes its own Date."""
READS = frozenset({"GET", "HEAD"})
BODILESS = frozenset({HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True, slots=True)
class Target:
    """Where this host reaches a container's web server."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ForwardedRequest:
    """A request, the address that it was sent to, and the container that answers it."""

    scope: Scope
    address: RunAddress
    target: Target

    @property
    def needs_slash(self) -> bool:
        """Whether the client has to be redirected to the run's path with a slash at the end.

        A browser needs the slash to resolve a page's relative links. Many other clients, such as webhooks, do not
        follow redirects.
        """
        return self.address.is_bare and self.scope["method"] in READS and self._accepts_html and not self.is_upgrade

    @property
    def is_upgrade(self) -> bool:
        """Whether this is the handshake of a WebSocket."""
        return SWITCH in self.scope.get("extensions", ())

    @property
    def has_body(self) -> bool:
        headers = Headers(scope=self.scope)
        return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

    @property
    def is_chunked(self) -> bool:
        """Whether the body has no announced length, so that it is sent on in chunks."""
        return self.has_body and "content-length" not in Headers(scope=self.scope)

    def head(self) -> bytes:
        """The head of the request for the container. Its connection is used only once.

        A container may close a connection just when it is used again. A request that cannot be repeated would fail
        then.
        """
        path, query = (self.address.path or "/").encode(), self.scope["query_string"]
        target = path + b"?" + query if query else path
        lines = [b"%b %b HTTP/1.1" % (self.scope["method"].encode(), target)]
        lines += [name + b": " + value for name, value in self._request_headers()]
        lines += [f"{name}: {value}".encode() for name, value in self._forwarded().items()]
        lines += [b"connection: upgrade", b"upgrade: websocket"] if self.is_upgrade else [b"connection: close"]
        if self.is_chunked:
            lines.append(b"transfer-encoding: chunked")
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def switching_head(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The head of the container's response 101 for the client."""
        lines = [b"HTTP/1.1 101 Switching Protocols", b"connection: upgrade", b"upgrade: websocket"]
        lines += [
            name + b": " + value for name, value in self.response_headers(headers, HTTPStatus.SWITCHING_PROTOCOLS)
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def response_headers(self, headers: Iterable[tuple[bytes, bytes]], status: int) -> RawHeaders:
        # uvicorn requires as many bytes as Content-Length announces, even if the status allows no body.
        dropped = REPLACED_IN_RESPONSES | ({b"content-length"} if status in BODILESS else set())
        forwarded = [header for header in end_to_end(headers, dropped) if is_valid(*header)]
        if not self.address.prefix:
            return forwarded
        below = [(name, self._below_prefix(name, value)) for name, value in forwarded if name not in ORIGIN_WIDE]
        return [*below, SANDBOX]

    @property
    def _accepts_html(self) -> bool:
        return "text/html" in Headers(scope=self.scope).get("accept", "").lower()

    def _request_headers(self) -> Iterable[tuple[bytes, bytes]]:
        """The client's headers without the session of its browser, which the path form would reveal to the Actor."""
        for name, value in end_to_end(self.scope["headers"], REPLACED_IN_REQUESTS):
            forwarded = without_sessions(value) if name == b"cookie" else value
            if forwarded or name != b"cookie":
                yield name, forwarded

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

    def _below_prefix(self, name: bytes, value: bytes) -> bytes:
        prefix = self.address.prefix.encode()
        if name == b"set-cookie":
            return cookie_below(prefix, value, default_path=prefix + b"/" if self.address.is_bare else None)
        if name == b"location":
            host = Headers(scope=self.scope).get("host", "").encode()
            return location_below(prefix, value, host, is_bare=self.address.is_bare)
        return value
