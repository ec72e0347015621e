"""Raw requests of HTTP/1.0 to the application behind a real uvicorn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from api.connections.server_options import server_options
from tests.fakes.api import Api
from tests.listening import listening

ITEMS = [{"number": number, "text": "x" * 100} for number in range(3000)]


@pytest.fixture
async def port(api: Api) -> AsyncIterator[int]:
    async with listening(api.app, **server_options(api.app.web_servers)) as port:
        yield port


async def exchange(port: int, method: str, path: str) -> tuple[str, bytes]:
    """Send a request of HTTP/1.0, and return the head and the body of the response, which the server ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{method} {path} HTTP/1.0\r\nHost: localhost:3333\r\nAuthorization: Bearer ann\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(30):
        response = await reader.read(-1)
    writer.close()
    head, _, body = response.partition(b"\r\n\r\n")[0].decode().lower(), b"", response.partition(b"\r\n\r\n")[2]
    return head, body


@pytest.mark.parametrize("query", ["", "?clean=1", "?limit=1&clean=1", "?limit=0&offset=9000"])
async def test_a_client_of_http_1_0_gets_no_chunks(api: Api, port: int, query: str) -> None:
    dataset = (await api.data("POST", "/v2/datasets"))["id"]
    await api.call("POST", f"/v2/datasets/{dataset}/items", json=ITEMS)
    path = f"/v2/datasets/{dataset}/items{query}"
    head, body = await exchange(port, "GET", path)
    assert "transfer-encoding" not in head and "connection: close" in head
    assert body == (await api.call("GET", path)).content
    head, body = await exchange(port, "HEAD", path)
    assert "200 ok" in head and "transfer-encoding" not in head and body == b""


async def test_other_responses_to_a_client_of_http_1_0(api: Api, port: int) -> None:
    run = await api.start()
    api.container_of(run).prints("hello")
    await api.finish(run)
    head, body = await exchange(port, "GET", f"/v2/logs/{run.id}?stream=1")
    assert "transfer-encoding" not in head and b"hello" in body
    head, body = await exchange(port, "GET", "/v2/users/me")
    assert f"content-length: {len(body)}" in head and json.loads(body)["data"]["username"] == "local"
    head, body = await exchange(port, "GET", "/v2/none")
    assert "404" in head and "error" in json.loads(body)
