"""The server as a process: opens everything, listens, writes server.json, and closes in order."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvicorn

from api.app import App
from api.response.presenters import present_job
from api.web_server.proxy import SERVER_OPTIONS
from runtime.base.addresses import WEB_SERVER_DOMAIN, Addresses
from runtime.base.clock import SystemClock, iso
from runtime.base.data_directory import DirectoryInUse, Instance
from runtime.base.settings import Settings
from runtime.base.vault import WrongKey
from runtime.containers import DiskEnforcement, Engine, EngineUnavailable
from runtime.containers.docker import DockerContainers
from runtime.database.migrations import NewerSchema
from runtime.orchestrator import Orchestrator

log = logging.getLogger("greenroom.server")

LOOPBACK = ("127.0.0.1", "::1")
BACKLOG = 2048
DRAIN_SECS = 3
"""How long open requests may take to end when the server stops; log streams of live runs never end by themselves."""


class AlreadyRunning(Exception):
    """Another server runs on the data directory."""


class PortTaken(Exception):
    """Something else listens on the port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What the banner and `GET /greenroom/info` tell."""

    version: str
    api_url: str
    data_dir: str
    engine: Engine
    enforced: tuple[str, ...]
    live_runs: int
    started_at: str

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "apiUrl": self.api_url,
            "dataDir": self.data_dir,
            "engine": _camel(asdict(self.engine)),
            "enforced": list(self.enforced),
            "liveRuns": self.live_runs,
            "startedAt": self.started_at,
        }


def serve(settings: Settings, *, ready: Callable[[Info], None] | None = None) -> int:
    """Run a server until it is told to stop; `ready` is called when it listens. Returns how many runs stay alive.

    Raises AlreadyRunning, PortTaken, EngineUnavailable, NewerSchema, WrongKey.
    """
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(Server(settings).run(ready))


class Server:
    """One server on one data directory: start, serve, close."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._control_token = secrets.token_urlsafe(32)
        self._stop_runs = settings.stop_runs
        self._more_ports: set[int] = set()

    async def run(self, ready: Callable[[Info], None] | None) -> int:
        instance = _instance(self._settings.data_dir)
        try:
            with_ports = _listen(self._settings.port, LOOPBACK)
            try:
                return await self._serve(instance, with_ports, ready)
            finally:
                for each in with_ports:
                    each.close()
        finally:
            instance.close()

    async def _serve(
        self, instance: Instance, sockets: list[socket.socket], ready: Callable[[Info], None] | None
    ) -> int:
        orchestrator = self._orchestrator = Orchestrator(
            self._settings,
            Addresses(self._settings.port, resolves_subdomains()),
            instance,
            DockerContainers,
            self._clock,
            present_job,
        )
        try:
            engine = await orchestrator.containers.open()
            if engine.gateway is not None:
                sockets += _listen(self._settings.port, (engine.gateway,))
            await orchestrator.open(engine)
            sockets += self._listen_for_adopted(engine)
            self._started_at = iso(self._clock.now())
            await self._answer(sockets, ready)
        finally:
            left = await orchestrator.close(stop_runs=self._stop_runs)
        return left

    def _listen_for_adopted(self, engine: Engine) -> list[socket.socket]:
        """Adopted containers know the API under the port of the server that made them; answer them there too."""
        sockets: list[socket.socket] = []
        for port in sorted(self._orchestrator.supervisors.ports_of_live_runs - {self._settings.port}):
            try:
                sockets += _listen(port, LOOPBACK + ((engine.gateway,) if engine.gateway else ()))
                self._more_ports.add(port)
            except PortTaken as problem:
                log.warning("Adopted runs cannot reach the API under their own port any more. %s", problem)
        return sockets

    async def _answer(self, sockets: list[socket.socket], ready: Callable[[Info], None] | None) -> None:
        app = App(
            self._orchestrator,
            self._control_token,
            lambda: self.info().as_json(),
            self._shut_down,
            self._more_ports,
        )
        self._uvicorn = _Uvicorn(_uvicorn_config(app), self._orchestrator.release_waiters)
        described = self._settings.data_dir / "server.json"
        _write_private(described, self._description())
        try:
            if ready is not None:
                ready(self.info())
            await self._uvicorn.serve(sockets)
        finally:
            described.unlink(missing_ok=True)
            await app.close()

    def info(self) -> Info:
        orchestrator = self._orchestrator
        return Info(
            version=version("greenroom"),
            api_url=orchestrator.addresses.public_base,
            data_dir=str(self._settings.data_dir),
            engine=orchestrator.engine,
            enforced=enforced(orchestrator.engine, self._settings),
            live_runs=len(orchestrator.supervisors.live_run_ids),
            started_at=self._started_at,
        )

    def _shut_down(self, stop_runs: bool | None) -> int:
        """Begin to stop; how many live runs will be left."""
        self._stop_runs = self._stop_runs if stop_runs is None else stop_runs
        self._uvicorn.handle_exit(signal.SIGTERM, None)
        return 0 if self._stop_runs else len(self._orchestrator.supervisors.live_run_ids)

    def _description(self) -> str:
        return json.dumps(
            {
                "pid": os.getpid(),
                "url": f"http://127.0.0.1:{self._settings.port}",
                "token": self._control_token,
                "version": version("greenroom"),
                "startedAt": self._started_at,
            }
        )


class _Uvicorn(uvicorn.Server):
    """Uvicorn, but for how it ends: those who wait are let go first, and a signal it took is not raised once more.

    Raised again, it would end the process before the orchestrator is closed.
    """

    def __init__(self, config: uvicorn.Config, release_waiters: Callable[[], None]) -> None:
        super().__init__(config)
        self._let_go = release_waiters

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._let_go()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def enforced(engine: Engine, settings: Settings) -> tuple[str, ...]:
    """What limits are in force and how; only what is true of this engine."""
    burst = f", one core for the first {settings.cpu_burst_secs:g} s" if settings.cpu_burst_secs else ""
    disk = {
        DiskEnforcement.HARD: "hard (storage quota)",
        DiskEnforcement.POLLED: "polled (checked periodically, a run over it is stopped)",
        DiskEnforcement.NONE: "not enforced",
    }[engine.disk]
    return ("memory: hard, no swap", f"CPU: memory/4096 cores{burst}", f"disk: {disk}")


def resolves_subdomains() -> bool:
    """Whether this machine's resolver knows `*.localhost`, so that web servers can have an origin of their own."""
    try:
        found = socket.getaddrinfo(f"greenroom.{WEB_SERVER_DOMAIN}", 80, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(address[4][0] in LOOPBACK for address in found)


def _instance(data_dir: Path) -> Instance:
    try:
        return Instance(data_dir)
    except DirectoryInUse as problem:
        raise AlreadyRunning(str(problem)) from problem


def _listen(port: int, addresses: tuple[str, ...]) -> list[socket.socket]:
    """A socket for each address; IPv6 only where the machine has it. Raises PortTaken."""
    sockets: list[socket.socket] = []
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or NODELAY is never set
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((address, port))
            bound.listen(BACKLOG)
        except OSError as problem:
            if family == socket.AF_INET6 and address == "::1" and problem.errno not in (98, 48):
                continue
            for each in sockets:
                each.close()
            raise PortTaken(f"Port {port} on {address} can't be listened on: {problem.strerror}") from problem
        bound.setblocking(False)
        sockets.append(bound)
    return sockets


def _uvicorn_config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        **SERVER_OPTIONS,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECS,
    )


def _write_private(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".tmp")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


def _camel(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "".join(word if i == 0 else word.title() for i, word in enumerate(name.split("_"))): value
        for name, value in fields.items()
    }


__all__ = ["AlreadyRunning", "EngineUnavailable", "Info", "NewerSchema", "PortTaken", "WrongKey", "serve"]
