"""The calls of schedules whose responses `test_openapi.py` validates."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.clients.test_openapi import Walk


def schedules(walk: Walk) -> None:
    options, text = {"memoryMbytes": 256}, {"body": "{}", "contentType": "application/json"}
    of_actor = {"type": "RUN_ACTOR", "actorId": walk.at["actorId"], "runInput": text, "runOptions": options}
    of_task = {"type": "RUN_ACTOR_TASK", "actorTaskId": walk.at["actorTaskId"], "input": {}}
    fields = {"name": "walked", "cronExpression": "*/10 * * * * *", "isEnabled": True, "actions": [of_actor, of_task]}
    walk.at["scheduleId"] = walk("POST", "/v2/schedules", json=fields)["id"]
    schedule = "/v2/schedules/{scheduleId}"
    while not walk("GET", schedule + "/log"):
        time.sleep(1)
    walk("PUT", schedule, json={"isEnabled": False})
    while has_live_run(walk):  # the Actor is deleted later
        time.sleep(1)
    walk("GET", schedule)
    walk("GET", "/v2/schedules")
    walk("POST", "/v2/schedules", json=fields)
    walk("POST", "/v2/schedules", json={**fields, "cronExpression": "never"})


def has_live_run(walk: Walk) -> bool:
    runs = walk("GET", "/v2/actor-runs", params={"status": "READY,RUNNING"})["items"]
    return any("scheduleId" in run["meta"] for run in runs)
