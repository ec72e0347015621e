"""Fits over the API: started, followed, stopped, applied and deleted; also across a restart of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.base.records import Actor, Fit, LiveTrial, Run, Trial
from runtime.base.sizes import MBYTE
from runtime.database import Database
from runtime.fits.capacity import Host
from tests.fakes.api import Api, problem
from tests.fakes.event_stream import EventClient, listen

NEED = 300 * MBYTE
SIZES = [256, 512, 1024]
LONG_RUN_SECS = 20
TURN_SECS = 0.002


@pytest.fixture(autouse=True)
def enough_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "free_mbytes", lambda _: 8192)


async def start(api: Api, actor: Actor, query: str = "", token: str = "ann", **order: Any) -> str:
    answer = await api.call("POST", f"/greenroom/fits?{query}", json={"actor": actor.id, **order}, token=token)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def get(api: Api, fit_id: str, token: str = "ann") -> Any:
    return (await api.call("GET", f"/greenroom/fits/{fit_id}", token=token)).json()


async def until(api: Api, condition: Callable[[], Any]) -> Any:
    """Let time pass until the condition holds, and return its value. Measurements are read in threads."""
    for _ in range(200):
        await api.clock.advance(1)
        if found := condition():
            return found
        await asyncio.sleep(TURN_SECS)
    raise AssertionError("nothing happened")


def live_run(api: Api, besides: Run | None = None) -> Callable[[], Run | None]:
    """A condition: a run with a container."""

    def find() -> Run | None:
        found = (run for run in api.orchestrator.runs.unfinished() if run != besides and api.containers_of(run))
        return next(found, None)

    return find


def ended(api: Api, fit_id: str) -> Callable[[], bool]:
    return lambda: record(api, fit_id).status.is_terminal


def record(api: Api, fit_id: str) -> Fit:
    fit = api.orchestrator.database.fits.get(fit_id)
    assert fit is not None
    return fit


async def next_run(api: Api) -> Run:
    run: Run = await until(api, live_run(api))
    return run


async def finish(api: Api, run: Run) -> None:
    """End a run as an Actor that needs NEED bytes."""
    container, limit = api.container_of(run), run.options.memory_mbytes * MBYTE
    container.uses(min(NEED, limit))
    await api.clock.settle()
    container.exits(0) if limit > NEED else container.runs_out_of_memory()
    await api.clock.settle()


async def finish_all(api: Api, fit_id: str) -> Any:
    while not record(api, fit_id).status.is_terminal:
        run = await until(api, lambda: live_run(api)() or ended(api, fit_id)())
        if isinstance(run, Run):
            await finish(api, run)
    return await get(api, fit_id)


async def test_a_search_ends_with_a_proven_size_and_only_its_proof_remains(api: Api) -> None:
    fit = await finish_all(api, await start(api, await api.create_actor("fitted")))
    assert [run["memoryMbytes"] for run in fit["runs"]] == [1024, 512, 256, 512]
    assert [run["isStored"] for run in fit["runs"]] == [False, False, False, True]
    rows = {size["memoryMbytes"]: (size["verdict"], size["isProven"]) for size in fit["sizes"]}
    assert rows == {256: ("out of memory", False), 512: ("fits", True), 1024: ("fits", False)}
    found = fit["recommendation"]
    assert (fit["status"], found["memoryMbytes"], found["proofs"]) == ("FINISHED", 512, [fit["runs"][3]["runId"]])
    assert (fit["isComplete"], fit["live"], fit["error"]) == (True, [], None)
    assert fit["sizes"][0]["isPeakLowerBound"] and fit["sizes"][1]["peakBytes"] == NEED
    remaining = (await api.data("GET", "/v2/actor-runs"))["items"]
    assert [run["id"] for run in remaining] == found["proofs"]


async def test_the_report_is_a_page_that_can_load_and_run_nothing(api: Api) -> None:
    inputs = [{"label": "<script>alert(1)</script>", "body": None}, {"label": "b", "body": None}]
    fit_id = await start(api, await api.create_actor("fitted"), inputs=inputs, sizes=[512])
    await finish_all(api, fit_id)
    report = await api.call("GET", f"/greenroom/fits/{fit_id}/report")
    assert (report.status_code, report.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert report.headers["content-disposition"] == 'attachment; filename="fit.html"'
    assert report.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<h1>fitted</h1>" in report.text and "512 MB" in report.text
    assert "<script" not in report.text


async def test_a_live_run_is_shown_with_its_peak_until_now(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512])
    run = await next_run(api)
    api.container_of(run).uses(90 * MBYTE)
    await api.clock.settle()
    [live] = (await get(api, fit_id))["live"]
    assert (live["runId"], live["isStarted"], live["memoryMbytes"], live["isProof"]) == (run.id, True, 512, False)
    assert live["peakBytes"] == 90 * MBYTE


async def test_options_apply_to_all_runs(api: Api) -> None:
    actor = await api.create_actor_with_schema(word={"title": "W", "type": "string", "editor": "textfield"})
    inputs = [{"label": "a", "body": {"word": "a"}}, {"label": "b", "body": {"word": "b"}}]
    fit_id = await start(api, actor, "timeout=77&memory=256", inputs=inputs, parallel=2)
    await until(api, lambda: len(api.orchestrator.runs.unfinished()) == 2)
    runs = api.orchestrator.runs.unfinished()
    paths = [f"/v2/key-value-stores/{run.default_key_value_store_id}/records/INPUT" for run in runs]
    assert {(await api.call("GET", path)).json()["word"] for path in paths} == {"a", "b"}
    assert {(run.options.memory_mbytes, run.options.timeout_secs) for run in runs} == {(256, 77)}
    assert (await get(api, fit_id))["inputs"] == ["a", "b"]


async def test_a_new_server_continues_and_measures_each_run_once(api: Api) -> None:
    actor = await api.create_actor("fitted")
    fit_id = await start(api, actor, sizes=SIZES)
    await finish(api, await next_run(api))
    run = await next_run(api)
    await api.restart_server()
    assert (await next_run(api)).id == run.id
    await finish(api, run)
    fit = await finish_all(api, fit_id)
    assert [each["memoryMbytes"] for each in fit["runs"]] == [*SIZES, 512]
    assert api.orchestrator.actors.get(actor.id).total_runs == len(SIZES) + 1


@pytest.mark.parametrize("was_started", [True, False])
async def test_a_crash_at_the_start_of_a_run_starts_it_exactly_once(api: Api, *, was_started: bool) -> None:
    """The id of the run is stored before the run is started."""
    actor = await api.create_actor("fitted")
    fit_id = await start(api, actor, sizes=[512])
    run = await next_run(api)
    live = LiveTrial(run_id=run.id, trial=Trial(0, 512), busy_secs=0.0)
    await api.close()
    container = api.container_of(run)

    def crashed(fit: Fit) -> Fit:
        return replace(fit, live=(live,), run_ids=())

    database = Database(api.settings.data_dir)
    await database.fits.update(fit_id, crashed)
    if not was_started:
        await database.runs.delete(run.id)
    database.close()
    await api.open()
    started = await next_run(api)
    assert (started.id, len(api.containers_of(run))) == (run.id, 1 if was_started else 2)
    assert container.is_removed is not was_started
    fit = await finish_all(api, fit_id)
    assert (fit["status"], fit["runs"][0]["runId"]) == ("FINISHED", run.id)


async def test_a_run_that_ended_while_no_server_watched_it_is_made_again(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512])
    run = await next_run(api)
    await api.close()
    api.container_of(run).exits(0)
    await api.clock.advance(1)
    await api.open()
    fit = await finish_all(api, fit_id)
    assert [each["memoryMbytes"] for each in fit["runs"]] == [512, 512]
    assert run.id not in [each["runId"] for each in fit["runs"]]
    assert {size["peakBytes"] for size in fit["sizes"]} == {NEED}
    assert (await api.call("GET", f"/v2/actor-runs/{run.id}")).status_code == 404


async def test_a_stop_aborts_the_live_run_and_leaves_what_was_measured(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=SIZES)
    await finish(api, await next_run(api))
    run = await next_run(api)
    stopping = await api.call("POST", f"/greenroom/fits/{fit_id}/stop")
    assert stopping.json()["status"] == "STOPPING"
    await until(api, ended(api, fit_id))
    fit = await get(api, fit_id)
    assert (fit["status"], fit["isComplete"], fit["live"]) == ("STOPPED", False, [])
    assert [each["memoryMbytes"] for each in fit["runs"]] == [256]
    assert (await api.call("GET", f"/v2/actor-runs/{run.id}")).status_code == 404
    again = await api.call("POST", f"/greenroom/fits/{fit_id}/stop")
    assert again.json()["status"] == "STOPPED"


async def test_a_server_that_stops_its_runs_stops_its_fits(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=SIZES)
    await next_run(api)
    await Api.close(api, stop_runs=True)
    await api.open()
    await until(api, ended(api, fit_id))
    fit = await get(api, fit_id)
    assert (fit["status"], fit["error"]["type"], fit["runs"]) == ("STOPPED", "server-stopped", [])
    assert api.orchestrator.runs.unfinished() == []


async def test_a_spent_budget_ends_the_search_without_a_proof(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512], budgetSecs=LONG_RUN_SECS)
    run = await next_run(api)
    await api.clock.advance(LONG_RUN_SECS)
    await finish(api, run)
    await until(api, ended(api, fit_id))
    fit = await get(api, fit_id)
    assert (fit["status"], fit["isBudgetSpent"], fit["isComplete"]) == ("FINISHED", True, False)
    assert fit["recommendation"]["isProven"] is False


async def test_a_run_that_cannot_be_started_ends_the_fit_with_its_error(tmp_path: Path) -> None:
    api = Api(tmp_path, max_memory_mbytes=1024)
    await api.open()
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512, 1024])
    first = await next_run(api)
    other = await api.start(memory_mbytes=256)
    await finish(api, first)
    await until(api, ended(api, fit_id))
    fit = await get(api, fit_id)
    assert (fit["status"], fit["error"]["type"]) == ("FAILED", "actor-memory-limit-exceeded")
    assert [size["memoryMbytes"] for size in fit["sizes"]] == [512]
    await api.abort(other)
    await api.close()


async def test_a_run_that_was_deleted_ends_the_fit(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=SIZES)
    run = await next_run(api)
    await api.orchestrator.database.runs.delete(run.id)
    await until(api, ended(api, fit_id))
    fit = await get(api, fit_id)
    assert (fit["status"], fit["error"]["type"]) == ("FAILED", "record-not-found")
    assert run.id in fit["error"]["message"]


async def test_a_second_fit_waits_for_the_memory_of_the_first_one(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "free_mbytes", lambda _: 1000)
    first = await start(api, await api.create_actor("first"), sizes=[512])
    run = await next_run(api)
    second = await start(api, await api.create_actor("second"), sizes=[512])
    await api.clock.advance(5)
    assert (len(record(api, first).live), len(record(api, second).live)) == (1, 0)
    await finish(api, run)
    await finish_all(api, first)
    assert (await finish_all(api, second))["status"] == "FINISHED"


async def test_a_client_can_wait_for_a_change(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512])
    run = await next_run(api)
    await api.clock.advance(2)
    changes = record(api, fit_id).changes
    call = await api.start_call("GET", f"/greenroom/fits/{fit_id}?after={changes}&waitSecs=60")
    assert not call.done()
    await finish(api, run)
    await until(api, call.done)
    assert (await call).json()["changes"] > changes


async def test_secret_fields_are_stored_encrypted(api: Api) -> None:
    secret = {"title": "P", "type": "string", "editor": "textfield", "isSecret": True}
    fit_id = await start(api, await api.create_actor_with_schema(key=secret), inputs=[{"body": {"key": "hunter2"}}])
    [body] = await api.orchestrator.database.fits.inputs(fit_id)
    assert body is not None and "ENCRYPTED_VALUE" in body and "hunter2" not in body
    shown = await api.call("GET", f"/greenroom/fits/{fit_id}/inputs")
    assert shown.json() == {"items": [{"label": "", "body": json.loads(body)}]}
    assert (await next_run(api)).options.memory_mbytes == 1024


REJECTED: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"actor": "nobody"}, (404, "record-not-found")),
    ({"sizes": [300]}, (400, "invalid-input")),
    ({"sizes": []}, (400, "invalid-input")),
    ({"sizes": [16_384]}, (402, "actor-memory-limit-exceeded")),
    ({"repeat": 0}, (400, "invalid-input")),
    ({"input": {}}, (400, "invalid-input")),
    ({"strategy": "best"}, (400, "invalid-input")),
    ({"inputs": [{"body": {"word": 1}}]}, (400, "invalid-input")),
    ({"inputs": []}, (400, "invalid-input")),
    ({"inputs": [{}] * 100, "repeat": 100}, (400, "invalid-input")),
]


async def test_what_cannot_be_measured_is_rejected_and_nothing_is_stored(api: Api) -> None:
    actor = await api.create_actor_with_schema(word={"title": "W", "type": "string", "editor": "textfield"})
    for order, expected in REJECTED:
        answer = await api.call("POST", "/greenroom/fits", json={"actor": actor.id, **order})
        assert problem(answer) == expected, order
    assert api.orchestrator.database.fits.all() == []


async def test_fits_of_other_users_are_not_found(users: Api) -> None:
    alice = users.orchestrator.users.by_username("alice")
    fit_id = await start(users, await users.create_actor("fitted", alice), token="alices-key")
    reads, changes = ("", "/inputs", "/report"), (("POST", "/stop"), ("POST", "/apply"), ("DELETE", ""))
    for method, path in (*(("GET", path) for path in reads), *changes):
        answer = await users.call(method, f"/greenroom/fits/{fit_id}{path}", token="bobs-key")
        assert problem(answer) == (404, "record-not-found")
    assert (await users.call("GET", "/greenroom/fits", token="bobs-key")).json()["items"] == []


async def test_fits_are_listed_by_actor_and_deleted_only_after_their_end(api: Api) -> None:
    actor, other = await api.create_actor("fitted"), await api.create_actor("other")
    fit_id = await start(api, actor, sizes=[512])
    live = await api.call("DELETE", f"/greenroom/fits/{fit_id}")
    assert problem(live) == (400, "cannot-remove-live-fit")
    await finish_all(api, fit_id)
    listed = (await api.call("GET", f"/greenroom/fits?actor={actor.id}")).json()
    [item] = listed["items"]
    assert (item["id"], item["status"], item["memoryMbytes"], item["isProven"]) == (fit_id, "FINISHED", 512, True)
    assert listed["possibleSizes"][-1] == 8192
    assert (await api.call("GET", f"/greenroom/fits?actor={other.id}")).json()["total"] == 0
    assert (await api.call("DELETE", f"/greenroom/fits/{fit_id}")).status_code == 204
    assert (await api.call("GET", f"/greenroom/fits/{fit_id}")).status_code == 404
    assert await api.orchestrator.database.fits.inputs(fit_id) == []


async def test_an_actor_with_a_live_fit_cannot_be_deleted_and_its_fits_go_with_it(api: Api) -> None:
    actor = await api.create_actor("fitted")
    fit_id = await start(api, actor, sizes=[512])
    rejected = await api.call("DELETE", f"/v2/actors/{actor.id}")
    assert problem(rejected)[1] in ("cannot-remove-live-fit", "cannot-remove-running-run")
    await finish_all(api, fit_id)
    assert (await api.call("DELETE", f"/v2/actors/{actor.id}")).status_code == 204
    assert (await api.call("GET", f"/greenroom/fits/{fit_id}")).status_code == 404


async def test_a_page_receives_each_change_of_a_fit_and_the_peaks_of_its_live_runs(api: Api) -> None:
    fit_id = await start(api, await api.create_actor("fitted"), sizes=[512])
    client = await listen(api, f"fit:{fit_id}")
    run = await next_run(api)
    api.container_of(run).uses(90 * MBYTE)
    await until(api, partial(has_peak, client, 90 * MBYTE))
    done = await finish_all(api, fit_id)
    await until(api, lambda: client.named("fit")[-1]["status"] == "FINISHED")
    assert client.named("fit")[-1] == done
    await client.close()


def has_peak(client: EventClient, peak: int) -> bool:
    return any(live["peakBytes"] == peak for fit in client.named("fit") for live in fit["live"])


async def test_lists_of_fits_receive_that_one_was_started_elsewhere_and_deleted(api: Api) -> None:
    actor = await api.create_actor("fitted")
    client = await listen(api, "records")
    fit_id = await start(api, actor, sizes=[512])
    await finish_all(api, fit_id)
    await api.clock.advance(1)
    await api.call("DELETE", f"/greenroom/fits/{fit_id}")
    await api.clock.advance(1)
    changes = [each["change"] for each in client.named("changed") if (each["kind"], each["id"]) == ("fit", fit_id)]
    assert (changes[0], set(changes[1:-1]), changes[-1]) == ("created", {"modified"}, "deleted")
    await client.close()
