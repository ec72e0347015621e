"""Web pages of other origins in a real browser: which requests reach the API, and which responses a page can read.

It needs Chromium (`apt-get install chromium`), and is skipped without it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.api.storage_app import serving
from tests.listening import bound_socket, listening
from tests.runtime.storages.hand_clock import HandClock

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
]

PATIENCE_SECS = 60
Results = dict[str, Any]
PAGE = """<!doctype html><title>Requests to another origin</title><script>
const api = new URLSearchParams(location.search).get("api")
const attempt = async (path, options = {}) => {
    try {
        const response = await fetch(api + path, options)
        return {status: response.status, total: response.headers.get("X-Apify-Pagination-Total")}
    } catch (error) {
        return "blocked"
    }
}
const bearer = {Authorization: "Bearer ann"}
const json = {...bearer, "Content-Type": "application/json"}
const run = async () => ({
    read: await attempt("/v2/users/me", {headers: bearer}),
    readByQuery: await attempt("/v2/users/me?token=ann"),
    readWithoutToken: await attempt("/v2/users/me"),
    readWithWrongToken: await attempt("/v2/users/me?token=guessed"),
    readWithCredentials: await attempt("/v2/users/me?token=ann", {credentials: "include"}),
    write: await attempt("/v2/datasets?name=write", {method: "POST", headers: json, body: "{}"}),
    writeByQuery: await attempt("/v2/datasets?name=by-query&token=ann", {method: "POST"}),
    writeWithoutCors: await attempt("/v2/datasets?name=no-cors&token=ann", {method: "POST", mode: "no-cors"}),
    writeByGet: await attempt("/v2/datasets?name=by-get&token=ann&method=POST"),
    remove: await attempt("/v2/datasets/~write", {method: "DELETE", headers: bearer}),
    missing: await attempt("/v2/datasets/missing", {headers: bearer}),
    items: await attempt("/v2/datasets/~items/items", {headers: bearer}),
})
run().then(results => fetch("/results", {method: "POST", body: JSON.stringify(results)}))
</script>"""
BLOCKED = "blocked"
OPAQUE = {"status": 0, "total": None}
"""What a page sees of the response to a request without CORS, whether it was carried out or not."""


@asynccontextmanager
async def browser_at(url: str) -> AsyncIterator[None]:
    """Chromium on a page, with a profile of its own."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        devnull = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *options, f"--user-data-dir={profile}", url, stdout=devnull, stderr=devnull
        )
        try:
            yield
        finally:
            process.kill()
            await process.wait()


async def results_of_page(page_socket: socket.socket, api_port: int) -> Results:
    """Open the page in Chromium, and return the results that it reports."""
    reported: asyncio.Future[Results] = asyncio.get_running_loop().create_future()

    async def show(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def report(request: Request) -> Response:
        reported.set_result(json.loads(await request.body()))
        return Response()

    page = Starlette(routes=[Route("/", show), Route("/results", report, methods=["POST"])])
    async with (
        listening(page, page_socket) as port,
        browser_at(f"http://localhost:{port}/?api=http://localhost:{api_port}"),
    ):
        return await asyncio.wait_for(reported, PATIENCE_SECS)


async def visited(tmp_path: Path, *, users: dict[str, str] | None = None, is_listed: bool) -> tuple[Results, set[str]]:
    """The results of the page, and the names of the datasets that its requests left."""
    page_socket, api_socket = bound_socket(), bound_socket()
    api_port = api_socket.getsockname()[1]
    origins = {f"http://localhost:{page_socket.getsockname()[1]}"} if is_listed else set()
    async with serving(tmp_path, HandClock(), users, origins, api_port) as client:
        transport = client._transport
        assert isinstance(transport, httpx.ASGITransport)
        client.base_url = httpx.URL(f"http://localhost:{api_port}")
        await client.post("/v2/datasets?name=items")
        await client.post("/v2/datasets/~items/items", json=[{"a": 1}, {"a": 2}])
        async with listening(transport.app, api_socket):
            results = await results_of_page(page_socket, api_port)
        items = (await client.get("/v2/datasets")).json()["data"]["items"]
    return results, {item["name"] for item in items} - {"items"}


def status(code: int) -> Results:
    return {"status": code, "total": None}


async def test_a_page_of_any_origin_can_do_nothing_on_a_server_that_takes_any_token(tmp_path: Path) -> None:
    results, written = await visited(tmp_path, is_listed=False)
    assert {name: result for name, result in results.items() if result != BLOCKED} == {"writeWithoutCors": OPAQUE}
    assert written == set()


async def test_a_page_of_a_listed_origin_can_use_the_whole_api(tmp_path: Path) -> None:
    results, written = await visited(tmp_path, is_listed=True)
    assert results == {
        "read": status(200),
        "readByQuery": status(200),
        "readWithoutToken": status(401),
        "readWithWrongToken": status(200),  # any token belongs to the local user
        "readWithCredentials": BLOCKED,
        "write": status(201),
        "writeByQuery": status(201),
        "writeWithoutCors": OPAQUE,
        "writeByGet": status(201),
        "remove": status(204),
        "missing": status(404),
        "items": {"status": 200, "total": "2"},
    }
    assert written == {"by-query", "by-get", "no-cors"}


async def test_a_page_of_any_origin_can_use_the_token_of_a_user(tmp_path: Path) -> None:
    results, written = await visited(tmp_path, users={"ann": "ann"}, is_listed=False)
    assert results == {
        "read": status(200),
        "readByQuery": status(200),
        "readWithoutToken": BLOCKED,
        "readWithWrongToken": BLOCKED,
        "readWithCredentials": BLOCKED,
        "write": status(201),
        "writeByQuery": status(201),
        "writeWithoutCors": OPAQUE,
        "writeByGet": status(201),
        "remove": status(204),
        "missing": status(404),
        "items": {"status": 200, "total": "2"},
    }
    assert written == {"by-query", "by-get", "no-cors"}
