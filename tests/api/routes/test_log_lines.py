"""The lines of logs of runs and builds by their numbers, and the search in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.base.general_access import GeneralAccess
from runtime.jobs.logs import CAP_NOTICE
from tests.fakes.api import Api, problem


async def test_lines_of_a_live_run_and_of_an_ended_one(api: Api) -> None:
    run = await api.start()
    api.container_of(run).prints("hello", "\x1b[31mgrün\x1b[0m")
    await api.clock.settle()
    path = f"/greenroom/logs/{run.id}/lines"
    live = (await api.call("GET", f"{path}?from=-2&count=1")).json()
    assert [line["text"].partition("Z ")[2] for line in live["lines"]] == ["hello"]
    assert (live["isEnded"], live["truncated"], live["totalLines"]) == (False, False, live["lines"][0]["number"] + 2)
    api.container_of(run).prints("bye")
    await api.finish(run)
    ended = (await api.call("GET", path)).json()
    public = await api.call("GET", f"/v2/logs/{run.id}?raw=1")
    assert [line["text"] for line in ended["lines"]] == public.text.splitlines()
    assert (ended["isEnded"], ended["totalBytes"]) == (True, len(public.content))
    assert ended["lines"][0]["level"] == "SYS" and ended["lines"][-1]["level"] is None


async def test_a_search_of_a_build_and_of_a_run(api: Api) -> None:
    run = await api.start()
    api.container_of(run).prints("INFO  One", "ERROR Two", "  at two", "INFO  two")
    await api.finish(run)
    path = f"/greenroom/logs/{run.id}/search"
    found = (await api.call("GET", f"{path}?q=TWO")).json()
    first = found["numbers"][0]
    assert (found["total"], found["numbers"]) == (3, [first, first + 1, first + 2]) and found["scannedBytes"] > 100
    assert (await api.call("GET", f"{path}?q=two&caseSensitive=true&levels=INFO")).json()["numbers"] == [first + 2]
    assert (await api.call("GET", f"{path}?levels=ERROR")).json()["numbers"] == [first, first + 1]
    log = api.orchestrator.logs.open(run.build_id)
    log.append_text(["Step 1 of 2"])
    api.orchestrator.logs.close(run.build_id)
    assert (await api.call("GET", f"/greenroom/logs/{run.build_id}/search?q=step")).json()["numbers"] == [0]


async def test_a_log_at_its_limit_is_truncated(api: Api) -> None:
    run = await api.start()
    api.orchestrator.logs._live[run.id].append_text([CAP_NOTICE])
    await api.clock.settle()
    assert (await api.call("GET", f"/greenroom/logs/{run.id}/lines?from=-1")).json()["truncated"]


@pytest.mark.parametrize("query", ["lines?from=x", "lines?count=0", "lines?count=2001", "search?levels=LOUD&q=a"])
async def test_invalid_parameters_are_rejected(api: Api, query: str) -> None:
    run = await api.start()
    assert problem(await api.call("GET", f"/greenroom/logs/{run.id}/{query}")) == (400, "invalid-parameter")
    assert problem(await api.call("GET", f"/greenroom/logs/{run.id}/search")) == (400, "parameter-required")
    assert problem(await api.call("GET", "/greenroom/logs/unknown/lines")) == (404, "record-not-found")


async def test_who_may_not_read_a_run_may_not_read_its_log(users: Api) -> None:
    run = await users.start(await users.create_actor(user=users.orchestrator.users.by_username("alice")))
    await users.orchestrator.runs.change(run.id, lambda now: replace(now, general_access=GeneralAccess.RESTRICTED))
    for part in ("lines", "search?q=a"):
        path = f"/greenroom/logs/{run.id}/{part}"
        assert (await users.call("GET", path, token="alices-key")).status_code == 200
        assert problem(await users.call("GET", path, token="bobs-key")) == (404, "record-not-found")
        assert (await users.call("GET", path, token=None)).status_code == 401
