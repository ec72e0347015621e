"""Queries to the Docker engine itself, without the server, and Actors that are created for one test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import docker
from docker.models.containers import Container

from runtime.base.settings import DEFAULT_PREPARED_NETWORKS
from runtime.containers import INSTANCE_LABEL
from runtime.containers.network_sandboxes import SANDBOX_LABEL
from runtime.runs.run_containers import RUN_LABEL
from testing.live_server import LiveServer

DOCKERFILE = """
FROM apify/actor-python:3.13
COPY main.py ./
CMD ["python", "main.py"]
"""
COUNTER = """
import os, sys, time

number = 0
while not os.path.exists("/tmp/end"):
    print(f"line {number}", flush=True)
    number += 1
    time.sleep(0.02)
print(f"counted {number}", flush=True)
sys.exit(int(open("/tmp/end").read()))
"""
"""Prints numbered lines until a test calls `end`, which also sets the exit code."""
PATIENCE_SECS = 60


@contextmanager
def engine(host: str | None = None) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=host) if host else docker.from_env()
    try:
        yield client
    finally:
        client.close()


def python_actor(server: LiveServer, name: str, program: str, **env_vars: str) -> str:
    """Create and build an Actor from one Python file, and return its id."""
    files = [{"name": "Dockerfile", "format": "TEXT", "content": DOCKERFILE}]
    files.append({"name": "main.py", "format": "TEXT", "content": program})
    return server.actor(name, files, [{"name": key, "value": value} for key, value in env_vars.items()])


def container_of(client: docker.DockerClient, run: dict[str, Any]) -> Container:
    """Return the container of a run when it has started. A run is RUNNING before that."""
    found: list[Container] = []

    def has_started() -> bool:
        found[:] = client.containers.list(all=True, filters={"label": f"{RUN_LABEL}={run['id']}"}, ignore_removed=True)
        return any(each.status != "created" for each in found)

    assert eventually(has_started)
    [container] = found
    return container


def end(client: docker.DockerClient, run: dict[str, Any], exit_code: int) -> None:
    """Make a COUNTER exit with this code."""
    write_atomically = f"echo {exit_code} > /tmp/ending && mv /tmp/ending /tmp/end"
    container_of(client, run).exec_run(["sh", "-c", write_atomically])


def cpu_quota(client: docker.DockerClient, run: dict[str, Any]) -> int:
    return int(container_of(client, run).attrs["HostConfig"]["CpuQuota"])


def left_on(client: docker.DockerClient, instance_id: str) -> list[str]:
    """Return the names of the containers and networks that the instance still has.

    While the instance has a network, it may also have its prepared ones, which do not count.
    """
    only: dict[str, Any] = {"label": f"{INSTANCE_LABEL}={instance_id}"}
    networks = [str(network.name) for network in client.networks.list(filters=only)]
    containers = [*client.containers.list(all=True, filters=only, ignore_removed=True)]
    prepared = [each for each in containers if SANDBOX_LABEL in each.labels]
    if networks and len(prepared) <= DEFAULT_PREPARED_NETWORKS:
        containers = [each for each in containers if each not in prepared]
    return [str(container.name) for container in containers] + networks


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until `holds` returns true. Return False if it does not within PATIENCE_SECS."""
    deadline = time.monotonic() + PATIENCE_SECS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
