from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from collections.abc import Callable
from itertools import product

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from api.request.bodies import MAX_PAYLOAD_BYTES, STEP_BYTES, decoder, read_body, read_json, read_object
from runtime.base.errors import Invalid, TooLarge, UnsupportedEncoding
from tests.examples import examples, some


def request_with(chunks: list[bytes], encoding: str | None = None, unread: list[Message] | None = None) -> Request:
    """A request whose body arrives in these chunks. `unread` gets the messages that have not been received yet."""
    messages: list[Message] = unread if unread is not None else []
    messages += [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    headers = [(b"content-encoding", encoding.encode())] if encoding is not None else []
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def raw(data: bytes) -> bytes:
    return data


PACK: dict[str, Callable[[bytes], bytes]] = {
    "identity": raw,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "BR": brotli.compress,
    " gzip ": gzip.compress,
}


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


SIZES = (0, 1, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 5 * STEP_BYTES)


@pytest.mark.parametrize(("encoding", "size", "kind"), some(product(PACK, SIZES, ("zeros", "noise"))))
async def test_a_body_is_decoded(encoding: str, size: int, kind: str) -> None:
    body = b"\0" * size if kind == "zeros" else random.Random(1).randbytes(size)
    for step in (7, 1000, 1 << 24) if size < 100_000 else (1000, 1 << 24):
        assert await read_body(request_with(pieces(PACK[encoding](body), step), encoding)) == body


@settings(max_examples=examples(60), deadline=None)
@given(st.binary(max_size=300), st.integers(1, 3000), st.sampled_from(sorted(PACK)), st.integers(1, 500))
async def test_any_body_in_any_pieces_is_decoded(seed: bytes, times: int, encoding: str, step: int) -> None:
    body = seed * times
    assert await read_body(request_with(pieces(PACK[encoding](body), step), encoding)) == body


async def test_a_gzip_body_with_several_members_is_decoded_completely() -> None:
    body = gzip.compress(b"one ") + gzip.compress(b"two")
    for step in (1, 5, 1000):
        assert await read_body(request_with(pieces(body, step), "gzip")) == b"one two"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
async def test_a_missing_body_is_empty_with_any_encoding(encoding: str) -> None:
    assert await read_body(request_with([], encoding)) == b""


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
async def test_a_truncated_or_invalid_body_is_rejected(encoding: str) -> None:
    body = PACK[encoding](random.Random(1).randbytes(500))
    for broken in (body[:-1], body[: len(body) // 2], b"something else", body[:-1] + bytes([body[-1] ^ 0xFF])):
        if encoding == "br" and broken[:-1] == body[:-1] and len(broken) == len(body):
            continue  # brotli has no checksum
        with pytest.raises(Invalid):
            await read_body(request_with([broken], encoding))


@pytest.mark.parametrize("encoding", ["bla", "zstd", "gzip, br", "compress", "*"])
def test_an_unsupported_encoding_is_named_in_the_error(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding) as problem:
        decoder(encoding)
    assert problem.value.message == f'Content-Encoding "{encoding}" is not supported.'


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
async def test_the_limit_applies_to_decoded_bytes(encoding: str) -> None:
    body = b"\0" * MAX_PAYLOAD_BYTES
    pack = (lambda data: brotli.compress(data, quality=1)) if encoding == "br" else PACK[encoding]
    assert len(await read_body(request_with(pieces(pack(body), 1 << 20), encoding))) == MAX_PAYLOAD_BYTES
    with pytest.raises(TooLarge):
        await read_body(request_with(pieces(pack(body + b"\0"), 1 << 20), encoding))


async def test_the_rest_of_a_body_that_is_too_large_is_read() -> None:
    unread: list[Message] = []
    request = request_with([b"x" * 100 for _ in range(50)], unread=unread)
    with pytest.raises(TooLarge):
        await read_body(request, limit=1000)
    assert unread == []


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_decompression_bomb_is_decoded_in_small_steps_up_to_the_limit(encoding: str) -> None:
    bomb = b"\0" * (50 * 1024 * 1024)
    packed = brotli.compress(bomb, quality=1) if encoding == "br" else gzip.compress(bomb)
    total = 0
    for piece in decoder(encoding).feed(packed):
        assert len(piece) <= 4 * STEP_BYTES
        total += len(piece)
        if total > MAX_PAYLOAD_BYTES:
            break
    assert total <= MAX_PAYLOAD_BYTES + 4 * STEP_BYTES


async def test_json_is_parsed_without_a_content_type_and_an_empty_body_is_null() -> None:
    assert await read_json(request_with([b'{"a": [1, "gr\xc3\xbcn"]}'])) == {"a": [1, "grün"]}
    assert await read_json(request_with([])) is None
    assert await read_object(request_with([])) == {}
    assert await read_object(request_with([b"null"])) == {}


@pytest.mark.parametrize("body", [b"{", b"{} {}", b"\xff", b"'a'", b"NaN", b"{'a': 1}"])
async def test_invalid_json_is_rejected(body: bytes) -> None:
    with pytest.raises(Invalid) as problem:
        await read_json(request_with([body]))
    assert problem.value.slug == "invalid-request"


async def test_deeply_nested_json_is_rejected() -> None:
    opened, closed = b'{"a":' * 600, b"}" * 600
    with pytest.raises(Invalid, match="nested deeper than 500 levels"):
        await read_json(request_with([opened, b"1", closed]))
    flat = b"[" + b"{}," * 600 + b"{}]"
    assert len(await read_json(request_with([flat]))) == 601


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"true"])
async def test_only_an_object_is_accepted_where_an_object_is_required(body: bytes) -> None:
    with pytest.raises(Invalid):
        await read_object(request_with([body]))


async def test_bodies_are_decoded_concurrently() -> None:
    bodies = [bytes([number]) * 100_000 for number in range(5)]
    requests = [request_with(pieces(brotli.compress(body), 10), "br") for body in bodies]
    assert await asyncio.gather(*[read_body(request) for request in requests]) == bodies
