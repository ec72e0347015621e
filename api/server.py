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
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from api.proxy_port import listen_for_proxy
from api.sockets import PortTaken, listen
from runtime.base.addresses import LOOPBACK, Addresses, resolves_subdomains
from runtime.base.clock import SystemClock, iso
from runtime.base.data_directory import DataDirectory, DirectoryInUse
from runtime.base.errors import StorageDamaged, StorageUnavailable
from runtime.base.json_text import JsonDict
from runtime.base.late_imports import import_in_thread
from runtime.base.open_file_limit import raise_open_file_limit
from runtime.base.settings import Settings
from runtime.base.storage_errors import translating_disk_errors
from runtime.base.vault import WrongKey
from runtime.containers import DiskEnforcement, Engine, EngineUnavailable
from runtime.containers.docker import DockerContainers
from runtime.database.migrations import NewerSchema
from runtime.doctor.examination import Examination, examine_server
from runtime.orchestrator import Orchestrator

if TYPE_CHECKING:
    from api.app import App
    from api.response.local_controls import ServerInfo
    from runtime.base.records import Build, Run

log = logging.getLogger("greenroom.server")

DRAIN_SECS = 3
"""How long open requests may take to end when the server stops. Log streams of live runs never end by themselves."""


class AlreadyRunning(Exception):
    """Another server uses the data directory."""


def serve(settings: Settings, *, ready: Callable[[ServerInfo], None] | None = None) -> int:
    """Run a server until it is shut down, and return how many runs stay alive. `ready` is called when it listens.

    Raises AlreadyRunning, PortTaken, EngineUnavailable, NewerSchema, WrongKey, StorageUnavailable, StorageDamaged.
    """
    raise_open_file_limit()
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
        self._earlier_ports: set[int] = set()

    async def run(self, ready: Callable[[ServerInfo], None] | None) -> int:
        data_directory = _open_data_directory(self._settings.data_dir)
        try:
            sockets = listen(self._settings.port, LOOPBACK)
            try:
                return await self._run_orchestrator(data_directory, sockets, ready)
            finally:
                for each in sockets:
                    each.close()
        finally:
            data_directory.close()

    async def _run_orchestrator(
        self, data_directory: DataDirectory, sockets: list[socket.socket], ready: Callable[[ServerInfo], None] | None
    ) -> int:
        proxy_sockets = self._listen_for_proxy(data_directory)
        proxy_port = proxy_sockets[0].getsockname()[1] if proxy_sockets else None
        orchestrator = self._orchestrator = Orchestrator(
            self._settings,
            Addresses(self._settings.port, resolves_subdomains(), proxy_port),
            data_directory,
            partial(DockerContainers, prepared_networks=self._settings.prepared_networks, clock=self._clock),
            self._clock,
            _present_job,
        )
        self._examination = Examination(
            partial(examine_server, self._settings.data_dir, data_directory.instance_id), self._clock
        )
        try:
            # The framework, which is half of all imports, is imported while the engine answers.
            engine, _ = await asyncio.gather(orchestrator.containers.open(), import_in_thread("api.app"))
            if engine.gateway is not None:
                sockets += listen(self._settings.port, (engine.gateway,))
                proxy_sockets += listen(proxy_port, (engine.gateway,)) if proxy_port else []
            with translating_disk_errors():
                orchestrator.database.reserve.open()
                await orchestrator.open(engine, proxy_sockets)
            sockets += self._listen_for_adopted(engine)
            self._started_at = iso(self._clock.now())
            await self._serve(sockets, ready)
        finally:
            await self._examination.close()
            left = await orchestrator.close(stop_runs=self._stop_runs)
            for each in proxy_sockets:
                each.close()
        return left

    def _listen_for_proxy(self, data_directory: DataDirectory) -> list[socket.socket]:
        if not self._settings.proxy.enabled:
            return []
        return listen_for_proxy(self._settings.data_dir, data_directory.instance_id)

    def _listen_for_adopted(self, engine: Engine) -> list[socket.socket]:
        """Sockets on the ports of earlier servers, which the containers of adopted runs still use."""
        sockets: list[socket.socket] = []
        for port in sorted(self._orchestrator.live_runs.ports_of_live_runs - {self._settings.port}):
            try:
                sockets += listen(port, LOOPBACK + ((engine.gateway,) if engine.gateway else ()))
                self._earlier_ports.add(port)
            except PortTaken as problem:
                log.warning("Adopted runs can no longer reach the API under their own port. %s", problem)
        return sockets

    async def _serve(self, sockets: list[socket.socket], ready: Callable[[ServerInfo], None] | None) -> None:
        from api.app import App

        app = App(
            self._orchestrator,
            self._control_token,
            self._info,
            self._shut_down,
            self._examination,
            self._earlier_ports,
        )
        self._uvicorn = _Uvicorn(_uvicorn_config(app), self._orchestrator.release_waiters)
        server_json = self._settings.data_dir / "server.json"
        with translating_disk_errors():
            _write_private(server_json, self._description())
        try:
            if ready is not None:
                ready(self._info())
            await self._uvicorn.serve(sockets)
        finally:
            app.web_servers.close()
            with suppress(OSError):  # on a read-only disk; the file's pid shows that it is stale
                server_json.unlink(missing_ok=True)

    def _info(self) -> ServerInfo:
        from api.response.local_controls import EngineInfo, ServerInfo

        orchestrator = self._orchestrator
        return ServerInfo(
            version=version("greenroom"),
            api_url=orchestrator.addresses.public_base,
            data_dir=str(self._settings.data_dir),
            engine=EngineInfo.model_validate(orchestrator.engine),
            enforced=_enforced_limits(orchestrator.engine, self._settings),
            live_runs=len(orchestrator.live_runs.live_run_ids),
            started_at=self._started_at,
            proxy_url=orchestrator.addresses.proxy_url,
            proxy_upstreams={group: each.address for group, each in self._settings.proxy.upstreams.items()},
            settings=dict(self._settings.configured),
        )

    def _shut_down(self, stop_runs: bool | None) -> int:
        """Begin to stop, and return how many live runs will be left. None keeps the current setting."""
        self._stop_runs = self._stop_runs if stop_runs is None else stop_runs
        self._uvicorn.handle_exit(signal.SIGTERM, None)
        return 0 if self._stop_runs else len(self._orchestrator.live_runs.live_run_ids)

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
    """Uvicorn with two changes to its shutdown: it releases all waiters first, and does not raise the signal again.

    A signal that is raised again would end the process before the orchestrator is closed.
    """

    def __init__(self, config: uvicorn.Config, release_waiters: Callable[[], None]) -> None:
        super().__init__(config)
        self._release_waiters = release_waiters

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._release_waiters()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, unless the signal was ignored at the start, as in a script's background job."""
        handled = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _enforced_limits(engine: Engine, settings: Settings) -> tuple[str, ...]:
    """The limits of runs that this engine really enforces, and how."""
    burst = f", one core for the first {settings.cpu_burst_secs:g} s" if settings.cpu_burst_secs else ""
    disk = {
        DiskEnforcement.HARD: "hard (storage quota)",
        DiskEnforcement.POLLED: "polled (checked periodically, a run over it is stopped)",
        DiskEnforcement.NONE: "not enforced",
    }[engine.disk]
    return ("memory: hard, no swap", f"CPU: memory/4096 cores{burst}", f"disk: {disk}")


def _open_data_directory(data_dir: Path) -> DataDirectory:
    try:
        return DataDirectory(data_dir)
    except DirectoryInUse as problem:
        raise AlreadyRunning(str(problem)) from problem
    except OSError as problem:
        raise StorageUnavailable("insufficient-storage", f"The data directory cannot be used: {problem}.") from problem


def _present_job(orchestrator: Orchestrator, job: Run | Build) -> JsonDict:
    from api.response.presenters import present_job

    return present_job(orchestrator, job)


def _uvicorn_config(app: App) -> uvicorn.Config:
    from api.connections.server_options import server_options

    return uvicorn.Config(
        app,
        **server_options(app.web_servers),
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECS,
    )


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Another process never sees it half-written."""
    unfinished = path.with_suffix(".tmp")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


__all__ = [
    "AlreadyRunning",
    "EngineUnavailable",
    "NewerSchema",
    "PortTaken",
    "StorageDamaged",
    "StorageUnavailable",
    "WrongKey",
    "serve",
]
