"""Dispatches of a whole instance in virtual time: which events reach which webhooks, also after a crash."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from api.response.presenters import present_job
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
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import START
from tests.fakes.old_database import insert_old, old_database
from tests.fakes.receiver import Receiver
from tests.fakes.records import a_build, a_run, a_user, a_version, an_actor
from tests.fakes.stage import META, Stage
from tests.fakes.webhooks import ALL_EVENTS, dispatches, draft, webhook_on


async def failed_build(stage: Stage, wanted: WebhookDraft) -> Build:
    """A build that fails, with a webhook on its Actor."""
    orchestrator = stage.orchestrator
    stage.engine.build_error = "no"
    actor = await orchestrator.actors.create(stage.user, "unbuilt", (a_version(),))
    await webhook_on(stage, wanted, actor_id=actor.id)
    version = orchestrator.versions.get(actor, "0.0")
    build = await orchestrator.live_builds.start(stage.user, actor, version, BuildOptions(tag="latest"), META)
    build = await orchestrator.builds.wait(build.id, 60)
    await stage.clock.settle()
    return build


async def test_an_ad_hoc_webhook_gets_the_start_and_the_end_of_its_run(stage: Stage, receiver: Receiver) -> None:
    run = await stage.start(webhooks=(draft(receiver, *ALL_EVENTS),))
    await stage.clock.advance(7)
    ended = await stage.finish(run)
    assert receiver.events == ["ACTOR.RUN.CREATED", "ACTOR.RUN.SUCCEEDED"]
    created, succeeded = (each.body for each in receiver.received)
    assert created["resource"]["status"] == "READY"
    assert succeeded["eventData"] == {"actorId": run.actor_id, "actorRunId": run.id}
    assert succeeded["resource"] == present_job(stage.orchestrator, ended)
    assert (succeeded["resource"]["status"], succeeded["resource"]["exitCode"]) == ("SUCCEEDED", 0)
    assert stage.current(run).pending_events == {}


@pytest.mark.parametrize(
    ("how", "event"),
    [("exit", "ACTOR.RUN.FAILED"), ("abort", "ACTOR.RUN.ABORTED"), ("timeout", "ACTOR.RUN.TIMED_OUT")],
)
async def test_each_end_has_its_own_event(stage: Stage, receiver: Receiver, how: str, event: str) -> None:
    run = await stage.start(webhooks=(draft(receiver),), timeout_secs=60)
    if how == "exit":
        await stage.finish(run, 1)
    elif how == "abort":
        await stage.abort(run)
    else:
        await stage.clock.advance(70)
    assert receiver.events == [event]


async def test_a_resurrected_run_has_a_resurrection_and_another_end(stage: Stage, receiver: Receiver) -> None:
    run = await stage.finish(await stage.start(webhooks=(draft(receiver, *ALL_EVENTS),)))
    await stage.orchestrator.resurrection.resurrect(run, StartOptions())
    await stage.clock.settle()
    await stage.finish(run)
    assert [event.rpartition(".")[2] for event in receiver.events] == [
        "CREATED",
        "SUCCEEDED",
        "RESURRECTED",
        "SUCCEEDED",
    ]


async def test_a_webhook_on_an_actor_only_gets_the_events_of_its_runs_and_builds(
    stage: Stage, receiver: Receiver
) -> None:
    actor, other = await stage.create_actor("one"), await stage.create_actor("two")
    await webhook_on(stage, draft(receiver, *ALL_EVENTS), actor_id=actor.id)
    await stage.finish(await stage.start(other))
    await stage.finish(await stage.start(actor))
    build = await failed_build(stage, draft(receiver, *ALL_EVENTS))
    assert receiver.events == [
        "ACTOR.RUN.CREATED",
        "ACTOR.RUN.SUCCEEDED",
        "ACTOR.BUILD.CREATED",
        "ACTOR.BUILD.FAILED",
    ]
    assert receiver.received[-1].body["eventData"] == {"actorId": build.actor_id, "actorBuildId": build.id}
    assert receiver.received[-1].body["resource"]["status"] == "FAILED"


async def test_a_webhook_on_an_actor_only_gets_the_events_of_its_users_runs(tmp_path: Path, receiver: Receiver) -> None:
    stage = Stage(tmp_path, users={"one": "ann", "two": "bob"})
    await stage.open()
    actor = await stage.create_actor("shared")
    await webhook_on(stage, draft(receiver), actor_id=actor.id)
    bob = stage.orchestrator.users.by_username("bob")
    assert bob is not None
    run = await stage.orchestrator.starting.start(
        StartRequest(user=bob, actor=actor, input=None, options=StartOptions(), meta=META)
    )
    await stage.clock.settle()
    await stage.finish(run)
    assert receiver.events == []
    await stage.close()


async def test_a_webhook_on_a_run_that_has_ended_gets_no_events(stage: Stage, receiver: Receiver) -> None:
    run = await stage.finish(await stage.start())
    await webhook_on(stage, draft(receiver, *ALL_EVENTS), actor_run_id=run.id)
    await stage.clock.advance(60)
    assert receiver.events == []


async def test_a_test_event_has_the_newest_run_if_there_is_one(stage: Stage, receiver: Receiver) -> None:
    actor = await stage.create_actor()
    webhook = await webhook_on(stage, draft(receiver), actor_id=actor.id)
    await stage.orchestrator.dispatches.test(webhook)
    run = await stage.start(actor)
    await stage.orchestrator.dispatches.test(webhook)
    await stage.clock.settle()
    first, second = (each.body for each in receiver.received)
    assert (first["eventType"], first["eventData"], first["resource"]) == ("TEST", None, None)
    assert second["resource"]["id"] == run.id


async def test_a_run_with_a_deleted_dataset_has_its_events(stage: Stage, receiver: Receiver) -> None:
    run = await stage.start(webhooks=(draft(receiver),))
    await stage.orchestrator.datasets.delete(run.default_dataset_id)
    await stage.finish(run)
    assert receiver.events == ["ACTOR.RUN.SUCCEEDED"]


async def test_the_next_server_dispatches_the_events_that_a_crash_left_pending(
    stage: Stage, receiver: Receiver
) -> None:
    actor = await stage.create_actor()
    webhook = await webhook_on(stage, draft(receiver, *ALL_EVENTS), actor_id=actor.id)
    run = await stage.finish(await stage.start(actor))
    dispatched = [each.occasion for each in dispatches(stage, webhook)]
    await stage.close()
    await stage.open_with_run(run, lambda now: replace(now, pending_events=new_event(WebhookEvent.RUN_ABORTED)))
    assert receiver.events[-1] == "ACTOR.RUN.ABORTED"
    assert stage.current(run).pending_events == {}
    await stage.close()
    await stage.open_with_run(
        run, lambda now: replace(now, pending_events=dict.fromkeys(dispatched, WebhookEvent.RUN_SUCCEEDED))
    )
    assert len(receiver.received) == len(dispatched) + 1  # these events already have dispatches


async def test_the_end_of_a_run_without_its_container_is_dispatched(stage: Stage, receiver: Receiver) -> None:
    run = await stage.start(webhooks=(draft(receiver),))
    await stage.close()
    await stage.container_of(run).remove()
    await stage.open()
    assert stage.current(run).status is JobStatus.FAILED
    assert receiver.events == ["ACTOR.RUN.FAILED"]


async def test_pending_events_of_an_older_database_are_dispatched_exactly_once(
    tmp_path: Path, receiver: Receiver
) -> None:
    """The older version stored them in a field with another name. One event already had a dispatch when it ended."""
    webhook = Webhook(
        **asdict(draft(receiver, *ALL_EVENTS)),
        id="webhook1",
        user_id="user1",
        created_at=START,
        modified_at=START,
        condition=WebhookCondition(actor_id="actor1"),
    )
    run_events = {"event1": WebhookEvent.RUN_CREATED, "event2": WebhookEvent.RUN_SUCCEEDED}
    run = a_run(status=JobStatus.SUCCEEDED, finished_at=START, pending_events=run_events)
    build = a_build(finished_at=START, pending_events={"event3": WebhookEvent.BUILD_SUCCEEDED})
    sent = WebhookDispatch(
        id="sent",
        user_id="user1",
        webhook=webhook,
        created_at=START,
        event_type=WebhookEvent.RUN_CREATED,
        occasion="event1",
        status=DispatchStatus.SUCCEEDED,
    )
    with old_database(tmp_path, before="pending_events") as connection:
        for table, record in (("users", a_user()), ("actors", an_actor()), ("webhooks", webhook), ("dispatches", sent)):
            insert_old(connection, table, record)
        insert_old(connection, "runs", run, pending_events="untold")
        insert_old(connection, "builds", build, pending_events="untold")
    stage = Stage(tmp_path)
    await stage.open()
    assert sorted(receiver.events) == ["ACTOR.BUILD.SUCCEEDED", "ACTOR.RUN.SUCCEEDED"]
    assert {each.body["resource"]["id"] for each in receiver.received} == {run.id, build.id}
    assert [each.occasion for each in dispatches(stage)] == ["event1", "event3", "event2"]
    assert stage.current(run).pending_events == stage.orchestrator.builds.get(build.id).pending_events == {}
    await stage.close()
