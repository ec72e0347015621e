"""Call every public method of apify-client for Python once. Prints what they returned as JSON.

Each class of the client reports which of its methods have not been called, so a method of a newer client is missing
from the scenario until it is added here.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from apify_client import ApifyClient, _resource_clients

Facts = dict[str, Any]
Client = Any
"""An ApifyClient. Its methods return models or None, and the script fails where None is unexpected."""
HELLO = "hello-surface-python"
NO_RECEIVER = "http://127.0.0.1:9/"


class Surface:
    """The public methods of the client's classes that have not been called yet, such as `RunClient.abort`."""

    def __init__(self) -> None:
        self.uncalled: set[str] = set()
        classes = [each for name, each in vars(_resource_clients).items() if inspect.isclass(each)]
        for each in (one for one in classes if not one.__name__.endswith("Async")):
            for name, method in inspect.getmembers(each, inspect.isfunction):
                if not name.startswith("_"):
                    self._watch(each, name, method)

    def _watch(self, owner: type, name: str, method: Callable[..., Any]) -> None:
        title = f"{owner.__name__}.{name}"
        self.uncalled.add(title)

        @functools.wraps(method)
        def called(*args: Any, **given: Any) -> Any:
            self.uncalled.discard(title)
            return method(*args, **given)

        setattr(owner, name, called)


def main(url: str, token: str, files: str) -> Facts:
    surface = Surface()
    client: Client = ApifyClient(token, api_url=url)
    actor_id = create_actor(client, json.loads(files))
    facts = {
        "actor": actors(client, actor_id),
        "runs": runs(client, actor_id),
        "tasks": tasks(client, actor_id),
        "schedules": schedules(client, actor_id),
        "webhooks": webhooks(client, actor_id),
        "dataset": dataset(client),
        "keyValueStore": key_value_store(client),
        "requestQueue": request_queue(client),
        "account": account(client),
        "deleted": delete_actor(client, actor_id),
    }
    return {"uncalled": sorted(surface.uncalled), "facts": facts}


def create_actor(client: Client, files: list[dict[str, Any]]) -> str:
    version: Any = {"versionNumber": "0.1", "sourceType": "SOURCE_FILES", "sourceFiles": files, "buildTag": "latest"}
    return str(client.actors().create(name=HELLO, versions=[version]).id)


def actors(client: Client, actor_id: str) -> Facts:
    actor = client.actor(actor_id)
    build = client.build(actor.build(version_number="0.1", wait_for_finish=1).id)
    ended = build.wait_for_finish()
    spare = client.build(actor.build(version_number="0.1").id)
    spare.abort()
    spare.wait_for_finish()
    spare.delete()
    second = actor.versions().create(version_number="0.2", source_type="SOURCE_FILES", source_files=[])
    version = actor.version("0.2")
    variables = version.env_vars()
    variables.create(name="COLOR", value="red")
    color = version.env_var("COLOR")
    color.update(name="COLOR", value="blue")
    facts = {
        "build": [ended.status, build.get() is not None, "Build finished" in (build.log().get() or "")],
        "defaultBuild": actor.default_build().get() is not None,
        "openApi": sorted(build.get_open_api_definition() or {})[:2],
        "builds": [actor.builds().list().total, len(list(client.builds().iterate(limit=1)))],
        "second": second.version_number,
        "variables": [(each.name, each.value) for each in variables.list().items],
        "iterated": [len(list(variables.iterate())), len(list(actor.versions().iterate()))],
        "color": color.get().value,
        "title": actor.update(title="Hello").title,
        "listed": [client.actors().list(my=True).total, len(list(client.actors().iterate(my=True)))],
        "valid": actor.validate_input(run_input={"name": "Ada"}),
        "versions": actor.versions().list().total,
        "store": [client.store().list(limit=1).count, len(list(client.store().iterate(limit=1)))],
    }
    color.delete()
    version.update(build_tag="beta")
    facts["tag"] = version.get().build_tag
    version.delete()
    return facts


def runs(client: Client, actor_id: str) -> Facts:
    actor = client.actor(actor_id)
    price = {"eventTitle": "A greeting", "eventDescription": "One greeting", "eventPriceUsd": 0.01}
    events = {
        "pricingModel": "PAY_PER_EVENT",
        "pricingPerEvent": {"actorChargeEvents": {"greeting": price}},
        "apifyMarginPercentage": 0.2,
        **dict.fromkeys(("createdAt", "startedAt"), "2026-01-01T00:00:00.000Z"),
    }
    actor.update(pricing_infos=[events])
    called = actor.call(run_input={"name": "Ada"}, logger=None)
    run = client.run(actor.start(run_input={"sleepSecs": 60}).id)
    run.charge(event_name="greeting", count=2)
    run.update(status_message="Sleeping")
    message = run.get().status_message
    run.reboot()
    run.metamorph(target_actor_id=actor_id, run_input={"name": "Bob"})
    with run.get_streamed_log(), run.get_status_message_watcher():
        ended = run.wait_for_finish()
    items = list(run.iterate_dataset_items())
    run.resurrect()
    run.abort()
    aborted = run.wait_for_finish()
    store, queue = run.key_value_store(), run.request_queue()
    with run.log().stream() as stream:
        streamed = b"".join(stream.iter_bytes()) if stream else b""
    facts = {
        "called": called.status,
        "charged": run.get().charged_event_counts["greeting"],
        "message": message,
        "status": [ended.status, aborted is not None],
        "lastItem": items[-1]["greeting"],  # the containers before it may have greeted, too
        "input": store.get_record("INPUT")["value"],
        "queue": queue.get().total_request_count,
        "log": [b"Hello, Bob!" in streamed, streamed == run.log().get_as_bytes()],
        "last": actor.last_run().get().id == run.get().id,
        "listed": [actor.runs().list().total, len(list(client.runs().iterate()))],
        "ofItems": run.dataset().list_items().total >= 1,
    }
    run.delete()
    return {**facts, "deleted": run.get()}


def tasks(client: Client, actor_id: str) -> Facts:
    task = client.task(client.tasks().create(actor_id=actor_id, name="surface-python").id)
    task.update_input(task_input={"name": "Eve"})
    client.actor(actor_id).update(is_public=True)
    task.update(public_config_dataset_view="greetings")
    task.publish()
    published = task.get().is_public
    task.unpublish()
    called = task.call()
    facts = {
        "input": task.get_input(),
        "published": [published, task.get().is_public],
        "title": task.update(title="Greet Eve").title,
        "called": called.status,
        "started": task.start(wait_for_finish=60).status,
        "last": task.last_run().dataset().list_items().items[0]["greeting"],
        "runs": task.runs().list().total,
        "webhooks": task.webhooks().list().total,
        "listed": [client.tasks().list().total, len(list(client.tasks().iterate()))],
    }
    task.delete()
    return facts


def schedules(client: Client, actor_id: str) -> Facts:
    actions: Any = [{"type": "RUN_ACTOR", "actorId": actor_id}]
    created = client.schedules().create(
        cron_expression="0 5 * * *", is_enabled=False, is_exclusive=True, name="surface-python", actions=actions
    )
    schedule = client.schedule(created.id)
    facts = {
        "cron": schedule.update(cron_expression="@daily").cron_expression,
        "name": schedule.get().name == "surface-python",
        "log": schedule.get_log(),
        "listed": [client.schedules().list().total, len(list(client.schedules().iterate()))],
    }
    schedule.delete()
    return {**facts, "deleted": schedule.get()}


def webhooks(client: Client, actor_id: str) -> Facts:
    created = client.webhooks().create(
        event_types=["ACTOR.RUN.FAILED"], request_url=NO_RECEIVER, actor_id=actor_id, do_not_retry=True
    )
    webhook = client.webhook(created.id)
    dispatch = webhook.test()
    facts = {
        "url": str(webhook.update(request_url=f"{NO_RECEIVER}other").request_url),
        "events": webhook.get().event_types,
        "test": client.webhook_dispatch(dispatch.id).get().event_type,
        "dispatches": [
            webhook.dispatches().list().total,
            len(list(webhook.dispatches().iterate())),
            client.webhook_dispatches().list().count > 0,
        ],
        "listed": [client.actor(actor_id).webhooks().list().total, len(list(client.webhooks().iterate()))],
    }
    webhook.delete()
    return facts


def dataset(client: Client) -> Facts:
    dataset = client.dataset(client.datasets().get_or_create(name="surface-python").id)
    dataset.push_items([{"n": 1}, {"n": 2}])
    with dataset.stream_items(item_format="csv") as stream:
        csv = stream.read().decode("utf-8-sig").split()
    facts = {
        "items": [dataset.list_items().items, list(dataset.iterate_items(limit=1))],
        "json": json.loads(dataset.get_items_as_bytes()),
        "csv": csv,
        "statistics": dataset.get_statistics() is not None,
        "count": dataset.get().item_count,
        "url": "/v2/datasets/" in dataset.create_items_public_url(),
        "title": dataset.update(title="Numbers").title,
        "listed": [client.datasets().list().total, len(list(client.datasets().iterate()))],
    }
    dataset.delete()
    return facts


def key_value_store(client: Client) -> Facts:
    store = client.key_value_store(client.key_value_stores().get_or_create(name="surface-python").id)
    store.set_record("one", {"a": 1})
    store.set_record("two", "text")
    with store.stream_record("two") as stream:
        streamed = stream["value"].read().decode()
    facts = {
        "one": store.get_record("one")["value"],
        "two": [store.get_record_as_bytes("two")["value"].decode(), streamed],
        "exists": [store.record_exists("one"), store.record_exists("three")],
        "keys": [[each.key for each in store.list_keys().items], [each.key for each in store.iterate_keys()]],
        "urls": ["/keys" in store.create_keys_public_url(), "/records/one" in store.get_record_public_url("one")],
        "title": store.update(title="Records").title,
        "listed": [client.key_value_stores().list().total, len(list(client.key_value_stores().iterate()))],
    }
    store.delete_record("one")
    facts["left"] = [store.get_record("one"), store.get() is not None]
    store.delete()
    return facts


def request_queue(client: Client) -> Facts:
    created = client.request_queues().get_or_create(name="surface-python")
    queue = client.request_queue(created.id, client_key="surface")
    urls = [f"http://example.com/{number}" for number in range(4)]
    first = queue.add_request({"url": urls[0], "uniqueKey": urls[0]})
    added = queue.batch_add_requests([{"url": url, "uniqueKey": url} for url in urls[1:]])
    locked = queue.list_and_lock_head(lock_duration=timedelta(minutes=1), limit=2).items
    queue.prolong_request_lock(locked[0].id, lock_duration=timedelta(minutes=2))
    queue.delete_request_lock(locked[0].id)
    facts = {
        "added": len(added.processed_requests),
        "locked": [each.url for each in locked],
        "unlocked": queue.unlock_requests().unlocked_count,
        "head": [each.url for each in queue.list_head(limit=1).items],
        "first": queue.get_request(first.request_id).url,
        "updated": queue.update_request(
            {"id": first.request_id, "url": urls[0], "uniqueKey": urls[0], "method": "POST"}
        ).was_already_present,
        "requests": [len(queue.list_requests().items), len(list(queue.iterate_requests()))],
        "deleted": len(queue.batch_delete_requests([{"uniqueKey": urls[3]}]).processed_requests),
        "title": queue.update(title="Pages").title,
        "listed": [client.request_queues().list().total, len(list(client.request_queues().iterate()))],
    }
    queue.delete_request(first.request_id)
    facts["left"] = queue.get().total_request_count
    queue.delete()
    return facts


def account(client: Client) -> Facts:
    user = client.user("me")
    user.update_limits(data_retention_days=14)
    return {
        "me": user.get().id == client.user(user.get().username).get().id,
        "retention": user.limits().limits.data_retention_days,
        "usage": user.monthly_usage().total_usage_credits_usd_after_volume_discount >= 0,
    }


def delete_actor(client: Client, actor_id: str) -> Any:
    client.actor(actor_id).delete()
    return client.actor(actor_id).get()


print(json.dumps(main(*sys.argv[1:])))
