"""What a Standby request states about its sender, and which tokens the Actor must not receive."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

from api.web_server.headers import RawHeaders
from runtime.access.users import SERVER_TOKEN_PREFIX

OWN_HEADER = b"x-apify-authorization"
"""It takes precedence over Authorization, which is then for the Actor itself."""
BEARERS = (OWN_HEADER, b"authorization")


class Credentials(NamedTuple):
    """The token of a request, and what a browser states about the page that sends it."""

    token: str | None
    host: str
    origin: str | None
    site: str | None


def credentials_of(headers: RawHeaders, query: bytes) -> Credentials:
    """The token in `x-apify-authorization: Bearer`, else in `authorization: Bearer`, else in `?token=`."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in WANTED:
            found.setdefault(name, value.decode("latin-1"))
    token = _bearer(found.get(OWN_HEADER)) or _bearer(found.get(b"authorization")) or _in_query(query)
    return Credentials(token, found.get(b"host", ""), found.get(b"origin"), found.get(b"sec-fetch-site"))


WANTED = frozenset({*BEARERS, b"host", b"origin", b"sec-fetch-site"})


def is_secret(token: str, *, is_control_token: bool) -> bool:
    """Whether a token exists only in Greenroom, and gives access to more than the platform's tokens do."""
    return is_control_token or token.startswith(SERVER_TOKEN_PREFIX)


def headers_without(token: str, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [
        (name, value)
        for name, value in headers
        if name not in BEARERS or not _is_token(value.partition(b" ")[2].strip(), token)
    ]


def query_without(token: str, query: bytes) -> bytes:
    """The query without parameters `token` of this value. All others stay as they are."""
    pieces = (piece.partition(b"=") for piece in query.split(b"&"))
    rest = [piece for piece in pieces if piece[0] != b"token" or not _is_token(unquote_to_bytes(piece[2]), token)]
    return b"&".join(b"".join(piece) for piece in rest)


def _is_token(text: bytes, token: str) -> bool:
    return hmac.compare_digest(text, token.encode())


def _bearer(header: str | None) -> str | None:
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _in_query(query: bytes) -> str | None:
    return dict(reversed(parse_qsl(query.decode("latin-1")))).get("token") if b"token" in query else None
