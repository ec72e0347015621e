"""One request for a run's web server, and its head as the container gets it."""

from __future__ import annotations

from api.request.session_cookies import PREFIX, without_sessions
from api.web_server.headers import USUAL_CONNECTIONS, RawHeaders, lines_of, without_named
from api.web_server.run_address import RunAddress
from runtime.base.errors import Invalid
from runtime.base.http_headers import HOP_BY_HOP

REPLACED = frozenset({b"expect", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"})
"""Greenroom answers Expect: many Actors' servers would never send 100 Continue."""
SPECIAL = HOP_BY_HOP | REPLACED | {b"host", b"cookie", b"content-length"}
IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})
READS = frozenset({b"GET", b"HEAD"})
SESSION = PREFIX.encode()
VERSIONS = ("1.0", "1.1")


class WebRequest:
    """A request, and what follows from its headers. Names of headers are in lower case."""

    __slots__ = (
        "_connection",
        "_forwarded_for",
        "_headers",
        "_hosts",
        "_special",
        "address",
        "expects_continue",
        "has_body",
        "host",
        "is_chunked",
        "is_upgrade",
        "method",
        "version",
    )

    def __init__(
        self, method: bytes, address: RunAddress, version: str, headers: RawHeaders, *, is_upgrade: bool
    ) -> None:
        self.method = method
        self.address = address
        self.version = version
        self.is_upgrade = is_upgrade
        self.has_body = self.is_chunked = self.expects_continue = False
        self.host = self._connection = self._forwarded_for = b""
        self._hosts = 0
        self._headers = [header for header in headers if header[0] not in SPECIAL]
        self._special = [header for header in headers if header[0] in SPECIAL]
        for name, value in self._special:
            if name == b"host":
                self.host = value
                self._hosts += 1
            elif name == b"connection":
                self._connection += b"," + value if self._connection else value
            elif name == b"content-length":
                self.has_body = value != b"0"
            elif name == b"transfer-encoding":
                self.has_body = self.is_chunked = True
            elif name == b"x-forwarded-for":
                self._forwarded_for += value + b", "
            elif name == b"expect":
                self.expects_continue = value.lower() == b"100-continue"

    def check(self) -> None:
        """Raises Invalid for a request that can be understood in several ways."""
        if self._hosts > 1:  # RFC 9112, section 3.2
            raise Invalid("invalid-request", f"The request must have one Host header, not {self._hosts}")
        if self.version not in VERSIONS:
            raise Invalid("invalid-request", f"The version of HTTP must be 1.0 or 1.1, not {self.version}")
        if self.is_chunked and [value.lower() for name, value in self._special if name == b"transfer-encoding"] != [
            b"chunked"
        ]:
            raise Invalid("invalid-request", "The only supported transfer coding is 'chunked'")
        if self.is_upgrade and self.has_body:
            raise Invalid("invalid-request", "The handshake of a WebSocket cannot have a body")

    @property
    def is_repeatable(self) -> bool:
        """Whether the request can be sent again if the container closes the connection instead of responding."""
        return not (self.has_body or self.is_upgrade) and self.method in IDEMPOTENT

    @property
    def needs_slash(self) -> bool:
        """Whether the client has to be redirected to the run's path with a slash at the end.

        A browser needs the slash to resolve a page's relative links. Many other clients, such as webhooks, do not
        follow redirects.
        """
        return self.address.is_bare and self.method in READS and self._accepts_html and not self.is_upgrade

    def head(self, client: bytes, scheme: bytes) -> bytes:
        """The head of the request for the container. `client` is the client's address."""
        headers = self._headers
        if self._connection and self._connection.lower() not in USUAL_CONNECTIONS:
            headers = without_named(headers, self._connection)
        target = self.address.target
        if self.address.is_bare:
            target = b"/" + target
        return (
            b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b"
            b"x-forwarded-for: %b%b\r\nx-forwarded-host: %b\r\nx-forwarded-proto: %b\r\n\r\n"
        ) % (
            *(self.method, target, self.host, lines_of(headers), self._special_lines()),
            *(self._forwarded_for, client, self.host, scheme),
        )

    def _special_lines(self) -> bytes:
        lines = b""
        for name, value in self._special:
            if name == b"content-length":
                lines += b"content-length: %b\r\n" % value
            elif name == b"cookie":
                forwarded = without_sessions(value) if SESSION in value else value
                lines += b"cookie: %b\r\n" % forwarded if forwarded else b""
        if self.is_chunked:
            lines += b"transfer-encoding: chunked\r\n"
        return lines + b"connection: upgrade\r\nupgrade: websocket\r\n" if self.is_upgrade else lines

    @property
    def _accepts_html(self) -> bool:
        return any(name == b"accept" and b"text/html" in value.lower() for name, value in self._headers)
