"""Requests without a response from a container."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from runtime.base.errors import BadGateway
from tests.api.web_server.proxy_stage import KEY, ProxyStage, closed_port, replying

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def error_of(response: aiohttp.ClientResponse) -> tuple[int, str, str]:
    error = (await response.json())["error"]
    return response.status, error["type"], error["message"]


async def test_no_server_listens(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    port = closed_port()
    stage.leads_to(port)
    async with client.post(stage.url(), data=b"body") as response:
        status, slug, message = await error_of(response)
    assert (status, slug) == (502, "web-server-not-listening")
    assert str(port) in message
    assert "ACTOR_WEB_SERVER_PORT" in message
    assert "0.0.0.0" in message


async def test_a_container_that_does_not_accept_a_connection(
    stage: ProxyStage, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.container_http.target.CONNECT_TIMEOUT_SECS", 0.2)
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        stage.leads_to(deaf.getsockname()[1])
        async with client.get(stage.url()) as response:
            assert (await error_of(response))[:2] == (502, "web-server-not-listening")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
)
async def test_an_invalid_response_is_a_bad_gateway_and_the_request_is_sent_once(
    stage: ProxyStage, client: aiohttp.ClientSession, reply: bytes
) -> None:
    async with replying(stage, reply) as upstream, client.get(stage.url()) as response:
        assert (await error_of(response))[:2] == (502, "web-server-not-answering")
    assert len(upstream.heads) == 1


async def test_an_unknown_key(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    async with client.get(stage.url()) as response:
        assert (await error_of(response))[:2] == (404, "record-not-found")


async def test_a_finished_run(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    stage.targets[KEY] = BadGateway("run-finished", "The run has finished.")
    async with client.get(stage.url("/greenroom/web/" + KEY), headers={"Host": "localhost"}) as response:
        assert await error_of(response) == (502, "run-finished", "The run has finished.")
