"""Images of builds: reused, emulated and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar, SourceFile
from runtime.containers import PullFailed
from tests.fakes.builds import DOCKERFILE, an_actor_with_version, build, built, dockerfile
from tests.fakes.stage import Stage


async def test_an_unchanged_source_gets_the_same_image_without_the_engine(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    second = await build(stage, actor, version)
    assert (second.number, second.image, len(stage.engine.builds)) == ("0.0.2", first.image, 1)
    assert second.image_size_bytes == first.image_size_bytes
    assert stage.orchestrator.actors.get(version.actor_id).tagged_builds["latest"].build_id == second.id
    log = await stage.log_of(second.id)
    assert "ACTOR: Nothing changed since build 0.0.1. Reusing its image." in log


async def test_without_the_cache_the_engine_builds_again(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    second = await build(stage, actor, version, use_cache=False)
    assert first.image != second.image
    assert [spec.use_cache for spec in stage.engine.builds] == [True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"source_files": (DOCKERFILE, SourceFile(name="new"))},
        {"source_files": (dockerfile("FROM scratch\nENV A=1"),)},
        {"env_vars": (EnvVar(name="A", value="2"),), "apply_env_vars_to_build": True},
    ],
)
async def test_a_changed_version_is_built_again(stage: Stage, change: dict[str, Any]) -> None:
    actor, version = await an_actor_with_version(stage, env_vars=(EnvVar(name="A", value="1"),))
    first = await build(stage, actor, version)
    changed = await stage.orchestrator.versions.put(actor, replace(version, **change))
    second = await build(stage, actor, changed)
    assert first.image != second.image


async def test_a_changed_base_image_causes_a_new_build(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage, source_files=(dockerfile("FROM base"),))
    stage.engine.add_image("base")
    first = await build(stage, actor, version)
    second = await build(stage, actor, version)
    assert first.image == second.image
    stage.engine.add_image("base")
    third = await build(stage, actor, version)
    assert third.image != first.image


async def test_an_image_that_is_missing_on_the_engine_is_built_again(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    stage.engine.images_by_name.clear()
    second = await build(stage, actor, version)
    assert second.image in stage.engine.images_by_name
    assert second.image != first.image


async def test_an_image_of_two_builds_is_removed_with_the_second(stage: Stage) -> None:
    actor, version = await an_actor_with_version(stage)
    first = await build(stage, actor, version)
    second = await build(stage, actor, version)
    await stage.orchestrator.builds.delete(first)
    assert second.image in stage.engine.images_by_name
    await stage.close()
    await stage.open()
    assert second.image in stage.engine.images_by_name  # although its label names a build that was deleted
    await stage.orchestrator.builds.forget(second)
    assert second.image not in stage.engine.images_by_name


async def test_images_of_deleted_builds_are_removed_at_the_next_start(stage: Stage) -> None:
    existing = await built(stage)
    [name] = (name for name in stage.engine.images_by_name if name.endswith(f":{existing.id}"))
    orphan = stage.engine.add_image(name.replace(existing.id, "deleted"))
    foreign = stage.engine.add_image("not-a-build:deleted")
    await stage.close()
    await stage.open()
    assert orphan.id not in stage.engine.images_by_name
    assert {existing.image, foreign.id} <= set(stage.engine.images_by_name)


async def test_a_base_image_of_another_architecture_is_emulated(stage: Stage) -> None:
    stage.engine.only_platform = "linux/amd64"
    build = await built(stage)
    assert build.status is JobStatus.SUCCEEDED
    assert [spec.platform for spec in stage.engine.builds] == [None, "linux/amd64"]
    log = await stage.log_of(build.id)
    assert any("Building for linux/amd64 instead" in line for line in log)


async def test_a_base_image_without_a_usable_architecture_fails_after_two_attempts(stage: Stage) -> None:
    stage.engine.only_platform = "plan9/mips"
    build = await built(stage)
    assert build.status is JobStatus.FAILED
    assert len(stage.engine.builds) == 2


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        (
            "apify/actor-python:3.14",
            "`docker pull apify/actor-python:3.14`. Without a registry, `make setup` in a clone",
        ),
        (
            "apify/actor-node-playwright-chrome:22",
            "`make browser-images NAMES=apify/actor-node-playwright-chrome:22` in a",
        ),
        ("somebody/image:1", "`docker pull somebody/image:1`."),
        ("${BASE}", "A base image is not on this machine"),
    ],
)
async def test_a_base_image_that_cannot_be_pulled_is_named_in_the_last_line(
    stage: Stage, image: str, advice: str
) -> None:
    reason = 'Get "https://registry-1.docker.io/v2/": dial tcp: no such host'
    stage.engine.add_image("known")
    stage.engine.build_error = PullFailed(reason)
    build = await built(stage, source_files=(dockerfile(f"ARG BASE\nFROM known AS first\nFROM {image}"),))
    last = (await stage.log_of(build.id))[-1]
    assert build.status is JobStatus.FAILED
    assert f"is not on this machine and could not be pulled: {reason}." in last
    assert advice in last
    assert ("stand-in" in last) is image.startswith("apify/")
