"""Schedules of a real server that is killed while it starts their runs."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from threading import Thread

import httpx
import pytest

from testing.live_server import LiveServer
from tests.engine import python_actor

pytestmark = pytest.mark.docker

TICKS = 5
KILLS_AFTER_SECS = (0.02, 0.1, 0.2)


def advance(server: LiveServer, hours: int) -> None:
    """Advance the server's clock. The server may be killed before it responds."""
    with suppress(httpx.HTTPError):
        body = {"advanceSecs": hours * 3600}
        httpx.post(f"{server.url}/greenroom/clock", json=body, headers=server.own_token, timeout=60)


def test_a_killed_server_neither_loses_nor_doubles_a_run(own_server: LiveServer) -> None:
    actor = python_actor(own_server, "scheduled", "print('hello')")
    options = {"memoryMbytes": 128}
    action = {"type": "RUN_ACTOR", "actorId": actor, "runOptions": options}
    fields = {"cronExpression": "@hourly", "isEnabled": True, "actions": [action]}
    schedule = own_server.data("POST", "schedules", json=fields)
    for secs in KILLS_AFTER_SECS:
        advancing = Thread(target=advance, args=(own_server, TICKS))
        advancing.start()
        time.sleep(secs)
        own_server.kill()
        advancing.join()
        own_server.start()
    advance(own_server, TICKS)
    log = Counter(entry["message"] for entry in own_server.data("GET", f"schedules/{schedule['id']}/log"))
    runs = own_server.data("GET", f"acts/{actor}/runs")["items"]
    assert log["Schedule invoked"] == len(runs) >= TICKS
    assert {run["meta"]["scheduleId"] for run in runs} == {schedule["id"]}
    for run in runs:
        assert own_server.wait(f"actor-runs/{run['id']}")["status"] == "SUCCEEDED"
