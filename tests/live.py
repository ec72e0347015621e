"""A real server in a process of its own, on a data directory and a port of its own, to be used and to be killed."""

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

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_actors"
START_SECS = 60
STOP_SECS = 60
TOKEN = "any-token"

Json = dict[str, Any]


class LiveServer:
    """`greenroom up` as a subprocess. `start` and `kill` may alternate; `close` leaves nothing on the engine."""

    def __init__(
        self, data_dir: Path, *, options: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._options = options
        self._environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=120, trust_env=False
        )

    def start(self) -> None:
        self.begin_to_start()
        assert self.process is not None
        deadline = time.monotonic() + START_SECS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self.log()}")
            time.sleep(0.05)

    def begin_to_start(self) -> None:
        """Start it and return at once; it does not answer yet."""
        command = [sys.executable, "-m", "cli", "up", "--port", str(self.port), "--data-dir", str(self.data_dir)]
        with (self.data_dir / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self._options], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """kill -9: nothing is closed in order."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECS)

    def close(self) -> None:
        """Stop the server and its runs, and remove what the instance made on the engine."""
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
        """The header of who may read server.json."""
        token = json.loads((self.data_dir / "server.json").read_text())["token"]
        return {"Authorization": f"Bearer {token}"}

    def control(self, method: str, name: str, **params: int) -> Any:
        """One of the server's local controls."""
        answer = self.http.request(method, f"/greenroom/{name}", params=params, headers=self.own_token)
        return answer.raise_for_status().json()

    def log(self) -> str:
        return (self.data_dir / "up.log").read_text()

    def data(self, method: str, path: str, **request: Any) -> Any:
        """The `data` of an answer of the API; raises for an error, with what it says."""
        answer = self.http.request(method, f"/v2/{path}", **request)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def sample(self, name: str) -> str:
        """A sample Actor on this server, built; its id. An Actor that is there already is used again."""
        answer = self.http.get(f"/v2/actors/me~{name.replace('_', '-')}")
        if answer.is_success:
            return str(answer.json()["data"]["id"])
        return self.actor(name.replace("_", "-"), source_files(SAMPLES / name))

    def actor(self, name: str, files: list[Json], env_vars: Sequence[Json] = ()) -> str:
        """An Actor of these files, built; its id."""
        version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": files, "envVars": env_vars}
        actor = self.data("POST", "actors", json={"name": name, "versions": [version]})
        build = self.data("POST", f"actors/{actor['id']}/builds", params={"version": "0.0"})
        build = self.wait(f"actor-builds/{build['id']}")
        assert build["status"] == "SUCCEEDED", self.text(f"logs/{build['id']}")
        return str(actor["id"])

    def run(self, actor: str, input: Any = None, **params: Any) -> Json:
        """A started run."""
        body = {} if input is None else {"json": input}
        run: Json = self.data("POST", f"actors/{actor}/runs", params=params, **body)
        return run

    def finished_run(self, actor: str, input: Any = None, **params: Any) -> Json:
        return self.wait(f"actor-runs/{self.run(actor, input, **params)['id']}")

    def wait(self, path: str) -> Json:
        """A run or build when it has ended."""
        while True:
            job: Json = self.data("GET", path, params={"waitForFinish": 60})
            if job["finishedAt"] is not None:
                return job

    def until(self, path: str, holds: Any) -> Json:
        """A record as soon as `holds` is true of it."""
        deadline = time.monotonic() + START_SECS
        while not holds(record := self.data("GET", path)):
            assert time.monotonic() < deadline, record
            time.sleep(0.05)
        return record  # type: ignore[no-any-return]

    def text(self, path: str) -> str:
        return self.http.get(f"/v2/{path}").raise_for_status().text

    def items(self, run: Json) -> list[Json]:
        return self.http.get(f"/v2/datasets/{run['defaultDatasetId']}/items").raise_for_status().json()  # type: ignore[no-any-return]

    def _answers(self) -> bool:
        try:
            return self.http.get("/v2/users/me").is_success
        except httpx.TransportError:
            return False


def source_files(folder: Path) -> list[Json]:
    """A folder of text files as SOURCE_FILES."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "node_modules" not in path.parts)
    return [
        {"name": path.relative_to(folder).as_posix(), "format": "TEXT", "content": path.read_text()}
        for path in files
        if "__pycache__" not in path.parts
    ]


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
        # A build may have added nothing to its base image: it has that one's names too.
        for name in (name for name in image.tags if name.startswith(f"{repository}:")):
            engine.images.remove(name, force=True)
    for network in engine.networks.list(filters=dict(only)):
        # An engine miscounts endpoints now and then; it keeps such a network until it restarts.
        with suppress(docker.errors.APIError):
            network.remove()
    engine.close()
