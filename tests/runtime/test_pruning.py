from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.base.errors import Invalid
from runtime.base.records import Build
from tests.fakes.builds import an_actor_with_version, build, built, finished, start_build
from tests.fakes.stage import Stage


def found(stage: Stage) -> list[Build]:
    return stage.orchestrator.pruning.find().builds


async def test_builds_that_nothing_needs_are_deleted_with_their_images(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    old = [await build(stage, actor, version, use_cache=False) for _ in range(2)]
    latest = await build(stage, actor, version, use_cache=False)
    plan = stage.orchestrator.pruning.find()
    assert ([each.id for each in plan.builds], plan.images) == ([each.id for each in old], 2)
    assert plan.image_bytes == sum(each.image_size_bytes for each in old)
    assert await stage.orchestrator.pruning.prune() == plan
    assert [each.image in stage.engine.images_by_name for each in [*old, latest]] == [False, False, True]
    assert stage.orchestrator.pruning.find().builds == []


async def test_an_image_that_a_remaining_build_shares_does_not_count(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    await build(stage, actor, version)
    await build(stage, actor, version)
    plan = stage.orchestrator.pruning.find()
    assert (len(plan.builds), plan.images, plan.image_bytes) == (1, 0, 0)


async def test_an_image_that_two_deleted_builds_share_counts_once(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    await build(stage, actor, version)
    await build(stage, actor, version, use_cache=False)
    plan = stage.orchestrator.pruning.find()
    assert (len(plan.builds), plan.images, plan.image_bytes) == (2, 1, first.image_size_bytes)


async def test_tagged_default_and_used_builds_and_those_without_an_image_are_not_deleted(stage: Stage) -> None:
    actors = stage.orchestrator.actors
    actor, version = await an_actor_with_version(stage)
    default = await finished(stage, await start_build(stage, actor, version))
    used = await build(stage, actor, version)
    run = await stage.start(actors.get(actor.id))
    await build(stage, actor, version)
    await finished(stage, await start_build(stage, actor, version, tag="beta"))
    await actors.update(actor, lambda now: {"defaults": replace(now.defaults, build=default.number)})
    stage.engine.build_error = "no good"
    await built(stage)
    assert found(stage) == []
    await stage.finish(run)
    assert [each.id for each in found(stage)] == [used.id]


async def test_a_build_that_a_run_begins_to_use_is_left_out_of_the_result(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, version = await an_actor_with_version(stage)
    builds = [await build(stage, actor, version, use_cache=False) for _ in range(3)]
    delete = stage.orchestrator.builds.delete

    async def delete_all_but_the_first(each: Build) -> None:
        if each.id == builds[0].id:
            raise Invalid("cannot-remove-running-run", "A run uses it")
        await delete(each)

    monkeypatch.setattr(stage.orchestrator.builds, "delete", delete_all_but_the_first)
    deleted = await stage.orchestrator.pruning.prune()
    assert ([each.id for each in deleted.builds], deleted.images) == ([builds[1].id], 1)
    assert [each.id for each in found(stage)] == [builds[0].id]
