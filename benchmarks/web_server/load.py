"""What a client measures of a proxy. It sends raw HTTP, so that it costs little itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

from benchmarks.storages.load import cpu_secs
from benchmarks.web_server.upstream import SMALL

CONNECTIONS = 16
BIG_BYTES, GIANT_BYTES = 100_000_000, 1_000_000_000
HEAD = "User-Agent: benchmark/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
END = SMALL[-100:]
NUMBER = b"NUMBER"
"""It is replaced by another number in each request."""
HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to the upstream, and the Host header for it."""

    port: int
    pid: int
    host: str

    def request(self, line: str, more: str = "") -> bytes:
        return f"{line} HTTP/1.1\r\nHost: {self.host}\r\n{HEAD}{more}\r\n".encode()


@dataclass(slots=True)
class _Requests:
    """Requests that several connections send, and how long each took."""

    left: int
    message: bytes
    done: asyncio.Future[None]
    secs: list[float] = field(default_factory=list)


class _Sender(asyncio.Protocol):
    def __init__(self, requests: _Requests) -> None:
        self._requests = requests
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        requests = self._requests
        if requests.left:
            requests.left -= 1
            self._sent_at = time.perf_counter()
            self.transport.write(requests.message.replace(NUMBER, b"%d" % requests.left))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(END):
            return
        assert self._received.startswith(b"HTTP/1.1 200"), self._received
        requests = self._requests
        requests.secs.append(time.perf_counter() - self._sent_at)
        self._received = b""
        if requests.left:
            self.send()
        elif not requests.done.done():
            requests.done.set_result(None)


def small_responses(proxy: Proxy, count: int, *, new_heads: bool = False) -> tuple[float, float]:
    """The CPU time of the proxy for one request in microseconds, and the 99th percentile of the latency in ms.

    With `new_heads`, the head of each request and of each response is different.
    """
    message = proxy.request("GET /new", f"X-Number: {NUMBER.decode()}\r\n") if new_heads else proxy.request("GET /same")
    before = cpu_secs(proxy.pid)
    secs = sorted(uvloop.run(_send_requests(proxy, message, count)))
    return (cpu_secs(proxy.pid) - before) / count * 1e6, secs[int(len(secs) * 0.99)] * 1e3


async def _send_requests(proxy: Proxy, message: bytes, count: int) -> list[float]:
    loop = asyncio.get_running_loop()
    requests = _Requests(count, message, loop.create_future())
    senders = [
        (await loop.create_connection(lambda: _Sender(requests), "127.0.0.1", proxy.port))[1]
        for _ in range(CONNECTIONS)
    ]
    for sender in senders:
        sender.send()
    await requests.done
    for sender in senders:
        sender.transport.close()
    return requests.secs


def download_cpu_millis(proxy: Proxy) -> float:
    """The CPU time of the proxy for a response of BIG_BYTES."""
    return _cpu_millis(proxy, _receive_body(proxy, BIG_BYTES))


def upload_cpu_millis(proxy: Proxy) -> float:
    """The CPU time of the proxy for a request of BIG_BYTES."""
    return _cpu_millis(proxy, _send_body(proxy, BIG_BYTES))


def download_growth(proxy: Proxy) -> float:
    """How many MB of memory the proxy needs for a response of GIANT_BYTES, at its peak."""
    return _growth(proxy, _receive_body(proxy, GIANT_BYTES))


def upload_growth(proxy: Proxy) -> float:
    """How many MB of memory the proxy needs for a request of GIANT_BYTES, at its peak."""
    return _growth(proxy, _send_body(proxy, GIANT_BYTES))


def _cpu_millis(proxy: Proxy, transfer: Coroutine[Any, Any, None]) -> float:
    before = cpu_secs(proxy.pid)
    uvloop.run(transfer)
    return (cpu_secs(proxy.pid) - before) * 1e3


def _growth(proxy: Proxy, transfer: Coroutine[Any, Any, None]) -> float:
    Path(f"/proc/{proxy.pid}/clear_refs").write_text("5")  # VmHWM, the peak of the memory, begins anew
    before = _memory_kilobytes(proxy, "VmRSS")
    uvloop.run(transfer)
    return (_memory_kilobytes(proxy, "VmHWM") - before) / 1024


def _memory_kilobytes(proxy: Proxy, name: str) -> int:
    lines = Path(f"/proc/{proxy.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


async def _receive_body(proxy: Proxy, left: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, limit=2**20)
    writer.write(proxy.request(f"GET /big/{left}"))
    await reader.readuntil(b"\r\n\r\n")
    while left:
        data = await reader.read(2**20)
        assert data
        left -= len(data)
    writer.close()


async def _send_body(proxy: Proxy, length: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(proxy.request(f"POST /upload/{length}", f"Content-Length: {length}\r\n"))
    piece = b"x" * 1_000_000
    for _ in range(length // len(piece)):
        writer.write(piece)
        await writer.drain()
    await reader.readuntil(END)
    writer.close()


def event_delays(proxy: Proxy, count: int) -> list[float]:
    """How many microseconds after it was sent each event arrives."""
    return uvloop.run(_receive_events(proxy, count))


async def _receive_events(proxy: Proxy, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(proxy.request("GET /events"))
    await reader.readuntil(b"\r\n\r\n")
    delays = []
    for _ in range(count):
        event = await reader.readuntil(b"\n\n")
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        delays.append((now - int(event.partition(b"data: ")[2])) / 1e3)
    writer.close()
    return delays


def echo_times(proxy: Proxy, count: int) -> list[float]:
    """How many microseconds the round trip of each WebSocket message takes."""
    return uvloop.run(_echo(proxy, count))


async def _echo(proxy: Proxy, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(proxy.request("GET /echo", HANDSHAKE))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    frame = b"\x82\xe4\0\0\0\0" + b"x" * 100
    times = []
    for _ in range(count):
        started = time.perf_counter()
        writer.write(frame)
        await reader.readexactly(len(frame) - 4)
        times.append((time.perf_counter() - started) * 1e6)
    writer.close()
    return times
