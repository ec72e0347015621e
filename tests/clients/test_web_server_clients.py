"""The web server of a run under the HTTP clients that people use: curl, Node.js, and those of Python."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator

import aiohttp
import httpx
import pytest
import requests

from api.connections.server_options import server_options
from tests.api.web_server.proxy_stage import KEY, ProxyStage, no_application
from tests.clients.node_script import SCRIPTS, NodeScript
from tests.listening import bound_socket, listening_in_thread, loop_in_thread

SIZE = 3_000_000


@pytest.fixture(scope="module")
def stage() -> Iterator[ProxyStage]:
    """The proxy in a thread, in front of a web server for Node.js."""
    command = ["node", str(SCRIPTS / "web_server_upstream.mjs")]
    bound = bound_socket()
    stage = ProxyStage(bound.getsockname()[1])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, loop_in_thread() as thread:
        assert process.stdout is not None
        stage.leads_to(int(process.stdout.readline()))
        with listening_in_thread(thread, no_application, bound, **server_options(stage.web_servers)):
            yield stage
        process.terminate()


def test_node(stage: ProxyStage) -> None:
    script = NodeScript("web_server.mjs")
    direct, proxied = (
        script.respond({"base": base, "size": SIZE})
        for base in (f"http://127.0.0.1:{stage.target.port}", f"http://localhost:{stage.port}/greenroom/web/{KEY}")
    )
    script.close()
    assert proxied == direct
    assert direct["hints"] == [[[103, "</a.css>; rel=preload"]], "hinted"]
    assert direct["trailers"] == ["body", {"x-got": "1"}]
    assert (direct["continued"], direct["big"], direct["stream"]) == ("late", SIZE, "one,two")


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--http1.0"],
        ["--data", "body"],
        ["--data", "body", "--header", "Expect: 100-continue"],
        ["--data", "body", "--header", "Transfer-Encoding: chunked"],
        ["--data", "body", "--http2"],
        ["--head"],
        ["--upload-file", "-"],
    ],
)
def test_curl(stage: ProxyStage, options: list[str]) -> None:
    def fetch(port: int) -> tuple[str, str]:
        url = f"http://127.0.0.1:{port}/echo"
        again = ["--next", "--silent", "--fail", "--header", f"Host: {stage.host}", url]
        command = ["curl", "--silent", "--fail", "--header", f"Host: {stage.host}", *options]
        command += ["--write-out", "%{http_code}"]
        done = subprocess.run([*command, url, *again], input="x" * SIZE, capture_output=True, text=True, check=True)
        return done.stdout.partition("\n")[0].split(" ")[-1] if "--head" in options else done.stdout, done.stderr

    assert fetch(stage.port) == fetch(stage.target.port)


def test_requests(stage: ProxyStage) -> None:
    headers, base = {"Host": stage.host}, f"http://127.0.0.1:{stage.port}"
    with requests.Session() as client:
        for _ in range(2):
            assert client.get(f"{base}/echo?a=1", headers=headers).text == "GET /echo?a=1"
            assert client.post(f"{base}/echo", data=b"x" * SIZE, headers=headers).text == "x" * SIZE
            assert client.get(f"{base}/empty", headers=headers).status_code == 204


def test_httpx(stage: ProxyStage) -> None:
    base, pieces = f"http://127.0.0.1:{stage.port}", [b"x" * SIZE, b"y"]
    with httpx.Client(headers={"Host": stage.host}, base_url=base, trust_env=False) as client:
        for _ in range(2):
            assert client.get("/echo?a=1").text == "GET /echo?a=1"
            assert client.post("/echo", content=iter(pieces)).content == b"".join(pieces)
            assert client.get("/hints").text == "hinted"
            assert client.head("/echo").status_code == 200


async def test_aiohttp(stage: ProxyStage) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"piece"

    base = f"http://127.0.0.1:{stage.port}/greenroom/web/{KEY}"
    async with aiohttp.ClientSession(headers={"Host": "localhost"}) as session:
        for _ in range(2):
            async with session.post(f"{base}/echo", data=body()) as response:
                assert await response.text() == "piecepiecepiece"
            async with session.get(f"{base}/hints") as response:
                assert await response.text() == "hinted"
