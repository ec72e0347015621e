"""A record of a key-value store as an answer: the bytes as they were stored, decoded for who cannot read them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.request.bodies import decoder
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from runtime.base.errors import record_not_found

SANDBOX = "sandbox allow-scripts allow-forms"
"""Records share the API's origin: a page stored by an Actor must not act on the API in its reader's name."""


def record_response(request: Request, store_id: str, key: str, status: int = 200) -> Response:
    """The record, or only what it is where that was asked for. Raises NotFound, Invalid."""
    stores = orchestrator_of(request).key_value_stores
    if request.method == "HEAD":
        info, body = stores.record_info(store_id, key), None
    else:
        record = stores.get_record(store_id, key)
        info, body = (None, None) if record is None else (record.info, record)
    if info is None:
        raise record_not_found("Record", key)
    headers = _headers(request, key, info.content_type, info.content_encoding)
    is_decoded = info.content_encoding is not None and "content-encoding" not in headers
    if not is_decoded:
        headers["content-length"] = str(info.size)
    if body is None:
        return Response(status_code=status, headers=headers)
    if info.content_encoding is not None and is_decoded:
        return StreamingResponse(decoded(body.chunks(), info.content_encoding), status, headers)
    if isinstance(body.body, bytes):
        return Response(body.body, status, headers)
    return StreamingResponse(body.chunks(), status, headers)


def _headers(request: Request, key: str, content_type: str, encoding: str | None) -> dict[str, str]:
    """Content-Encoding is among them where the record can be served as it is stored."""
    headers = {"content-type": content_type, "x-content-type-options": "nosniff"}
    if Params(request).flag("attachment"):
        headers["content-disposition"] = f'attachment; filename="{key}"'
    else:
        headers["content-security-policy"] = SANDBOX
    if encoding is not None:
        headers["vary"] = "accept-encoding"
        if _accepts(request.headers.get("accept-encoding", ""), encoding):
            headers["content-encoding"] = encoding
    return headers


def _accepts(accepted: str, encoding: str) -> bool:
    """Whether an Accept-Encoding names the encoding, or `*`, without ruling it out by q=0."""
    weights: dict[str, bool] = {}
    for entry in accepted.lower().split(","):
        name, _, weight = entry.replace(" ", "").partition(";q=")
        weights[name] = weight.strip("0.") != "" or weight == ""
    return weights.get(encoding, weights.get("*", False))


async def decoded(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """A value as it was before it was encoded for its way here."""
    using = decoder(encoding)
    async for chunk in chunks:
        async for piece in using.feed(chunk):
            yield piece
    using.finish()
