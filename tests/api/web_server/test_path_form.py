"""The path form of the address, which shares the origin of the API."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import KEY, ProxyStage, Upstream, values

SANDBOX = "sandbox allow-scripts allow-forms"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_path_form_responses_are_sandboxed(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.path, headers={"Content-Security-Policy": "default-src 'self'"})

    await upstream(handler)
    async with client.get(stage.url(f"/greenroom/web/{KEY}/page"), headers={"Host": "localhost"}) as response:
        assert await response.text() == "/page"
        assert values(response, "Content-Security-Policy") == ["default-src 'self'", SANDBOX]
        assert "X-Frame-Options" not in response.headers


async def test_path_form_requests_have_no_session_and_responses_no_effect_on_the_origin(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.Response:
        wide = {"Clear-Site-Data": '"*"', "Service-Worker-Allowed": "/"}
        return web.Response(text=request.headers.get("Cookie", "no cookie"), headers=wide)

    await upstream(handler)
    for sent, arrived in (("greenroom_session_3333=x", "no cookie"), ("a=1; greenroom_session_3333=x", "a=1")):
        headers = {"Host": "localhost", "Cookie": sent}
        async with client.get(stage.url(f"/greenroom/web/{KEY}/"), headers=headers) as response:
            assert await response.text() == arrived
            assert not {"Clear-Site-Data", "Service-Worker-Allowed"} & set(response.headers)


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("a=1", "a=1"),
        ("a=1; Path=/", f"a=1; Path=/greenroom/web/{KEY}/"),
        ("a=1; path=/app; HttpOnly", f"a=1; Path=/greenroom/web/{KEY}/app; HttpOnly"),
        ("a=1; Domain=localhost; Secure", "a=1; Secure"),
        ("a=1; Path=/; Path=/v2", f"a=1; Path=/greenroom/web/{KEY}/; Path=/greenroom/web/{KEY}/v2"),
        ("a=Path=/; Path=odd", "a=Path=/; Path=odd"),
    ],
)
async def test_path_form_cookies_stay_below_the_path(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, cookie: str, expected: str
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers={"Set-Cookie": cookie})

    await upstream(handler)
    async with client.get(stage.url(f"/greenroom/web/{KEY}/"), headers={"Host": "localhost"}) as response:
        assert values(response, "Set-Cookie") == [expected]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/login?a=1#b", f"/greenroom/web/{KEY}/login?a=1#b"),
        ("http://localhost:1/login", f"http://localhost:1/greenroom/web/{KEY}/login"),
        ("http://elsewhere.example/login", "http://elsewhere.example/login"),
        ("//elsewhere.example/login", "//elsewhere.example/login"),
        ("next", "next"),
        (f"/greenroom/web/{KEY}/login", f"/greenroom/web/{KEY}/login"),
        (f"/greenroom/web/{KEY}", f"/greenroom/web/{KEY}"),
        (f"http://localhost:1/greenroom/web/{KEY}/a", f"http://localhost:1/greenroom/web/{KEY}/a"),
        (f"/greenroom/web/{KEY}other", f"/greenroom/web/{KEY}/greenroom/web/{KEY}other"),
        ("http://[::bad", "http://[::bad"),
    ],
)
async def test_path_form_redirects_stay_below_the_path(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, location: str, expected: str
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    await upstream(handler)
    url, headers = stage.url(f"/greenroom/web/{KEY}/"), {"Host": "localhost:1"}
    async with client.get(url, headers=headers, allow_redirects=False) as response:
        assert response.headers["Location"] == expected
