"""Request bodies: decoded, with a limit on their decoded size. They are never parsed by Content-Type.

Encodings: clients compress bodies above 1 KiB with `br` or `gzip` (apify-client, both languages).
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, Protocol, TypeVar

import brotli
import msgspec
from starlette.requests import Request

from runtime.base.background import in_background, in_slices
from runtime.base.errors import Invalid, TooLarge, UnsupportedEncoding
from runtime.base.helper_process import WorkLimitExceeded, in_helper
from runtime.base.json_text import MAX_DEPTH, check_depth, check_parts

T = TypeVar("T")

MAX_PAYLOAD_BYTES = 9_437_184
"""The platform's limit on a request body after decompression."""
STEP_BYTES = 65_536
"""The most bytes that one step of decoding produces."""
INPUT_BYTES = 16_384
"""The most bytes that one step of zlib gets. It copies what it leaves, which can be almost all of it."""
STEPS_ON_LOOP = 4
"""A chunk that needs more steps is decoded in the background: 64 KB can become gigabytes, or thousands of members."""
MAX_JSON_ON_LOOP = 262_144
"""Parsing a bigger body would block the event loop for too long."""
IDENTITY = "identity"


class Decoder(Protocol):
    """Decodes a body in small steps, so that a compressed bomb never becomes one big string. A piece may be empty."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def finish(self) -> None:
        """Raises ValueError if the body is not complete."""


class _Identity:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        return


class _Zlib:
    """`header` is the number that makes zlib expect a certain header: 16 for gzip, 0 for its own (`deflate`)."""

    def __init__(self, header: int) -> None:
        self._window_and_header = zlib.MAX_WBITS | header
        self._inflate = zlib.decompressobj(self._window_and_header)

    def feed(self, data: bytes) -> Iterator[bytes]:
        rest = memoryview(data)
        while rest:
            if self._inflate.eof:  # a gzip body may have several members
                self._inflate = zlib.decompressobj(self._window_and_header)
            given = rest[:INPUT_BYTES]
            yield self._inflate.decompress(given, STEP_BYTES)
            left = len(self._inflate.unconsumed_tail) or len(self._inflate.unused_data)
            rest = rest[len(given) - left :]

    def finish(self) -> None:
        if not self._inflate.eof:
            raise ValueError("the stream ends too early")


class _Brotli:
    def __init__(self) -> None:
        self._decompress = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        piece = self._decompress.process(data, output_buffer_limit=STEP_BYTES)
        yield piece
        # The decoder may hold back output even when it accepts more data. Only an empty piece means that it does not.
        while (piece or not self._decompress.can_accept_more_data()) and not self._decompress.is_finished():
            piece = self._decompress.process(b"", output_buffer_limit=STEP_BYTES)
            yield piece

    def finish(self) -> None:
        if not self._decompress.is_finished():
            raise ValueError("the stream ends too early")


DECODING_ERRORS = (ValueError, zlib.error, brotli.error)


def decoder(encoding: str | None) -> Decoder:
    """The decoder of a Content-Encoding. Raises UnsupportedEncoding."""
    match (encoding or IDENTITY).strip().lower():
        case "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Zlib(header=16)
        case "deflate":
            return _Zlib(header=0)
        case "br":
            return _Brotli()
    raise UnsupportedEncoding("unsupported-content-encoding", f'Content-Encoding "{encoding}" is not supported.')


async def decode(decompressor: Decoder, chunk: bytes) -> AsyncIterator[bytes]:
    """One chunk of a body without its Content-Encoding, piece by piece. Raises one of DECODING_ERRORS."""
    steps = decompressor.feed(chunk)
    pieces = list(islice(steps, STEPS_ON_LOOP))
    for piece in pieces:
        yield piece
    if len(pieces) == STEPS_ON_LOOP:
        async for slice in in_slices(steps):
            yield b"".join(slice)


async def decoded(request: Request) -> AsyncIterator[bytes]:
    """The decoded body of a request, piece by piece. Raises Invalid if the body does not match its Content-Encoding."""
    encoding = request.headers.get("content-encoding")
    decompressor = decoder(encoding)
    received = False
    try:
        async for chunk in request.stream():
            received = received or bool(chunk)
            if chunk:
                async for piece in decode(decompressor, chunk):
                    yield piece
        if received:
            decompressor.finish()
    except DECODING_ERRORS as problem:
        raise await _invalid_body(request, encoding, problem) from problem


async def verified(request: Request, encoding: str) -> AsyncIterator[bytes]:
    """The body of a request as it arrives, with its Content-Encoding.

    Raises Invalid, at the latest after the last chunk, if a client that asks for the decoded body could not get it.
    """
    decompressor = decoder(encoding)
    try:
        async for chunk in request.stream():
            async for _ in decode(decompressor, chunk):
                pass
            yield chunk
        decompressor.finish()
    except DECODING_ERRORS as problem:
        raise await _invalid_body(request, encoding, problem) from problem


async def read_body(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> bytes:
    """The whole decoded body. Raises TooLarge, UnsupportedEncoding, Invalid."""
    body = bytearray()
    async for piece in decoded(request):
        body += piece
        if len(body) > limit:
            raise await _too_large(request, limit)
    return bytes(body)


async def received_bytes(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> int:
    """The size of the body as it was sent. It is not stored. Raises TooLarge."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise await _too_large(request, limit)
    return size


async def read_json(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> Any:
    """The body as JSON; None for an empty body. Raises Invalid for a body that is not valid JSON."""
    body = await read_body(request, limit)
    return await parse_json(body, _strict_json) if body else None


async def parse_json(body: bytes, parse: Callable[[bytes], T]) -> T:
    """Parse a JSON body of any size. Raises Invalid for what `parse` rejects with a ValueError."""
    try:
        if len(body) <= MAX_JSON_ON_LOOP:
            return parse(body)
        await in_helper(check_parts, body)
        return await in_background(partial(parse, body))
    except ValueError as problem:
        raise Invalid("invalid-request", f"The body is not valid JSON: {problem}") from problem
    except WorkLimitExceeded as problem:
        raise Invalid("invalid-request", "The body is JSON that takes too long to parse") from problem


def _strict_json(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise ValueError(str(problem)) from problem
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        check_depth(value)
    return value


async def read_object(request: Request, limit: int = MAX_PAYLOAD_BYTES) -> dict[str, Any]:
    """The body as a JSON object; an empty object for an empty body. Raises Invalid."""
    value = await read_json(request, limit)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid("invalid-request", "The body must be a JSON object")
    return value


async def _discard_rest(request: Request) -> None:
    """Read the rest of the body: a client that is still sending would get a broken connection instead of an error."""
    with suppress(RuntimeError):  # Starlette does not stream a body that was consumed already
        async for _ in request.stream():
            pass


async def _invalid_body(request: Request, encoding: str | None, problem: Exception) -> Invalid:
    await _discard_rest(request)
    return Invalid("invalid-request", f"The body is not valid {encoding}: {problem}")


async def _too_large(request: Request, limit: int) -> TooLarge:
    length = request.headers.get("content-length")
    await _discard_rest(request)
    is_plain = (request.headers.get("content-encoding") or IDENTITY) == IDENTITY
    actual = length if is_plain and length else f"more than {limit}"
    message = f"The POST payload is too large (limit: {limit} bytes, actual length: {actual} bytes)."
    return TooLarge("request-too-large", message)
