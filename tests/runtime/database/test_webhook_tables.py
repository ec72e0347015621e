from __future__ import annotations

from typing import Any

import pytest

from runtime.base.paging import Paging
from runtime.base.records import Task, Webhook, WebhookCall, WebhookCondition, WebhookDispatch, WebhookEvent
from runtime.database import Database
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_run, an_actor

CONDITIONS = {
    "actor": WebhookCondition(actor_id="actor1"),
    "task": WebhookCondition(actor_task_id="task1"),
    "run": WebhookCondition(actor_run_id="run1"),
    "other": WebhookCondition(actor_id="actor2"),
}
ALL = Paging(offset=0, limit=10)


def a_webhook(id: str, **fields: Any) -> Webhook:
    given = {"event_types": (WebhookEvent.RUN_SUCCEEDED,), "request_url": "http://localhost/"}
    return Webhook(**{"id": id, "user_id": "user1", "created_at": START, "modified_at": START, **given, **fields})


def a_dispatch(id: str, webhook: Webhook, **fields: Any) -> WebhookDispatch:
    given = {"event_type": WebhookEvent.RUN_SUCCEEDED, "occasion": id, "created_at": START}
    return WebhookDispatch(**{"id": id, "user_id": "user1", "webhook": webhook, **given, **fields})


@pytest.fixture
async def filled(database: Database) -> Database:
    """A webhook with each condition, and another user's."""
    for id, condition in CONDITIONS.items():
        await database.webhooks.insert(a_webhook(id, condition=condition))
    await database.webhooks.insert(a_webhook("foreign", user_id="user2", condition=CONDITIONS["actor"]))
    return database


@pytest.mark.parametrize(
    ("job", "ids"),
    [
        (a_run(), {"actor", "run", "foreign"}),
        (a_run(task_id="task1"), {"actor", "task", "run", "foreign"}),
        (a_run(id="run2", actor_id="actor2"), {"other"}),
        (a_build(), {"actor", "foreign"}),
        (a_build(actor_id="actor3"), set()),
    ],
)
async def test_webhooks_that_are_subscribed_to_a_job(filled: Database, job: Any, ids: set[str]) -> None:
    assert {webhook.id for webhook in filled.webhooks.subscribed_to(job)} == ids


async def test_a_page_of_webhooks_is_of_a_user_an_actor_or_a_task(filled: Database) -> None:
    task = Task(id="task1", user_id="user1", actor_id="actor1", name="task", created_at=START, modified_at=START)
    pages = [filled.webhooks.page("user1", on, ALL) for on in (None, an_actor(), task)]
    assert [[webhook.id for webhook in page.items] for page in pages] == [list(CONDITIONS), ["actor"], ["task"]]


async def test_webhooks_are_deleted_with_their_run_task_or_actor(filled: Database) -> None:
    webhooks = filled.webhooks
    await webhooks.delete_of_run("run1")
    await webhooks.delete_of_task("task1")
    assert webhooks.ids() == {"actor", "other", "foreign"}
    await webhooks.delete_of_actor("actor1")
    assert webhooks.ids() == {"other"}


async def test_webhooks_of_missing_runs_and_tasks_are_deleted(filled: Database) -> None:
    for id, run_id in (("of a run", "run2"), ("of a missing run", "run3")):
        await filled.webhooks.insert(a_webhook(id, condition=WebhookCondition(actor_run_id=run_id), is_ad_hoc=True))
    await filled.runs.insert(a_run(id="run2"))
    await filled.webhooks.delete_of_missing_runs()
    assert filled.webhooks.ids() == {"run", "actor", "task", "other", "foreign", "of a run"}
    await filled.webhooks.delete_of_missing_tasks()
    assert filled.webhooks.ids() == {"run", "actor", "other", "foreign", "of a run"}


async def test_an_idempotency_key_belongs_to_a_user(database: Database) -> None:
    await database.webhooks.insert(a_webhook("one", idempotency_key="key"))
    found = database.webhooks.by_idempotency_key("user1", "key")
    assert found is not None and found.id == "one"
    assert database.webhooks.by_idempotency_key("user2", "key") is None
    assert database.webhooks.by_idempotency_key("user1", None) is None


async def test_due_dispatches_come_in_the_order_of_their_next_call(database: Database) -> None:
    for id, next_call_at in (("late", 30), ("second", 20), ("first", 10), ("finished", None)):
        await database.dispatches.insert(a_dispatch(id, a_webhook("webhook"), next_call_at=next_call_at))
    dispatches = database.dispatches
    assert [dispatch.id for dispatch in dispatches.due(20, 5)] == ["first", "second"]
    assert [dispatch.id for dispatch in dispatches.due(99, 2)] == ["first", "second"]
    assert [dispatches.next_due_after(now) for now in (0, 10, 30)] == [10, 20, None]


async def test_only_finished_dispatches_are_deleted_by_time_or_run(database: Database) -> None:
    on_run = a_webhook("on a run", condition=CONDITIONS["run"])
    for id, webhook, finished_at, next_call_at in (
        ("finished", on_run, 10, None),
        ("retried", on_run, 10, 99),
        ("old", a_webhook("webhook"), 10, None),
        ("recent", a_webhook("webhook"), 20, None),
    ):
        calls = (WebhookCall(started_at=1, finished_at=5), WebhookCall(started_at=6, finished_at=finished_at))
        await database.dispatches.insert(a_dispatch(id, webhook, calls=calls, next_call_at=next_call_at))
    await database.dispatches.delete_finished_of_run("run1")
    assert database.dispatches.ids() == {"retried", "old", "recent"}
    await database.dispatches.delete_finished_before("user1", 20)
    assert database.dispatches.ids() == {"retried", "recent"}
    await database.dispatches.delete_of_webhook("webhook")
    assert database.dispatches.ids() == {"retried"}
