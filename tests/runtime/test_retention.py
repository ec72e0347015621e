"""What goes by itself, and what stays."""

from __future__ import annotations

from runtime.base.errors import NotFound
from runtime.base.records import DispatchStatus, Run, WebhookCondition, WebhookDraft, WebhookEvent
from runtime.retention import DAY_MILLIS, NEWEST_RUNS
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage

DAY = DAY_MILLIS / 1000


def is_there(stage: Stage, run: Run) -> bool:
    try:
        stage.now(run)
    except NotFound:
        return False
    return True


async def runs_that_ended(stage: Stage, count: int) -> list[Run]:
    actor = await stage.an_actor()
    runs = []
    for _ in range(count):
        runs.append(await stage.ended(await stage.start(actor)))
        await stage.clock.advance(1)
    return runs


async def test_the_newest_ten_runs_stay_and_older_ones_go_with_their_storages_after_a_week(stage: Stage) -> None:
    runs = await runs_that_ended(stage, NEWEST_RUNS + 2)
    await stage.clock.advance(6 * DAY)
    assert all(is_there(stage, run) for run in runs)
    await stage.clock.advance(2 * DAY)
    assert [is_there(stage, run) for run in runs] == [False] * 2 + [True] * NEWEST_RUNS
    assert stage.orchestrator.datasets.get(runs[0].default_dataset_id) is None
    assert stage.orchestrator.datasets.get(runs[-1].default_dataset_id) is not None


async def test_a_live_run_stays_however_old_it_is(stage: Stage) -> None:
    live = await stage.start(timeout_secs=0)
    await runs_that_ended(stage, NEWEST_RUNS)
    await stage.orchestrator.retention.sweep(stage.clock.now() + DAY_MILLIS)
    assert is_there(stage, live)


async def test_unused_unnamed_storages_go_and_named_or_used_ones_stay(stage: Stage) -> None:
    datasets, user = stage.orchestrator.datasets, stage.user
    unused, used = (await datasets.get_or_create(user.id))[0], (await datasets.get_or_create(user.id))[0]
    named = (await datasets.get_or_create(user.id, "kept"))[0]
    await stage.clock.advance(5 * DAY)
    await datasets.push(used, b"[{}]")
    await stage.clock.advance(3 * DAY)
    assert [datasets.get(each.id) is not None for each in (unused, used, named)] == [False, True, True]


async def test_dispatches_go_a_week_after_their_last_call_and_active_ones_stay(
    stage: Stage, receiver: Receiver
) -> None:
    orchestrator, actor = stage.orchestrator, await stage.an_actor()
    wanted = WebhookDraft(event_types=(WebhookEvent.RUN_SUCCEEDED,), request_url=receiver.url())
    await orchestrator.webhooks.create(stage.user, wanted, WebhookCondition(actor_id=actor.id))
    receiver.statuses = [200, 500, 500]
    for _ in range(2):
        await stage.ended(await stage.start(actor))
    [_, retried] = orchestrator.database.dispatches.all()
    await orchestrator.retention.sweep(stage.clock.now() + 1)
    assert [each.id for each in orchestrator.database.dispatches.all()] == [retried.id]
    await stage.clock.advance(7 * DAY)
    assert [each.status for each in orchestrator.database.dispatches.all()] == [DispatchStatus.SUCCEEDED]
    await stage.clock.advance(DAY)
    assert orchestrator.database.dispatches.all() == []


async def test_nothing_goes_where_everything_is_to_be_kept(stage: Stage) -> None:
    await stage.close()
    stage.settings = type(stage.settings)(data_dir=stage.settings.data_dir, users={}, retention_days=0)
    await stage.open()
    runs = await runs_that_ended(stage, NEWEST_RUNS + 1)
    await stage.clock.advance(100 * DAY)
    assert all(is_there(stage, run) for run in runs)
