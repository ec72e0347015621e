from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from tests.cli.stub import StubApi, write_server_file


@dataclass(frozen=True)
class Served:
    """A stub API that listens on a port, and the data directory through which commands find it."""

    stub: StubApi
    data_dir: Path
    port: int


class _ThreadedServer(uvicorn.Server):
    """A server that can run in a thread, because it installs no signal handlers."""

    def install_signal_handlers(self) -> None:
        return


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    stub = StubApi()
    server = _ThreadedServer(uvicorn.Config(stub.app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    write_server_file(tmp_path / "data", port, os.getpid())
    yield Served(stub, tmp_path / "data", port)
    server.should_exit = True
    thread.join()


@pytest.fixture
def cli() -> CliRunner:
    return CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a small Actor."""
    path = tmp_path / "my_actor"
    (path / ".actor").mkdir(parents=True)
    (path / ".actor" / "actor.json").write_text('{"actorSpecification": 1, "name": "greeter", "version": "0.3"}')
    (path / "Dockerfile").write_text("FROM scratch\n")
    (path / "main.py").write_text("print('hello')\n")
    return path
