from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.hot_routes import HotRoutes
from runtime.base.clock import SystemClock
from tests.api.storage_app import serving

TELLING = [
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
"""What is answered, refused or unknown, in every way there is; none of it changes what the next one sees."""


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, SystemClock()) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), TELLING)
@pytest.mark.parametrize("token", ["ann", None])
async def test_the_short_way_tells_the_same_as_the_framework(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, method: str, path: str, token: str | None
) -> None:
    for kind, name in (("datasets", "items"), ("key-value-stores", "values"), ("request-queues", "queue")):
        await client.post(f"/v2/{kind}?name={name}")
    await client.post("/v2/datasets/~items/items", json=[{"a": 1}, {"a": 2}])
    await client.put("/v2/key-value-stores/~values/records/a.b", content=b"value")
    await client.post("/v2/request-queues/~queue/requests", json={"url": "http://a", "uniqueKey": "a"})
    headers = {"Authorization": f"Bearer {token}" if token else ""}
    short = await client.request(method, path, headers=headers)
    monkeypatch.setattr(HotRoutes, "_finds", lambda *_: False)
    long = await client.request(method, path, headers=headers)
    assert (short.status_code, short.headers, short.content) == (long.status_code, long.headers, long.content)


router = APIRouter()


@router.get("/v2/things/{id}")
async def tell_way(request: Request) -> Response:
    return PlainTextResponse("framework" if "route" in request.scope else "short way")


@router.post("/v2/things/{id}")
async def break_down(request: Request) -> Response:
    raise LookupError("broken")


@router.put("/v2/things/{id}")
async def break_half_way(request: Request) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise LookupError("broken")

    return StreamingResponse(half())


@pytest.fixture
def app() -> FastAPI:
    async def told(request: Request, problem: Exception) -> Response:
        logging.getLogger("test").error("%s", problem)
        return PlainTextResponse("a fault of ours", 500)

    app = FastAPI(openapi_url=None)
    app.router.routes.extend(router.routes)
    app.add_exception_handler(Exception, told)
    return app


async def asked(app: FastAPI | HotRoutes, method: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, "/v2/things/one")


async def test_known_routes_take_the_short_way(app: FastAPI) -> None:
    assert (await asked(HotRoutes(app, [router]), "GET")).text == "short way"
    assert (await asked(HotRoutes(app, []), "GET")).text == "framework"


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_faults_are_told_and_logged_once_on_both_ways(
    app: FastAPI, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    for way in (app, HotRoutes(app, [router])):
        answer = await asked(way, method)
        told.append((answer.status_code, answer.text, caplog.messages.copy()))
        caplog.clear()
    assert told[0] == told[1]
    assert told[0][2] == ["broken"]
