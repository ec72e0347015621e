"""The API calls of runs: exact counts, the last calls in full, and no secrets."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.history import api_calls
from runtime.history.api_calls import BLOCK_CALLS, RECENT_CALLS, ApiCall, ApiCalls, Use
from tests.fakes.stage import Stage, insert_run
from tests.fakes.storage_faults import StorageFault


def a_call(number: int = 0, path: str = "/v2/users/me", query: str = "", status: int | None = 200) -> ApiCall:
    return ApiCall(number, "GET", path, query, status, 1500, 10, 20, "GET /v2/users/me")


async def add(calls: ApiCalls, numbers: Sequence[int], run_id: str = "run1") -> None:
    for number in numbers:
        calls.add(run_id, a_call(number))
    await calls.store()


async def test_all_calls_are_counted_and_the_last_ones_are_stored_in_full(stage: Stage) -> None:
    calls = stage.orchestrator.history.api_calls
    for start in range(0, 7000, 70):
        await add(calls, range(start, start + 70))
    history = await calls.of_run("run1")
    assert history.operations == {
        "GET /v2/users/me": Use(calls=7000, micros=7000 * 1500, request_bytes=70_000, response_bytes=140_000)
    }
    assert RECENT_CALLS <= len(history.calls) < RECENT_CALLS + 2 * BLOCK_CALLS
    assert [call.at for call in history.calls] == list(range(7000 - len(history.calls), 7000))
    stored = stage.orchestrator.database.run_details.api_calls.blocks("run1")
    assert len(stored) <= RECENT_CALLS // BLOCK_CALLS + 2
    assert (await calls.of_run("other")).operations == {}


async def test_a_new_server_continues_the_counts(stage: Stage) -> None:
    await insert_run(stage, JobStatus.SUCCEEDED, "run1")
    await add(stage.orchestrator.history.api_calls, range(30))
    stage.orchestrator.history.api_calls.add("run1", a_call(30))  # stored by the orderly stop
    await stage.restart_server()
    await add(stage.orchestrator.history.api_calls, range(31, 40))
    history = await stage.orchestrator.history.api_calls.of_run("run1")
    assert [call.at for call in history.calls] == list(range(40)) and history.operations["GET /v2/users/me"].calls == 40
    assert len(stage.orchestrator.database.run_details.api_calls.blocks("run1")) == 1


async def test_calls_are_stored_together_after_a_moment(stage: Stage) -> None:
    calls = stage.orchestrator.history.api_calls
    for number in range(10):
        calls.add("run1", a_call(number))
    table = stage.orchestrator.database.run_details.api_calls
    assert table.blocks("run1") == []
    await stage.clock.advance(api_calls.STORE_SECS)
    await calls.store()  # waits for the write that the timer began
    assert [block.samples for block in table.blocks("run1")] == [10]


async def test_calls_wait_for_space_on_the_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fault, calls = StorageFault(monkeypatch), stage.orchestrator.history.api_calls
    await add(calls, range(20))
    fault.begin()
    await add(calls, range(20, 1200))
    assert len((await calls.of_run("run1")).calls) == 1200
    fault.end()
    await calls.store()
    assert [call.at for call in (await calls.of_run("run1")).calls] == list(range(1200))
    assert sum(block.samples for block in stage.orchestrator.database.run_details.api_calls.blocks("run1")) == 1200


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("token=abc", ""),
        ("limit=5&token=abc&desc=1", "limit=5&desc=1"),
        ("signature=abc&x=1", "signature=[REDACTED]&x=1"),
        ("q=a%20b%00c", "q=a bc"),
        ("q=s3cr3t%2Dvalue", "q=[REDACTED]"),
    ],
)
async def test_secrets_are_not_stored(stage: Stage, query: str, shown: str) -> None:
    calls = stage.orchestrator.history.api_calls
    stage.orchestrator.logs.open("run1", ["s3cr3t-value"])
    calls.add("run1", a_call(1, "/v2/x/s3cr3t-value/y", query, None))
    history = await calls.of_run("run1")
    assert [(call.path, call.query) for call in history.calls] == [("/v2/x/[REDACTED]/y", shown)]
    assert history.operations["GET /v2/users/me"].errors == 1
    stage.orchestrator.logs.close("run1")


async def test_secrets_are_not_stored_if_the_run_ends_before_its_calls_are(stage: Stage) -> None:
    calls = stage.orchestrator.history.api_calls
    stage.orchestrator.logs.open("run1", ["s3cr3t-value"])
    calls.add("run1", a_call(1, "/v2/x/s3cr3t-value/y"))
    stage.orchestrator.logs.close("run1")
    calls.add("run1", a_call(2, "/v2/z/s3cr3t-value"))
    paths = [call.path for call in (await calls.of_run("run1")).calls]
    calls.add("run1", a_call(3, "/v2/late/s3cr3t-value"))
    assert [*paths, (await calls.of_run("run1")).calls[-1].path] == [
        f"/v2/{name}" for name in ("x/[REDACTED]/y", "z/[REDACTED]", "late/[REDACTED]")
    ]


async def test_the_calls_of_a_deleted_run_are_dropped(stage: Stage) -> None:
    calls = stage.orchestrator.history.api_calls
    await add(calls, range(5))
    calls.add("run1", a_call(5))
    await stage.orchestrator.history.delete("run1")
    assert (await calls.of_run("run1")).calls == []
