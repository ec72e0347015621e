from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from runtime.base.errors import Conflict, Invalid, NotFound
from runtime.base.records import EnvVar
from tests.fakes.records import a_version
from tests.fakes.stage import Stage


async def test_versions_are_listed_in_the_order_of_creation_and_replaced_by_number(stage: Stage) -> None:
    versions, actor = stage.orchestrator.versions, await stage.create_actor()
    for number in ("1.0", "0.1"):
        await versions.create(actor, a_version(number=number))
    with pytest.raises(Conflict) as error:
        await versions.create(actor, a_version(number="0.1"))
    assert error.value.slug == "version-already-exists"
    await versions.put(actor, a_version(number="1.0", build_tag="beta"))
    assert [(version.number, version.build_tag) for version in versions.of_actor(actor)] == [
        ("1.0", "beta"),
        ("0.1", "latest"),
    ]
    await versions.delete(actor, "1.0")
    with pytest.raises(NotFound):
        versions.get(actor, "1.0")


async def test_an_invalid_version_is_rejected_and_nothing_is_stored(stage: Stage) -> None:
    actor = await stage.create_actor()
    for write in (stage.orchestrator.versions.create, stage.orchestrator.versions.put):
        with pytest.raises(Invalid):
            await write(actor, a_version(number="1"))
    with pytest.raises(Invalid):
        await stage.orchestrator.actors.create(stage.user, "other", (a_version(), a_version(number="1")))
    assert stage.orchestrator.versions.of_actor(actor) == []
    with pytest.raises(NotFound):
        stage.orchestrator.actors.find(stage.user, "~other")


async def test_a_change_of_a_version_sets_the_time_of_modification_of_its_actor(stage: Stage) -> None:
    actor = await stage.create_actor()
    version = await stage.orchestrator.versions.create(actor, a_version())
    await stage.clock.advance(5)
    await stage.orchestrator.versions.create_env_var(version, EnvVar(name="A", value="b"))
    assert stage.orchestrator.actors.get(actor.id).modified_at == stage.clock.now()


async def test_no_build_number_is_used_twice_even_after_its_version_was_deleted(stage: Stage) -> None:
    versions, actor = stage.orchestrator.versions, await stage.create_actor()  # has a build 0.0.1
    version = await versions.create(actor, a_version())
    numbers = await asyncio.gather(*[versions.next_build_number(version) for _ in range(10)])
    assert sorted(numbers) == list(range(2, 12))
    build = stage.orchestrator.builds.resolve(actor, "latest")
    await stage.orchestrator.database.builds.insert(replace(build, id="later", number="0.0.12"))
    await versions.delete(actor, "0.0")
    recreated = await versions.create(actor, a_version())
    assert await versions.next_build_number(recreated) == 13
    other = await versions.create(actor, a_version(number="0.1"))
    assert await versions.next_build_number(other) == 1


async def test_only_one_of_concurrent_requests_creates_a_version(stage: Stage) -> None:
    actor = await stage.create_actor()
    requests = [stage.orchestrator.versions.create(actor, a_version(number="7.0")) for _ in range(5)]
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["Conflict"] * 4 + ["Version"]
