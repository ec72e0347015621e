from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.serving import Serving, serving_api
from tests.cli.stub import StubApi, write_server_file
from tests.listening import listening_in_thread, loop_in_thread

Greenroom = Callable[..., Any]


@dataclass(frozen=True)
class Served:
    """A stub API that listens on a port, and the data directory through which commands find it."""

    stub: StubApi
    data_dir: Path
    port: int


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    stub = StubApi()
    with loop_in_thread() as thread, listening_in_thread(thread, stub.app) as port:
        write_server_file(tmp_path / "data", port, os.getpid())
        yield Served(stub, tmp_path / "data", port)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """The real application on a scripted engine."""
    with serving_api(tmp_path / "data") as served:
        yield served


@pytest.fixture
def greenroom(cli: CliRunner, serving: Serving) -> Greenroom:
    """Call the command with the data directory of the served application."""

    def call(*arguments: object, stdin: str | bytes | None = None) -> Any:
        given = list(map(str, arguments))
        end = given.index("--") if "--" in given else len(given)
        given[end:end] = ["--data-dir", str(serving.data_dir)]
        return cli.invoke(app, given, input=stdin)

    return call


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
