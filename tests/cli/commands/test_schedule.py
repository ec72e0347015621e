from __future__ import annotations

import json

from tests.cli.conftest import Greenroom
from tests.cli.serving import Serving


def test_a_schedule_is_listed_and_fired(greenroom: Greenroom, serving: Serving) -> None:
    actor = serving.thread.run(serving.api.create_actor("hello"))
    action = {"type": "RUN_ACTOR", "actorId": actor.id}
    body = {"name": "nightly", "cronExpression": "@daily", "isEnabled": False, "actions": [action]}
    schedule = serving.data("POST", "schedules", json=body)
    assert greenroom("schedule", "ls").stdout.splitlines()[1].split()[:4] == ["nightly", "@daily", "UTC", "disabled"]
    assert json.loads(greenroom("schedule", "ls", "--json").stdout)["schedules"][0]["id"] == schedule["id"]
    fired = greenroom("schedule", "fire", "nightly", "--json")
    [run_id] = json.loads(fired.stdout)["runIds"]
    assert (fired.exit_code, serving.data("GET", f"actor-runs/{run_id}")["meta"]["origin"]) == (0, "SCHEDULER")


def test_what_cannot_be_started_is_reported(greenroom: Greenroom, serving: Serving) -> None:
    actor = serving.thread.run(serving.api.create_actor("hello"))
    action = {"type": "RUN_ACTOR", "actorId": actor.id, "runOptions": {"build": "missing"}}
    serving.data("POST", "schedules", json={"name": "nightly", "cronExpression": "@daily", "actions": [action]})
    fired = greenroom("schedule", "fire", "nightly")
    assert (fired.exit_code, "was not started" in fired.stderr) == (1, True)
    assert greenroom("schedule", "fire", "weekly").exit_code == 5
