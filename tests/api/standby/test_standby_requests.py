"""Requests to Standby addresses: who may send them, what the Actor gets, and which errors they end with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from api.standby.deadlines import Deadlines
from runtime.base.records import PermissionLevel
from tests.api.standby.standby_api import PATIENCE_SECS, StandbyApi
from tests.fakes.api import CONTROL_TOKEN, problem


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[StandbyApi]:
    api = StandbyApi(tmp_path)
    await api.open()
    yield api
    await api.close()


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[StandbyApi]:
    api = StandbyApi(tmp_path, users={"alices-key": "alice.a", "bobs-key": "bob"})
    await api.open()
    yield api
    await api.close()


@pytest.mark.parametrize("form", ["host", "path"])
async def test_a_request_reaches_the_actor_unchanged(api: StandbyApi, form: str) -> None:
    base = api.host("local--hello") if form == "host" else "/greenroom/standby/local--hello"
    await api.create_standby_actor()
    answer = await api.send(f"{base}/a/b%20c?x=1&token=t", "POST", content=b"body", headers={"X-Own": "1"})
    assert (answer.status_code, answer.json()) == (200, {"path": "/a/b%20c?x=1&token=t"})
    [request] = api.requests
    assert request.method == "POST"
    assert request.headers.items() >= {"Authorization": "Bearer ann", "X-Own": "1", "X-Forwarded-Proto": "http"}.items()
    assert (await api.send(base)).json() == {"path": "/"}
    assert len(api.live) == 1
    [pool] = api.orchestrator.standby.pools_of(api.user)
    assert (pool.runs[0].open_requests, pool.requests.total) == (0, 2)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": "Bearer ann"}, ""),
        ({"X-Apify-Authorization": "Bearer ann", "Authorization": "Basic b3du"}, ""),
        ({}, "?token=ann"),
    ],
)
async def test_three_ways_to_send_a_token(api: StandbyApi, headers: dict[str, str], query: str) -> None:
    await api.create_standby_actor()
    url = f"{api.host('local--hello')}/{query}"
    assert (await api.send(url, token=None, headers=headers)).status_code == 200


async def test_the_tokens_of_the_server_do_not_reach_the_actor(api: StandbyApi) -> None:
    await api.create_standby_actor()
    url = f"{api.host('local--hello')}/?a=1&token={CONTROL_TOKEN}&b=%20"
    headers = {"X-Apify-Authorization": f"Bearer {CONTROL_TOKEN}"}
    assert (await api.send(url, token=CONTROL_TOKEN, headers=headers)).is_success
    [request] = api.requests
    assert CONTROL_TOKEN not in str(request.headers) + request.raw_path
    assert request.raw_path == "/?a=1&b=%20"
    server_token = api.orchestrator.users.server_token(api.user.id)
    assert (await api.send("/greenroom/standby/local--hello/", token=server_token)).is_success
    assert "Authorization" not in api.requests[-1].headers


async def test_rejected_requests(api: StandbyApi) -> None:
    actor = await api.create_standby_actor()
    await api.create_actor("plain")
    base = "/greenroom/standby"
    assert problem(await api.send(f"{base}/local--hello/", token=None)) == (401, "user-not-authenticated")
    assert problem(await api.send(f"{base}/local--nothing/")) == (404, "record-not-found")
    assert problem(await api.send(f"{base}/nobody--hello/")) == (404, "record-not-found")
    assert problem(await api.send(f"{base}/hello/")) == (404, "record-not-found")
    assert problem(await api.send(f"{base}/local--plain/")) == (400, "standby-not-enabled")
    await api.orchestrator.actors.update(actor, lambda now: {"tagged_builds": {}})
    assert problem(await api.send(f"{base}/local--hello/")) == (404, "record-not-found")
    assert api.live == []


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_pages_of_other_origins_are_rejected(api: StandbyApi, headers: dict[str, str]) -> None:
    await api.create_standby_actor()
    url = api.host("local--hello")
    assert problem(await api.send(url, headers=headers)) == (403, "origin-not-allowed")
    own = {"Origin": api.host("local--hello"), "Sec-Fetch-Site": "same-origin"}
    assert (await api.send(url, headers=own)).status_code == 200


async def test_pages_of_other_origins_may_use_the_token_of_a_user(users: StandbyApi) -> None:
    await users.create_standby_actor()
    headers = {"Origin": "http://page.example"}
    url = users.host("alice-a--hello")
    assert (await users.send(url, token="alices-key", headers=headers)).status_code == 200
    preflight = {**headers, "Access-Control-Request-Method": "GET"}
    answer = await users.send(url, "OPTIONS", token=None, headers=preflight)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "http://page.example")
    assert problem(await users.send(url, token="wrong", headers=headers)) == (401, "invalid-token")


async def test_only_pages_of_the_console_need_no_token(api: StandbyApi) -> None:
    await api.create_standby_actor()
    cookie = (await api.call("POST", "/greenroom/session", json={"token": "t"})).headers["set-cookie"].partition(";")[0]
    url, opened = "/greenroom/standby/local--hello/", {"Cookie": cookie, "Sec-Fetch-Mode": "navigate"}
    for site in ("none", None):
        headers = {**opened, **({"Sec-Fetch-Site": site} if site else {})}
        assert problem(await api.send(url, token=None, headers=headers)) == (401, "user-not-authenticated")
    answer = await api.send(url, token=None, headers={**opened, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert "Cookie" not in api.requests[-1].headers


async def test_an_id_names_an_actor_and_a_task(api: StandbyApi) -> None:
    actor = await api.create_standby_actor("hello")
    task = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": "hello", "input": {"a": 1}})
    assert (await api.send(api.host(actor.id))).status_code == 200
    assert (await api.send((await api.data("GET", f"/v2/actor-tasks/{task['id']}"))["standbyUrl"])).status_code == 200
    assert sorted(str(run.task_id) for run in api.live) == sorted(["None", task["id"]])


async def test_a_public_actor_serves_each_user_with_runs_of_their_own(users: StandbyApi) -> None:
    actor = await users.create_standby_actor()
    url = "/greenroom/standby/alice-a--hello/"
    assert problem(await users.send(url, token="bobs-key")) == (404, "record-not-found")
    await users.orchestrator.actors.update(actor, lambda now: {"is_public": True})
    assert (await users.send(url, token="bobs-key")).status_code == 200
    assert (await users.send(url, token="alices-key")).status_code == 200
    assert len({run.user_id for run in users.live}) == 2


async def test_a_limited_run_may_call_limited_actors_only(api: StandbyApi) -> None:
    actor = await api.create_standby_actor()
    caller = await api.start(await api.create_actor("caller"))
    url = "/greenroom/standby/local--hello/"
    assert (await api.send(url, token=caller.token)).status_code == 200
    await api.orchestrator.actors.update(actor, lambda now: {"permission_level": PermissionLevel.FULL})
    assert problem(await api.send(url, token=caller.token)) == (403, "insufficient-permissions")


async def test_a_limit_of_the_user_is_reported(api: StandbyApi) -> None:
    await api.create_standby_actor()
    await api.start(memory_mbytes=16_384)
    assert problem(await api.send("/greenroom/standby/local--hello/")) == (402, "actor-memory-limit-exceeded")


async def test_a_run_that_ends_before_it_is_ready(api: StandbyApi) -> None:
    await api.create_standby_actor()
    api.engine.on_create = lambda container: setattr(container, "start_error", "no such program")
    assert problem(await api.send("/greenroom/standby/local--hello/")) == (503, "standby-run-finished")


async def test_a_run_that_breaks_off(api: StandbyApi) -> None:
    await api.create_standby_actor()
    await api.send("/greenroom/standby/local--hello/")
    [run] = api.live

    async def end(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/crash":
            api.container_of(run).exits(1)
            await api.orchestrator.runs.wait(run.id, PATIENCE_SECS)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    api.answer = end  # type: ignore[method-assign]
    assert problem(await api.send("/greenroom/standby/local--hello/")) == (502, "standby-bad-gateway")
    assert problem(await api.send("/greenroom/standby/local--hello/crash")) == (503, "standby-run-finished")


async def test_a_run_that_breaks_off_and_is_deleted(api: StandbyApi) -> None:
    await api.create_standby_actor()
    await api.send("/greenroom/standby/local--hello/")
    [run] = api.live

    async def end(request: web.BaseRequest) -> web.StreamResponse:
        if api.live:  # the request is repeated once
            api.container_of(run).exits(1)
            await api.orchestrator.runs.wait(run.id, PATIENCE_SECS)
            assert (await api.call("DELETE", f"/v2/actor-runs/{run.id}")).status_code == 204
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    api.answer = end  # type: ignore[method-assign]
    assert problem(await api.send("/greenroom/standby/local--hello/")) == (503, "standby-run-finished")


async def test_the_first_response_has_a_limit(api: StandbyApi) -> None:
    await api.create_standby_actor()
    url, silence = "/greenroom/standby/local--hello", asyncio.Event()

    async def wait(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.path == "/slow-end":
            await response.prepare(request)
            await asyncio.sleep(0.3)
        elif request.path == "/silent":
            await silence.wait()
        return response

    api.answer = wait  # type: ignore[method-assign]
    await api.send(url)
    api.entrance.deadlines = Deadlines(0.2)
    assert (await api.send(f"{url}/slow-end")).status_code == 200
    assert problem(await api.send(f"{url}/silent")) == (504, "standby-response-timeout")
    silence.set()
    [pool] = api.orchestrator.standby.pools_of(api.user)
    assert pool.runs[0].open_requests == 0


async def test_a_client_that_leaves_while_it_waits_frees_its_place(api: StandbyApi) -> None:
    await api.create_standby_actor()
    api.engine.on_create = lambda container: None  # it never listens
    waiting = asyncio.create_task(api.send("/greenroom/standby/local--hello/"))
    async with asyncio.timeout(PATIENCE_SECS):
        while not (pools := api.orchestrator.standby.pools_of(api.user))[0].waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert pools[0].runs[0].open_requests == 1
        waiting.cancel()
        while pools[0].waiting or pools[0].runs[0].open_requests:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_path_form_is_sandboxed(api: StandbyApi) -> None:
    await api.create_standby_actor()
    answer = await api.send("/greenroom/standby/local--hello/")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    page = await api.send("/greenroom/standby/local--hello?token=t", headers={"Accept": "text/html"})
    assert page.headers["location"] == "/greenroom/standby/local--hello/?token=t"
    assert "content-security-policy" not in (await api.send(api.host("local--hello"))).headers
