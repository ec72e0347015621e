"""Request bodies: decoded, with a limit on their decoded size. They are never parsed by Content-Type.

Encodings: clients compress bodies above 1 KiB with `br` or `gzip` (apify-client, both languages).
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Protocol

import brotli
import msgspec
from starlette.requests import Request

from runtime.base.errors import Invalid, TooLarge, UnsupportedEncoding
from runtime.base.json_text import MAX_DEPTH, check_depth

MAX_PAYLOAD_BYTES = 9_437_184
"""The platform's limit on a request body after decompression."""
STEP_BYTES = 65_536


class Decoder(Protocol):
    """Decodes a body in small steps, so that a compressed bomb never becomes one big string."""

    def feed(self, data: bytes) -> AsyncIterator[bytes]: ...

    def finish(self) -> None: ...


class _Identity:
    async def feed(self, data: bytes) -> AsyncIterator[bytes]:
        yield data

    def finish(self) -> None:
        return


class _Zlib:
    def __init__(self) -> None:
        # Adding 32 to the window size makes zlib detect whether the header is gzip's or zlib's.
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)

    async def feed(self, data: bytes) -> AsyncIterator[bytes]:
        while data:
            if self._inflate.eof:  # a gzip body may have several members
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
            yield self._inflate.decompress(data, STEP_BYTES)
            data = self._inflate.unconsumed_tail or self._inflate.unused_data

    def finish(self) -> None:
        if not self._inflate.eof:
            raise ValueError("the stream ends too early")


class _Brotli:
    def __init__(self) -> None:
        self._decompress = brotli.Decompressor()

    async def feed(self, data: bytes) -> AsyncIterator[bytes]:
        piece = self._decompress.process(data, output_buffer_limit=STEP_BYTES)
        yield piece
        # The decoder may hold back output even when it accepts more data. Only an empty piece means that it does not.
        while (piece or not self._decompress.can_accept_more_data()) and not self._decompress.is_finished():
            piece = self._decompress.process(b"", output_buffer_limit=STEP_BYTES)
            yield piece

    def finish(self) -> None:
        if not self._decompress.is_finished():
            raise ValueError("the stream ends too early")


def decoder(encoding: str | None) -> Decoder:
    """The decoder of a Content-Encoding. Raises UnsupportedEncoding."""
    match (encoding or "identity").strip().lower():
        case "identity":
            return _Identity()
        case "gzip" | "x-gzip" | "deflate":
            return _Zlib()
        case "br":
            return _Brotli()
    raise UnsupportedEncoding("unsupported-content-encoding", f'Content-Encoding "{encoding}" is not supported.')


async def decoded(request: Request) -> AsyncIterator[bytes]:
    """The decoded body of a request, piece by piece. Raises Invalid if the body does not match its Content-Encoding."""
    encoding = request.headers.get("content-encoding")
    decompressor = decoder(encoding)
    received = False
    try:
        async for chunk in request.stream():
            received = received or bool(chunk)
            if chunk:
                async for piece in decompressor.feed(chunk):
                    yield piece
        if received:
            decompressor.finish()
    except (ValueError, zlib.error, brotli.error) as problem:
        raise Invalid("invalid-request", f"The body is not valid {encoding}: {problem}") from problem


async def read_body(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> bytes:
    """The whole decoded body. Raises TooLarge, UnsupportedEncoding, Invalid."""
    body = bytearray()
    async for piece in decoded(request):
        body += piece
        if len(body) > limit:
            raise await _too_large(request, limit)
    return bytes(body)


async def read_json(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> Any:
    """The body as JSON; None for an empty body. Raises Invalid for a body that is not valid JSON."""
    body = await read_body(request, limit)
    if not body:
        return None
    try:
        value = msgspec.json.decode(body)
        if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
            check_depth(value)
        return value
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        raise Invalid("invalid-request", f"The body is not valid JSON: {problem}") from problem


async def read_object(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> dict[str, Any]:
    """The body as a JSON object; an empty object for an empty body. Raises Invalid."""
    value = await read_json(request, limit)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid("invalid-request", "The body must be a JSON object")
    return value


async def _too_large(request: Request, limit: int) -> TooLarge:
    """The error, after the rest of the body is read and discarded.

    Without that, a client that is still sending would get a broken connection instead of the response.
    """
    length = request.headers.get("content-length")
    with suppress(RuntimeError):  # Starlette does not stream a body that was consumed already
        async for _ in request.stream():
            pass
    is_plain = (request.headers.get("content-encoding") or "identity") == "identity"
    actual = length if is_plain and length else f"more than {limit}"
    message = f"The POST payload is too large (limit: {limit} bytes, actual length: {actual} bytes)."
    return TooLarge("request-too-large", message)
