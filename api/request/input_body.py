"""The input of a run, read from the body of a request of any content type."""

from __future__ import annotations

from starlette.requests import Request

from api.request.bodies import read_body
from runtime.inputs.inputs import Input, input_of_body


async def read_input(request: Request) -> Input | None:
    """The body as it arrived; None if it is empty."""
    return input_of_body(await read_body(request), request.headers.get("content-type"))
