from __future__ import annotations

import pytest

from tests.fakes.api import Api, problem


async def test_a_live_run_is_returned_with_its_present_state(api: Api) -> None:
    run = await api.start()
    shown = await api.data("GET", f"/v2/actor-runs/{run.id}")
    assert (shown["status"], shown["finishedAt"], shown["exitCode"]) == ("RUNNING", None, None)
    assert shown["containerUrl"] == f"http://{run.web_key}.runs.localhost:3333"
    await api.clock.advance(90)
    assert (await api.data("GET", f"/v2/actor-runs/{run.id}"))["stats"]["durationMillis"] == 90_000
    await api.finish(run)
    await api.clock.advance(90)
    shown = await api.data("GET", f"/v2/actor-runs/{run.id}")
    assert (shown["status"], shown["finishedAt"], shown["exitCode"]) == ("SUCCEEDED", "2023-11-14T22:14:50.000Z", 0)
    assert shown["stats"]["durationMillis"] == 90_000


@pytest.mark.parametrize("secs", ["60", "999999"])
async def test_waiting_for_a_run_ends_with_the_run_or_after_a_minute(api: Api, secs: str) -> None:
    run = await api.start()
    first = await api.start_call("GET", f"/v2/actor-runs/{run.id}?waitForFinish={secs}")
    await api.clock.advance(59)
    assert not first.done()
    await api.clock.advance(1)
    assert (await first).json()["data"]["status"] == "RUNNING"
    second = await api.start_call("GET", f"/v2/actor-runs/{run.id}?waitForFinish={secs}")
    await api.finish(run)
    assert (await second).json()["data"]["status"] == "SUCCEEDED"


async def test_an_abort_returns_the_aborted_run(api: Api) -> None:
    run = await api.start()
    aborting = await api.data("POST", f"/v2/actor-runs/{run.id}/abort")
    assert aborting["status"] in ("ABORTING", "ABORTED")
    await api.clock.settle()
    ended = await api.data("GET", f"/v2/actor-runs/{run.id}")
    assert ended["status"] == "ABORTED"
    assert await api.data("POST", f"/v2/actor-runs/{run.id}/abort") == ended


async def test_a_status_message_is_set_without_other_fields(api: Api) -> None:
    run = await api.start()
    body = {"runId": run.id, "statusMessage": "Half way", "isStatusMessageTerminal": False, "level": "INFO"}
    shown = await api.data("PUT", f"/v2/actor-runs/{run.id}", json=body)
    assert (shown["statusMessage"], shown["isStatusMessageTerminal"]) == ("Half way", False)
    shown = await api.data("PUT", f"/v2/actor-runs/{run.id}", json={"generalAccess": "RESTRICTED"})
    assert (shown["statusMessage"], shown["generalAccess"]) == ("Half way", "RESTRICTED")


@pytest.mark.parametrize("is_explained", [True, False])
async def test_a_last_message_of_the_actor_arrives_late_but_replaces_no_explanation_unless_it_is_terminal(
    api: Api, is_explained: bool
) -> None:
    run = await api.finish(await api.start(), 137, oom_killed=is_explained)
    late = await api.data("PUT", f"/v2/actor-runs/{run.id}", json={"statusMessage": "Half way"}, token=run.token)
    assert late["statusMessage"] == (run.status_message if is_explained else "Half way")
    last = {"statusMessage": "All done", "isStatusMessageTerminal": True}
    late = await api.data("PUT", f"/v2/actor-runs/{run.id}", json=last, token=run.token)
    assert late["statusMessage"] == "All done"


@pytest.mark.parametrize("is_terminal", [True, False, None])
async def test_the_owner_can_change_the_status_message_of_an_ended_run_at_any_time(
    api: Api, is_terminal: bool | None
) -> None:
    run = await api.finish(await api.start(), 137, oom_killed=True)
    await api.clock.advance(3600)
    body = {"statusMessage": "Checked", "generalAccess": "RESTRICTED"}
    terminal = {} if is_terminal is None else {"isStatusMessageTerminal": is_terminal}
    for _ in range(2):
        shown = await api.data("PUT", f"/v2/actor-runs/{run.id}", json={**body, **terminal})
        assert (shown["statusMessage"], shown["isStatusMessageTerminal"]) == ("Checked", is_terminal)
        assert (shown["generalAccess"], shown["status"]) == ("RESTRICTED", "FAILED")


async def test_the_token_of_a_run_can_change_its_status_message_until_five_seconds_after_its_end(api: Api) -> None:
    run = await api.finish(await api.start())
    await api.clock.advance(5)
    body = {"statusMessage": "Last words", "isStatusMessageTerminal": True}
    shown = await api.data("PUT", f"/v2/actor-runs/{run.id}", json=body, token=run.token)
    assert shown["statusMessage"] == "Last words"
    await api.clock.advance(0.001)
    late = await api.call("PUT", f"/v2/actor-runs/{run.id}", json=body, token=run.token)
    assert problem(late) == (401, "invalid-token")


async def test_an_ended_run_is_deleted_with_its_storages(api: Api) -> None:
    run = await api.finish(await api.start())
    assert (await api.call("DELETE", f"/v2/actor-runs/{run.id}")).status_code == 204
    for path in (f"/v2/actor-runs/{run.id}", f"/v2/logs/{run.id}", f"/v2/datasets/{run.default_dataset_id}"):
        assert problem(await api.call("GET", path)) == (404, "record-not-found")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [0, 1, 2]),
        ("?desc=1", [2, 1, 0]),
        ("?desc=true&limit=1", [2]),
        ("?offset=1", [1, 2]),
        ("?offset=50", []),
        ("?status=SUCCEEDED", [0]),
        ("?status=SUCCEEDED,RUNNING", [0, 2]),
        ("?status=FAILED&status=RUNNING", [1, 2]),
        ("?startedAfter=2023-11-14T22:13:21.000Z", [1, 2]),
        ("?startedBefore=2023-11-14T22:13:21Z", [0, 1]),
    ],
)
async def test_runs_are_sorted_by_start_and_filtered_by_the_query(api: Api, query: str, numbers: list[int]) -> None:
    actor, runs = await api.create_actor("hello"), list[str]()
    for code in (0, 1, None):
        run = await api.start(actor)
        runs.append(run.id)
        if code is not None:
            await api.finish(run, code)
        await api.clock.advance(1)
    for path in ("/v2/actor-runs", f"/v2/acts/{actor.id}/runs"):
        page = await api.data("GET", path + query)
        assert [item["id"] for item in page["items"]] == [runs[number] for number in numbers]
        assert page["count"] == len(numbers)
        assert all("usageTotalUsd" in item and "token" not in item for item in page["items"])


async def test_the_usage_of_a_runs_storages_is_counted_and_priced(api: Api) -> None:
    run = await api.start(memory_mbytes=1024)
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{"a": 1}, {"a": 2}])
    await api.clock.advance(36)
    await api.finish(run)
    shown = await api.data("GET", f"/v2/actor-runs/{run.id}")
    assert shown["usage"]["ACTOR_COMPUTE_UNITS"] == pytest.approx(0.01)
    assert shown["usage"]["DATASET_WRITES"] > 0
    assert shown["usageTotalUsd"] == pytest.approx(sum(shown["usageUsd"].values()))
