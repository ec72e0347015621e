from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from api.connections.server_options import server_options
from tests.fakes.api import Api, problem
from tests.listening import listening


async def test_every_host_of_this_server_reaches_the_routes(api: Api) -> None:
    for host in ("localhost:3333", "127.0.0.1:3333", "[::1]:3333", "host.greenroom.internal:3333"):
        assert (await api.call("GET", "/v2/users/me", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/greenroom/web/{key}/", {}), ("/", {"Host": "{key}.runs.localhost:3333"})],
)
async def test_the_errors_for_unknown_starting_and_ended_web_servers(
    api: Api, path: str, headers: dict[str, str]
) -> None:
    run = await api.start()
    async with served(api) as client:

        async def answer(key: str) -> tuple[int, str]:
            given = {name: value.format(key=key) for name, value in headers.items()}
            return problem(await client.get(path.format(key=key), headers={"Host": "localhost:3333", **given}))

        assert await answer("0" * 25) == (404, "record-not-found")
        assert await answer(run.web_key) == (502, "run-not-started")
        await api.finish(run)
        assert await answer(run.web_key) == (502, "run-finished")


@pytest.mark.parametrize("port", [3333, 4444])
async def test_the_host_of_a_web_server_never_reaches_the_api(api: Api, port: int) -> None:
    """With a wrong port, it is a foreign name."""
    run = await api.start()
    host = {"Host": f"{run.web_key}.runs.localhost:{port}"}
    async with served(api) as client:
        expected = (502, "run-not-started") if port == 3333 else (403, "host-not-allowed")
        assert problem(await client.get("/v2/users/me", headers=host)) == expected
    assert problem(await api.call("GET", "/v2/users/me", headers=host)) == (403, "host-not-allowed")


async def test_a_foreign_host_does_not_reach_a_web_server(api: Api) -> None:
    run = await api.start()
    async with served(api) as client:
        answer = await client.get(f"/greenroom/web/{run.web_key}/", headers={"Host": "evil.example:3333"})
        assert problem(answer) == (403, "host-not-allowed")


@asynccontextmanager
async def served(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the complete server. Requests for web servers do not reach the application."""
    async with (
        listening(api.app, **server_options(api.app.web_servers)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


async def test_responses_are_json_in_the_platforms_envelope(api: Api) -> None:
    answer = await api.call("GET", "/v2/users/me")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json().keys() == {"data"}


@pytest.mark.parametrize(
    "path", ["/v2/acts/%00", "/v2/acts/a%0Ab", "/v2/acts/%F0%9F%8E%AD~x", "/v2/acts/..%2F..", "/v2/acts/%ff"]
)
async def test_unusual_paths_are_not_found(api: Api, path: str) -> None:
    assert problem(await api.call("GET", path))[0] == 404
