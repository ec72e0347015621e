"""Rules for the headers of HTTP that all proxies share."""

from __future__ import annotations

from collections.abc import Iterable

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


def hop_by_hop_names(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """The names, in lower case, of headers that concern one connection only: also those that `Connection` lists."""
    values = (value for name, value in headers if name.lower() == b"connection")
    return HOP_BY_HOP.union(token.strip().lower() for value in values for token in value.split(b","))
