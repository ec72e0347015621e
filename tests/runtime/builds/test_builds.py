from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.builds import number_int
from tests.fakes.builds import an_actor_with_version, build, built, finished, start_build
from tests.fakes.stage import Stage


async def test_a_build_is_found_by_its_tag_and_by_its_number(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    second = await build(stage, actor, version)
    now = stage.orchestrator.actors.get(actor.id)
    assert stage.orchestrator.builds.resolve(now, "latest").id == second.id
    assert stage.orchestrator.builds.resolve(now, "0.0.1").id == first.id
    assert now.total_builds == 2


async def test_a_failed_build_cannot_be_resolved(stage: Stage) -> None:
    stage.engine.build_error = "The command 'false' returned a non-zero code: 1"
    failed = await built(stage)
    with pytest.raises(Invalid, match="no image to run"):
        stage.orchestrator.builds.resolve(stage.orchestrator.actors.get(failed.actor_id), failed.number)


async def test_a_build_is_deleted_with_its_image_and_log_when_nothing_uses_it(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    run = await stage.start(stage.orchestrator.actors.get(actor.id))
    with pytest.raises(Invalid):  # a live run uses it
        await stage.orchestrator.builds.delete(first)
    await build(stage, actor, version, use_cache=False)
    with pytest.raises(Invalid, match="live runs"):
        await stage.orchestrator.builds.delete(first)
    await stage.finish(run)
    await stage.orchestrator.builds.delete(first)
    with pytest.raises(NotFound):
        stage.orchestrator.builds.get(first.id)
    assert await stage.log_of(first.id) == []
    assert first.image not in stage.engine.images_by_name


async def test_a_default_or_live_build_is_not_deleted(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    tagged = await finished(stage, await start_build(stage, actor, version))
    with pytest.raises(Invalid) as problem:
        await stage.orchestrator.builds.delete(tagged)
    assert problem.value.slug == "deleting-default-build"
    stage.engine.build_may_end.clear()
    live = await start_build(stage, actor, version)
    with pytest.raises(Invalid) as problem:
        await stage.orchestrator.builds.delete(live)
    assert problem.value.slug == "deleting-unfinished-build"


async def test_a_build_that_is_not_the_default_is_deleted_with_its_tags(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await finished(stage, await start_build(stage, actor, version, tag="beta"))
    second = await finished(stage, await start_build(stage, actor, version))
    await stage.orchestrator.builds.delete(first)
    tags = stage.orchestrator.actors.get(actor.id).tagged_builds
    assert {tag: each.build_id for tag, each in tags.items()} == {"latest": second.id}
    with pytest.raises(Invalid, match="Build 'beta' of Actor"):
        stage.orchestrator.builds.resolve(stage.orchestrator.actors.get(actor.id), "beta")


@pytest.mark.parametrize("default", ["beta", "0.0.1"])
async def test_the_default_build_of_an_actor_can_have_another_tag_or_be_a_number(stage: Stage, default: str) -> None:
    actor, version = await an_actor_with_version(stage)
    await stage.orchestrator.actors.update(
        actor, lambda current: {"defaults": replace(current.defaults, build=default)}
    )
    first = await finished(stage, await start_build(stage, actor, version, tag="beta"))
    second = await finished(stage, await start_build(stage, actor, version))
    with pytest.raises(Invalid, match=f"default build of its Actor \\('{default}'\\)"):
        await stage.orchestrator.builds.delete(first)
    await stage.orchestrator.builds.delete(second)


@pytest.mark.parametrize(
    ("version", "number", "expected"),
    [("0.0", 1, 1), ("0.1", 0, 100_000), ("1.2", 345, 10_200_345), ("99.99", 1, 999_900_001)],
)
def test_a_build_number_as_one_integer(version: str, number: int, expected: int) -> None:
    assert number_int(version, number) == expected
