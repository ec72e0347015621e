from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.actors import actors
from runtime.base.errors import Conflict, Invalid, NotFound
from tests.fakes.records import a_version
from tests.fakes.stage import Stage


@pytest.mark.parametrize("name", ["abc", "my-actor", "A1b", "a" * 63, "0-0", "a--b"])
def test_names_that_are_allowed(name: str) -> None:
    assert actors.check_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "-abc", "abc-", "a b c", "a_b_c", "a/b", "grün", "abc\n", "a~b"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        actors.check_name(name)


async def test_an_actor_is_found_by_every_name_it_has(stage: Stage) -> None:
    actor = await stage.an_actor("hello")
    for reference in (actor.id, "local~hello", "me~hello", "~hello"):
        assert stage.orchestrator.actors.find(stage.user, reference) == actor


@pytest.mark.parametrize("reference", ["hello", "nobody", "local~other", "other~hello", "", "~", "local~hello~x"])
async def test_by_any_other_name_it_is_not_found(stage: Stage, reference: str) -> None:
    await stage.an_actor("hello")
    with pytest.raises(NotFound) as problem:
        stage.orchestrator.actors.find(stage.user, reference)
    assert problem.value.slug == "record-not-found"


async def test_a_user_does_not_find_the_actors_of_others(tmp_path: Path) -> None:
    stage = Stage(tmp_path, users={"a": "alice", "b": "bob"})
    await stage.open()
    alice, bob = (stage.orchestrator.users.authenticate(token)[0] for token in "ab")
    actor = await stage.an_actor("hello", user=alice)
    for reference in (actor.id, "alice~hello", "~hello", "me~hello"):
        with pytest.raises(NotFound):
            stage.orchestrator.actors.find(bob, reference)
    await stage.an_actor("hello", user=bob)
    assert stage.orchestrator.actors.find(bob, "~hello").id != actor.id
    await stage.close()


async def test_a_name_is_taken_once_and_free_again_when_its_actor_is_gone(stage: Stage) -> None:
    first, other = await stage.an_actor("hello"), await stage.an_actor("other")
    with pytest.raises(Conflict) as problem:
        await stage.an_actor("hello")
    assert problem.value.slug == "actor-name-not-unique"
    with pytest.raises(Conflict):
        await stage.orchestrator.actors.change(other, lambda _: {"name": "hello"})
    await stage.orchestrator.actor_deletion.delete(first)
    await stage.orchestrator.actors.change(other, lambda _: {"name": "hello"})


async def test_an_actor_without_a_name_gets_one_that_is_allowed(stage: Stage) -> None:
    first = await stage.orchestrator.actors.create(stage.user, None, ())
    second = await stage.orchestrator.actors.create(stage.user, None, ())
    assert first.name != second.name
    assert actors.check_name(first.name).startswith("my-actor-")


async def test_a_change_moves_the_moment_of_modification(stage: Stage) -> None:
    actor = await stage.an_actor()
    await stage.clock.advance(5)
    changed = await stage.orchestrator.actors.change(actor, lambda _: {"title": "Hello"})
    assert (changed.title, changed.name) == ("Hello", actor.name)
    assert changed.modified_at == actor.modified_at + 5000
    assert changed.created_at == actor.created_at


async def test_an_actor_with_a_live_run_is_not_deleted_and_goes_with_its_builds_after_it(stage: Stage) -> None:
    actor = await stage.an_actor()
    build = stage.orchestrator.builds.resolve(actor, "latest")
    run = await stage.start(actor)
    with pytest.raises(Invalid):
        await stage.orchestrator.actor_deletion.delete(actor)
    await stage.ended(run)
    await stage.orchestrator.actor_deletion.delete(actor)
    for gone in (stage.orchestrator.actors.get, stage.orchestrator.builds.get):
        with pytest.raises(NotFound):
            gone(actor.id if gone == stage.orchestrator.actors.get else build.id)
    assert stage.now(run).id == run.id


# Versions


async def test_versions_are_kept_in_the_order_they_came_in_and_replaced_by_number(stage: Stage) -> None:
    kept, actor = stage.orchestrator.actors, await stage.an_actor()
    for number in ("1.0", "0.1"):
        await kept.create_version(actor, a_version(number=number))
    with pytest.raises(Conflict) as problem:
        await kept.create_version(actor, a_version(number="0.1"))
    assert problem.value.slug == "version-already-exists"
    await kept.put_version(actor, a_version(number="1.0", build_tag="beta"))
    assert [(version.number, version.build_tag) for version in kept.versions(actor)] == [
        ("1.0", "beta"),
        ("0.1", "latest"),
    ]
    await kept.delete_version(actor, "1.0")
    with pytest.raises(NotFound):
        kept.version(actor, "1.0")


async def test_no_build_number_is_given_twice_not_even_after_its_version_was_deleted(stage: Stage) -> None:
    kept, actor = stage.orchestrator.actors, await stage.an_actor()  # has a build 0.0.1
    version = await kept.create_version(actor, a_version())
    numbers = await asyncio.gather(*[kept.next_build(version) for _ in range(10)])
    assert sorted(numbers) == list(range(2, 12))
    build = stage.orchestrator.builds.resolve(actor, "latest")
    await stage.orchestrator.store.builds.insert(replace(build, id="later", number="0.0.12"))
    await kept.delete_version(actor, "0.0")
    again = await kept.create_version(actor, a_version())
    assert await kept.next_build(again) == 13
    other = await kept.create_version(actor, a_version(number="0.1"))
    assert await kept.next_build(other) == 1


async def test_of_versions_made_at_once_with_one_number_one_is_made(stage: Stage) -> None:
    actor = await stage.an_actor()
    makings = [stage.orchestrator.actors.create_version(actor, a_version(number="7.0")) for _ in range(5)]
    outcomes = await asyncio.gather(*makings, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Conflict"] * 4 + ["Version"]
