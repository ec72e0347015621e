"""The token of a Standby request, and which tokens the Actor must not receive."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

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
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in BEARERS or not _is_token(value.partition(b" ")[2].strip(), token)
    ]


def query_without(token: str, query: bytes) -> bytes:
    """The query without parameters `token` of this value. All others stay as they are."""
    pieces = (piece.partition(b"=") for piece in query.split(b"&"))
    rest = [piece for piece in pieces if piece[0] != b"token" or not _is_token(unquote_to_bytes(piece[2]), token)]
    return b"&".join(b"".join(piece) for piece in rest)


def _is_token(text: bytes, token: str) -> bool:
    return hmac.compare_digest(text, token.encode())
