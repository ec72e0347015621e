"""The input of a run, read from the body of a request of any content type."""

from __future__ import annotations

from starlette.requests import Request

from api.request.bodies import read_body
from runtime.inputs.inputs import JSON_TYPE, Input


async def read_input(request: Request) -> Input | None:
    """The body as it arrived. None for an empty body, and for the JSON `null` that clients send without an input."""
    body = await read_body(request)
    content_type = request.headers.get("content-type") or JSON_TYPE
    if not body:
        return None
    if content_type.partition(";")[0].strip().lower() == JSON_TYPE and body.strip() == b"null":
        return None
    return Input(body=body, content_type=content_type)
