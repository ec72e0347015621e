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


class RequestHeaders:
    """The headers of a request, and what follows from them. Names are in lower case.

    `lines` are those for the container, up to the client's address at the end of X-Forwarded-For.
    """

    def __init__(self, headers: RawHeaders, *, is_upgrade: bool = False, is_persistent: bool = True) -> None:
        self.raw = headers
        self.is_upgrade = is_upgrade
        self.is_persistent = is_persistent
        self.has_body = self.is_chunked = self.expects_continue = self.accepts_html = False
        self.host = self._connection = self._forwarded_for = self._cookies = self._length = b""
        self._hosts = 0
        self._coding = b""
        for name, value in headers:
            if name in SPECIAL:
                self._read(name, value)
            elif name == b"accept":
                self.accepts_html = self.accepts_html or b"text/html" in value.lower()
        self.problem = self._problem()
        self.lines = self._lines([header for header in headers if header[0] not in SPECIAL])

    def _read(self, name: bytes, value: bytes) -> None:
        """Read a header that concerns the proxy itself."""
        if name == b"host":
            self.host = value
            self._hosts += 1
        elif name == b"connection":
            self._connection += b"," + value if self._connection else value
        elif name == b"content-length":
            self.has_body = value != b"0"
            self._length = b"content-length: %b\r\n" % value
        elif name == b"transfer-encoding":
            self.has_body = self.is_chunked = True
            self._coding += value.lower()
        elif name == b"cookie":
            forwarded = without_sessions(value) if SESSION in value else value
            self._cookies += b"cookie: %b\r\n" % forwarded if forwarded else b""
        elif name == b"x-forwarded-for":
            self._forwarded_for += value + b", "
        elif name == b"expect":
            self.expects_continue = value.lower() == b"100-continue"

    def _problem(self) -> str | None:
        """Why the request could be understood in several ways."""
        if self._hosts > 1:  # RFC 9112, section 3.2
            return f"The request must have one Host header, not {self._hosts}"
        if self.is_chunked and self._coding != b"chunked":
            return "The only supported transfer coding is 'chunked'"
        if self.is_upgrade and self.has_body:
            return "The handshake of a WebSocket cannot have a body"
        return None

    def _lines(self, headers: RawHeaders) -> bytes:
        if self._connection and self._connection.lower() not in USUAL_CONNECTIONS:
            headers = without_named(headers, self._connection)
        framing = b"transfer-encoding: chunked\r\n" if self.is_chunked else self._length
        upgrade = b"connection: upgrade\r\nupgrade: websocket\r\n" if self.is_upgrade else b""
        return b"host: %b\r\n%b%b%b%bx-forwarded-host: %b\r\nx-forwarded-for: %b" % (
            *(self.host, lines_of(headers), self._cookies, framing, upgrade),
            *(self.host, self._forwarded_for),
        )


class WebRequest:
    """A request. `version` is that of HTTP. Requests with the same bytes are one object."""

    __slots__ = ("__weakref__", "_head", "_head_for", "address", "headers", "method", "version")

    def __init__(self, method: bytes, address: RunAddress, headers: RequestHeaders, version: str = "1.1") -> None:
        self.method = method
        self.address = address
        self.headers = headers
        self.version = version
        self._head = b""
        self._head_for: bytes | None = None

    def check(self) -> None:
        """Raises Invalid for a request that can be understood in several ways."""
        if self.version not in VERSIONS:
            raise Invalid("invalid-request", f"The version of HTTP must be 1.0 or 1.1, not {self.version}")
        if self.headers.problem is not None:
            raise Invalid("invalid-request", self.headers.problem)

    @property
    def is_repeatable(self) -> bool:
        """Whether the request can be sent again if the container closes the connection instead of responding."""
        return self.method in IDEMPOTENT and not (self.headers.has_body or self.headers.is_upgrade)

    @property
    def needs_slash(self) -> bool:
        """Whether the client has to be redirected to the run's path with a slash at the end.

        A browser needs the slash to resolve a page's relative links. Many other clients, such as webhooks, do not
        follow redirects.
        """
        is_page = self.method in READS and self.headers.accepts_html and not self.headers.is_upgrade
        return is_page and self.address.is_bare

    def head(self, client: bytes) -> bytes:
        """The head of the request for the container. `client` are the rest of X-Forwarded-For and X-Forwarded-Proto."""
        if client != self._head_for:
            target = self.address.target
            if self.address.prefix and target[:1] != b"/":
                target = b"/" + target
            self._head_for = client
            self._head = b"%b %b HTTP/1.1\r\n%b%b" % (self.method, target, self.headers.lines, client)
        return self._head
