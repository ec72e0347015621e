"""Calls all methods of schedules with apify-client for Python, and prints the results as JSON."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from importlib.metadata import version
from typing import Any

from apify_client import ApifyClient
from apify_client.errors import ApifyApiError

GENERATION = int(version("apify_client").split(".")[0])
Client = Any
"""An ApifyClient of either generation. Their arguments and return values have different types."""


def main(url: str, token: str, actor: str, task: str, logged: str) -> dict[str, Any]:
    client: Client = ApifyClient(token, api_url=url)
    run_input = {"body": '{"a": 1}', "contentType": "application/json"}
    options = {"build": "latest", "timeoutSecs": 60, "memoryMbytes": 256}
    actions = [
        {"type": "RUN_ACTOR", "actorId": actor, "runInput": run_input, "runOptions": options},
        {"type": "RUN_ACTOR_TASK", "actorTaskId": task, "input": {"b": 2}},
    ]
    given = {"cron_expression": "0 8 * * *", "is_enabled": True, "is_exclusive": False, "timezone": "Europe/Prague"}
    created = client.schedules().create(name="mine", actions=actions, title="Mine", description="Daily", **given)
    schedule = client.schedule(plain(created)["id"])
    result = {
        "created": plain(created),
        "shown": plain(schedule.get()),
        "listed": [plain(each)["name"] for each in plain_items(client.schedules().list(limit=10, desc=True))],
        "taken": error_of(lambda: client.schedules().create(name="mine", **given)),
        "invalid": error_of(lambda: schedule.update(cron_expression="61 * * * *")),
        "updated": plain(schedule.update(cron_expression="@hourly", is_enabled=False)),
        "log": [plain(entry) for entry in client.schedule(logged).get_log()],
    }
    schedule.delete()
    return {**result, "deleted": schedule.get(), "logOfDeleted": log_or_none(schedule)}


def log_or_none(schedule: Any) -> Any:
    """The log of a schedule that does not exist. Version 3 raises an error, as it documents."""
    try:
        return schedule.get_log()
    except ApifyApiError as error:
        assert error.status_code == 404
        return None


def plain_items(page: Any) -> list[Any]:
    return list(page.items)


def plain(record: Any) -> Any:
    return record.model_dump(mode="json", by_alias=True) if GENERATION > 2 else record


def error_of(call: Any) -> list[Any]:
    try:
        call()
    except ApifyApiError as error:
        return [error.status_code, error.type]
    return []


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:]), default=datetime.isoformat))
