"""Both forms of a run's address."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from api.web_server.run_address import RUN_ADDRESSES
from tests.api.web_server.proxy_stage import KEY, ProxyStage, Upstream, closed_port

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("host", "raw_path", "expected"),
    [
        ("k3y.runs.localhost:3333", "/a/b", ("k3y", "/a/b")),
        ("k3y.runs.localhost", "/", ("k3y", "/")),
        ("K3Y.Runs.LOCALHOST:3333", "/", ("k3y", "/")),
        ("k3y.runs.localhost:3333", "/a%2Fb/%zz", ("k3y", "/a%2Fb/%zz")),
        ("k3y.runs.localhost:3333", "/v2/acts", ("k3y", "/v2/acts")),
        ("k3y.runs.localhost:3333", "/greenroom/web/other/", ("k3y", "/greenroom/web/other/")),
        ("localhost:3333", "/greenroom/web/k3y/a%2Fb", ("k3y", "/a%2Fb")),
        ("localhost:3333", "/greenroom/web/k3y/", ("k3y", "/")),
        ("localhost:3333", "/greenroom/web/k3y", ("k3y", "")),
        ("localhost:3333", "/greenroom/web/k3y//x", ("k3y", "//x")),
        ("localhost:3333", "/greenroom/web/", None),
        ("localhost:3333", "/greenroom/webk3y/", None),
        ("localhost:3333", "/v2/acts", None),
        ("runs.localhost:3333", "/", None),
        ("a.b.runs.localhost:3333", "/", None),
        ("k3y.runs.localhost.example.com", "/", None),
    ],
)
async def test_both_forms_of_the_address(host: str, raw_path: str, expected: tuple[str, str] | None) -> None:
    address = RUN_ADDRESSES.find(host.encode(), raw_path.encode())
    assert (None if address is None else (address.key, address.target.decode())) == expected


BARE = f"/greenroom/web/{KEY}"
"""The path form as `containerUrl` shows it, without a slash at the end."""
WRITES = ("POST", "PUT", "DELETE", "OPTIONS")
BROWSER = {"Host": "localhost", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("query", ["", "?a=1&b=%2F"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_browser_gets_the_slash_that_relative_links_need(
    stage: ProxyStage, client: aiohttp.ClientSession, query: str, method: str
) -> None:
    stage.leads_to(closed_port())
    async with client.request(method, stage.url(BARE + query), headers=BROWSER, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (308, f"{BARE}/{query}")


@pytest.mark.parametrize("query", ["", "?a=1&b=%2F"])
@pytest.mark.parametrize(
    ("method", "accept"),
    [("GET", "*/*"), ("GET", ""), ("HEAD", "application/json"), *((each, "text/html") for each in WRITES)],
)
async def test_other_clients_of_the_address_without_its_slash_reach_the_root(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, method: str, query: str, accept: str
) -> None:
    """Webhooks and many HTTP clients do not follow redirects."""
    seen: list[tuple[str, str, bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, await request.read()))
        return web.Response()

    await upstream(handler)
    headers, body = {"Host": "localhost", "Accept": accept}, b"body" if method in WRITES else b""
    async with client.request(method, stage.url(BARE + query), headers=headers, data=body or None) as response:
        assert (response.status, response.history) == (200, ())
    assert seen == [(method, f"/{query}", body)]


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("Set-Cookie", "a=1", f"a=1; Path={BARE}/"),
        ("Set-Cookie", "a=1; HttpOnly", f"a=1; HttpOnly; Path={BARE}/"),
        ("Set-Cookie", "a=1; Path=odd", f"a=1; Path=odd; Path={BARE}/"),
        ("Set-Cookie", "a=1; Path=/app", f"a=1; Path={BARE}/app"),
        ("Location", "login?x=/", f"{BARE}/login?x=/"),
        ("Location", "./login", f"{BARE}/./login"),
        ("Location", "/login", f"{BARE}/login"),
        ("Location", "?page=2", "?page=2"),
        ("Location", "https://example.com/login", "https://example.com/login"),
        ("Location", "mailto:ann@example.com", "mailto:ann@example.com"),
    ],
)
async def test_responses_without_the_slash_stay_below_the_path(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, header: str, value: str, expected: str
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={header: value})

    await upstream(handler)
    async with client.post(stage.url(BARE), headers={"Host": "localhost"}, allow_redirects=False) as response:
        assert response.headers[header] == expected
