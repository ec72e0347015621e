"""The servers that are compared, each a process of its own on a folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from benchmarks.storages.load import CONNECTIONS, Cost, Message, measured
from testing.live_server import ROOT, LiveServer

EXPRESS = Path(__file__).parent / "express"


class Contender:
    """A server that answers the platform's routes of storages."""

    name: str
    export = "items"
    """The page below a dataset that takes a `format`."""
    port: int
    pid: int

    def id(self, kind: str, name: str) -> str:
        """The storage of this name, made where it is not there."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v2/{kind}?name={name}",
            method="POST",
            headers={"Authorization": "Bearer token"},
        )
        with urllib.request.urlopen(request) as answer:
            return str(json.load(answer)["data"]["id"])

    def costs(self, messages: list[Message], connections: int = CONNECTIONS) -> Cost:
        return measured(self.port, self.pid, messages, connections)

    def close(self) -> None:
        raise NotImplementedError


class Greenroom(Contender):
    name = "Greenroom"

    def __init__(self, data_dir: Path) -> None:
        self._server = LiveServer(data_dir)
        self._server.start()
        assert self._server.process is not None
        self.port, self.pid = self._server.port, self._server.process.pid

    def close(self) -> None:
        self._server.close()


class _Subprocess(Contender):
    """A process that prints its port when it listens."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port, self.pid = int(self._process.stdout.readline()), self._process.pid

    def close(self) -> None:
        with self._process as process:
            process.terminate()


class BareAsgi(_Subprocess):
    """What is left of Greenroom and plain FastAPI when their handlers do nothing but write."""

    name = "uvicorn and the store"

    def __init__(self, data_dir: Path) -> None:
        super().__init__([sys.executable, "-m", "benchmarks.storages.bare_asgi", str(data_dir)])


class PlainFastapi(_Subprocess):
    name = "plain FastAPI"
    export = "export"

    def __init__(self, data_dir: Path) -> None:
        super().__init__([sys.executable, "-m", "benchmarks.storages.plain_fastapi", str(data_dir)])


class Crawlee(_Subprocess):
    """Installs what it needs beside its source, once."""

    name = "Crawlee, Express"

    def __init__(self, folder: Path) -> None:
        if not (EXPRESS / "node_modules").is_dir():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=EXPRESS, check=True, stdout=subprocess.DEVNULL)
        super().__init__(["node", str(EXPRESS / "server.js"), str(folder)])
