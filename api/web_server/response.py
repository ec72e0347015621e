"""The head of a container's response as the client gets it."""

from __future__ import annotations

from http import HTTPStatus

from api.web_server.client import Client
from api.web_server.headers import (
    CONTROLS,
    ORIGIN_WIDE,
    SANDBOX,
    USUAL_CONNECTIONS,
    RawHeaders,
    cookie_below,
    lines_of,
    location_below,
    valid_headers,
    without_named,
)
from api.web_server.request import WebRequest
from runtime.base.http_headers import HOP_BY_HOP
from runtime.container_http.response import ResponseHead

BODILESS = frozenset({HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
SPECIAL = HOP_BY_HOP | {b"content-length"}


def response_head(head: ResponseHead, request: WebRequest, client: Client, *, chunked: bool, persistent: bool) -> bytes:
    """The head of the final response. If the container sent no Date, that of the client's side is added."""
    is_plain = persistent and not (chunked or request.address.prefix)
    lines = head.plain if is_plain else None
    if lines is None:
        lines = _head_lines(head, request, chunked=chunked, persistent=persistent)
        if is_plain:
            head.plain = lines
    return lines + b"\r\n" if b"\r\ndate: " in lines else b"%b%b\r\n" % (lines, client.default_lines())


def _head_lines(head: ResponseHead, request: WebRequest, *, chunked: bool, persistent: bool) -> bytes:
    headers: RawHeaders = []
    named, added = b"", b""
    for name, value in head.headers:
        lowered = name.lower()
        if lowered not in SPECIAL:
            headers.append((lowered, value))
        elif lowered == b"content-length":
            if head.status not in BODILESS:
                headers.append((lowered, value))
        elif lowered == b"connection" and value.lower() not in USUAL_CONNECTIONS:
            named += value + b","
        elif lowered == b"trailer" and chunked:
            headers.append((lowered, value))
    if named:
        headers = without_named(headers, named)
    if chunked:
        added = b"transfer-encoding: chunked\r\n"
    if not persistent:
        added += b"connection: close\r\n"
    return b"HTTP/1.1 %d %b\r\n%b%b" % (head.status, _reason(head), _lines(headers, request), added)


def interim_head(head: ResponseHead, request: WebRequest) -> bytes:
    """The head of a response with a status below 200, also of the one that switches protocols."""
    headers = [(name.lower(), value) for name, value in head.headers]
    named = b",".join(value for name, value in headers if name == b"connection")
    passing = [header for header in without_named(headers, named) if header[0] not in SPECIAL]
    upgrade = head.status == HTTPStatus.SWITCHING_PROTOCOLS
    lines = b"connection: upgrade\r\nupgrade: websocket\r\n" if upgrade else b""
    return b"HTTP/1.1 %d %b\r\n%b%b\r\n" % (head.status, _reason(head), lines, _lines(passing, request))


def _lines(headers: RawHeaders, request: WebRequest) -> bytes:
    if request.address.prefix:
        headers = [(name, _below_prefix(name, value, request)) for name, value in headers if name not in ORIGIN_WIDE]
        headers.append(SANDBOX)
    lines = lines_of(headers)
    return lines_of(valid_headers(headers)) if len(lines.translate(None, CONTROLS)) != len(lines) else lines


def _reason(head: ResponseHead) -> bytes:
    """The reason phrase of the container."""
    return head.reason.translate(None, CONTROLS)


def _below_prefix(name: bytes, value: bytes, request: WebRequest) -> bytes:
    address = request.address
    if name == b"set-cookie":
        default = address.prefix + b"/" if address.is_bare else None
        return cookie_below(address.prefix, value, default_path=default)
    if name == b"location":
        return location_below(address.prefix, value, request.headers.host, is_bare=address.is_bare)
    return value
