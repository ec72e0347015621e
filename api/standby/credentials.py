"""The token of a Standby request, and which tokens the Actor must not receive."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_plus

from starlette.requests import HTTPConnection

from api.request.authentication import token_of
from runtime.access.users import SERVER_TOKEN_PREFIX

OWN_HEADER = "x-apify-authorization"
"""It takes precedence: then the Actor has its own use for Authorization."""
BEARERS = (OWN_HEADER.encode(), b"authorization")


def standby_token_of(connection: HTTPConnection) -> str | None:
    """The token in `x-apify-authorization: Bearer`, else as in requests to the API."""
    scheme, _, token = connection.headers.get(OWN_HEADER, "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return token_of(connection)


def is_secret(token: str, *, is_control_token: bool) -> bool:
    """Whether a token exists only in Greenroom, and gives access to more than the platform's tokens do."""
    return is_control_token or token.startswith(SERVER_TOKEN_PREFIX)


def headers_without(token: str, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    secret = token.encode()
    return [(name, value) for name, value in headers if name.lower() not in BEARERS or secret not in value]


def query_without(token: str, query: bytes) -> bytes:
    """The query without parameters `token` of this value. All others stay as they are."""
    parts = (part.partition(b"=") for part in query.split(b"&"))
    rest = [part for part in parts if part[0] != b"token" or unquote_plus(part[2].decode("latin-1")) != token]
    return b"&".join(b"".join(part) for part in rest)
