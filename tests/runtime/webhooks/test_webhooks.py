"""Webhooks of a whole instance in virtual time: who is told what, when, and once more after a crash."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.base.lifecycle import JobStatus
from runtime.base.records import (
    Build,
    BuildOptions,
    DispatchStatus,
    Webhook,
    WebhookCondition,
    WebhookDispatch,
    WebhookDraft,
    WebhookEvent,
    new_event,
)
from runtime.database import Store
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from runtime.webhooks.dispatcher import AT_ONCE, RETRIES
from tests.fakes.receiver import Receiver
from tests.fakes.records import a_version
from tests.fakes.stage import META, Stage

E = WebhookEvent
ALL = tuple(E)
ENDS = (E.RUN_SUCCEEDED, E.RUN_FAILED, E.RUN_ABORTED, E.RUN_TIMED_OUT)
MINUTE = 60


def draft(receiver: Receiver, *events: WebhookEvent, **fields: Any) -> WebhookDraft:
    return WebhookDraft(event_types=events or ENDS, request_url=receiver.url(), **fields)


async def webhook_on(stage: Stage, wanted: WebhookDraft, **condition: str) -> Webhook:
    return await stage.orchestrator.webhooks.create(stage.user, wanted, WebhookCondition(**condition))


def dispatches(stage: Stage, webhook: Webhook | None = None) -> list[WebhookDispatch]:
    """Oldest first."""
    page = stage.orchestrator.webhooks.dispatches(stage.user, webhook, descending=False, offset=0, limit=1000)
    return page.items


async def failed_build(stage: Stage, wanted: WebhookDraft) -> Build:
    """A build that fails, with a webhook on its Actor."""
    orchestrator = stage.orchestrator
    stage.engine.build_error = "no"
    actor = await orchestrator.actors.create(stage.user, "unbuilt", (a_version(),))
    await webhook_on(stage, wanted, actor_id=actor.id)
    version = orchestrator.actors.version(actor, "0.0")
    build = await orchestrator.builds.start(stage.user, actor, version, BuildOptions(tag="latest"), META)
    build = await orchestrator.builds.wait(build.id, 60)
    await stage.clock.settle()
    return build


# Who is told what


async def test_a_run_tells_its_ad_hoc_webhook_of_its_start_and_end(stage: Stage, receiver: Receiver) -> None:
    run = await stage.start(webhooks=(draft(receiver, *ALL),))
    await stage.clock.advance(7)
    ended = await stage.ended(run)
    assert receiver.events == ["ACTOR.RUN.CREATED", "ACTOR.RUN.SUCCEEDED"]
    created, succeeded = (each.body for each in receiver.received)
    assert created["resource"]["status"] == "READY"
    assert succeeded["eventData"] == {"actorId": run.actor_id, "actorRunId": run.id}
    assert succeeded["resource"] == stage.orchestrator.webhooks._describe(ended)
    assert (succeeded["resource"]["status"], succeeded["resource"]["exitCode"]) == ("SUCCEEDED", 0)
    assert stage.now(run).pending_events == {}


@pytest.mark.parametrize(
    ("how", "event"),
    [("exit", "ACTOR.RUN.FAILED"), ("abort", "ACTOR.RUN.ABORTED"), ("timeout", "ACTOR.RUN.TIMED_OUT")],
)
async def test_each_end_has_its_event(stage: Stage, receiver: Receiver, how: str, event: str) -> None:
    run = await stage.start(webhooks=(draft(receiver),), timeout_secs=60)
    if how == "exit":
        await stage.ended(run, 1)
    elif how == "abort":
        await stage.abort(run)
    else:
        await stage.clock.advance(70)
    assert receiver.events == [event]


async def test_a_run_that_rises_again_tells_so_and_ends_again(stage: Stage, receiver: Receiver) -> None:
    run = await stage.ended(await stage.start(webhooks=(draft(receiver, *ALL),)))
    await stage.orchestrator.resurrection.resurrect(run, StartOptions())
    await stage.clock.settle()
    await stage.ended(run)
    assert [event.rpartition(".")[2] for event in receiver.events] == [
        "CREATED",
        "SUCCEEDED",
        "RESURRECTED",
        "SUCCEEDED",
    ]


async def test_a_webhook_on_an_actor_hears_of_its_runs_and_builds_and_of_no_others(
    stage: Stage, receiver: Receiver
) -> None:
    actor, other = await stage.an_actor("one"), await stage.an_actor("two")
    await webhook_on(stage, draft(receiver, *ALL), actor_id=actor.id)
    await stage.ended(await stage.start(other))
    await stage.ended(await stage.start(actor))
    build = await failed_build(stage, draft(receiver, *ALL))
    assert receiver.events == [
        "ACTOR.RUN.CREATED",
        "ACTOR.RUN.SUCCEEDED",
        "ACTOR.BUILD.CREATED",
        "ACTOR.BUILD.FAILED",
    ]
    assert receiver.received[-1].body["eventData"] == {"actorId": build.actor_id, "actorBuildId": build.id}
    assert receiver.received[-1].body["resource"]["status"] == "FAILED"


async def test_a_webhook_on_an_actor_hears_of_its_own_users_runs_only(tmp_path: Path, receiver: Receiver) -> None:
    stage = Stage(tmp_path, users={"one": "ann", "two": "bob"})
    await stage.open()
    actor = await stage.an_actor("shared")
    await webhook_on(stage, draft(receiver), actor_id=actor.id)
    bob = stage.orchestrator.users.named("bob")
    assert bob is not None
    run = await stage.orchestrator.starting.start(
        StartRequest(user=bob, actor=actor, input=None, options=StartOptions(), meta=META)
    )
    await stage.clock.settle()
    await stage.ended(run)
    assert receiver.events == []
    await stage.close()


async def test_a_webhook_on_a_run_that_has_ended_never_fires(stage: Stage, receiver: Receiver) -> None:
    run = await stage.ended(await stage.start())
    await webhook_on(stage, draft(receiver, *ALL), actor_run_id=run.id)
    await stage.clock.advance(MINUTE)
    assert receiver.events == []


async def test_a_test_is_about_the_newest_run_if_there_is_one(stage: Stage, receiver: Receiver) -> None:
    actor = await stage.an_actor()
    webhook = await webhook_on(stage, draft(receiver), actor_id=actor.id)
    await stage.orchestrator.webhooks.test(webhook)
    run = await stage.start(actor)
    await stage.orchestrator.webhooks.test(webhook)
    await stage.clock.settle()
    first, second = (each.body for each in receiver.received)
    assert (first["eventType"], first["eventData"], first["resource"]) == ("TEST", None, None)
    assert second["resource"]["id"] == run.id


async def test_headers_of_the_template_and_those_it_cannot_set(stage: Stage, receiver: Receiver) -> None:
    template = '{"Authorization": "secret", "X-Event": {{eventType}}, "content-type": "text/plain", "Host": "evil"}'
    await stage.ended(await stage.start(webhooks=(draft(receiver, headers_template=template),)))
    [dispatch] = dispatches(stage)
    headers = receiver.received[0].headers
    wanted = {
        "Authorization": "secret",
        "X-Event": "ACTOR.RUN.SUCCEEDED",
        "Content-Type": "application/json",
        "Host": receiver.url().split("/")[2],
        "X-Apify-Webhook": "true",
        "X-Apify-Webhook-Dispatch-Id": dispatch.id,
        "X-Apify-Request-Origin": "WEBHOOK",
    }
    assert {name: headers.getall(name) for name in wanted} == {name: [value] for name, value in wanted.items()}


async def test_a_run_whose_dataset_was_deleted_is_told_of_all_the_same(stage: Stage, receiver: Receiver) -> None:
    run = await stage.start(webhooks=(draft(receiver),))
    await stage.orchestrator.datasets.delete(run.default_dataset_id)
    await stage.ended(run)
    assert receiver.events == ["ACTOR.RUN.SUCCEEDED"]


# Creating


async def test_the_same_key_gives_the_same_webhook(stage: Stage, receiver: Receiver) -> None:
    actor, wanted = await stage.an_actor(), draft(receiver, idempotency_key="once")
    first = await webhook_on(stage, wanted, actor_id=actor.id)
    assert await webhook_on(stage, wanted, actor_id=actor.id) == first
    run = await stage.start(actor, webhooks=(wanted,))
    assert stage.orchestrator.webhooks.of_run(run) == []
    await stage.ended(run)
    assert len(receiver.events) == 1


async def test_what_could_never_be_sent_is_refused_before_anything_is_stored(stage: Stage, receiver: Receiver) -> None:
    actor, wrong = await stage.an_actor(), draft(receiver, payload_template="{{nobody}}")
    with pytest.raises(Invalid, match="nobody"):
        await webhook_on(stage, wrong, actor_id=actor.id)
    with pytest.raises(Invalid, match="nobody"):
        await stage.start(actor, webhooks=(draft(receiver), wrong))
    assert (stage.orchestrator.store.runs.all(), stage.orchestrator.store.webhooks.all()) == ([], [])


@pytest.mark.parametrize("condition", [{"actor_id": "nobody"}, {"actor_run_id": "nobody"}])
async def test_a_condition_must_name_what_there_is(stage: Stage, receiver: Receiver, condition: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        await webhook_on(stage, draft(receiver), **condition)


async def test_actors_and_tasks_may_be_named(stage: Stage, receiver: Receiver) -> None:
    actor = await stage.an_actor("named")
    task = await stage.orchestrator.tasks.create(stage.user, actor.id, "mine")
    webhook = await webhook_on(stage, draft(receiver), actor_id="local~named", actor_task_id="~mine")
    assert webhook.condition == WebhookCondition(actor_id=actor.id, actor_task_id=task.id)
    with pytest.raises(NotFound):
        await webhook_on(stage, draft(receiver), actor_task_id="none")
    with pytest.raises(Invalid, match="condition"):
        await webhook_on(stage, draft(receiver))


# Calls


async def test_retries_double_from_one_minute_and_end_with_the_eleventh(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    await stage.ended(await stage.start(webhooks=(draft(receiver),)))
    await stage.clock.advance(40 * 60 * MINUTE)
    [dispatch] = dispatches(stage)
    starts = [call.started_at for call in dispatch.calls]
    pauses = [(after - before) / 60_000 for before, after in pairwise(starts)]
    assert pauses == [2**number for number in range(RETRIES)]
    assert (dispatch.status, dispatch.next_call_at) == (DispatchStatus.FAILED, None)
    assert len(receiver.received) == RETRIES + 1
    assert len({each.headers["X-Apify-Webhook-Dispatch-Id"] for each in receiver.received}) == 1
    call = dispatch.calls[0]
    assert (call.response_status, call.response_body) == (500, "thanks")
    assert call.error_message is not None and "500" in call.error_message


async def test_a_retry_that_is_accepted_is_the_last(stage: Stage, receiver: Receiver) -> None:
    receiver.statuses = [503, 302]
    await stage.ended(await stage.start(webhooks=(draft(receiver),)))
    assert dispatches(stage)[0].status is DispatchStatus.ACTIVE
    await stage.clock.advance(60 * MINUTE)
    [dispatch] = dispatches(stage)
    assert [call.response_status for call in dispatch.calls] == [503, 302, 200]
    assert (dispatch.status, dispatch.calls[-1].error_message) == (DispatchStatus.SUCCEEDED, None)


async def test_nothing_is_tried_again_where_that_is_not_wanted(stage: Stage, receiver: Receiver) -> None:
    await receiver.close()
    wanted = WebhookDraft(event_types=ENDS, request_url="http://127.0.0.1:1/", do_not_retry=True)
    await stage.ended(await stage.start(webhooks=(wanted,)))
    [dispatch] = dispatches(stage)
    assert dispatch.status is DispatchStatus.FAILED
    assert [call.response_status for call in dispatch.calls] == [None]
    assert "Cannot send request" in str(dispatch.calls[0].error_message)
    await receiver.open()


async def test_many_are_sent_although_few_at_once(stage: Stage, receiver: Receiver) -> None:
    count = 3 * AT_ONCE
    await stage.ended(await stage.start(webhooks=tuple(draft(receiver) for _ in range(count))))
    assert len(receiver.received) == count
    assert {each.status for each in dispatches(stage)} == {DispatchStatus.SUCCEEDED}


async def test_a_deleted_webhook_sends_nothing_any_more(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    actor = await stage.an_actor()
    webhook = await webhook_on(stage, draft(receiver), actor_id=actor.id)
    await stage.ended(await stage.start(actor))
    await stage.orchestrator.webhooks.delete(webhook)
    await stage.clock.advance(60 * MINUTE)
    assert (len(receiver.received), dispatches(stage)) == (1, [])


async def test_what_a_deleted_run_or_actor_still_has_to_send_is_sent(stage: Stage, receiver: Receiver) -> None:
    receiver.statuses = [500, 500]
    actor = await stage.an_actor()
    await webhook_on(stage, draft(receiver), actor_id=actor.id)
    run = await stage.ended(await stage.start(actor, webhooks=(draft(receiver),)))
    await stage.orchestrator.run_deletion.delete(run)
    await stage.orchestrator.actor_deletion.delete(actor)
    assert stage.orchestrator.store.webhooks.all() == []
    await stage.clock.advance(MINUTE)
    assert len(receiver.received) == 4
    assert {each.status for each in dispatches(stage)} == {DispatchStatus.SUCCEEDED}


# Death of the server


async def test_a_new_server_goes_on_with_the_schedule(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    await stage.ended(await stage.start(webhooks=(draft(receiver),)))
    await stage.clock.advance(MINUTE)
    await stage.close()
    await stage.clock.advance(30)
    await stage.open()
    assert len(receiver.received) == 2
    receiver.status = 200
    await stage.clock.advance(90)
    [dispatch] = dispatches(stage)
    assert [call.response_status for call in dispatch.calls] == [500, 500, 200]


async def test_an_event_that_was_not_dispatched_before_the_server_died_is_dispatched_by_the_next(
    stage: Stage, receiver: Receiver
) -> None:
    actor = await stage.an_actor()
    webhook = await webhook_on(stage, draft(receiver, *ALL), actor_id=actor.id)
    run = await stage.ended(await stage.start(actor))
    sent = [each.occasion for each in dispatches(stage, webhook)]
    await stage.close()
    await stage.open_with(run, lambda now: replace(now, pending_events=new_event(E.RUN_ABORTED)))
    assert receiver.events[-1] == "ACTOR.RUN.ABORTED"
    assert stage.now(run).pending_events == {}
    await stage.close()
    await stage.open_with(run, lambda now: replace(now, pending_events=dict.fromkeys(sent, E.RUN_SUCCEEDED)))
    assert len(receiver.received) == len(sent) + 1  # those had become dispatches before


async def test_what_was_being_sent_when_the_server_died_is_sent_again(stage: Stage, receiver: Receiver) -> None:
    await stage.ended(await stage.start(webhooks=(draft(receiver),)))
    [dispatch] = dispatches(stage)
    await stage.close()
    store = Store(stage.settings.data_dir)
    await store.dispatches.update(
        dispatch.id,
        lambda now: replace(now, calls=(), status=DispatchStatus.ACTIVE, next_call_at=now.created_at),
    )
    store.close()
    await stage.open()
    assert dispatches(stage) == [dispatch]
    assert len({each.headers["X-Apify-Webhook-Dispatch-Id"] for each in receiver.received}) == 1
    assert len(receiver.received) == 2


async def test_the_end_of_a_run_that_vanished_is_told(stage: Stage, receiver: Receiver) -> None:
    run = await stage.start(webhooks=(draft(receiver),))
    await stage.close()
    await stage.container_of(run).remove()
    await stage.open()
    assert stage.now(run).status is JobStatus.FAILED
    assert receiver.events == ["ACTOR.RUN.FAILED"]
