"""Typical use of apify-client for Python. Prints the results as JSON in the last line of stdout.

The script works with two generations of the client: some arguments have other names, and 3.x returns models.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from apify_client import ApifyClient
from apify_client.errors import ApifyApiError

GENERATION = int(version("apify_client").split(".")[0])
CLIENT_KEY = "a-client-of-the-tests"
LONG = "x" * 5000

Result = dict[str, Any]
Client = Any
"""An ApifyClient of either generation. Their arguments and return values have different types."""


def main(url: str, token: str, actor: str) -> Result:
    client: Client = ApifyClient(token, api_url=url)
    runs = Runs(client, actor)
    sections: dict[str, Callable[[], Any]] = {
        "user": lambda: plain(client.user("me").get()),
        "call": runs.call,
        "callWithoutInput": runs.call_without_input,
        "followed": runs.followed,
        "aborted": runs.aborted,
        "lists": runs.lists,
        "builds": lambda: builds(client, actor),
        "dataset": lambda: dataset(client),
        "keyValueStore": lambda: key_value_store(client),
        "requestQueue": lambda: request_queue(client),
        "missing": lambda: missing(client),
        "errors": lambda: errors(client, ApifyClient(api_url=url), actor),
    }
    return {name: attempt(section) for name, section in sections.items()}


def attempt(section: Callable[[], Any]) -> Any:
    """Return the result of a section. If it fails, return its stack trace, which the test of the section shows."""
    try:
        return section()
    except Exception:
        return traceback.format_exc()


class Runs:
    def __init__(self, client: Client, actor: str) -> None:
        self.client = client
        self.actor = client.actor(actor)

    def call(self) -> Result:
        """Call the Actor with its log on stderr, as most users do. Then send a request that marks the end."""
        run = plain(self.actor.call(run_input={"name": "Ada", "sleepSecs": 2, "long": LONG}, memory_mbytes=256))
        self.client.user("after-call").get()
        return self.outcome(run)

    def call_without_input(self) -> Result:
        return self.outcome(plain(self.actor.call(logger=None)))

    def followed(self) -> Result:
        """Follow the log until it ends, which is when the run has ended."""
        run = plain(self.actor.start(run_input={"sleepSecs": 2}))
        with self.client.log(run["id"]).stream() as stream:
            log = b"".join(stream.iter_bytes()).decode()
        return {"log": log, "status": plain(self.client.run(run["id"]).get())["status"]}

    def aborted(self) -> Result:
        id = plain(self.actor.start(run_input={"sleepSecs": 600}))["id"]
        with self.client.log(id).stream() as stream:
            next(chunk for chunk in stream.iter_bytes() if b"Tick 1" in chunk)
        self.client.run(id).abort()
        run: Result = plain(self.client.run(id).wait_for_finish())
        return run

    def lists(self) -> Result:
        page = self.actor.runs().list(limit=2, desc=True)
        return {
            "total": page.total,
            "newest": [plain(run)["status"] for run in page.items],
            "succeeded": self.client.runs().list(status="SUCCEEDED", limit=1000).total > 0,
            "last": plain(self.actor.last_run().get())["status"],
            "lastSucceeded": plain(self.actor.last_run(status="SUCCEEDED").get())["status"],
            "lastSucceededItems": self.actor.last_run(status="SUCCEEDED").dataset().list_items().items,
        }

    def outcome(self, run: Result) -> Result:
        of_run = self.client.run(run["id"])
        store = of_run.key_value_store()
        return {
            "run": run,
            "log": of_run.log().get(),
            "items": of_run.dataset().list_items().items,
            "output": value_of(store.get_record("OUTPUT")),
            "input": value_of(store.get_record("INPUT")),
            "keys": [plain(key)["key"] for key in plain(store.list_keys())["items"]],
        }


def builds(client: Client, actor: str) -> Result:
    page = client.actor(actor).builds().list()
    build = client.build(plain(page.items[0])["id"])
    return {
        "numbers": [plain(each)["buildNumber"] for each in page.items],
        "log": build.log().get(),
        "status": plain(build.get())["status"],
    }


def dataset(client: Client) -> Result:
    name = f"items-of-python-{GENERATION}"
    id = plain(client.datasets().get_or_create(name=name))["id"]
    items = client.dataset(id)
    items.push_items([{"number": number, "note": "a note", "#hidden": True} for number in range(1200)])
    page = items.list_items(offset=5, limit=2, desc=True, fields=["number"])
    result = {
        "isSame": plain(client.datasets().get_or_create(name=name))["id"] == id,
        "page": {"items": page.items, "total": page.total, "offset": page.offset, "count": page.count},
        "clean": items.list_items(limit=1, clean=True).items,
        "iterated": sum(item["number"] for item in items.iterate_items()),
        "itemCount": plain(items.get())["itemCount"],
    }
    items.delete()
    return {**result, "deleted": items.get()}


def key_value_store(client: Client) -> Result:
    store = client.key_value_store(plain(client.key_value_stores().get_or_create(name=f"values-{GENERATION}"))["id"])
    store.set_record("json", {"long": LONG})
    store.set_record("text", "žluť " + LONG, content_type="text/plain; charset=utf-8")
    store.set_record("bytes", bytes(range(256)) * 20, content_type="application/octet-stream")
    page = plain(store.list_keys(limit=2))
    result = {
        "json": value_of(store.get_record("json")),
        "text": value_of(store.get_record("text")),
        "bytes": list(value_of(store.get_record("bytes"))[:300]),
        "exists": [store.record_exists("text"), store.record_exists("no-such-key")],
        "keys": [plain(key)["key"] for key in page["items"]],
        "next": page["nextExclusiveStartKey"],
        "end": plain(store.list_keys(exclusive_start_key="json"))["nextExclusiveStartKey"],
    }
    store.delete_record("json")
    store.delete_record("json")
    result["deleted"] = store.get_record("json")
    store.delete()
    return result


def request_queue(client: Client) -> Result:
    id = plain(client.request_queues().get_or_create(name=f"requests-{GENERATION}"))["id"]
    queue = client.request_queue(id, client_key=CLIENT_KEY)
    first = plain(queue.add_request(draft(0)))
    again = plain(queue.add_request(draft(0)))
    batch = plain(queue.batch_add_requests([draft(number) for number in range(1, 31)]))
    locked = plain(queue.list_and_lock_head(**lock(60), limit=3))
    taken = [item["id"] for item in locked["items"]]
    prolonged = plain(queue.prolong_request_lock(taken[0], **lock(120)))
    queue.delete_request_lock(taken[1])
    whole = plain(queue.get_request(taken[0]))
    handled = plain(queue.update_request({**resent(whole), "handledAt": "2026-01-01T00:00:00.000Z"}))
    result = {
        "first": [first["wasAlreadyPresent"], first["wasAlreadyHandled"], len(first["requestId"])],
        "again": [again["wasAlreadyPresent"], again["wasAlreadyHandled"], again["requestId"] == first["requestId"]],
        "processed": len(batch["processedRequests"]),
        "unprocessed": len(batch["unprocessedRequests"]),
        "locked": [item["uniqueKey"] for item in locked["items"]],
        "hasLocked": locked["queueHasLockedRequests"],
        "isProlonged": prolonged["lockExpiresAt"] > locked["items"][0]["lockExpiresAt"],
        "userData": whole["userData"],
        "handled": [handled["wasAlreadyPresent"], handled["wasAlreadyHandled"]],
        "head": [item["uniqueKey"] for item in plain(queue.list_head(limit=3))["items"]],
        "nextLocked": [item["uniqueKey"] for item in plain(queue.list_and_lock_head(**lock(60), limit=2))["items"]],
        "unlocked": plain(queue.unlock_requests())["unlockedCount"],
        "all": len(plain(queue.list_requests(limit=100))["items"]),
    }
    state = plain(queue.get())
    result["counts"] = [state[f"{kind}RequestCount"] for kind in ("total", "handled", "pending")]
    result["hadMultipleClients"] = state["hadMultipleClients"]
    result["batchDeleted"] = len(plain(queue.batch_delete_requests([{"id": taken[1]}]))["processedRequests"])
    queue.delete()
    return result


def lock(secs: int) -> Any:
    return {"lock_duration": timedelta(seconds=secs)} if GENERATION >= 3 else {"lock_secs": secs}


def draft(number: int) -> Any:
    unique_key = "unique_key" if GENERATION >= 3 else "uniqueKey"
    user_data = "user_data" if GENERATION >= 3 else "userData"
    return {
        "url": f"http://site.test/{number}",
        unique_key: f"page-{number}",
        "method": "GET",
        user_data: {"n": number, "long": "y" * 60},
    }


def resent(request: Result) -> Result:
    """Return a request as a crawler sends it back: without its lock and without unset fields."""
    present = {name: value for name, value in request.items() if value is not None}
    return {name: value for name, value in present.items() if name not in ("lockExpiresAt", "lockByClient")}


def missing(client: Client) -> Result:
    return {
        "actor": client.actor("local/no-such-actor").get(),
        "run": client.run("noSuchRunHere1234").get(),
        "build": client.build("noSuchBuild123456").get(),
        "log": client.log("noSuchLogHere1234").get(),
        "dataset": client.dataset("noSuchDataset1234").get(),
        "keyValueStore": client.key_value_store("noSuchStore123456").get(),
        "requestQueue": client.request_queue("noSuchQueue123456").get(),
        "request": client.request_queue("noSuchQueue123456").get_request("noSuchRequest12"),
    }


def errors(client: Client, nobody: Client, actor: str) -> Result:
    return {
        "unknownActor": error_of(lambda: client.actor("local/nobody").start()),
        "unknownBuild": error_of(lambda: client.actor(actor).start(build="no-such-tag")),
        "noItems": error_of(lambda: client.actor(actor).start(max_items=0)),
        "unknownDataset": error_of(lambda: client.dataset("noSuchDataset1234").push_items([{"a": 1}])),
        "badKey": error_of(lambda: client.actor(actor).last_run().key_value_store().set_record("no key", "x")),
        "noToken": error_of(lambda: nobody.user("me").get()),
    }


def error_of(act: Callable[[], Any]) -> Any:
    try:
        return plain(act())
    except ApifyApiError as problem:
        return [problem.status_code, problem.type]


def value_of(record: Any) -> Any:
    return None if record is None else plain(record)["value"]


def plain(value: Any) -> Any:
    """Return a value as JSON values, as in the API's response: 3.x returns models, 2.x returns dicts."""
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:]), default=str))
