"""The servers that are compared. Each runs in its own process, on its own folder."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from benchmarks.storages.load import CONNECTIONS, Cost, Message, measure_cost
from testing.live_server import ROOT, LiveServer

EXPRESS = Path(__file__).parent / "express"


class Contender:
    """A server with the platform's routes for storages."""

    name: str
    export = "items"
    """The path below a dataset that supports `format`."""
    port: int
    pid: int

    def id(self, storage_type: str, name: str) -> str:
        """Return the id of the storage with this name. It is created if it does not exist."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v2/{storage_type}?name={name}",
            method="POST",
            headers={"Authorization": "Bearer token"},
        )
        with urllib.request.urlopen(request) as response:
            return str(json.load(response)["data"]["id"])

    def costs(self, messages: list[Message], connections: int = CONNECTIONS) -> Cost:
        return measure_cost(self.port, self.pid, messages, connections)

    def close(self) -> None:
        raise NotImplementedError


class Greenroom(Contender):
    """A complete Greenroom server."""

    name = "Greenroom"

    def __init__(self, data_dir: Path) -> None:
        self._server = LiveServer(data_dir)
        self._server.start()
        assert self._server.process is not None
        self.port, self.pid = self._server.port, self._server.process.pid

    def close(self) -> None:
        self._server.close()


class _Subprocess(Contender):
    """A server whose process prints its port when it listens."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port, self.pid = int(self._process.stdout.readline()), self._process.pid

    def close(self) -> None:
        with self._process as process:
            process.terminate()


class BareAsgi(_Subprocess):
    """The lower bound for Greenroom and plain FastAPI: handlers that only write."""

    name = "uvicorn and the database"

    def __init__(self, data_dir: Path) -> None:
        super().__init__([sys.executable, "-m", "benchmarks.storages.bare_asgi", str(data_dir)])


class PlainFastapi(_Subprocess):
    """Greenroom's storages behind plain FastAPI handlers."""

    name = "plain FastAPI"
    export = "export"

    def __init__(self, data_dir: Path) -> None:
        super().__init__([sys.executable, "-m", "benchmarks.storages.plain_fastapi", str(data_dir)])


class Crawlee(_Subprocess):
    """Crawlee's storages behind Express. The npm packages are installed beside its source, once."""

    name = "Crawlee, Express"

    def __init__(self, folder: Path) -> None:
        if not (EXPRESS / "node_modules").is_dir():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=EXPRESS, check=True, stdout=subprocess.DEVNULL)
        super().__init__(["node", str(EXPRESS / "server.js"), str(folder)])
