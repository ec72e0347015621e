from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.app import STORAGES
from api.hot_routes import HotRoutes
from tests.api.storage_app import serving
from tests.examples import some
from tests.runtime.storages.hand_clock import HandClock

REQUESTS = [
    ("GET", "/v2/datasets/~items"),
    ("GET", "/v2/datasets/~items/items?limit=1&desc=1"),
    ("HEAD", "/v2/datasets/~items/items"),
    ("GET", "/v2/datasets/~items/items?format=parquet"),
    ("GET", "/v2/datasets/~items/items?format=csv"),
    ("GET", "/v2/datasets/nothing/items"),
    ("GET", "/v2/datasets/~items/items/"),
    ("GET", "/v2/datasets/~items/pages"),
    ("GET", "/v2/datasets//items"),
    ("GET", "/v2/datasets/~items?method=PATCH"),
    ("PATCH", "/v2/datasets/~items"),
    ("DELETE", "/v2/datasets/~items/items"),
    ("OPTIONS", "/v2/datasets/~items/items"),
    ("HEAD", "/v2/datasets/~items"),
    ("POST", "/v2/datasets/~items/items"),
    ("GET", "/v2/key-value-stores/~values/records/a.b"),
    ("HEAD", "/v2/key-value-stores/~values/records/a.b"),
    ("GET", "/v2/key-value-stores/~values/records/a%2Fb"),
    ("GET", "/v2/key-value-stores/~values/records/"),
    ("GET", "/v2/key-value-stores/~values/keys?limit=many"),
    ("GET", "/v2/request-queues/~queue/head"),
    ("POST", "/v2/request-queues/~queue/head/lock"),
    ("GET", "/v2/request-queues/~queue/requests/nothing"),
    ("PUT", "/v2/request-queues/~queue/requests/nothing/lock?lockSecs=5"),
]
"""Requests that are answered, rejected or unknown. None of them changes the response to the next one."""


@pytest.mark.parametrize(("request_line", "token"), some(product(REQUESTS, ["ann", None])))
async def test_the_short_path_responds_like_the_framework(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_line: tuple[str, str], token: str | None
) -> None:
    method, path = request_line
    headers = {"Authorization": f"Bearer {token}" if token else ""}
    async with serving(tmp_path, HandClock()) as client:
        for kind, name in (("datasets", "items"), ("key-value-stores", "values"), ("request-queues", "queue")):
            await client.post(f"/v2/{kind}?name={name}")
        await client.post("/v2/datasets/~items/items", json=[{"a": 1}, {"a": 2}])
        await client.put("/v2/key-value-stores/~values/records/a.b", content=b"value")
        await client.post("/v2/request-queues/~queue/requests", json={"url": "http://a", "uniqueKey": "a"})
        by_short_path = await client.request(method, path, headers=headers)
    monkeypatch.setattr("api.app.STORAGES", ())
    async with serving(tmp_path, HandClock()) as client:
        by_framework = await client.request(method, path, headers=headers)
    responses = [(each.status_code, each.headers, each.content) for each in (by_short_path, by_framework)]
    assert responses[0] == responses[1]


router = APIRouter()


@router.get("/v2/things/{id}")
async def name_path(request: Request) -> Response:
    return PlainTextResponse("framework" if "route" in request.scope else "short path")


@router.post("/v2/things/{id}")
async def fail(request: Request) -> Response:
    raise LookupError("broken")


@router.put("/v2/things/{id}")
async def fail_half_way(request: Request) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise LookupError("broken")

    return StreamingResponse(half())


@pytest.fixture
def app() -> FastAPI:
    async def handle(request: Request, problem: Exception) -> Response:
        logging.getLogger("test").error("%s", problem)
        return PlainTextResponse("unexpected", 500)

    app = FastAPI(openapi_url=None)
    app.router.routes.extend(router.routes)
    app.add_exception_handler(Exception, handle)
    return app


async def call(app: FastAPI | HotRoutes, method: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, "/v2/things/one")


async def test_known_routes_take_the_short_path(app: FastAPI) -> None:
    assert (await call(HotRoutes(app, [router]), "GET")).text == "short path"
    assert (await call(HotRoutes(app, []), "GET")).text == "framework"


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_unexpected_errors_are_answered_and_logged_once_on_both_paths(
    app: FastAPI, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    responses = []
    for called in (app, HotRoutes(app, [router])):
        response = await call(called, method)
        responses.append((response.status_code, response.text, caplog.messages.copy()))
        caplog.clear()
    assert responses[0] == responses[1]
    assert responses[0][2] == ["broken"]


def test_the_handlers_of_storages_take_only_the_request() -> None:
    handlers = [route.endpoint for router in STORAGES for route in router.routes if isinstance(route, APIRoute)]
    assert {tuple(inspect.signature(handler).parameters) for handler in handlers} == {("request",)}
