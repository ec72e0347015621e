"""Both forms of a run's address."""

from __future__ import annotations

import aiohttp
import pytest
from starlette.types import Scope

from api.web_server.run_address import run_address_of
from tests.api.web_server.proxy_stage import KEY, ProxyStage, closed_port

pytestmark = pytest.mark.asyncio(loop_scope="module")


def scope_of(host: str, raw_path: str) -> Scope:
    return {"type": "http", "headers": [(b"host", host.encode())], "raw_path": raw_path.encode(), "path": raw_path}


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
    address = run_address_of(scope_of(host, raw_path))
    assert (None if address is None else (address.key, address.path)) == expected


@pytest.mark.parametrize("query", ["", "?a=1&b=%2F"])
async def test_the_path_form_without_its_slash_is_redirected(
    stage: ProxyStage, client: aiohttp.ClientSession, query: str
) -> None:
    stage.leads_to(closed_port())
    url = stage.url(f"/greenroom/web/{KEY}{query}")
    async with client.post(url, headers={"Host": "localhost"}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (308, f"/greenroom/web/{KEY}/{query}")
