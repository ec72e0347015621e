from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from tests.cli.stub import Stub, write_server_file


@dataclass(frozen=True)
class Served:
    """A stub that listens, as found through its data directory."""

    stub: Stub
    data_dir: Path
    port: int


class _Quiet(uvicorn.Server):
    """A server in a thread: signals are the test's."""

    def install_signal_handlers(self) -> None:
        return


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    stub = Stub()
    server = _Quiet(uvicorn.Config(stub.app, port=0, log_level="warning", timeout_graceful_shutdown=1))
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
    """A small Actor."""
    place = tmp_path / "my_actor"
    (place / ".actor").mkdir(parents=True)
    (place / ".actor" / "actor.json").write_text('{"actorSpecification": 1, "name": "greeter", "version": "0.3"}')
    (place / "Dockerfile").write_text("FROM scratch\n")
    (place / "main.py").write_text("print('hello')\n")
    return place
