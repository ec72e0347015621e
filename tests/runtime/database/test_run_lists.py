"""Lists of runs: filters, search, orders, and pages that neither repeat nor skip a run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import ListPosition, Meta, Origin, Run, RunFilter, RunListQuery, RunSort, RunStats
from runtime.database import Database
from tests.fakes.clock import START
from tests.fakes.records import a_run, a_user, an_actor, options

END = START + 1_000_000


def query(**fields: Any) -> RunListQuery:
    """A query; the fields of its filter may be among those of the query."""
    in_filter = {name: fields.pop(name) for name in list(fields) if name in RunFilter.__dataclass_fields__}
    return RunListQuery(filter=RunFilter(**in_filter), **fields)


async def store(database: Database, number: int, **fields: Any) -> Run:
    """A run that started `number` seconds after the start, with an id that begins with its number."""
    secrets = {name: f"{name}{number}" for name in ("token", "web_key", "events_key")}
    times = {"started_at": START + number * 1000, "finished_at": START + number * 1000 + 500}
    given = {"id": f"{number:02}run", "status": JobStatus.SUCCEEDED, **secrets, **times}
    return await database.runs.insert(a_run(**{**given, **fields}))


async def ids(database: Database, wanted: RunListQuery, limit: int = 50, at: ListPosition | None = None) -> list[str]:
    page = await database.run_lists.page("user1", wanted, limit, at, END)
    return [run.id[:2] for run in page.runs]


async def test_each_word_must_match_the_actor_the_message_or_the_beginning_of_the_id(database: Database) -> None:
    await database.users.insert(a_user())
    await database.actors.insert(an_actor(id="crawler", name="shop-crawler", title="Shop 100% Crawler"))
    await store(database, 1, actor_id="crawler", status_message="Crawled 12 of 40 pages")
    await store(database, 2, actor_id="crawler", status_message="Waiting")
    await store(database, 3, actor_id="gone", status_message="Der Crawler wartet")
    await store(database, 4, actor_id="gone", user_id="user2", status_message="crawler")

    async def found(*words: str) -> list[str]:
        return await ids(database, query(words=words, desc=False))

    assert await found("CRAWLER") == ["01", "02", "03"]
    assert await found("crawler", "wait") == ["02"]
    assert await found("100%") == ["01", "02"]
    assert await found("local/shop") == await found("local~SHOP") == ["01", "02"]
    assert await found("02r") == ["02"]
    assert await found("run") == await found("_") == await found("local") == []


async def test_filters_are_combined_and_counts_ignore_only_the_status(database: Database) -> None:
    schedule = Meta(origin=Origin.SCHEDULER)
    await store(database, 1, meta=schedule)
    await store(database, 2, meta=schedule, status=JobStatus.FAILED)
    await store(database, 3, status=JobStatus.FAILED)
    await store(database, 4, meta=schedule, status=JobStatus.FAILED, actor_id="actor2")
    wanted = query(statuses=("FAILED", "ABORTED"), origin="SCHEDULER", actor_id="actor1")
    page = await database.run_lists.page("user1", wanted, 50, None, END)
    assert [run.id for run in page.runs] == ["02run"]
    assert page.counts == {"SUCCEEDED": 1, "FAILED": 1}
    assert await ids(database, query(started_after=START + 2000, started_before=START + 3000)) == ["03", "02"]
    assert await ids(database, query(id_prefix="04")) == ["04"]


async def test_runs_are_sorted_by_any_shown_value_and_unknown_values_are_the_least(database: Database) -> None:
    await database.actors.insert(an_actor(id="a", name="Zebra"))
    await database.actors.insert(an_actor(id="b", name="ant"))
    await store(database, 1, actor_id="a", options=options(memory_mbytes=512), stats=RunStats(mem_max_bytes=7))
    await store(database, 2, actor_id="b", options=options(memory_mbytes=128), finished_at=START + 90_000)
    live = {"status": JobStatus.RUNNING, "finished_at": None, "stats": RunStats(mem_max_bytes=9)}
    await store(database, 3, actor_id="gone", options=options(memory_mbytes=256), **live)
    expected = {
        RunSort.STARTED: ["01", "02", "03"],
        RunSort.FINISHED: ["01", "02", "03"],
        RunSort.DURATION: ["01", "02", "03"],
        RunSort.MEMORY_PEAK: ["02", "01", "03"],
        RunSort.MEMORY_LIMIT: ["02", "03", "01"],
        RunSort.ITEMS: ["01", "02", "03"],
        RunSort.ACTOR: ["03", "02", "01"],
        RunSort.STATUS: ["03", "01", "02"],
        RunSort.ORIGIN: ["01", "02", "03"],
    }
    for sort, order in expected.items():
        assert await ids(database, query(sort=sort, desc=False)) == order, sort
        assert await ids(database, query(sort=sort)) == order[::-1], sort
    assert expected.keys() == set(RunSort)


@pytest.mark.parametrize("sort", [RunSort.STARTED, RunSort.STATUS, RunSort.ITEMS])
@pytest.mark.parametrize("desc", [True, False])
async def test_pages_neither_repeat_nor_skip_although_runs_start_and_disappear(
    database: Database, sort: RunSort, desc: bool
) -> None:
    for number in range(10, 21):
        await store(database, number, started_at=START + number // 2 * 1000)
    wanted, seen, at = query(sort=sort, desc=desc), [], None
    for turn in range(4):
        page = await database.run_lists.page("user1", wanted, 3, at, END)
        seen += [run.id[:2] for run in page.runs]
        at = page.next
        await store(database, 30 + turn)
        await database.runs.delete(page.runs[-1].id)
    assert set(Counter(seen).values()) == {1}
    assert {f"{number}" for number in range(10, 21)} <= set(seen)


async def test_the_way_back_shows_the_same_pages(database: Database) -> None:
    for number in range(10, 18):
        await store(database, number)
    forth = []
    page = await database.run_lists.page("user1", query(), 3, None, END)
    assert page.previous is None
    while True:
        forth.append([run.id for run in page.runs])
        if page.next is None:
            break
        page = await database.run_lists.page("user1", query(), 3, page.next, END)
    back = [forth[-1]]
    while page.previous is not None:
        page = await database.run_lists.page("user1", query(), 3, page.previous, END)
        back.append([run.id for run in page.runs])
    assert back == forth[::-1]
    assert [len(each) for each in forth] == [3, 3, 2]


async def test_a_page_that_would_begin_before_the_first_run_is_the_first_page(database: Database) -> None:
    for number in range(10, 16):
        await store(database, number)
    second = await database.run_lists.page("user1", query(), 2, None, END)
    second = await database.run_lists.page("user1", query(), 2, second.next, END)
    await database.runs.delete("15run")
    assert await ids(database, query(), 2, second.previous) == ["14", "13"]
