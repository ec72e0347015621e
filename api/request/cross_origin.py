"""Cross-origin requests (CORS): which web pages of other origins may call the API from a browser, and how.

The platform's API is open to every origin, because nobody can guess a token. That holds here only for the tokens of
configured users. Without them any token belongs to the local user, so any web page could start containers on this
machine. Then only the origins that the operator lists may call the API.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from api.request.authentication import token_of
from api.request.callers import CALLER

ORIGIN = "greenroom.origin"
"""The key of a request's scope that holds its Origin, if a page sent it to the API."""
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
PREFLIGHT_SECS = "600"
EXPOSED = ", ".join(
    (
        *("X-Apify-Pagination-Total", "X-Apify-Pagination-Offset", "X-Apify-Pagination-Limit"),
        *("X-Apify-Pagination-Count", "X-Apify-Pagination-Desc"),
        *("Location", "Content-Disposition", "Content-Length"),
    )
)


class CrossOrigin:
    """`origins` are listed by the operator. With `has_users`, every other origin may send requests with a token.

    Responses never allow credentials: a browser must not add cookies or passwords by itself.
    """

    def __init__(self, origins: Collection[str], *, has_users: bool) -> None:
        self._origins = origins
        self._has_users = has_users

    def permits(self, scope: Scope) -> bool:
        """Whether a page of another origin may send this request, before its token is checked."""
        has_token = token_of(HTTPConnection(scope)) is not None
        return self.permits_origin(Headers(scope=scope).get("origin"), has_token=has_token)

    def permits_origin(self, origin: str | None, *, has_token: bool) -> bool:
        """Whether a page of this origin may send a request, with or without a token that was not checked yet."""
        return origin in self._origins or (self._has_users and has_token)

    def record_origin(self, scope: Scope) -> None:
        """Put the Origin into the scope, for `with_headers`."""
        for name, value in scope["headers"]:
            if name == b"origin":
                scope[ORIGIN] = value.decode("latin-1")

    def preflight_response(self, scope: Scope) -> Response | None:
        """The response to a browser that checks whether it may send a request; None for any other request.

        The request itself needs a permission again: a preflight carries no token.
        """
        if scope["method"] != "OPTIONS":
            return None
        headers = Headers(scope=scope)
        origin, method = headers.get("origin"), headers.get("access-control-request-method")
        if origin is None or method is None:
            return None
        response = Response(status_code=204, headers={"Vary": "Origin"})
        if self._has_users or origin in self._origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = headers.get("access-control-request-headers", "")
            response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECS
            if headers.get("access-control-request-private-network") == "true":
                response.headers["Access-Control-Allow-Private-Network"] = "true"
        return response

    def with_headers(self, scope: Scope, send: Send) -> Send:
        """The same `send`, but letting the page read the response if its origin is listed, or its token is valid."""
        origin = scope.get(ORIGIN)
        if origin is None or not (origin in self._origins or (self._has_users and scope.get(CALLER) is not None)):
            return send

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = EXPOSED
                headers.add_vary_header("Origin")
            await send(message)

        return send_with_headers
