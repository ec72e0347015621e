"""A build of a local folder of many files: Greenroom compared with `docker build` of the same folder.

It is measured without a change since the previous build, and after a change of one file, which is in the last layer.
The two builders alternate, so that noise affects both.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.table import show
from testing.live_server import LiveServer

ROUNDS = 10
FILES = 50
FILE_BYTES = 4_096
DOCKERFILE = """FROM apify/actor-python:3.13
COPY requirements.txt ./
RUN cat requirements.txt
COPY . ./
"""


def measure(server: LiveServer) -> None:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(name)
        write_actor(folder)
        version = {"versionNumber": "0.0", "localFolder": str(folder)}
        body = {"name": "many-files", "versions": [version]}
        actor = server.data("POST", "actors", json=body, headers=server.own_token)["id"]

        def greenroom() -> None:
            params = {"version": "0.0", "useCache": 1, "waitForFinish": 60}
            build = server.data("POST", f"actors/{actor}/builds", params=params)
            assert build["status"] == "SUCCEEDED", server.text(f"logs/{build['id']}")

        def docker() -> None:
            subprocess.run(["docker", "build", "-q", "-t", "greenroom-bench", name], check=True, capture_output=True)

        try:
            compare(folder, docker, greenroom)
        finally:
            subprocess.run(["docker", "rmi", "greenroom-bench"], check=True, capture_output=True)


def compare(folder: Path, docker: Callable[[], None], greenroom: Callable[[], None]) -> None:
    docker()
    greenroom()
    unchanged: dict[str, list[float]] = {"docker build": [], "Greenroom": []}
    changed: dict[str, list[float]] = {"docker build": [], "Greenroom": []}
    for number in range(ROUNDS):
        unchanged["docker build"].append(millis(docker))
        unchanged["Greenroom"].append(millis(greenroom))
        (folder / "file0000").write_text(f"round {number}")
        changed["docker build"].append(millis(docker))
        # A different change, because otherwise Greenroom could reuse the layer of the other build.
        (folder / "file0000").write_text(f"round {number} of Greenroom")
        changed["Greenroom"].append(millis(greenroom))
    show(f"A build of {FILES} files, none changed", "ms", unchanged)
    show(f"A build of {FILES} files, one changed", "ms", changed)


def millis(build: Callable[[], None]) -> float:
    """Return the duration of a build in milliseconds."""
    started = time.monotonic()
    build()
    return (time.monotonic() - started) * 1000


def write_actor(folder: Path) -> None:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text("apify\n")
    for number in range(FILES):
        (folder / f"file{number:04}").write_bytes(random.randbytes(FILE_BYTES))
