"""Which headers the proxy forwards, and how it changes two of them for the path form of an address."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from runtime.base.http_headers import hop_by_hop_names

log = logging.getLogger("greenroom.web_server")

RawHeaders = list[tuple[bytes, bytes]]

ORIGIN_WIDE = frozenset({b"clear-site-data", b"service-worker-allowed"})
"""Headers of responses with an effect on the whole origin, which in the path form is that of the API."""
SANDBOX = (b"content-security-policy", b"sandbox allow-scripts allow-forms")
HEADER_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""RFC 9110, section 5. uvicorn breaks the connection if it has to send any other value."""


def end_to_end(headers: Iterable[tuple[bytes, bytes]], dropped: Iterable[bytes]) -> RawHeaders:
    """The headers that a proxy forwards, without the `dropped` ones; names in lower case."""
    lowered = [(name.lower(), value) for name, value in headers]
    removed = hop_by_hop_names(lowered).union(dropped)
    return [(name, value) for name, value in lowered if name not in removed]


def is_valid(name: bytes, value: bytes) -> bool:
    if HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value):
        return True
    log.warning("The header %r of a web server's response is dropped, because it is not valid", name)
    return False


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


def header_text(raw: bytes) -> str:
    """Raw bytes of a request as text."""
    return raw.decode("utf-8", "replace")
