"""A real server in its own process, with its own data directory and port, which tests can use and kill."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import docker.errors
import httpx

from runtime.containers import INSTANCE_LABEL
from testing.api_client import ApiClient

ROOT = Path(__file__).parent.parent
START_SECS = 60
STOP_SECS = 60


class LiveServer(ApiClient):
    """`greenroom up` as a subprocess. It can be started again after `kill`; `close` also cleans up the engine."""

    def __init__(
        self, data_dir: Path, *, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self._options = options
        self._environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None
        super().__init__(f"http://127.0.0.1:{self.port}")

    def start(self) -> None:
        self.begin_to_start()
        assert self.process is not None
        deadline = time.monotonic() + START_SECS
        while not self._responds():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self.log()}")
            time.sleep(0.05)

    def begin_to_start(self) -> None:
        """Start the server and return before it responds."""
        command = [sys.executable, "-m", "cli", "up", "--port", str(self.port), "--data-dir", str(self.data_dir)]
        with (self.data_dir / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self._options], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Kill the server with SIGKILL, so that it cannot clean up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Send SIGINT, as Ctrl-C does, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECS)

    def close(self) -> None:
        """Stop the server and its runs, and remove what the instance created on the engine."""
        if self.process is not None and self.process.poll() is None:
            self.control("POST", "shutdown", stopRuns=1)
            self.process.wait(STOP_SECS)
        self.http.close()
        remove_instance(self.instance_id)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def instance_id(self) -> str:
        return str(json.loads((self.data_dir / "instance.json").read_text())["id"])

    @property
    def own_token(self) -> dict[str, str]:
        """The header with the command line's token, which is in server.json."""
        token = json.loads((self.data_dir / "server.json").read_text())["token"]
        return {"Authorization": f"Bearer {token}"}

    def control(self, method: str, name: str, **params: int) -> Any:
        """Call one of the server's local controls and return its response."""
        response = self.http.request(method, f"/greenroom/{name}", params=params, headers=self.own_token)
        return response.raise_for_status().json()

    def log(self) -> str:
        return (self.data_dir / "up.log").read_text()

    def _responds(self) -> bool:
        try:
            return self.http.get("/v2/users/me").is_success
        except httpx.TransportError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def remove_instance(instance_id: str) -> None:
    """Remove every container, image name and network of an instance from the engine."""
    engine = docker.from_env()
    only = {"label": f"{INSTANCE_LABEL}={instance_id}"}
    for container in engine.containers.list(all=True, filters=dict(only)):
        container.remove(force=True)
    repository = f"greenroom-{instance_id}"
    for image in engine.images.list(name=repository):
        # A build may have added nothing to its base image, which then has the build's names as well as its own.
        for name in (name for name in image.tags if name.startswith(f"{repository}:")):
            engine.images.remove(name, force=True)
    for image in engine.images.list(all=True, filters=dict(only)):
        engine.images.remove(str(image.id), force=True)
    for network in engine.networks.list(filters=dict(only)):
        # An engine sometimes miscounts endpoints; it does not remove such a network until it restarts.
        with suppress(docker.errors.APIError):
            network.remove()
    engine.close()
