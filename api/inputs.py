"""The input of a run: the body of a request, of whatever type."""

from __future__ import annotations

from starlette.requests import Request

from api import reading
from api.bodies import read_body
from runtime.options import Input

JSON_TYPE = "application/json"


async def read_input(request: Request) -> Input | None:
    """The body as INPUT; an empty one, or the JSON `null` that clients send, is none. Raises Invalid for bad JSON."""
    body = await read_body(request)
    content_type = request.headers.get("content-type") or JSON_TYPE
    if not body:
        return None
    if content_type.partition(";")[0].strip().lower() == JSON_TYPE and reading.is_json_null(body):
        return None
    return Input(body=body, content_type=content_type)
