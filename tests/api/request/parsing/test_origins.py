from __future__ import annotations

import pytest
from starlette.requests import Request

from api.request.callers import Caller
from api.request.parsing.origins import parse_meta
from tests.fakes.records import a_run, a_user


@pytest.mark.parametrize(
    ("headers", "by_run", "origin"),
    [
        ({}, False, "API"),
        ({"x-apify-request-origin": "CLI"}, False, "CLI"),
        ({"x-apify-request-origin": "NONSENSE"}, False, "API"),
        ({"user-agent": "ApifyClient/1 (linux); isAtHome/true"}, False, "ACTOR"),
        ({"user-agent": "ApifyClient/1 (linux); isAtHome/false"}, False, "API"),
        ({}, True, "ACTOR"),
        ({"x-apify-request-origin": "WEB"}, True, "WEB"),
    ],
)
def test_the_origin_of_a_job(headers: dict[str, str], by_run: bool, origin: str) -> None:
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "headers": named, "client": ("127.0.0.1", 5)})
    meta = parse_meta(request, Caller(a_user(), a_run() if by_run else None))
    assert (meta.origin, meta.client_ip) == (origin, "127.0.0.1")
    assert meta.user_agent == headers.get("user-agent")
