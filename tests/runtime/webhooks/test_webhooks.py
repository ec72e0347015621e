"""Webhooks of a whole instance in virtual time."""

from __future__ import annotations

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.base.records import DispatchStatus, WebhookCondition
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage
from tests.fakes.webhooks import dispatches, draft, webhook_on


async def test_the_same_idempotency_key_returns_the_same_webhook(stage: Stage, receiver: Receiver) -> None:
    actor, wanted = await stage.create_actor(), draft(receiver, idempotency_key="once")
    first = await webhook_on(stage, wanted, actor_id=actor.id)
    assert await webhook_on(stage, wanted, actor_id=actor.id) == first
    run = await stage.start(actor, webhooks=(wanted,))
    assert stage.orchestrator.webhooks.ad_hoc_of_run(run) == []
    await stage.finish(run)
    assert len(receiver.events) == 1


async def test_an_invalid_template_is_rejected_and_nothing_is_stored(stage: Stage, receiver: Receiver) -> None:
    actor, wrong = await stage.create_actor(), draft(receiver, payload_template="{{nobody}}")
    with pytest.raises(Invalid, match="nobody"):
        await webhook_on(stage, wrong, actor_id=actor.id)
    with pytest.raises(Invalid, match="nobody"):
        await stage.start(actor, webhooks=(draft(receiver), wrong))
    assert (stage.orchestrator.database.runs.all(), stage.orchestrator.database.webhooks.all()) == ([], [])


@pytest.mark.parametrize("condition", [{"actor_id": "nobody"}, {"actor_task_id": "nobody"}])
async def test_a_condition_must_refer_to_an_existing_record(
    stage: Stage, receiver: Receiver, condition: dict[str, str]
) -> None:
    with pytest.raises(NotFound):
        await webhook_on(stage, draft(receiver), **condition)


async def test_a_condition_may_refer_to_actors_and_tasks_by_name(stage: Stage, receiver: Receiver) -> None:
    actor = await stage.create_actor("named")
    task = await stage.orchestrator.tasks.create(stage.user, actor.id, "mine")
    webhook = await webhook_on(stage, draft(receiver), actor_id="local~named", actor_task_id="~mine")
    assert webhook.condition == WebhookCondition(actor_id=actor.id, actor_task_id=task.id)
    with pytest.raises(NotFound):
        await webhook_on(stage, draft(receiver), actor_task_id="none")
    with pytest.raises(Invalid, match="condition"):
        await webhook_on(stage, draft(receiver))


async def test_nothing_more_is_sent_for_a_deleted_webhook(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    actor = await stage.create_actor()
    webhook = await webhook_on(stage, draft(receiver), actor_id=actor.id)
    await stage.finish(await stage.start(actor))
    await stage.orchestrator.webhooks.delete(webhook)
    await stage.clock.advance(60 * 60)
    assert (len(receiver.received), dispatches(stage)) == (1, [])


async def test_unfinished_dispatches_of_a_deleted_run_or_actor_are_still_sent(stage: Stage, receiver: Receiver) -> None:
    receiver.statuses = [500, 500]
    actor = await stage.create_actor()
    await webhook_on(stage, draft(receiver), actor_id=actor.id)
    run = await stage.finish(await stage.start(actor, webhooks=(draft(receiver),)))
    await stage.orchestrator.run_deletion.delete(run)
    await stage.orchestrator.actor_deletion.delete(actor)
    assert stage.orchestrator.database.webhooks.all() == []
    await stage.clock.advance(60)
    assert len(receiver.received) == 4
    assert {each.status for each in dispatches(stage)} == {DispatchStatus.SUCCEEDED}
