from __future__ import annotations

from pathlib import Path

import pytest

from runtime.actors import actors
from runtime.base.errors import Conflict, Invalid, NotFound
from tests.fakes.stage import Stage


@pytest.mark.parametrize("name", ["abc", "my-actor", "A1b", "a" * 63, "0-0", "a--b"])
def test_valid_names(name: str) -> None:
    assert actors.check_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "-abc", "abc-", "a b c", "a_b_c", "a/b", "grün", "abc\n", "a~b"])
def test_invalid_names(name: str) -> None:
    with pytest.raises(Invalid, match="Actor name"):
        actors.check_name(name)
    with pytest.raises(Invalid, match="Task name"):
        actors.check_name(name, "Task")


async def test_an_actor_is_found_by_each_of_its_references(stage: Stage) -> None:
    actor = await stage.create_actor("hello")
    for reference in (actor.id, "local~hello", "me~hello", "~hello"):
        assert stage.orchestrator.actors.find(stage.user, reference) == actor


@pytest.mark.parametrize("reference", ["hello", "nobody", "local~other", "other~hello", "", "~", "local~hello~x"])
async def test_an_actor_is_not_found_by_other_references(stage: Stage, reference: str) -> None:
    await stage.create_actor("hello")
    with pytest.raises(NotFound) as problem:
        stage.orchestrator.actors.find(stage.user, reference)
    assert problem.value.slug == "record-not-found"


@pytest.mark.parametrize("reference", ["apify~web-scraper", "other~hello"])
async def test_the_error_for_an_actor_of_the_store_describes_a_stand_in(stage: Stage, reference: str) -> None:
    with pytest.raises(NotFound) as problem:
        stage.orchestrator.actors.find(stage.user, reference)
    username, name = reference.split("~")
    for part in (f"no Actor '{reference}'", "Apify Store", f"greenroom push FOLDER --as {username}/{name}"):
        assert part in problem.value.message


@pytest.mark.parametrize("reference", ["nobody", "~nobody", "me~nobody", "local~nobody"])
async def test_the_error_for_a_missing_actor_of_the_user_describes_how_to_create_it(
    stage: Stage, reference: str
) -> None:
    with pytest.raises(NotFound) as problem:
        stage.orchestrator.actors.find(stage.user, reference)
    assert f"no Actor '{reference}'" in problem.value.message and "greenroom push" in problem.value.message
    assert "Store" not in problem.value.message


async def test_a_user_does_not_find_private_actors_of_other_users(tmp_path: Path) -> None:
    stage = Stage(tmp_path, users={"a": "alice", "b": "bob"})
    await stage.open()
    alice, bob = (stage.orchestrator.users.authenticate(token)[0] for token in "ab")
    actor = await stage.create_actor("hello", user=alice)
    for reference in (actor.id, "alice~hello", "~hello", "me~hello"):
        with pytest.raises(NotFound):
            stage.orchestrator.actors.find(bob, reference)
    await stage.create_actor("hello", user=bob)
    assert stage.orchestrator.actors.find(bob, "~hello").id != actor.id
    await stage.close()


async def test_a_name_is_unique_until_its_actor_is_deleted(stage: Stage) -> None:
    first, other = await stage.create_actor("hello"), await stage.create_actor("other")
    with pytest.raises(Conflict) as problem:
        await stage.create_actor("hello")
    assert problem.value.slug == "actor-name-not-unique"
    with pytest.raises(Conflict):
        await stage.orchestrator.actors.update(other, lambda _: {"name": "hello"})
    await stage.orchestrator.actor_deletion.delete(first)
    await stage.orchestrator.actors.update(other, lambda _: {"name": "hello"})


async def test_an_actor_without_a_name_gets_a_valid_one(stage: Stage) -> None:
    first = await stage.orchestrator.actors.create(stage.user, None, ())
    second = await stage.orchestrator.actors.create(stage.user, None, ())
    assert first.name != second.name
    assert actors.check_name(first.name).startswith("my-actor-")


async def test_an_update_sets_the_time_of_modification(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.clock.advance(5)
    changed = await stage.orchestrator.actors.update(actor, lambda _: {"title": "Hello"})
    assert (changed.title, changed.name) == ("Hello", actor.name)
    assert changed.modified_at == actor.modified_at + 5000
    assert changed.created_at == actor.created_at


async def test_an_actor_is_deleted_with_its_builds_but_not_during_a_run(stage: Stage) -> None:
    actor = await stage.create_actor()
    build = stage.orchestrator.builds.resolve(actor, "latest")
    run = await stage.start(actor)
    with pytest.raises(Invalid):
        await stage.orchestrator.actor_deletion.delete(actor)
    await stage.finish(run)
    await stage.orchestrator.actor_deletion.delete(actor)
    for gone in (stage.orchestrator.actors.get, stage.orchestrator.builds.get):
        with pytest.raises(NotFound):
            gone(actor.id if gone == stage.orchestrator.actors.get else build.id)
    assert stage.current(run).id == run.id
