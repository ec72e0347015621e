"""The web server of a real Actor, reached from outside by both forms of its address."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from testing.api_client import SAMPLES, Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.engine import COUNTER, container_of, end, engine, python_actor

pytestmark = pytest.mark.docker

MEMORY = {"memory": 1024}
KEY = re.compile(r"https?://(?:(?P<host>\w+)\.runs\.localhost:\d+|localhost:\d+/greenroom/web/(?P<path>\w+))$")
PATIENCE_SECS = 60
FOREVER = 1_000_000


@dataclass(frozen=True)
class Address:
    """One form of a run's public address. A browser resolves the host form to the loopback address."""

    port: int
    host: str
    prefix: str

    def http(self) -> httpx.Client:
        base = f"http://127.0.0.1:{self.port}{self.prefix}"
        return httpx.Client(base_url=base, headers={"Host": self.host}, timeout=PATIENCE_SECS, trust_env=False)

    def web_socket(self, path: str) -> ClientConnection:
        uri = f"ws://{self.host}{self.prefix}{path}"
        tcp = socket.create_connection(("127.0.0.1", self.port))
        return connect(uri, sock=tcp, open_timeout=PATIENCE_SECS, max_size=None)


@pytest.fixture(scope="module")
def run(server: LiveServer) -> Iterator[Json]:
    """A live run whose web server is ready."""
    started = server.run(server.sample("web_server"), {"maxSecs": 0}, **MEMORY)
    yield server.until(f"actor-runs/{started['id']}", lambda now: now["isContainerServerReady"])
    server.data("POST", f"actor-runs/{started['id']}/abort")


@pytest.fixture(params=["host", "path"])
def address(request: pytest.FixtureRequest, server: LiveServer, run: Json) -> Address:
    return address_of(server, run, request.param)


@pytest.fixture
def http(address: Address) -> Iterator[httpx.Client]:
    with address.http() as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_request_is_forwarded_unchanged(http: httpx.Client, address: Address, method: str) -> None:
    body = b"" if method == "GET" else bytes(range(256)) * 400
    headers = {"X-Own": "own value", "Content-Type": "application/x-own", "Authorization": "Bearer of-the-actor"}
    answer = http.request(method, "some/path%20here?one=1&two=%C3%BC&one=2", content=body or None, headers=headers)
    received = answer.json()
    assert answer.status_code == 200
    assert (received["method"], received["path"], received["query"]) == (
        method,
        "/some/path%20here",
        "one=1&two=%C3%BC&one=2",
    )
    assert (received["bodyLength"], received["bodySha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert received["headers"]["x-own"] == "own value"
    assert received["headers"]["content-type"] == "application/x-own"
    assert received["headers"]["authorization"] == "Bearer of-the-actor"
    assert received["headers"]["x-forwarded-host"] == address.host
    assert received["headers"]["x-forwarded-proto"] == "http"


@pytest.mark.parametrize("status", [204, 302, 404, 500, 503])
def test_a_response_is_forwarded_unchanged(http: httpx.Client, status: int) -> None:
    answer = http.get(f"status/{status}")
    assert answer.status_code == status
    assert answer.text == ("" if status == 204 else f"status {status}\n")


def test_a_response_is_streamed(http: httpx.Client) -> None:
    """The first pieces of an endless response arrive."""
    with http.stream("GET", "stream", params={"pieces": FOREVER, "intervalSecs": 0.05}) as answer:
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(3)] == ["piece 1", "piece 2", "piece 3"]


def test_server_sent_events_are_streamed(http: httpx.Client) -> None:
    with http.stream("GET", "events", params={"events": FOREVER, "intervalSecs": 0.05}) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(5)] == ["id: 1", "event: tick", 'data: {"number": 1}', "", "id: 2"]


def test_an_upload_is_streamed(http: httpx.Client, address: Address) -> None:
    """The Actor receives the first half before the client sends the second."""
    half = b"x" * 100_000
    arrived: list[Json] = []

    def halves() -> Iterator[bytes]:
        yield half
        with address.http() as beside:
            while (progress := beside.get("count").json())["bytes"] < len(half):
                assert not progress["done"]
        arrived.append(progress)
        yield half

    answer = http.post("count", content=halves()).json()
    assert arrived[0]["done"] is False
    assert (answer["bytes"], answer["done"]) == (2 * len(half), True)


def test_a_websocket_is_relayed(address: Address) -> None:
    with address.web_socket("ws") as connection:
        for message in "text with ünicode", b"\x00\x01binary", "", b"large" * 400_000:
            connection.send(message)
            assert connection.recv(PATIENCE_SECS) == message


def test_the_key_alone_gives_access_and_other_keys_are_not_found(server: LiveServer, run: Json) -> None:
    for form in "host", "path":
        right = address_of(server, run, form)
        with right.http() as client:
            assert client.get("").status_code == 200
        wrong = Address(
            right.port, *(text.replace(key_of(run), key_of(run)[::-1]) for text in (right.host, right.prefix))
        )
        with wrong.http() as client:
            assert rejection(client) == (404, "record-not-found")


def test_the_address_is_unguessable_and_does_not_change(server: LiveServer, run: Json) -> None:
    other = server.run(run["actId"], {"maxSecs": 1}, **MEMORY)
    ended = server.wait(f"actor-runs/{other['id']}")
    assert ended["containerUrl"] == other["containerUrl"]
    assert f"seen from outside as {other['containerUrl']}" in server.text(f"logs/{other['id']}")
    assert len({key_of(run), key_of(other)}) == 2
    assert all(
        len(key) >= 25 and key not in (each["id"], each["actId"]) for each in (run, other) for key in [key_of(each)]
    )


def test_the_errors_without_a_server_and_after_the_end(server: LiveServer) -> None:
    started = server.run(python_actor(server, "no-web-server", COUNTER), **MEMORY)
    with engine() as client:
        assert container_of(client, started).status == "running"
    for form in "host", "path":
        with address_of(server, started, form).http() as client:
            assert rejection(client) == (502, "web-server-not-listening")
    with engine() as client:
        end(client, started, 0)
    assert server.wait(f"actor-runs/{started['id']}")["isContainerServerReady"] is False
    for form in "host", "path":
        with address_of(server, started, form).http() as client:
            assert rejection(client) == (502, "run-finished")


def test_requests_reach_the_container_after_a_reboot(server: LiveServer) -> None:
    started = server.run(server.sample("web_server"), {"maxSecs": 0}, **MEMORY)
    server.until(f"actor-runs/{started['id']}", lambda now: now["isContainerServerReady"])
    with address_of(server, started, "host").http() as client:
        assert client.get("hello").status_code == 200
        server.data("POST", f"actor-runs/{started['id']}/reboot")
        server.until(f"actor-runs/{started['id']}", lambda now: now["stats"]["rebootCount"] == 1)
        deadline = time.monotonic() + PATIENCE_SECS
        while client.get("hello").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    server.data("POST", f"actor-runs/{started['id']}/abort")


@pytest.mark.parametrize("name", ["ACTOR_WEB_SERVER_PORT", "APIFY_CONTAINER_PORT"])
def test_a_version_can_choose_the_port(server: LiveServer, name: str) -> None:
    files = source_files(SAMPLES / "web_server")
    actor = server.actor(f"other-{name.replace('_', '-').lower()}", files, [{"name": name, "value": "8123"}])
    started = server.run(actor, {"maxSecs": 0}, **MEMORY)
    server.until(f"actor-runs/{started['id']}", lambda now: now["isContainerServerReady"])
    with address_of(server, started, "path").http() as client:
        assert client.get("hello").json()["path"] == "/hello"
        assert client.post("exit").is_success
    assert server.wait(f"actor-runs/{started['id']}")["status"] == "SUCCEEDED"
    assert "Listening on port 8123" in server.text(f"logs/{started['id']}")


def address_of(server: LiveServer, run: Json, form: str) -> Address:
    key = key_of(run)
    if form == "host":
        return Address(server.port, f"{key}.runs.localhost:{server.port}", "/")
    return Address(server.port, f"localhost:{server.port}", f"/greenroom/web/{key}/")


def key_of(run: Json) -> str:
    found = KEY.match(run["containerUrl"])
    assert found, run["containerUrl"]
    return found["host"] or found["path"]


def rejection(client: httpx.Client) -> tuple[int, Any]:
    answer = client.get("")
    error = json.loads(answer.text)["error"]
    assert error["message"]
    return answer.status_code, error["type"]
