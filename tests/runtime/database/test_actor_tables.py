from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.base.paging import Paging
from runtime.base.records import Task
from runtime.database import AlreadyExists, Database
from tests.fakes.clock import START
from tests.fakes.old_database import insert_old, old_database
from tests.fakes.records import a_run, a_version, an_actor

ALL = Paging(offset=0, limit=10)


async def insert_actors(database: Database, *actors: dict[str, Any]) -> None:
    for number, fields in enumerate(actors):
        await database.actors.insert(an_actor(**{"created_at": START + number, **fields}))


@pytest.mark.parametrize(("only_own", "ids"), [(True, ["own"]), (False, ["own", "public and run"])])
async def test_a_page_has_the_users_actors_and_the_public_ones_that_they_ran(
    database: Database, only_own: bool, ids: list[str]
) -> None:
    await insert_actors(
        database,
        {"id": "own", "name": "one"},
        {"id": "public and run", "name": "two", "user_id": "user2", "is_public": True},
        {"id": "only public", "name": "three", "user_id": "user2", "is_public": True},
        {"id": "only run", "name": "four", "user_id": "user2"},
    )
    for actor_id in ("public and run", "only run"):
        await database.runs.insert(a_run(id=actor_id, actor_id=actor_id))
    page = database.actors.page("user1", ALL, sort_by="created_at", only_own=only_own)
    assert ([actor.id for actor in page.items], page.total) == (ids, len(ids))


async def test_actors_are_sorted_by_their_last_run(database: Database) -> None:
    await insert_actors(
        database,
        {"id": "a", "name": "one", "last_run_started_at": 2},
        {"id": "b", "name": "two", "last_run_started_at": 1},
    )
    page = database.actors.page("user1", ALL, sort_by="last_run_started_at", only_own=True)
    assert [actor.id for actor in page.items] == ["b", "a"]


async def test_public_actors_are_listed_oldest_first(database: Database) -> None:
    await insert_actors(
        database,
        {"id": "new", "name": "one", "created_at": START + 9, "is_public": True},
        {"id": "private", "name": "two"},
        {"id": "old", "name": "three", "user_id": "user2", "is_public": True},
    )
    assert [actor.id for actor in database.actors.public()] == ["old", "new"]


async def test_a_name_belongs_to_a_user(database: Database) -> None:
    await insert_actors(database, {"id": "a", "name": "same"}, {"id": "b", "name": "same", "user_id": "user2"})
    found = [database.actors.by_name(user_id, "same") for user_id in ("user1", "user2", "user3")]
    assert [actor and actor.id for actor in found] == ["a", "b", None]


async def test_versions_and_tasks_of_an_actor(database: Database) -> None:
    for id, actor_id, number in (("a", "actor1", "0.2"), ("b", "actor1", "0.1"), ("c", "actor2", "0.1")):
        await database.versions.insert(a_version(id=id, actor_id=actor_id, number=number))
        await database.tasks.insert(
            Task(id=id, user_id="user1", actor_id=actor_id, name=id, created_at=START, modified_at=START)
        )
    assert [version.id for version in database.versions.of_actor("actor1")] == ["a", "b"]
    version, task = database.versions.by_number("actor1", "0.1"), database.tasks.by_name("user1", "b")
    assert version is not None and task is not None and (version.id, task.id) == ("b", "b")
    assert database.tasks.page("user1", ALL).total == 3
    await database.versions.delete_of_actor("actor1")
    await database.tasks.delete_of_actor("actor1")
    assert (database.versions.ids(), database.tasks.ids()) == ({"c"}, {"c"})


def named(kind: str, **fields: Any) -> Any:
    """A record of one of the tables of named records."""
    if kind == "actors":
        return an_actor(**fields)
    return Task(**{"user_id": "user1", "actor_id": "actor1", "created_at": START, "modified_at": START, **fields})


@pytest.mark.parametrize("kind", ["actors", "tasks"])
async def test_a_name_is_found_and_unique_without_regard_to_case(database: Database, kind: str) -> None:
    table: Any = getattr(database, kind)
    await table.insert(named(kind, id="a", name="Mixed-Case-1"))
    await table.insert(named(kind, id="b", name="other"))
    for name in ("Mixed-Case-1", "mixed-case-1", "MIXED-CASE-1"):
        assert table.by_name("user1", name).name == "Mixed-Case-1"
        assert table.by_name("user2", name) is None
        with pytest.raises(AlreadyExists):
            await table.insert(named(kind, id="c", name=name))
        with pytest.raises(AlreadyExists):
            await table.update("b", lambda now, name=name: replace(now, name=name))
    await table.insert(named(kind, id="d", name="mixed-case-1", user_id="user2"))
    renamed = await table.update("a", lambda now: replace(now, name="mixed-CASE-1"))
    assert renamed is not None and table.by_name("user1", "mixed-case-1") == renamed


@pytest.mark.parametrize("kind", ["actors", "tasks"])
async def test_names_of_an_older_database_that_differ_only_in_case_stay(tmp_path: Path, kind: str) -> None:
    with old_database(tmp_path, before="COLLATE NOCASE") as connection:
        for id, name in (("a", "Same"), ("b", "same")):
            insert_old(connection, kind, named(kind, id=id, name=name))
    database = Database(tmp_path)
    table: Any = getattr(database, kind)
    assert [table.by_name("user1", name).id for name in ("Same", "same", "SAME")] == ["a", "b", "a"]
    changed = await table.update("b", lambda now: replace(now, title="Still here"))
    assert changed.title == "Still here"
    with pytest.raises(AlreadyExists):
        await table.insert(named(kind, id="c", name="saME"))
    database.close()
