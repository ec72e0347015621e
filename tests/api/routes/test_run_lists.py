"""/greenroom/runs as people use it: search, counts, cursors and exports."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import pytest

from api.response.run_list_models import RunSummaries, RunSummary
from tests.fakes.api import Api, problem
from tests.fakes.samples import MIB

PATH = "/greenroom/runs"


async def listed(api: Api, query: str = "") -> RunSummaries:
    answer = await api.call("GET", f"{PATH}?{query}")
    page = RunSummaries.model_validate(answer.json())
    assert page.model_dump(by_alias=True, mode="json") == answer.json()
    return page


async def test_a_list_counts_the_runs_of_each_status_also_of_those_not_selected(api: Api) -> None:
    actor = await api.create_actor("hello")
    ended = [await api.finish(await api.start(actor), code) for code in (0, 0, 1)]
    live = await api.start(actor)
    page = await listed(api, "status=FAILED,LIVE&counts=1")
    assert [run.id for run in page.items] == [live.id, ended[2].id]
    assert page.total == 2
    assert {name: count for name, count in page.counts.items() if count} == {
        "ALL": 4,
        "LIVE": 1,
        "RUNNING": 1,
        "SUCCEEDED": 2,
        "FAILED": 1,
    }
    assert (await listed(api, "q=hello&status=ABORTED")).counts["ALL"] == 4
    assert (await listed(api, "q=nothing")).counts["ALL"] == 0


async def test_pages_are_linked_in_both_directions(api: Api) -> None:
    actor = await api.create_actor("hello")
    runs = [await api.finish(await api.start(actor)) for _ in range(5)]
    first = await listed(api, "limit=2&sort=startedAt")
    second = await listed(api, f"limit=2&sort=startedAt&cursor={first.next_cursor}")
    third = await listed(api, f"limit=2&sort=startedAt&cursor={second.next_cursor}")
    assert [run.id for page in (first, second, third) for run in page.items] == [run.id for run in runs]
    assert (first.previous_cursor, third.next_cursor) == (None, None)
    back = await listed(api, f"limit=2&sort=startedAt&cursor={third.previous_cursor}")
    assert back.items == second.items


async def test_a_run_shows_its_items_its_peak_at_the_limit_and_its_last_change(api: Api) -> None:
    run = await api.start(memory_mbytes=128)
    [new] = (await listed(api)).items
    assert (new.items, new.mem_max_bytes, new.mem_at_limit) == (0, None, None)
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{}, {}])
    await api.clock.advance(1)
    api.container_of(run).uses(128 * MIB)
    await api.clock.advance(1)
    [live] = (await listed(api)).items
    assert (live.items, live.mem_at_limit) == (2, True)
    assert live.modified_at > new.modified_at
    assert live.compute_units > 0
    await api.call("DELETE", f"/v2/datasets/{run.default_dataset_id}")
    assert (await listed(api)).items[0].items is None


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "query",
    [
        *("sort=cost", "sort=--startedAt", "status=DONE", "origin=MARS", "startedAfter=tomorrow", "limit=x"),
        *(f"q={'x' * 201}", f"q={'x+' * 11}", "cursor=x", "cursor=ABCD", f"cursor={cursor()}", f"cursor={cursor(1)}"),
        f"cursor={base64.urlsafe_b64encode(b'[' * 6000).decode()}",
        f"cursor={cursor('-startedAt', True, 1, 1, 1, False)}",
        f"cursor={cursor('startedAt', True, [], 1, 1, False)}",
        f"cursor={cursor('startedAt', True, 1, 2**70, 1, False)}",
        f"cursor={cursor('startedAt', True, 1, 1, 1, 'no')}",
        f"sort=items&cursor={cursor('startedAt', True, 1, 1, 1, False)}",
    ],
)
async def test_an_invalid_query_is_rejected(api: Api, query: str) -> None:
    assert problem(await api.call("GET", f"{PATH}?{query}")) == (400, "invalid-parameter")


async def test_the_export_has_all_runs_and_no_formulas(api: Api) -> None:
    actor = await api.create_actor("hello")
    runs = [await api.finish(await api.start(actor)) for _ in range(3)]
    await api.orchestrator.runs.set_status_message(runs[0].id, '=HYPERLINK("http://evil")', True, by_actor=False)
    await api.orchestrator.runs.set_status_message(runs[1].id, "-1, with\na line", True, by_actor=False)
    await api.start(await api.create_actor("other"))
    table = await api.call("GET", f"{PATH}.csv?actor=me~hello&sort=startedAt")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"] == 'attachment; filename="runs.csv"'
    rows = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert [row["id"] for row in rows] == [run.id for run in runs]
    assert [row["statusMessage"] for row in rows[:2]] == ['\'=HYPERLINK("http://evil")', "'-1, with\na line"]
    assert (rows[2]["exitCode"], rows[2]["memMaxBytes"]) == ("0", "")
    exported = (await api.call("GET", f"{PATH}.json?actor=me~hello&sort=startedAt")).json()
    assert [RunSummary.model_validate(run).id for run in exported] == [run.id for run in runs]
    assert exported[0]["statusMessage"] == '=HYPERLINK("http://evil")'
    assert (await api.call("GET", f"{PATH}.json?q=nothing")).json() == []


async def test_an_export_begins_with_a_check_of_its_query(api: Api) -> None:
    for form in ("csv", "json"):
        assert problem(await api.call("GET", f"{PATH}.{form}?sort=x")) == (400, "invalid-parameter")
        assert problem(await api.call("GET", f"{PATH}.{form}?actor=me~nobody")) == (404, "record-not-found")


async def test_a_list_can_have_the_runs_of_one_task(api: Api) -> None:
    actor = await api.create_actor("hello")
    await api.start(actor)
    created = await api.call("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": "greet"})
    started = await api.call("POST", f"/v2/actor-tasks/{created.json()['data']['id']}/runs")
    page = await listed(api, "task=me~greet")
    assert [run.id for run in page.items] == [started.json()["data"]["id"]]
    assert page.counts["ALL"] == 1
    assert problem(await api.call("GET", f"{PATH}?task=me~nothing")) == (404, "record-not-found")
