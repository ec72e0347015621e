"""The sample Actors for Standby on a real engine, and an MCP server with the official MCP client."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from websockets.sync.client import connect

from testing.api_client import Json
from testing.live_server import LiveServer

pytestmark = pytest.mark.docker

TOKEN = "any-token"
PATIENCE_SECS = 60


def enable(server: LiveServer, actor: str, **settings: Any) -> str:
    """Enable Standby with these settings. Returns the label of the address."""
    sent = {"isEnabled": True, "memoryMbytes": 512, **settings}
    shown = server.data("PUT", f"acts/{actor}", json={"actorStandby": sent})
    assert shown["standbyUrl"]
    return f"{shown['username']}--{shown['name']}".lower()


def client_of(server: LiveServer, label: str) -> httpx.Client:
    """A client of an address in its host form, which this machine may not resolve."""
    headers = {"Host": f"{label}.localhost:{server.port}", "Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=PATIENCE_SECS, trust_env=False
    )


def standby_of(server: LiveServer, label: str) -> Json:
    [item] = [each for each in server.control("GET", "standby")["items"] if each["label"] == label]
    found: Json = item
    return found


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def label(server: LiveServer) -> Iterator[str]:
    actor = server.sample("standby_js")
    label = enable(server, actor, idleTimeoutSecs=5)
    yield label
    server.data("PUT", f"acts/{actor}", json={"actorStandby": {"isEnabled": False}})


def test_runs_are_shared_started_ahead_and_end_when_they_are_idle(server: LiveServer, label: str) -> None:
    with client_of(server, label) as http, ThreadPoolExecutor() as threads:
        both = [each.json() for each in threads.map(lambda _: http.get("/wait", params={"secs": 0.5}), range(2))]
        assert len({each["runId"] for each in both}) == 1
        assert both[0].items() >= {"greeting": None, "standbyUrl": standby_of(server, label)["url"]}.items()
        assert max(each["open"] for each in both) == 2
        four = list(threads.map(lambda _: http.get("/wait", params={"secs": 1}).json(), range(4)))
        assert {each["runId"] for each in four} == {both[0]["runId"]}
        assert len(standby_of(server, label)["runs"]) == 2
        with http.stream("GET", "/events", params={"count": 3}) as events:
            assert sum(run["openRequests"] for run in standby_of(server, label)["runs"]) == 1
            assert [line for line in events.iter_lines() if line] == ["data: 1", "data: 2", "data: 3"]
    until(lambda: standby_of(server, label)["runs"] == [])
    run = server.until(f"actor-runs/{both[0]['runId']}", lambda now: now["finishedAt"])
    assert (run["status"], run["meta"]["origin"]) == ("SUCCEEDED", "STANDBY")
    assert run["statusMessage"] == "The Actor run has served no Standby request for 5 seconds and is stopped."
    assert "Stopping after" in server.http.get(f"/v2/logs/{run['id']}").text


def test_a_web_socket_occupies_its_run_until_it_is_closed(server: LiveServer) -> None:
    actor = server.sample("web_server")
    label = enable(server, actor, shouldPassActorInput=True, maxRequestsPerActorRun=1, desiredRequestsPerActorRun=1)
    tcp = socket.create_connection(("127.0.0.1", server.port))
    uri = f"ws://{label}.localhost:{server.port}/ws?token={TOKEN}"
    with connect(uri, sock=tcp, open_timeout=PATIENCE_SECS) as web_socket:
        web_socket.send("hello")
        assert web_socket.recv() == "hello"
        assert standby_of(server, label)["openRequests"] == 1
    until(lambda: standby_of(server, label)["openRequests"] == 0)
    server.data("PUT", f"acts/{actor}", json={"actorStandby": None})


@asynccontextmanager
async def mcp_client(url: str, **headers: str) -> AsyncIterator[Client]:
    async with (
        create_mcp_http_client(headers={"Authorization": f"Bearer {TOKEN}", **headers}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def test_the_official_mcp_client_uses_an_mcp_server(server: LiveServer) -> None:
    label = enable(server, server.sample("mcp_server"))
    base = f"http://127.0.0.1:{server.port}"
    assert standby_of(server, label)["webServerMcpPath"] == "/mcp"

    async def use(url: str, **headers: str) -> str:
        steps: list[float] = []

        async def note(progress: float, total: float | None, message: str | None) -> None:
            steps.append(progress)

        async with mcp_client(url, **headers) as client:
            assert sorted(tool.name for tool in (await client.list_tools()).tools) == ["add", "count", "describe_run"]
            assert (await client.call_tool("add", {"a": 2, "b": 3})).structured_content == {"result": 5}
            await client.call_tool("count", {"to": 3}, progress_callback=note)
            described = await client.call_tool("describe_run", {})
            assert (steps, described.is_error) == ([1, 2, 3], False)
            return json.dumps(described.structured_content)

    by_path = asyncio.run(use(f"{base}/greenroom/standby/{label}/mcp"))
    by_host = asyncio.run(use(f"{base}/mcp", Host=f"{label}.localhost:{server.port}"))
    assert by_path == by_host
    assert '"APIFY_META_ORIGIN": "STANDBY"' in by_path
