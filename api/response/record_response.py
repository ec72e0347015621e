"""The response that holds a record of a key-value store: its stored bytes, decoded if the client cannot decode them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.request.bodies import decode, decoder
from api.request.params import Params
from runtime.base.errors import record_not_found
from runtime.storages.key_value_stores import KeyValueStores

SANDBOX = "sandbox allow-scripts allow-forms"
"""Records share the API's origin: a page that an Actor stored must not call the API as the page's reader."""


def record_response(
    stores: KeyValueStores, store_id: str, key: str, request: Request, params: Params, status: int = 200
) -> Response:
    """The record; only its headers for a HEAD request. Raises NotFound, Invalid."""
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
        return StreamingResponse(decoded(record.chunks(), info.content_encoding), status, headers)
    if isinstance(record.body, bytes):
        return Response(record.body, status, headers)
    return StreamingResponse(record.chunks(), status, headers)


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


async def decoded(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """A stored value without its Content-Encoding."""
    decompressor = decoder(encoding)
    async for chunk in chunks:
        async for piece in decode(decompressor, chunk):
            yield piece
    decompressor.finish()
