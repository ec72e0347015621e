"""/v2/browser-info and /v2/tools"""

from __future__ import annotations

from fastapi import Request, Response

from api.lazy_routes import Router
from api.request.bodies import read_json, received_bytes
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import TRUE, Params
from api.request.parsing.fields import field
from api.response.envelopes import data_response, json_response
from runtime.base.errors import Invalid
from runtime.base.json_text import JsonDict

MAX_OBJECT_BYTES = 65_536
"""The largest body of an object to sign: encoding and signing it must be short."""
MAX_ENCODED_BYTES = 4 * MAX_OBJECT_BYTES
"""The encoded text of every such object fits into it."""

router = Router(prefix="/v2")


@router.get("/browser-info")  # a route of its own: pages of other origins can only use routes that never write
@router.api_route("/browser-info", methods=["POST", "PUT", "DELETE"])
async def get_browser_info(request: Request) -> Response:
    """What the server received: for a request through a proxy, what the proxy forwarded. The country is unknown."""
    params, raw_headers = Params(request), request.headers.raw
    info: JsonDict = {
        "method": request.method,
        "clientIp": request.client.host if request.client else None,
        "countryCode": None,
        "bodyLength": await received_bytes(request),
    }
    if not _is_true(params, "skipHeaders"):
        info["headers"] = _headers(raw_headers)
    if _is_true(params, "rawHeaders"):
        info["rawHeaders"] = [part.decode("latin-1") for header in raw_headers for part in header]
    return json_response(info)


@router.post("/tools/encode-and-sign")
async def encode_and_sign(request: Request, caller: FullCaller) -> Response:
    object = await _read_object(request, MAX_OBJECT_BYTES)
    return data_response({"encoded": orchestrator_of(request).signed_objects.encode(caller.user.id, object)})


@router.post("/tools/decode-and-verify")
async def decode_and_verify(request: Request) -> Response:
    """The object and its user, for anyone who has the text. No user of Greenroom is verified."""
    encoded = field(await _read_object(request, MAX_ENCODED_BYTES), "encoded", str)
    if encoded is None:
        raise Invalid("invalid-request", "The body must have the field 'encoded'")
    user_id, object = orchestrator_of(request).signed_objects.decode(encoded)
    return data_response({"decoded": object, "encodedByUserId": user_id, "isVerifiedUser": False})


async def _read_object(request: Request, limit: int) -> JsonDict:
    """The body as a JSON object. Unlike elsewhere, an empty body is not an empty object."""
    body = await read_json(request, limit)
    if not isinstance(body, dict):
        raise Invalid("invalid-request", "The body must be a JSON object")
    return body


def _is_true(params: Params, name: str) -> bool:
    """Any other value means false: the operation has no error for parameters."""
    return (params.text(name) or "").lower() in TRUE


def _headers(raw: list[tuple[bytes, bytes]]) -> JsonDict:
    """The headers by name; a header that was sent several times has a list of values."""
    values: dict[str, list[str]] = {}
    for name, value in raw:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: sent[0] if len(sent) == 1 else sent for name, sent in values.items()}
