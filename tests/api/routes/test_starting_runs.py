from __future__ import annotations

import asyncio
import gzip
from typing import Any

import brotli
import pytest

from runtime.base.records import Run
from tests.fakes.api import BASE, Api, problem
from tests.fakes.engine_faults import pause_create

JSON = "application/json"


async def input_of(api: Api, run_id: str) -> tuple[bytes, str] | None:
    """The INPUT record of a run, and its content type."""
    answer = await api.call("GET", f"/v2/actor-runs/{run_id}/key-value-store/records/INPUT")
    return None if answer.status_code == 404 else (answer.content, answer.headers["content-type"])


async def output(api: Api, run: Run, body: bytes = b'{"ok": true}', key: str = "OUTPUT") -> None:
    await api.orchestrator.key_value_stores.set_record(run.default_key_value_store_id, key, body, "application/json")


def live_run(api: Api) -> Run:
    (run,) = api.orchestrator.runs.unfinished()
    return run


@pytest.mark.parametrize("path", ["runs", "run-sync", "run-sync-get-dataset-items"])
async def test_a_run_of_an_actor_of_the_store_is_rejected_with_the_way_to_create_a_stand_in(
    api: Api, path: str
) -> None:
    answer = await api.call("POST", f"/v2/acts/apify~web-scraper/{path}")
    assert problem(answer) == (404, "actor-not-found")
    message = answer.json()["error"]["message"]
    assert message.startswith("Actor was not found: this server has no Actor 'apify~web-scraper'.")
    assert "Create a stand-in" in message


async def test_starting_a_run_returns_201_with_its_address_and_options(api: Api) -> None:
    actor = await api.create_actor("hello")
    query = "memory=300&timeout=60&maxItems=5&maxTotalChargeUsd=0.5&restartOnError=true&build=0.0.1"
    started = await api.call("POST", f"/v2/acts/local~hello/runs?{query}")
    run = started.json()["data"]
    assert started.status_code == 201
    assert started.headers["location"] == f"{BASE}/v2/actors/{actor.id}/runs/{run['id']}"
    assert run["status"] in ("READY", "RUNNING")
    assert run["options"] == {
        "build": "0.0.1",
        "timeoutSecs": 60,
        "memoryMbytes": 512,
        "diskMbytes": 1024,
        "maxItems": 5,
        "maxTotalChargeUsd": 0.5,
        "restartOnError": True,
    }
    assert (run["buildNumber"], run["buildNumberInt"]) == ("0.0.1", 1)


async def test_without_waiting_a_start_returns_a_ready_run_that_is_running_whenever_it_is_read(api: Api) -> None:
    await api.create_actor("hello")
    pause_create(api.engine)
    run = await api.data("POST", "/v2/acts/~hello/runs")
    assert run["status"] == "READY"
    read = await api.data("GET", f"/v2/actor-runs/{run['id']}")
    assert (read["status"], read["startedAt"]) == ("RUNNING", run["startedAt"])


@pytest.mark.parametrize("secs", ["60", "999999"])
async def test_a_start_waits_a_minute_at_most(api: Api, secs: str) -> None:
    await api.create_actor("hello")
    call = await api.start_call("POST", f"/v2/acts/~hello/runs?waitForFinish={secs}")
    await api.clock.advance(59.9)
    assert not call.done()
    await api.clock.advance(0.1)
    assert (await call).json()["data"]["status"] == "RUNNING"


async def test_a_waiting_start_returns_when_its_run_ends(api: Api) -> None:
    await api.create_actor("hello")
    call = await api.start_call("POST", "/v2/acts/~hello/runs?waitForFinish=60")
    await api.finish(live_run(api), 3)
    run = (await call).json()["data"]
    assert (run["status"], run["exitCode"]) == ("FAILED", 3)


@pytest.mark.parametrize("secs", ["-1", "-0.25", "0", ""])
async def test_a_negative_wait_means_no_wait(api: Api, secs: str) -> None:
    await api.create_actor("hello")
    assert (await api.data("POST", f"/v2/acts/~hello/runs?waitForFinish={secs}"))["status"] == "READY"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": 1}', "application/json"),
        (b'{"a":  1}\n', "application/json; charset=utf-8"),
        (b"a=1&b=2", "application/x-www-form-urlencoded"),
        (b"plain", "text/plain"),
        (b"\x00\xff\x00", "application/octet-stream"),
        (b"<a/>", "application/xml"),
        (b"null", "text/plain"),
        (b"[1, 2]", "application/json"),
        (b"no json", "nonsense"),
    ],
)
async def test_an_input_of_any_content_type_is_stored_unchanged(api: Api, body: bytes, content_type: str) -> None:
    await api.create_actor("hello")
    run = await api.data("POST", "/v2/acts/~hello/runs", content=body, headers={"Content-Type": content_type})
    assert await input_of(api, run["id"]) == (body, content_type)
    assert run["stats"]["inputBodyLen"] == len(body)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"", "application/x-www-form-urlencoded"),
        (b"null", "application/json"),
        (b"null", "application/json; charset=utf-8"),
        (b" null\n", "application/json"),
        (b"null", None),
        (b"", None),
    ],
)
async def test_an_empty_body_and_null_count_as_no_input(api: Api, body: bytes, content_type: str | None) -> None:
    await api.create_actor("hello")
    headers = {"Content-Type": content_type} if content_type else {}
    run = await api.data("POST", "/v2/acts/~hello/runs", content=body, headers=headers)
    assert await input_of(api, run["id"]) is None


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
async def test_an_encoded_input_is_stored_decoded(api: Api, encoding: str, pack: Any) -> None:
    await api.create_actor("hello")
    body = b'{"long": "' + b"x" * 300_000 + b'"}'
    headers = {"Content-Type": JSON, "Content-Encoding": encoding}
    run = await api.data("POST", "/v2/acts/~hello/runs", content=pack(body), headers=headers)
    assert await input_of(api, run["id"]) == (body, JSON)


async def test_strict_memory_rejects_what_the_platform_rejects(tmp_path: Any) -> None:
    api = Api(tmp_path, strict_memory=True)
    await api.open()
    await api.create_actor("hello")
    assert problem(await api.call("POST", "/v2/acts/~hello/runs?memory=300")) == (400, "invalid-input")
    assert (await api.call("POST", "/v2/acts/~hello/runs?memory=256")).status_code == 201
    await api.close()


SYNC = "/v2/acts/~hello/run-sync"
SYNC_ITEMS = "/v2/acts/~hello/run-sync-get-dataset-items"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_run_sync_returns_the_output_record(api: Api, method: str) -> None:
    await api.create_actor("hello")
    call = await api.start_call(method, SYNC)
    await output(api, live_run(api))
    await api.finish(live_run(api))
    answer = await call
    assert (answer.status_code, answer.content) == (201, b'{"ok": true}')
    assert answer.headers["content-type"] == "application/json"


async def test_run_sync_returns_the_record_in_the_query_or_no_body(api: Api) -> None:
    await api.create_actor("hello")
    calls = [await api.start_call("POST", f"{SYNC}?memory=256&outputRecordKey=RESULT")]
    run = live_run(api)
    await output(api, run, b"other", key="RESULT")
    await api.finish(run)
    calls.append(await api.start_call("POST", SYNC))
    await api.finish(live_run(api))
    answers = await asyncio.gather(*calls)
    assert [(answer.status_code, answer.content) for answer in answers] == [(201, b"other"), (201, b"")]


async def test_run_sync_returns_items_as_the_query_selects(api: Api) -> None:
    await api.create_actor("hello")
    call = await api.start_call("POST", f"{SYNC_ITEMS}?limit=1&offset=1&fields=a")
    run = live_run(api)
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{"a": 1}, {"a": 2, "b": 3}, {"a": 4}])
    await api.finish(run)
    answer = await call
    assert (answer.status_code, answer.json()) == (201, [{"a": 2}])
    assert answer.headers["x-apify-pagination-total"] == "3"


@pytest.mark.parametrize("path", [SYNC, SYNC_ITEMS])
@pytest.mark.parametrize("code", [1, 137])
async def test_a_failed_run_returns_400_with_its_id(api: Api, path: str, code: int) -> None:
    await api.create_actor("hello")
    call = await api.start_call("POST", path)
    run = await api.finish(live_run(api), code)
    answer = await call
    assert problem(answer) == (400, "run-failed")
    assert answer.json()["error"]["message"] == f"Actor run did not succeed (run ID: {run.id}, status: FAILED)."


async def test_the_error_for_an_aborted_or_timed_out_run_contains_its_status(api: Api) -> None:
    await api.create_actor("hello")
    aborted = await api.start_call("POST", SYNC)
    await api.abort(live_run(api))
    assert "status: ABORTED" in (await aborted).json()["error"]["message"]
    timed_out = await api.start_call("POST", f"{SYNC}?timeout=30")
    await api.clock.advance(30)
    assert "status: TIMED-OUT" in (await timed_out).json()["error"]["message"]


@pytest.mark.parametrize("path", [SYNC, SYNC_ITEMS])
async def test_after_five_minutes_the_request_ends_and_the_run_continues(api: Api, path: str) -> None:
    await api.create_actor("hello")
    call = await api.start_call("POST", path)
    await api.clock.advance(299.9)
    assert not call.done()
    await api.clock.advance(0.1)
    assert problem(await call) == (408, "run-timeout-exceeded")
    assert live_run(api).status == "RUNNING"


async def test_a_synchronous_run_gets_its_input(api: Api) -> None:
    await api.create_actor("hello")
    call = await api.start_call("POST", SYNC, content=b'{"a": 1}', headers={"Content-Type": JSON})
    run = live_run(api)
    assert await input_of(api, run.id) == (b'{"a": 1}', JSON)
    await api.finish(run)
    await call
