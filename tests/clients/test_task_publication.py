"""The newest clients publish a task and unpublish it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from apify_client import ApifyClient

from testing.api_client import TOKEN
from testing.live_server import LiveServer

pytestmark = pytest.mark.docker

SCRIPT = Path(__file__).parent / "scripts" / "publication.mjs"


def with_python(url: str, task_id: str) -> Any:
    task = ApifyClient(TOKEN, api_url=url).task(task_id)
    configured = task.update(
        description="Daily", public_config_dataset_view="greetings", public_config_seo_title="Greet"
    )
    shown = []
    for step in (configured, task.publish(), task.publish(), task.unpublish()):
        assert step.public_config is not None
        published_at = step.public_config.published_at
        shown.append([step.description, step.is_public, step.public_config.dataset_view, published_at is not None])
    return shown


def with_javascript(url: str, task_id: str) -> Any:
    command = ["node", str(SCRIPT), url, TOKEN, task_id]
    return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout)


@pytest.mark.parametrize("publish", [with_python, with_javascript])
def test_a_task_is_published_and_unpublished(server: LiveServer, publish: Any) -> None:
    actor = server.sample("hello")
    server.data("PUT", f"actors/{actor}", json={"isPublic": True})
    task = server.data("POST", "actor-tasks", json={"actId": actor})
    private, public = (["Daily", is_public, "greetings", is_public] for is_public in (False, True))
    assert publish(server.url, task["id"]) == [private, public, public, private]
    server.data("PUT", f"actors/{actor}", json={"isPublic": False})
