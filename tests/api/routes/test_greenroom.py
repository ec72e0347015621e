from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from api.app import ROUTERS
from api.response.run_list_models import RunSummaries
from runtime.base.skill import skill_page
from tests.fakes.api import CONTROL_TOKEN, INFO, Api, problem
from tests.fakes.builds import an_actor_with_version, build
from tests.fakes.containers import FakeExec

MBYTE = 1024 * 1024


class Socket:
    """A WebSocket client without a network."""

    def __init__(
        self,
        api: Api,
        path: str,
        host: str = "host.greenroom.internal:3333",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.received: list[Message] = []
        self._to_app.put_nowait({"type": "websocket.connect"})
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in {"host": host, **(headers or {})}.items()],
            "subprotocols": [],
        }
        self.done = asyncio.create_task(api.app(scope, self._to_app.get, self._receive))

    async def _receive(self, message: Message) -> None:
        self.received.append(message)

    def leave(self) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})

    def send(self, text: str) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "bytes": data})

    @property
    def kinds(self) -> list[str]:
        return [message["type"].removeprefix("websocket.") for message in self.received]

    @property
    def events(self) -> list[Any]:
        return [json.loads(message["text"]) for message in self.received if message["type"] == "websocket.send"]


async def test_the_local_controls_need_the_control_token(api: Api) -> None:
    info = await api.call("GET", "/greenroom/info", token=CONTROL_TOKEN)
    assert (info.status_code, info.json()) == (200, INFO.as_json())
    assert info.headers["content-type"] == "application/json; charset=utf-8"
    run = await api.start()
    for token in (None, "anything", run.token, CONTROL_TOKEN[:-1]):
        assert (await api.call("GET", "/greenroom/info", token=token)).status_code == 401
        assert (await api.call("POST", "/greenroom/shutdown", token=token)).status_code == 401
    assert api.stop_requests == []


@pytest.mark.parametrize(("query", "stop_runs"), [("", None), ("?stopRuns=1", True), ("?stopRuns=false", False)])
async def test_a_shutdown_can_stop_live_runs_and_returns_their_number(
    api: Api, query: str, stop_runs: bool | None
) -> None:
    await api.start()
    answer = await api.call("POST", f"/greenroom/shutdown{query}", token=CONTROL_TOKEN)
    assert answer.json() == {"liveRuns": 1}
    assert api.stop_requests == [stop_runs]


async def test_the_openapi_document_describes_all_local_controls_and_nothing_else(api: Api) -> None:
    answer = await api.call("GET", "/greenroom/openapi.json", token=None)
    described = {f"{method.upper()} {path}" for path, each in answer.json()["paths"].items() for method in each}
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    local = [route for route in routes if route.path.startswith("/greenroom/")]
    served = {f"{method} {route.path}" for route in local for method in route.methods or ()}
    pages = {f"GET /greenroom/{name}" for name in ("openapi.json", "platform-openapi.json", "docs", "skill", "sign-in")}
    assert described == served - pages
    assert "422" not in answer.text


async def test_the_docs_page_shows_the_document_and_loads_nothing(api: Api) -> None:
    answer = await api.call("GET", "/greenroom/docs", token=None)
    page, document = answer.text, (await api.call("GET", "/greenroom/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in page and html.escape(operation["description"]) in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and f"style-src 'sha256-{digest}'" in policy
    assert "<script" not in page and "://" not in page


async def test_a_live_runs_socket_gets_system_events_until_the_run_ends(api: Api) -> None:
    run = await api.start(memory_mbytes=1024)
    socket = Socket(api, f"/greenroom/events/{run.events_key}")
    await api.clock.settle()
    assert socket.kinds == ["accept"]
    for _ in range(3):
        await api.clock.advance(1)
        api.container_of(run).uses(memory_bytes=100 * MBYTE)
        await api.clock.settle()
    await api.finish(run)
    await socket.done
    assert socket.kinds == ["accept", "send", "send", "send", "close"]
    assert {event["name"] for event in socket.events} == {"systemInfo"}
    assert socket.events[-1]["data"]["memCurrentBytes"] == 100 * MBYTE


@pytest.mark.parametrize("ended", [True, False])
async def test_the_socket_of_an_ended_or_unknown_run_is_accepted_then_closed(api: Api, ended: bool) -> None:
    run = await api.finish(await api.start())
    socket = Socket(api, f"/greenroom/events/{run.events_key if ended else 'guessed'}")
    await socket.done
    assert socket.kinds == ["accept", "close"]
    assert socket.received[-1]["code"] == 1008


async def test_a_socket_from_a_foreign_host_is_not_accepted(api: Api) -> None:
    run = await api.start()
    socket = Socket(api, f"/greenroom/events/{run.events_key}", host="evil.example")
    await socket.done
    assert socket.kinds == ["close"]


async def test_messages_and_disconnects_of_a_client_do_not_affect_others(api: Api) -> None:
    run = await api.start()
    leaving, staying = (Socket(api, f"/greenroom/events/{run.events_key}") for _ in range(2))
    await api.clock.settle()
    leaving.send("hello")
    await api.clock.settle()
    assert not leaving.done.done()
    leaving.leave()
    await leaving.done
    api.container_of(run).uses(memory_bytes=MBYTE)
    await api.clock.settle()
    assert staying.kinds == ["accept"] or staying.events
    await api.finish(run)
    await staying.done
    assert staying.kinds[-1] == "close"


async def test_the_socket_of_an_adopted_run_is_accepted_after_the_server_has_started(api: Api) -> None:
    run = await api.start()
    await api.close()
    await api.open()
    socket = Socket(api, f"/greenroom/events/{run.events_key}")
    await api.clock.settle()
    assert socket.kinds == ["accept"]
    socket.leave()
    await socket.done


@pytest.mark.parametrize(
    ("users", "login"),
    [({}, {"username": "local", "token": "local"}), ({"t1": "bob", "t2": "ann"}, {"username": "bob", "token": "t1"})],
)
async def test_the_token_of_a_client_is_valid(tmp_path: Path, users: dict[str, str], login: Any) -> None:
    api = Api(tmp_path, users=users)
    await api.open()
    try:
        assert (await api.call("GET", "/greenroom/client-login", token=CONTROL_TOKEN)).json() == login
        me = await api.call("GET", "/v2/users/me", token=login["token"])
        assert me.json()["data"]["username"] == login["username"]
    finally:
        await api.close()


async def test_prune_shows_and_deletes_builds_that_nothing_needs(api: Api) -> None:
    actor, version = await an_actor_with_version(api)
    old = await build(api, actor, version, use_cache=False)
    await build(api, actor, version, use_cache=False)
    shown = (await api.call("GET", "/greenroom/prune", token=CONTROL_TOKEN)).json()
    assert [(each["id"], each["actorName"], each["buildNumber"]) for each in shown["builds"]] == [
        (old.id, actor.name, "0.0.1")
    ]
    assert (shown["images"], shown["imageBytes"]) == (1, old.image_size_bytes)
    assert (await api.call("POST", "/greenroom/prune", token=CONTROL_TOKEN)).json() == shown
    assert (await api.call("GET", "/greenroom/prune", token=CONTROL_TOKEN)).json()["builds"] == []


async def test_run_summaries_have_names_of_actors_and_are_filtered(api: Api) -> None:
    first = await api.start(await api.create_actor("hello"))
    second = await api.start(await api.create_actor("other"))
    await api.finish(first, 3)

    async def listed(query: str = "") -> list[Any]:
        answer = await api.call("GET", f"/greenroom/runs{query}")
        page = RunSummaries.model_validate(answer.json())
        assert page.model_dump(by_alias=True, mode="json") == answer.json()
        return [(run.id, run.actor_name, run.status, run.exit_code) for run in page.items] + [page.total]

    newest, oldest = (second.id, "local/other", "RUNNING", None), (first.id, "local/hello", "FAILED", 3)
    assert await listed() == [newest, oldest, 2]
    page = (await api.call("GET", "/greenroom/runs?limit=1")).json()
    assert await listed(f"?limit=1&cursor={page['nextCursor']}") == [oldest, 2]
    assert await listed("?status=READY,RUNNING") == [newest, 1]
    assert await listed("?actor=me~hello") == [oldest, 1]
    assert await listed(f"?idPrefix={first.id[:9]}") == [oldest, 1]
    assert await listed("?idPrefix=%25") == [0]
    assert problem(await api.call("GET", "/greenroom/runs?actor=me~nobody")) == (404, "record-not-found")


async def test_the_run_of_a_deleted_actor_has_no_name_in_summaries(api: Api) -> None:
    run = await api.start(await api.create_actor("hello"))
    await api.finish(run)
    await api.data("GET", f"/v2/actor-runs/{run.id}")
    assert (await api.call("DELETE", f"/v2/actors/{run.actor_id}")).status_code == 204
    [summary] = (await api.call("GET", "/greenroom/runs")).json()["items"]
    assert (summary["actorName"], summary["id"]) == (None, run.id)


async def test_the_page_for_coding_agents(api: Api) -> None:
    answer = await api.call("GET", "/greenroom/skill", token=None)
    assert (answer.text, answer.headers["content-type"]) == (skill_page(), "text/markdown; charset=utf-8")


def shell_socket(api: Api, run_id: str, token: str | None, first_message: str = "{}") -> Socket:
    authorization = {} if token is None else {"authorization": f"Bearer {token}"}
    socket = Socket(api, f"/greenroom/runs/{run_id}/shell", headers=authorization)
    socket.send(first_message)
    return socket


async def test_a_shell_needs_the_control_token_and_an_own_run(api: Api) -> None:
    run = await api.start()
    for token in (None, "anything", run.token):
        socket = shell_socket(api, run.id, token)
        await socket.done
        assert socket.kinds == ["close"], token
    assert api.container_of(run).executed == []
    for run_id, message, slug in ((17 * "x", "{}", "record-not-found"), (run.id, '{"command": 1}', "invalid-input")):
        socket = shell_socket(api, run_id, CONTROL_TOKEN, message)
        await socket.done
        assert (socket.kinds, socket.events[0]["error"]["type"]) == (["accept", "send", "close"], slug)


async def test_a_shell_relays_input_output_sizes_and_the_exit_code(api: Api) -> None:
    run = await api.start()
    order = '{"command": ["sh"], "terminal": {"columns": 80, "rows": 24}, "term": "vt100"}'
    socket = shell_socket(api, run.id, CONTROL_TOKEN, order)
    socket.send('{"columns": 100, "rows": 30}')
    socket.send_bytes(b"word")
    socket.send_bytes(b"")
    await socket.done
    [process] = api.container_of(run).executed
    assert (process.spec.environment, process.sizes) == ({"TERM": "vt100"}, [(80, 24), (100, 30)])
    sent = [message.get("bytes") or message.get("text") for message in socket.received if "send" in message["type"]]
    assert sent == ['{"started":true}', b"\x01WORD", b"\x02bye", '{"exitCode":3}']


async def test_the_input_of_a_shell_ends_when_the_client_disconnects(api: Api) -> None:
    run = await api.start()
    socket = shell_socket(api, run.id, CONTROL_TOKEN)
    socket.leave()
    await socket.done
    [process] = api.container_of(run).executed
    assert process.is_input_ended and process.is_closed


async def test_a_process_that_reads_no_input_does_not_hide_that_the_client_has_left(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(_: FakeExec, data: bytes) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(FakeExec, "write", write)
    run = await api.start()
    socket = shell_socket(api, run.id, CONTROL_TOKEN)
    socket.send_bytes(b"first")
    socket.send_bytes(b"second")
    socket.leave()
    await asyncio.wait_for(socket.done, 5)
    assert api.container_of(run).executed[0].is_closed


async def test_an_invalid_message_and_an_error_end_a_shell(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def write(_: FakeExec, data: bytes) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(FakeExec, "write", write)
    run = await api.start()
    for message, report in ((b"input", f"A shell of run {run.id} failed"), ('{"columns": "many"}', "")):
        caplog.clear()
        socket = shell_socket(api, run.id, CONTROL_TOKEN)
        if isinstance(message, bytes):
            socket.send_bytes(message)
        else:
            socket.send(message)
        await asyncio.wait_for(socket.done, 5)
        assert report in caplog.text and bool(caplog.text) is bool(report)
        assert api.container_of(run).executed[-1].is_closed


async def test_an_error_of_a_start_is_not_mistaken_for_a_client_that_left(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(*_: object, **__: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr("api.routes.shells.start_process", start)
    run = await api.start()
    with pytest.raises(KeyError, match="odd"):
        await shell_socket(api, run.id, CONTROL_TOKEN).done


async def test_a_process_that_reads_no_input_does_not_hold_a_shell_whose_client_has_left(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end_input(_: FakeExec) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(FakeExec, "end_input", end_input)
    monkeypatch.setattr("api.routes.shells.END_SECS", 0.01)
    run = await api.start()
    socket = shell_socket(api, run.id, CONTROL_TOKEN)
    socket.leave()
    await asyncio.wait_for(socket.done, 5)
    assert api.container_of(run).executed[0].is_closed
