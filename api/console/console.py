"""The console as an ASGI application: files below /assets/, and one document for all of its pages."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from yarl import URL

from api.console.document import document_of, local_login_origin
from api.console.plain_page import plain_page
from api.request.session_cookies import SessionCookies
from api.response.errors import error_response
from runtime.access.sessions import USER_MILLIS
from runtime.base.errors import NotFound
from runtime.orchestrator import Orchestrator

BUILD = Path(__file__).resolve().parents[2] / "console" / "dist"
"""The built console, in a checkout and in a wheel."""
ASSETS = "/assets/"
OTHER_PREFIXES = ("/v2", "/greenroom")
READS = frozenset({"GET", "HEAD"})
ASSET_NAME = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
"""No part begins with a dot, so no name leads out of the folder."""
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
"""Those of the machine may differ, and browsers reject scripts of any other type."""
ASSET_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",  # the name of a file contains a hash of its content
    "X-Content-Type-Options": "nosniff",
}
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
OWN_SITES = frozenset({"same-origin", "none"})


class Console:
    """Answers the requests that are for the console and not for the API. `build` may be missing, or change at any time.

    On a server without configured users, the document signs the browser in as the local user.
    """

    def __init__(self, build: Path, orchestrator: Orchestrator, session_cookies: SessionCookies) -> None:
        self._build = build
        self._port = orchestrator.settings.port
        self._users = orchestrator.users
        self._sessions = orchestrator.sessions
        self._clock = orchestrator.clock
        self._session_cookies = session_cookies

    def serves(self, scope: Scope) -> bool:
        """Whether a request is for a file of the console, or a browser opens one of its pages."""
        path: str = scope["path"]
        if path.startswith(OTHER_PREFIXES) and path.split("/", 2)[1] in ("v2", "greenroom"):
            return False
        if scope["type"] != "http" or scope["method"] not in READS:
            return False
        return path.startswith(ASSETS) or "text/html" in Headers(scope=scope).get("accept", "").lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_asset = path.startswith(ASSETS)
        response = self._asset(scope, path.removeprefix(ASSETS)) if is_asset else await self._document(scope)
        await response(scope, receive, send)

    def _asset(self, scope: Scope, name: str) -> Response:
        file = self._build / "assets" / name
        if not ASSET_NAME.fullmatch(name) or not file.is_file():
            return error_response(NotFound("page-not-found", f"The console has no file {scope['path']}"), scope)
        media_type = MEDIA_TYPES.get(file.suffix, "application/octet-stream")
        return FileResponse(file, headers=ASSET_HEADERS, media_type=media_type)

    async def _document(self, scope: Scope) -> Response:
        try:
            template = await asyncio.to_thread((self._build / "index.html").read_text, "utf-8")
        except FileNotFoundError:
            return self._missing_build()
        host = Headers(scope=scope)["host"].lower()
        text, headers = document_of(template, host, self._port, local_login_origin(scope))
        if (cookie := self._new_local_session(scope)) is not None:
            headers["Set-Cookie"] = cookie
        return HTMLResponse(text, headers=headers)

    def _new_local_session(self, scope: Scope) -> str | None:
        """The cookie that signs the local user in, if they open this page themselves and it is needed."""
        if self._users.are_configured or not _is_opened_by_user(Headers(scope=scope)):
            return None
        session = self._session_cookies.session(scope)
        is_old = session is not None and session.expires_at - self._clock.now() < USER_MILLIS // 2
        if session is not None and (session.is_operator or not is_old):
            return None
        return self._session_cookies.set_cookie(*self._sessions.create(self._users.first()))

    def _missing_build(self) -> Response:
        is_clone = (self._build.parent / "package.json").exists()
        steps = (
            "Run `make console` in the clone of Greenroom, then reload this page. The server can continue to run."
            if is_clone
            else "This installation of Greenroom was built without it. Install Greenroom again with npm in the PATH."
        )
        api = "The API and the `greenroom` command work without it."
        return plain_page("The web console is not built", (steps, api), 503)


def _is_opened_by_user(headers: Headers) -> bool:
    """Whether a user opens a page in a tab of its own, by its address or from this origin."""
    return (
        headers.get("sec-fetch-site") in OWN_SITES
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and URL(f"http://{headers['host']}").host in LOOPBACK_NAMES
    )
