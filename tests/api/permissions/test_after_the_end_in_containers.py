"""The end of a run's token, over sockets and with a real container."""

from __future__ import annotations

import threading
from itertools import groupby
from typing import Any

import docker
import httpx
import pytest

from testing.live_server import LiveServer
from tests.engine import COUNTER, container_of, end, engine, python_actor

pytestmark = pytest.mark.docker

FINAL_STATUSES = [401] * 5


@pytest.mark.parametrize("level", ["LIMITED_PERMISSIONS", "FULL_PERMISSIONS"])
def test_writes_across_the_end_of_a_run(server: LiveServer, level: str) -> None:
    """Each write is stored as a whole or rejected.

    None is stored after a rejected one. The run loses access to named storages before it loses access to its default
    storages.
    """
    actor = python_actor(server, f"writes-{level.split('_')[0].lower()}", COUNTER)
    run = server.run(actor, memory=256, forcePermissionLevel=level)
    answers: list[tuple[str, int]] = []
    with (
        engine() as client,
        httpx.Client(base_url=f"{server.url}/v2", headers=token_of(client, run), timeout=60, trust_env=False) as http,
    ):
        made = http.post("datasets", params={"name": f"across-{level.split('_')[0]}"}).raise_for_status()
        by_default, named = ids = run["defaultDatasetId"], made.json()["data"]["id"]
        writers = [threading.Thread(target=write, args=(http, id, answers)) for id in ids]
        for writer in writers:
            writer.start()
        end(client, run, 0)
        for writer in writers:
            writer.join()
    assert server.data("GET", f"actor-runs/{run['id']}")["status"] == "SUCCEEDED"
    for id in ids:
        statuses = [status for written, status in answers if written == id]
        assert [status for status, _ in groupby(statuses)] == [201, 401]
        assert server.data("GET", f"datasets/{id}")["itemCount"] == 2 * statuses.count(201)
    assert answers.index((named, 401)) < answers.index((by_default, 401))


def token_of(client: docker.DockerClient, run: dict[str, Any]) -> dict[str, str]:
    variables = dict(variable.split("=", 1) for variable in container_of(client, run).attrs["Config"]["Env"])
    return {"Authorization": f"Bearer {variables['APIFY_TOKEN']}"}


def write(http: httpx.Client, dataset_id: str, answers: list[tuple[str, int]]) -> None:
    """Push two items at a time until pushes are rejected several times in a row."""
    statuses: list[int] = []
    while statuses[-len(FINAL_STATUSES) :] != FINAL_STATUSES:
        statuses.append(http.post(f"datasets/{dataset_id}/items", json=[{"n": 1}, {"n": 2}]).status_code)
        answers.append((dataset_id, statuses[-1]))
