"""The response that holds a record of a key-value store: its stored bytes, decoded if the client cannot decode them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.request.bodies import DECODING_ERRORS, decode, decoder
from api.request.params import Params
from runtime.base.errors import StorageDamaged, record_not_found
from runtime.storages.key_value_stores import KeyValueStores, check_key

SANDBOX = "sandbox allow-scripts allow-forms"
"""Records share the API's origin: a page that an Actor stored must not call the API as the page's reader."""

CHECKED_BYTES = 1_048_576
"""A record is decoded so far before its response starts."""


async def record_response(
    stores: KeyValueStores, store_id: str, key: str, request: Request, params: Params, status: int = 200
) -> Response:
    """The record; only its headers for a HEAD request. Raises NotFound, Invalid, StorageDamaged."""
    if request.method == "HEAD":
        info, record = stores.record_info(store_id, key), None
    else:
        record = stores.get_record(store_id, key)
        info = None if record is None else record.info
    if info is None:
        raise record_not_found("Record", key)
    headers = _headers(request, params, key, info.content_type, info.content_encoding)
    must_decode = info.content_encoding is not None and "content-encoding" not in headers
    if not must_decode:
        headers["content-length"] = str(info.size)
    if record is None:
        return Response(status_code=status, headers=headers)
    if info.content_encoding is not None and must_decode:
        content = decoded(key, record.chunks(), info.content_encoding)
        return StreamingResponse(await _checked(content), status, headers)
    if isinstance(record.body, bytes):
        return Response(record.body, status, headers)
    return StreamingResponse(record.chunks(), status, headers)


def check_record_query(key: str, params: Params) -> None:
    """Raises Invalid for a query that `record_response` would reject."""
    check_key(key)
    params.flag("attachment")


def _headers(request: Request, params: Params, key: str, content_type: str, encoding: str | None) -> dict[str, str]:
    """All headers but Content-Length. Content-Encoding is among them if the stored bytes can be sent as they are."""
    headers = {"content-type": content_type, "x-content-type-options": "nosniff"}
    if params.flag("attachment"):
        headers["content-disposition"] = f'attachment; filename="{key}"'
    else:
        headers["content-security-policy"] = SANDBOX
    if encoding is not None:
        headers["vary"] = "accept-encoding"
        if _accepts(request.headers.get("accept-encoding", ""), encoding):
            headers["content-encoding"] = encoding
    return headers


def _accepts(accepted: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header names the encoding, or `*`, without excluding it by q=0."""
    weights: dict[str, bool] = {}
    for entry in accepted.lower().split(","):
        name, _, weight = entry.replace(" ", "").partition(";q=")
        weights[name] = weight.strip("0.") != "" or weight == ""
    return weights.get(encoding, weights.get("*", False))


async def decoded(key: str, chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """A stored value without its Content-Encoding. Raises StorageDamaged: earlier versions did not verify the value."""
    decompressor = decoder(encoding)
    try:
        async for chunk in chunks:
            async for piece in decode(decompressor, chunk):
                yield piece
        decompressor.finish()
    except DECODING_ERRORS as problem:
        raise StorageDamaged(
            "storage-damaged",
            f"The record '{key}' is not valid {encoding}: {problem}. Store it again, or request it with the header "
            f"'Accept-Encoding: {encoding}' to get it as it is stored.",
        ) from problem


async def _checked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, after the first CHECKED_BYTES, or all, have been computed: an error then precedes the response."""
    first: list[bytes] = []
    length = 0
    async for piece in pieces:
        first.append(piece)
        length += len(piece)
        if length >= CHECKED_BYTES:
            break
    return _chained(first, pieces)


async def _chained(first: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield b"".join(first)
    async for piece in rest:
        yield piece
