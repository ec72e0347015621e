from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.api import CONTROL_TOKEN, Api, problem

PATHS = ("/greenroom/clock", "/greenroom/proxy/faults")
CHUNK = b" " * 1_000_000


class LongBody:
    """A body of a hundred megabytes, which counts how many of them are read."""

    def __init__(self) -> None:
        self.read = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        for _ in range(100):
            self.read += 1
            yield CHUNK


@pytest.mark.parametrize("path", PATHS)
async def test_the_token_is_checked_before_the_body_is_read(api: Api, path: str) -> None:
    body = LongBody()
    response = await api.call("POST", path, content=body.chunks())
    assert problem(response) == (401, "invalid-token")
    assert body.read <= 1


@pytest.mark.parametrize("path", PATHS)
async def test_the_body_has_a_limit(api: Api, path: str) -> None:
    response = await api.call("POST", path, content=LongBody().chunks(), token=CONTROL_TOKEN)
    assert problem(response) == (413, "request-too-large")


@pytest.mark.parametrize("path", PATHS)
async def test_an_error_names_the_field(api: Api, path: str) -> None:
    response = await api.call("POST", path, json={}, token=CONTROL_TOKEN)
    assert problem(response) == (400, "invalid-input")
    assert response.json()["error"]["message"].startswith("The field '")
