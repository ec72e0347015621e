"""What Greenroom drops after the retention period, and what it preserves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.base.clock import DAY_MILLIS
from runtime.base.errors import NotFound
from runtime.base.paging import Paging
from runtime.base.records import Build, DispatchStatus, Run, WebhookCondition, WebhookDraft, WebhookEvent
from runtime.containers import EngineUnavailable
from runtime.retention import NEWEST_BUILDS, NEWEST_RUNS
from tests.fakes.builds import an_actor_with_version, build, finished, start_build
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage

DAY = DAY_MILLIS / 1000


def exists(stage: Stage, run: Run) -> bool:
    try:
        stage.current(run)
    except NotFound:
        return False
    return True


async def finished_runs(stage: Stage, count: int, actor_name: str = "hello") -> list[Run]:
    actor = await stage.create_actor(actor_name)
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
    await stage.orchestrator.retention.sweep(stage.user, stage.clock.now() + DAY_MILLIS)
    assert exists(stage, live)


async def builds_of_one_actor(stage: Stage, count: int) -> list[Build]:
    actor, version = await an_actor_with_version(stage)
    builds = []
    for _ in range(count):
        builds.append(await build(stage, actor, version, use_cache=False))
        await stage.clock.advance(1)
    return builds


def images(stage: Stage, builds: list[Build]) -> list[bool]:
    return [build.image in stage.engine.images_by_name for build in builds]


async def test_after_a_week_all_but_the_newest_ten_builds_are_dropped_with_their_images(stage: Stage) -> None:
    builds = await builds_of_one_actor(stage, NEWEST_BUILDS + 3)
    await stage.clock.advance(6 * DAY)
    assert all(images(stage, builds))
    await stage.clock.advance(2 * DAY)
    expected = [False] * 3 + [True] * NEWEST_BUILDS
    assert images(stage, builds) == expected
    assert [stage.orchestrator.logs.size(each.id) > 0 for each in builds] == expected
    page = stage.orchestrator.builds.page(stage.user, None, Paging(offset=0, limit=100))
    assert [each.id for each in page.items] == [each.id for each in builds[3:]]


async def test_builds_that_a_tag_a_default_or_a_run_refers_to_are_not_dropped(stage: Stage) -> None:
    actors = stage.orchestrator.actors
    actor, version = await an_actor_with_version(stage)
    default = await finished(stage, await start_build(stage, actor, version))
    tagged = await finished(stage, await start_build(stage, actor, version, tag="beta"))
    used = await finished(stage, await start_build(stage, actor, version, use_cache=False))
    run = await stage.finish(await stage.start(actors.get(actor.id)))
    await builds_of_one_actor(stage, 1)
    latest = await finished(stage, await start_build(stage, actor, version, use_cache=False))
    await actors.update(actor, lambda now: {"defaults": replace(now.defaults, build=default.number)})
    await builds_of_one_actor(stage, NEWEST_BUILDS)
    await stage.orchestrator.retention.sweep(stage.user, stage.clock.now())
    assert run.build_id == used.id
    assert images(stage, [default, tagged, used, latest]) == [True] * 4


async def test_an_engine_that_does_not_answer_does_not_end_retention(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = await builds_of_one_actor(stage, NEWEST_BUILDS + 1)

    async def fail(name: str) -> None:
        raise EngineUnavailable("The engine does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(stage.engine, "remove_image", fail)
        await stage.clock.advance(8 * DAY)
    assert images(stage, builds[:1]) == [True]
    await stage.clock.advance(DAY)
    assert images(stage, builds[:1]) == [False]


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
    await orchestrator.retention.sweep(stage.user, stage.clock.now() + 1)
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
    await stage.clock.advance(30 * DAY)
    assert all(exists(stage, run) for run in runs)


async def test_an_advance_of_the_clock_ages_what_existed_before_it(stage: Stage) -> None:
    old = await finished_runs(stage, 2)
    await stage.orchestrator.clock_advance.advance(5 * DAY_MILLIS)
    new = await finished_runs(stage, NEWEST_RUNS + 1, "newer")
    await stage.orchestrator.clock_advance.advance(3 * DAY_MILLIS)
    await stage.clock.settle()
    assert [exists(stage, run) for run in (*old, *new)] == [False] * 2 + [True] * (NEWEST_RUNS + 1)
    await stage.clock.advance(3 * DAY)
    assert all(exists(stage, run) for run in new)
    await stage.clock.advance(DAY + 3600)
    assert [exists(stage, run) for run in new] == [False] + [True] * NEWEST_RUNS
