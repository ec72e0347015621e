"""The cookie of a browser session, and the requests for which it counts.

A browser sends a cookie with every request to a host, to each of its ports, also if a page of another site causes the
request. So a cookie counts only if the browser states that a page of exactly this origin sends it, or the user does.
Browsers state this in headers that pages cannot set (W3C, Fetch Metadata Request Headers). A page on another port of
localhost is "same-site", which `SameSite=Strict` does not exclude.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from starlette.datastructures import Headers
from starlette.types import Scope

from runtime.access.sessions import Session, Sessions
from runtime.base.clock import Clock

PREFIX = "greenroom_session_"
"""The beginning of the names of these cookies. Browsers do not separate cookies by port, so the port is in the name."""


class SessionCookies:
    """Reads and writes the cookie of the server on `port`. `writes` is whether a request changes something."""

    def __init__(self, sessions: Sessions, port: int, writes: Callable[[Scope], bool], clock: Clock) -> None:
        self._sessions = sessions
        self._name = f"{PREFIX}{port}"
        self._writes = writes
        self._clock = clock

    def caller_session(self, scope: Scope) -> Session | None:
        """The session that may act as the caller of this request. A request with credentials of its own has none."""
        headers = Headers(scope=scope)
        if "cookie" not in headers or "authorization" in headers or not self._counts(scope, headers):
            return None
        return self.session(scope)

    def session(self, scope: Scope) -> Session | None:
        """The valid session in the cookies of a request, also of one that another site caused."""
        texts = (value for name, value in cookies(Headers(scope=scope)) if name == self._name)
        return next(filter(None, map(self._sessions.find, texts)), None)

    def set_cookie(self, text: str, session: Session) -> str:
        """The Set-Cookie header that starts a session."""
        return self._header(text, max(0, session.expires_at - self._clock.now()) // 1000)

    def removed_cookie(self) -> str:
        return self._header("", 0)

    def _header(self, text: str, secs: int) -> str:
        return f"{self._name}={text}; Max-Age={secs}; Path=/; HttpOnly; SameSite=Strict"

    def _counts(self, scope: Scope, headers: Headers) -> bool:
        if scope["type"] != "http":
            return False
        site, is_write = headers.get("sec-fetch-site"), self._writes(scope)
        if site == "same-origin":
            # A write needs an Origin too. Browsers send none with GET, so a picture with `?method=DELETE` does nothing.
            return not is_write or headers.get("origin") == f"http://{headers.get('host', '').lower()}"
        # A link in another program opens a page with the site "none", as the address bar does.
        return site == "none" and headers.get("sec-fetch-mode") == "navigate" and not is_write


def cookies(headers: Headers) -> Iterator[tuple[str, str]]:
    """The names and values of all cookies of a request. A name can occur several times (RFC 6265, section 5.4)."""
    for header in headers.getlist("cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            yield name, value


def without_sessions(cookie: bytes) -> bytes:
    """A Cookie header without the cookies of browser sessions, which belong to no web server of an Actor."""
    pairs = (pair.strip() for pair in cookie.split(b";"))
    return b"; ".join(pair for pair in pairs if not pair.startswith(PREFIX.encode()))
