"""The clients of Apify set the Standby settings of Actors and tasks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apify_client import ApifyClient

from tests.cli.serving import serving_api

TOKEN = "any-token"
SCRIPT = Path(__file__).parent / "scripts" / "standby.mjs"


def with_python(url: str) -> Any:
    client = ApifyClient(TOKEN, api_url=url)
    created = client.actors().create(
        name="served",
        actor_standby_is_enabled=True,
        actor_standby_desired_requests_per_actor_run=2,
        actor_standby_max_requests_per_actor_run=5,
        actor_standby_idle_timeout=timedelta(seconds=60),
    )
    actor = client.actor(created.id).update(actor_standby_idle_timeout=timedelta(seconds=30))
    task = client.tasks().create(actor_id=actor.id, name="mine", actor_standby_memory_mbytes=512)
    off = client.actor(actor.id).update(actor_standby_is_enabled=False)
    settings = actor.actor_standby
    assert settings is not None
    numbers = [settings.max_requests_per_actor_run, settings.idle_timeout_secs, settings.build]
    return [numbers, [None if each is None else str(each).rstrip("/") for each in map(standby_url, (actor, task, off))]]


def standby_url(record: Any) -> Any:
    return record.standby_url


def with_javascript(url: str) -> Any:
    command = ["node", str(SCRIPT), url, TOKEN]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout)


@pytest.mark.parametrize("set_up", [with_python, pytest.param(with_javascript, marks=pytest.mark.processes)])
def test_a_client_sets_standby(tmp_path: Path, set_up: Callable[[str], Any]) -> None:
    with serving_api(tmp_path / "data") as serving:
        port = serving.api.settings.port
        numbers, urls = set_up(f"http://127.0.0.1:{port}")
        assert numbers == [5, 30, "latest"]
        assert urls == [f"http://local--{name}.localhost:{port}" for name in ("served", "mine")] + [None]
