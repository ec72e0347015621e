"""What Greenroom drops after the retention period, and what it preserves."""

from __future__ import annotations

from runtime.base.errors import NotFound
from runtime.base.records import DispatchStatus, Run, WebhookCondition, WebhookDraft, WebhookEvent
from runtime.retention import DAY_MILLIS, NEWEST_RUNS
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage

DAY = DAY_MILLIS / 1000


def exists(stage: Stage, run: Run) -> bool:
    try:
        stage.current(run)
    except NotFound:
        return False
    return True


async def finished_runs(stage: Stage, count: int) -> list[Run]:
    actor = await stage.create_actor()
    runs = []
    for _ in range(count):
        runs.append(await stage.finish(await stage.start(actor)))
        await stage.clock.advance(1)
    return runs


async def test_after_a_week_all_but_the_newest_ten_runs_are_dropped_with_their_storages(stage: Stage) -> None:
    runs = await finished_runs(stage, NEWEST_RUNS + 2)
    await stage.clock.advance(6 * DAY)
    assert all(exists(stage, run) for run in runs)
    await stage.clock.advance(2 * DAY)
    assert [exists(stage, run) for run in runs] == [False] * 2 + [True] * NEWEST_RUNS
    assert stage.orchestrator.datasets.get(runs[0].default_dataset_id) is None
    assert stage.orchestrator.datasets.get(runs[-1].default_dataset_id) is not None


async def test_a_live_run_is_never_dropped(stage: Stage) -> None:
    live = await stage.start(timeout_secs=0)
    await finished_runs(stage, NEWEST_RUNS)
    await stage.orchestrator.retention.sweep(stage.clock.now() + DAY_MILLIS)
    assert exists(stage, live)


async def test_unnamed_storages_are_dropped_a_week_after_their_last_use(stage: Stage) -> None:
    datasets, user = stage.orchestrator.datasets, stage.user
    unused, used = (await datasets.get_or_create(user.id))[0], (await datasets.get_or_create(user.id))[0]
    named = (await datasets.get_or_create(user.id, "named"))[0]
    await stage.clock.advance(5 * DAY)
    await datasets.push(used, b"[{}]")
    await stage.clock.advance(3 * DAY)
    assert [datasets.get(each.id) is not None for each in (unused, used, named)] == [False, True, True]


async def test_dispatches_are_dropped_a_week_after_their_last_call_unless_they_are_active(
    stage: Stage, receiver: Receiver
) -> None:
    orchestrator, actor = stage.orchestrator, await stage.create_actor()
    webhook = WebhookDraft(event_types=(WebhookEvent.RUN_SUCCEEDED,), request_url=receiver.url())
    await orchestrator.webhooks.create(stage.user, webhook, WebhookCondition(actor_id=actor.id))
    receiver.statuses = [200, 500, 500]
    for _ in range(2):
        await stage.finish(await stage.start(actor))
    [_, retried] = orchestrator.database.dispatches.all()
    await orchestrator.retention.sweep(stage.clock.now() + 1)
    assert [each.id for each in orchestrator.database.dispatches.all()] == [retried.id]
    await stage.clock.advance(7 * DAY)
    assert [each.status for each in orchestrator.database.dispatches.all()] == [DispatchStatus.SUCCEEDED]
    await stage.clock.advance(DAY)
    assert orchestrator.database.dispatches.all() == []


async def test_nothing_is_dropped_if_retention_is_off(stage: Stage) -> None:
    await stage.close()
    stage.settings = type(stage.settings)(data_dir=stage.settings.data_dir, users={}, retention_days=0)
    await stage.open()
    runs = await finished_runs(stage, NEWEST_RUNS + 1)
    await stage.clock.advance(100 * DAY)
    assert all(exists(stage, run) for run in runs)
