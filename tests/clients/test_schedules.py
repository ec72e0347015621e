"""All methods of schedules through Apify's clients. No engine is needed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.base.records import ScheduleAction
from testing.live_server import ROOT
from tests.examples import some
from tests.fakes.api import Api
from tests.listening import bound_socket, listening

pytestmark = pytest.mark.processes

SCRIPTS = Path(__file__).parent / "scripts"
CLIENTS = {
    "python-3": [sys.executable, str(SCRIPTS / "schedules.py")],
    "javascript": ["node", str(SCRIPTS / "schedules.mjs")],
    "python-2": [str(ROOT / ".venv-client-2" / "bin" / "python"), str(SCRIPTS / "schedules.py")],
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The API on its own port, in virtual time."""
    bound = bound_socket()
    api = Api(tmp_path, port=bound.getsockname()[1])
    await api.open()
    async with listening(api.app, bound):
        yield api
    await api.close()


async def called(command: list[str], *arguments: str) -> Any:
    """Run a client's script and return what it prints."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, *arguments, stdout=pipe, stderr=pipe)
    printed, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(printed)


@pytest.mark.parametrize("client", some(CLIENTS))
async def test_all_methods_of_schedules(api: Api, client: str) -> None:
    actor, schedules = await api.create_actor(), api.orchestrator.schedules
    task = await api.orchestrator.tasks.create(api.user, actor.id, "task")
    missing = ScheduleAction(id="1", actor_id=(await api.create_actor("gone")).id)
    logged = await schedules.create(api.user, "@hourly", "logged", is_enabled=True, actions=(missing,))
    await api.orchestrator.actor_deletion.delete(api.orchestrator.actors.find(api.user, "~gone"))
    await api.orchestrator.clock_advance.advance(3_600_000)

    url = f"http://localhost:{api.settings.port}"
    result = await called(CLIENTS[client], url, "ann", actor.id, task.id, logged.id)
    created = result["created"]
    assert (created["name"], created["timezone"], created["isEnabled"]) == ("mine", "Europe/Prague", True)
    assert (created["title"], created["description"]) == ("Mine", "Daily")
    of_actor, of_task = created["actions"]
    assert (of_actor["type"], of_actor["actorId"]) == ("RUN_ACTOR", actor.id)
    assert of_actor["runInput"] == {"body": '{"a": 1}', "contentType": "application/json"}
    assert of_actor["runOptions"]["memoryMbytes"] == 256
    assert (of_task["type"], of_task["actorTaskId"], of_task["input"]) == ("RUN_ACTOR_TASK", task.id, {"b": 2})
    assert len({of_actor["id"], of_task["id"]}) == 2
    assert created["nextRunAt"].startswith("2023-11-15T07:00:00")
    assert created["lastRunAt"] is None
    assert result["shown"] == created
    assert result["listed"] == ["mine", "logged"]
    assert result["taken"] == [409, "schedule-name-not-unique"]
    assert result["invalid"] == [400, "cron-expression-invalid"]
    assert (result["updated"]["cronExpression"], result["updated"]["nextRunAt"]) == ("@hourly", None)
    assert result["updated"]["actions"] == created["actions"]
    assert [entry["level"] for entry in result["log"]] == ["INFO", "ERROR"]
    assert result["deleted"] is result["logOfDeleted"] is None
