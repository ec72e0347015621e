"""Requests whose headers have been parsed before.

A client sends the same headers again and again, and only the path changes. The second request with the same bytes needs
no parser: they have the same meaning, because nothing but the headers decides where such a request ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from api.web_server.request import RequestHeaders, WebRequest
from api.web_server.run_address import RunAddress

T = TypeVar("T")
REQUEST_LINE = re.compile(rb"(GET|HEAD|OPTIONS|DELETE) (/[!-\"$-~]*) HTTP/1\.1")
"""The beginning of a request without a body. A fragment (`#`) is left to the parser."""
MAX_KNOWN = 256
MAX_BYTES = 4096
"""The longest request that is remembered."""


class KnownRequests:
    """Requests without bodies, by their bytes: whole ones, and only their headers.

    `address_at` is that of WebServers.
    """

    def __init__(self, address_at: Callable[[bytes, bytes], RunAddress | None]) -> None:
        self._address_at = address_at
        self._requests: dict[bytes, WebRequest] = {}
        self._headers: dict[bytes, RequestHeaders] = {}

    def find(self, data: bytes) -> WebRequest | None:
        """The request that `data` is; None if it is any other one, or not exactly one request."""
        return self._requests.get(data) or self._find_headers(data)

    def remember(self, data: bytes, request: WebRequest) -> None:
        """Remember the headers of a request that was parsed. `data` is the whole request and nothing else."""
        headers, end = request.headers, data.find(b"\r\n")
        is_plain = not (headers.has_body or headers.is_upgrade or headers.expects_continue or headers.problem)
        if is_plain and request.version == "1.1" and len(data) <= MAX_BYTES and REQUEST_LINE.fullmatch(data, 0, end):
            _store(self._headers, data[end + 2 :], headers)

    def _find_headers(self, data: bytes) -> WebRequest | None:
        end = data.find(b"\r\n")
        headers = self._headers.get(data[end + 2 :])
        if headers is None or (line := REQUEST_LINE.fullmatch(data, 0, end)) is None:
            return None
        method, target = line.groups()
        address = self._address_at(headers.host, target)
        if address is None:
            return None
        request = WebRequest(method, address, headers)
        if len(data) <= MAX_BYTES:
            _store(self._requests, data, request)
        return request


def _store(known: dict[bytes, T], key: bytes, value: T) -> None:
    if len(known) >= MAX_KNOWN:
        known.clear()
    known[key] = value
