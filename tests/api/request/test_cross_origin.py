"""Requests of web pages of other origins, as browsers send them. tests/clients/test_browser.py uses a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.storage_app import problem, serving
from tests.runtime.storages.hand_clock import HandClock

APP = "https://app.example"
LISTED = "http://localhost:5173"
USERS = {"ann": "ann"}
"""`serving` sends the token `ann`."""


@pytest.fixture
async def open_to_users(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, HandClock(), USERS, {LISTED}) as client:
        yield client


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server that takes any token."""
    async with serving(tmp_path, HandClock(), None, {LISTED}) as client:
        yield client


async def preflight(client: httpx.AsyncClient, origin: str, **headers: str) -> httpx.Response:
    usual = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    client.headers.pop("Authorization", None)
    return await client.options("/v2/acts/x/runs", headers={**usual, **headers})


def is_readable(answer: httpx.Response, origin: str) -> bool:
    assert "access-control-allow-credentials" not in answer.headers
    allowed: str | None = answer.headers.get("access-control-allow-origin")
    assert allowed in (None, origin)
    return allowed == origin


@pytest.mark.parametrize(("origin", "allowed"), [(LISTED, True), (APP, False), ("null", False)])
async def test_preflights_of_a_server_that_takes_any_token(
    closed: httpx.AsyncClient, origin: str, allowed: bool
) -> None:
    answer = await preflight(closed, origin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert is_readable(answer, origin) is allowed
    assert ("access-control-allow-methods" in answer.headers) is allowed


@pytest.mark.parametrize("origin", [LISTED, APP, "null"])
async def test_preflights_of_a_server_with_users(open_to_users: httpx.AsyncClient, origin: str) -> None:
    answer = await preflight(open_to_users, origin, **{"Access-Control-Request-Private-Network": "true"})
    assert answer.status_code == 204 and is_readable(answer, origin)
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    assert answer.headers["access-control-allow-private-network"] == "true"


async def test_a_preflight_does_nothing(open_to_users: httpx.AsyncClient) -> None:
    id = (await open_to_users.post("/v2/datasets?name=a")).json()["data"]["id"]
    headers = {"Origin": APP, "Access-Control-Request-Method": "DELETE"}
    for query in ("?method=DELETE", "?token=ann", "?method=DELETE&token=ann"):
        assert (await open_to_users.options(f"/v2/datasets/{id}{query}", headers=headers)).status_code == 204
    assert (await open_to_users.get(f"/v2/datasets/{id}")).status_code == 200


async def test_options_without_a_preflight_are_not_affected(closed: httpx.AsyncClient) -> None:
    assert problem(await closed.options("/v2/datasets", headers={"Origin": LISTED})) == (405, "method-not-allowed")


@pytest.mark.parametrize(("origin", "allowed"), [(LISTED, True), (APP, False)])
async def test_requests_to_a_server_that_takes_any_token(closed: httpx.AsyncClient, origin: str, allowed: bool) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    read, written = (
        await closed.get("/v2/users/me", headers=headers),
        await closed.post("/v2/datasets", headers=headers),
    )
    assert read.status_code == 200 and is_readable(read, origin) is allowed
    assert written.status_code == (201 if allowed else 403) and is_readable(written, origin) is allowed
    assert (await closed.get("/v2/users/me")).headers.get("access-control-allow-origin") is None


async def test_requests_to_a_server_with_users(open_to_users: httpx.AsyncClient) -> None:
    headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
    created = await open_to_users.post("/v2/datasets", headers=headers)
    assert created.status_code == 201 and is_readable(created, APP)
    assert "Location" in created.headers["access-control-expose-headers"]
    missing = await open_to_users.get("/v2/datasets/missing", headers=headers)
    assert problem(missing) == (404, "record-not-found") and is_readable(missing, APP)
    del open_to_users.headers["Authorization"]
    by_query = await open_to_users.post("/v2/datasets?token=ann", headers=headers)
    assert by_query.status_code == 201 and is_readable(by_query, APP)
    for query, status in (("", 403), ("?token=guessed", 401)):
        answer = await open_to_users.post(f"/v2/datasets{query}", headers=headers)
        assert answer.status_code == status and not is_readable(answer, APP)
    listed = await open_to_users.get("/v2/users/me?token=guessed", headers={"Origin": LISTED})
    assert listed.status_code == 401 and is_readable(listed, LISTED)


async def test_the_headers_of_a_page_of_items_are_exposed(open_to_users: httpx.AsyncClient) -> None:
    id = (await open_to_users.post("/v2/datasets")).json()["data"]["id"]
    answer = await open_to_users.get(f"/v2/datasets/{id}/items", headers={"Origin": APP})
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {name for name in answer.headers if name.startswith("x-apify-")} <= {name.lower() for name in exposed}
    assert "Origin" in answer.headers["vary"]
