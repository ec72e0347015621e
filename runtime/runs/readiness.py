"""Readiness of a run's web server, by the platform's own probe."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from runtime.base.records import Run
from runtime.container_http.connection import NotListening
from runtime.container_http.response import Headers, InvalidResponse, ResponseHead
from runtime.container_http.target import Target

PROBE_HEADER = "x-apify-container-server-readiness-probe"
PROBE_TIMEOUT_SECS = 5.0
"""Long enough for a container with a small CPU share, short enough for a server that accepts and never answers."""


def with_ready_server(run: Run) -> Run:
    """The run after its web server has answered for the first time."""
    return replace(run, is_container_server_ready=True, listening=())


async def is_ready(host: str, port: int, timeout_secs: float = PROBE_TIMEOUT_SECS) -> bool:
    """Whether `GET /` gets any HTTP response, of any status (platform documentation, "Actor Standby")."""
    head = f"GET / HTTP/1.1\r\nhost: {host}:{port}\r\n{PROBE_HEADER}: 1\r\nconnection: close\r\n\r\n"
    target = Target(host, port)
    try:
        async with asyncio.timeout(timeout_secs):
            probe = _Probe()
            (await target.open()).begin(probe, head.encode(), False, True)
            await probe.answered
            return True
    except (NotListening, InvalidResponse, ConnectionError, TimeoutError):
        return False
    finally:
        target.close()


class _Probe:
    """An exchange of which only the head of the response matters."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def receive_head(self, head: ResponseHead) -> None:
        self.answered.set_result(None)

    def fail(self, problem: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(problem)

    def receive_interim(self, head: ResponseHead) -> None: ...

    def receive_body(self, pieces: list[bytes], trailers: Headers | None) -> None: ...

    def pause_request(self) -> None: ...

    def resume_request(self) -> None: ...
