"""Which headers the proxy forwards, and how it changes two of them for the path form of an address."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from runtime.base.http_headers import HOP_BY_HOP

log = logging.getLogger("greenroom.web_server")

RawHeaders = list[tuple[bytes, bytes]]

ORIGIN_WIDE = frozenset({b"clear-site-data", b"service-worker-allowed"})
"""Headers of responses with an effect on the whole origin, which in the path form is that of the API."""
SANDBOX = (b"content-security-policy", b"sandbox allow-scripts allow-forms")
HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
CONTROLS = bytes(each for each in (*range(32), 127) if each not in b"\t\r\n")
"""The bytes that no header may contain (RFC 9110, section 5.5), apart from the ends of lines."""
NOT_IN_TRAILERS = HOP_BY_HOP | ORIGIN_WIDE | {b"content-length", b"host", b"cookie", b"set-cookie", b"location"}
"""Fields that change how a message is framed, routed or treated cannot be trailers (RFC 9110, section 6.5.1)."""
USUAL_CONNECTIONS = frozenset({b"keep-alive", b"close", b"upgrade", b"keep-alive, upgrade", b"upgrade, keep-alive"})
"""Values of Connection, in lower case, that name no header to drop, or only one of HOP_BY_HOP."""


def without_named(headers: RawHeaders, connection: bytes) -> RawHeaders:
    """The headers without those that the value of Connection names. Names of `headers` are in lower case."""
    named = {token.strip() for token in connection.lower().split(b",")}
    return [header for header in headers if header[0] not in named]


def valid_headers(headers: RawHeaders) -> RawHeaders:
    """The headers whose values are valid. Clients reject a response with others."""
    for name, value in headers:
        if not HEADER_VALUE.fullmatch(value):
            log.warning("The header %r of a web server's response is dropped, because it is not valid", name)
    return [header for header in headers if HEADER_VALUE.fullmatch(header[1])]


def lines_of(headers: RawHeaders) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def trailer_lines(trailers: RawHeaders) -> bytes:
    """The trailers that are forwarded, as lines."""
    lowered = [(name.lower(), value) for name, value in trailers]
    return lines_of([header for header in valid_headers(lowered) if header[0] not in NOT_IN_TRAILERS])


def cookie_below(prefix: bytes, cookie: bytes, default_path: bytes | None) -> bytes:
    """The cookie without its Domain, and with its Path below `prefix`.

    Without a valid Path, a browser takes the folder of the request's path. `default_path` is added to such a cookie if
    that folder is not below the prefix.
    """
    pair, *attributes = cookie.split(b";")
    changed, has_path = [pair], False
    for attribute in attributes:
        name, _, value = (part.strip() for part in attribute.partition(b"="))
        if name.lower() == b"path" and value.startswith(b"/"):
            changed.append(b" Path=" + prefix + value)
            has_path = True
        elif name.lower() != b"domain":
            changed.append(attribute)
    if default_path is not None and not has_path:
        changed.append(b" Path=" + default_path)
    return b";".join(changed)


def location_below(prefix: bytes, location: bytes, host: bytes, *, is_bare: bool) -> bytes:
    """A redirect with its path below `prefix`, if it stays on the `host` that the request named.

    If the request's address `is_bare`, a relative path would be resolved against the folder above the prefix.
    """
    try:
        parts = urlsplit(location)
    except ValueError:  # the client decides what it means
        return location
    if is_bare and parts.path and not (parts.scheme or parts.netloc or parts.path.startswith(b"/")):
        return parts._replace(path=prefix + b"/" + parts.path).geturl()
    if parts.netloc not in (b"", host) or not parts.path.startswith(b"/"):
        return location
    if parts.path == prefix or parts.path.startswith(prefix + b"/"):  # a server that knows its own public address
        return location
    return parts._replace(path=prefix + parts.path).geturl()
