"""Requests whose headers have been parsed before.

A client sends the same headers again and again, and only the path changes. The second request with the same bytes needs
no parser: they have the same meaning, because nothing but the headers decides where such a request ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from api.web_server.request import RequestHeaders, WebRequest
from api.web_server.run_address import RunAddress, run_address_of

REQUEST_LINE = re.compile(rb"(GET|HEAD|OPTIONS|DELETE) (/[!-\"$-~]*) HTTP/1\.1")
"""The beginning of a request without a body. A fragment (`#`) is left to the parser."""
MAX_KNOWN = 256
MAX_BYTES = 4096
"""The longest request that is remembered."""


class KnownRequests:
    """The headers of requests without bodies, by their bytes. `address_at` is that of WebServers."""

    def __init__(self, address_at: Callable[[bytes, bytes], RunAddress | None] = run_address_of) -> None:
        self._address_at = address_at
        self._headers: dict[bytes, RequestHeaders] = {}

    def find(self, data: bytes) -> WebRequest | None:
        """The request that `data` is; None if it is any other one, or not exactly one request."""
        end = data.find(b"\r\n")
        headers = self._headers.get(data[end + 2 :])
        if headers is None or (line := REQUEST_LINE.fullmatch(data, 0, end)) is None:
            return None
        method, target = line.groups()
        address = self._address_at(headers.host, target)
        return None if address is None else WebRequest(method, address, headers)

    def remember(self, data: bytes, request: WebRequest) -> None:
        """Remember the headers of a request that was parsed. `data` is the whole request and nothing else."""
        headers, end = request.headers, data.find(b"\r\n")
        is_plain = not (headers.has_body or headers.is_upgrade or headers.expects_continue or headers.problem)
        if is_plain and request.version == "1.1" and len(data) <= MAX_BYTES and REQUEST_LINE.fullmatch(data, 0, end):
            if len(self._headers) >= MAX_KNOWN:
                self._headers.clear()
            self._headers[data[end + 2 :]] = headers
