"""The process of the proxy: started, killed, started again, and ended with the server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from api.sockets import listen
from runtime.base.errors import StorageUnavailable
from runtime.base.proxy_settings import parse_proxy_settings
from runtime.base.records import ProxyUse
from runtime.proxy import Proxy, service
from runtime.proxy.service import HOME
from tests.fakes.proxy import PASSWORD, RUN, authorization, echo, responding, serving

pytestmark = pytest.mark.processes

PATIENCE_SECS = 20
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Records:
    """The use that was recorded, by group. The first `failures` writes fail."""

    def __init__(self) -> None:
        self.failures = 0
        self.used: list[ProxyUse] = []

    async def record(self, run_id: str, used: dict[str, ProxyUse]) -> None:
        assert run_id == RUN
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("insufficient-storage", "the disk is full")
        self.used += used.values()

    @property
    def requests(self) -> int:
        return sum(each.requests for each in self.used)


class Served:
    def __init__(self) -> None:
        self.records = Records()
        self.proxy = Proxy(parse_proxy_settings("", "localhost"), self.records.record)  # type: ignore[arg-type]
        self.sockets = listen(0, ("127.0.0.1",))
        self.port: int = self.sockets[0].getsockname()[1]

    async def close(self) -> None:
        await self.proxy.close()
        for each in self.sockets:
            each.close()

    async def get(self, port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET http://localhost:{port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode())
        writer.write(authorization() + b"\r\n")
        response = await asyncio.wait_for(reader.read(), PATIENCE_SECS)
        writer.close()
        return response


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECS):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setattr(service, "RESTART_SECS", 0.05)
    served = Served()
    users = [("user1", "user-password")]
    await served.proxy.open(served.sockets, users, host_address="127.0.0.1", api_port=3333)
    served.proxy.admit(RUN, "user1", PASSWORD)
    yield served
    await served.close()


async def test_a_killed_process_is_started_again_on_the_same_port(served: Served) -> None:
    """It knows the passwords and the faults again. A disk that was full in between loses nothing."""
    served.records.failures = 1
    async with serving(responding(HELLO)) as port:
        assert (await served.get(port)).endswith(b"hello")
        await served.proxy.flush(RUN)
        served.proxy.order_fault(kind="status", count=1, group=None, host=None, status=418, delay_secs=0)
        pid = served.proxy.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        assert (await served.get(port)).startswith(b"HTTP/1.1 418 ")
        assert (await served.get(port)).endswith(b"hello")
        await served.proxy.flush(RUN)
    assert served.proxy.pid != pid
    assert served.records.requests == 3
    assert served.proxy.faults == ()


async def test_what_could_not_be_recorded_is_recorded_later(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the run uses the proxy no more."""
    monkeypatch.setattr(service, "RECORD_AGAIN_SECS", 0.01)
    served.records.failures = 2
    async with serving(responding(HELLO)) as port:
        await served.get(port)
    await until(lambda: served.records.requests == 1)


async def test_the_end_of_a_run_ends_its_tunnels(served: Served) -> None:
    async with serving(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        head = f"CONNECT localhost:{port} HTTP/1.1\r\nHost: x\r\n".encode()
        writer.write(head + authorization() + b"\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        served.proxy.revoke(RUN)
        assert await asyncio.wait_for(reader.read(), PATIENCE_SECS) == b""
        writer.close()
        assert (await served.get(port)).startswith(b"HTTP/1.1 407 ")
        await until(lambda: served.records.requests == 1)


async def test_what_is_not_reported_yet_is_recorded_when_the_server_stops() -> None:
    served = Served()
    await served.proxy.open(served.sockets, [], host_address="127.0.0.1", api_port=3333)
    served.proxy.admit(RUN, "user1", PASSWORD)
    async with serving(responding(HELLO)) as port:
        await served.get(port)
        await served.close()
    assert served.records.requests == 1


async def test_without_sockets_there_is_no_process() -> None:
    proxy = Proxy(parse_proxy_settings("off", ""), Records().record)  # type: ignore[arg-type]
    await proxy.open([], [], host_address="127.0.0.1", api_port=3333)
    proxy.admit(RUN, "user1", PASSWORD)
    await proxy.flush(RUN)
    proxy.revoke(RUN)
    assert proxy.pid is None
    await proxy.close()


SERVER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from api.sockets import listen
from runtime.base.proxy_settings import ProxySettings
from runtime.proxy import Proxy

async def main():
    async def record(run_id, used): pass
    proxy = Proxy(ProxySettings(), record)
    await proxy.open(listen(0, ("127.0.0.1",)), [], host_address="127.0.0.1", api_port=3333)
    print(proxy.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_process_ends_when_the_server_is_killed(tmp_path: Path) -> None:
    server = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", SERVER, str(HOME)], stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert server.stdout is not None
    pid = int(await asyncio.to_thread(server.stdout.readline))
    assert psutil.pid_exists(pid)
    server.kill()
    server.communicate()
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
