"""A server with something to see on every page of the console: runs, storages, tasks, Standby, a schedule, a webhook.

The tests of pages and `make screenshots` use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.base.addresses import HOST_IN_CONTAINERS
from testing.api_client import ApiClient

Json = dict[str, Any]

MEMORY_MBYTES = 128
UNREACHABLE = f"http://{HOST_IN_CONTAINERS}:9/"
"""An address at which nothing listens: the webhook's calls fail, and its page shows that."""

RUN_TABS = ("key-value-store", "requests", "input", "environment", "events", "webhooks", "charges", "api")
ACTOR_TABS = ("runs", "builds", "fit", "source", "saved-tasks", "webhooks", "settings")
STANDBY_REQUESTS = 5
PAGES = {
    "runs": "/actors/runs",
    "actors": "/actors",
    "new-actor": "/actors/new",
    "tasks": "/actors/tasks",
    "standby": "/standby",
    "schedules": "/schedules",
    "webhooks": "/webhooks",
    "datasets": "/storage/datasets",
    "key-value-stores": "/storage/key-value-stores",
    "request-queues": "/storage/request-queues",
    "users": "/users",
    "proxy": "/proxy",
    "doctor": "/doctor",
    "api": "/api",
    "settings": "/settings",
    "integrations": "/settings/integrations",
    "not-found": "/nothing/here",
}


@dataclass(frozen=True, slots=True)
class ConsoleStage:
    """The ids of what the pages show."""

    actor: str
    build: str
    succeeded_run: str
    failed_run: str
    live_run: str
    task: str
    standby_actor: str
    standby_task: str
    schedule: str
    webhook: str
    dataset: str
    store: str
    queue: str

    def paths(self) -> dict[str, str]:
        """Return the addresses of all pages by a name, which is also that of their screenshots."""
        return {**self._jobs(), **self._records(), **PAGES}

    def _jobs(self) -> dict[str, str]:
        actor, succeeded = f"/actors/{self.actor}", f"/actors/runs/{self.succeeded_run}"
        return {
            "run-output": f"{succeeded}#output",
            "run-log": f"/actors/runs/{self.failed_run}#log",
            "run-live": f"/actors/runs/{self.live_run}#log",
            "run-web-server": f"/actors/runs/{self.live_run}#web-server",
            **{f"run-{tab}": f"{succeeded}#{tab}" for tab in RUN_TABS},
            "start": actor,
            **{f"actor-{tab}": f"{actor}/{tab}" for tab in ACTOR_TABS},
            "actor-standby": f"/actors/{self.standby_actor}/standby",
            "build": f"{actor}/builds/{self.build}",
        }

    def _records(self) -> dict[str, str]:
        return {
            "task": f"/actors/tasks/{self.task}",
            "task-standby": f"/actors/tasks/{self.standby_task}/standby",
            "schedule": f"/schedules/{self.schedule}",
            "webhook": f"/webhooks/{self.webhook}",
            "dataset": f"/storage/datasets/{self.dataset}",
            "key-value-store": f"/storage/key-value-stores/{self.store}",
            "request-queue": f"/storage/request-queues/{self.queue}",
        }


def set_stage(server: ApiClient) -> ConsoleStage:
    """Fill a server through its API. It takes as long as its three short runs and one build."""
    actor, hog, web = server.sample("hello"), server.sample("memory_hog"), server.sample("web_server")
    live = server.run(web, {"maxSecs": 0}, memory=MEMORY_MBYTES)
    failed = server.finished_run(hog, {"stepSecs": 0.1}, memory=MEMORY_MBYTES)
    succeeded = server.finished_run(actor, {"name": "Ada"}, memory=MEMORY_MBYTES)
    server.until(f"actor-runs/{live['id']}", lambda run: run["status"] == "RUNNING")
    return ConsoleStage(
        actor=actor,
        build=succeeded["buildNumber"],
        succeeded_run=succeeded["id"],
        failed_run=failed["id"],
        live_run=live["id"],
        task=_task(server, actor),
        standby_actor=web,
        standby_task=_standby_task(server, web),
        schedule=_schedule(server, actor),
        webhook=_webhook(server, actor),
        dataset=_dataset(server),
        store=_store(server),
        queue=_queue(server),
    )


def _task(server: ApiClient, actor: str) -> str:
    task = {"actId": actor, "name": "greet-ada", "input": {"name": "Ada"}, "options": {"memoryMbytes": MEMORY_MBYTES}}
    return str(server.data("POST", "actor-tasks", json=task)["id"])


def _standby_task(server: ApiClient, actor: str) -> str:
    """Enable Standby of an Actor, and send requests to a task of it, whose run then stays ready."""
    settings = {"isEnabled": True, "memoryMbytes": MEMORY_MBYTES, "shouldPassActorInput": True}
    server.data("PUT", f"actors/{actor}", json={"actorStandby": settings})
    task = {"actId": actor, "name": "echo", "input": {"maxSecs": 0}, "actorStandby": {"idleTimeoutSecs": 7200}}
    created = server.data("POST", "actor-tasks", json=task)
    for _ in range(STANDBY_REQUESTS):
        server.http.get(f"/greenroom/standby/{created['id'].lower()}/").raise_for_status()
    return str(created["id"])


def _schedule(server: ApiClient, actor: str) -> str:
    action = {"type": "RUN_ACTOR", "actorId": actor, "runInput": None, "runOptions": None}
    schedule = {
        "name": "every-morning",
        "cronExpression": "30 7 * * 1-5",
        "timezone": "Europe/Prague",
        "isEnabled": True,
        "isExclusive": True,
        "actions": [action],
    }
    return str(server.data("POST", "schedules", json=schedule)["id"])


def _webhook(server: ApiClient, actor: str) -> str:
    webhook = {"eventTypes": ["ACTOR.RUN.FAILED"], "requestUrl": UNREACHABLE, "condition": {"actorId": actor}}
    created = server.data("POST", "webhooks", json=webhook)
    server.data("POST", f"webhooks/{created['id']}/test")
    return str(created["id"])


def _dataset(server: ApiClient) -> str:
    dataset = server.data("POST", "datasets", params={"name": "pages"})
    items = [
        {"url": f"http://site.test/{number}", "title": f"Page {number}", "depth": number % 4} for number in range(60)
    ]
    server.http.post(f"/v2/datasets/{dataset['id']}/items", json=items).raise_for_status()
    return str(dataset["id"])


def _store(server: ApiClient) -> str:
    store = server.data("POST", "key-value-stores", params={"name": "records"})
    records = f"/v2/key-value-stores/{store['id']}/records"
    server.http.put(f"{records}/OUTPUT", json={"pages": 60, "sites": ["site.test"]}).raise_for_status()
    page = {"Content-Type": "text/html"}
    server.http.put(f"{records}/page.html", content="<h1>A stored page</h1>", headers=page).raise_for_status()
    return str(store["id"])


def _queue(server: ApiClient) -> str:
    queue = server.data("POST", "request-queues", params={"name": "pages-to-read"})
    for number in range(3):
        url = f"http://site.test/{number}"
        server.data("POST", f"request-queues/{queue['id']}/requests", json={"url": url, "uniqueKey": url})
    return str(queue["id"])
