from __future__ import annotations

import pytest

from tests.fakes.api import CONTROL_TOKEN, Api, problem


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v2/users/me", {"Authorization": "Bearer anything"}),
        ("/v2/users/me", {"Authorization": "bearer  anything "}),
        ("/v2/users/me?token=anything", {}),
        ("/v2/users/me?token=anything", {"Authorization": "Basic YTpi"}),
    ],
)
async def test_a_token_is_read_from_the_header_or_the_query(api: Api, path: str, headers: dict[str, str]) -> None:
    assert (await api.data("GET", path, token=None, headers=headers))["username"] == "local"


async def test_the_header_takes_precedence_over_the_query(users: Api) -> None:
    me = await users.data("GET", "/v2/users/me?token=bobs-key", token="alices-key")
    assert me["username"] == "alice"


@pytest.mark.parametrize("token", ["anything", "alices-ke", "ALICES-KEY", "alice"])
async def test_only_the_tokens_of_configured_users_are_valid(users: Api, token: str) -> None:
    assert problem(await users.call("GET", "/v2/users/me", token=token)) == (401, "invalid-token")


async def test_users_do_not_see_each_others_records(users: Api) -> None:
    actor = await users.create_actor("hello")
    run = await users.start(actor)
    alice, bob = "alices-key", "bobs-key"
    for path in ("/v2/acts", "/v2/actor-runs", "/v2/actor-builds"):
        assert (await users.data("GET", path, token=alice))["total"] == 1
        assert (await users.data("GET", path, token=bob))["total"] == 0
    for path in (f"/v2/acts/{actor.id}", "/v2/acts/alice~hello", f"/v2/acts/{actor.id}/runs", "/v2/acts/~hello"):
        assert (await users.call("GET", path, token=alice)).status_code == 200
        assert problem(await users.call("GET", path, token=bob)) == (404, "record-not-found")
    for method, path in (
        ("DELETE", f"/v2/acts/{actor.id}"),
        ("POST", f"/v2/actor-runs/{run.id}/abort"),
        ("PUT", f"/v2/actor-runs/{run.id}"),
        ("DELETE", f"/v2/actor-runs/{run.id}"),
        ("POST", f"/v2/actor-builds/{run.build_id}/abort"),
        ("DELETE", f"/v2/actor-builds/{run.build_id}"),
        ("DELETE", f"/v2/datasets/{run.default_dataset_id}"),
        ("PUT", f"/v2/key-value-stores/{run.default_key_value_store_id}/records/KEY"),
        ("POST", f"/v2/request-queues/{run.default_request_queue_id}/head/lock"),
        ("POST", f"/v2/actor-runs/{run.id}/dataset/items"),
    ):
        assert problem(await users.call(method, path, token=bob)) == (404, "record-not-found"), path
    assert problem(await users.call("POST", f"/v2/acts/{actor.id}/runs", token=bob)) == (404, "actor-not-found")
    assert users.current(run).status == "RUNNING"


async def test_everybody_can_read_a_run_by_its_id_but_only_its_owner_sees_costs_and_webhooks(users: Api) -> None:
    run = await users.start()
    secret = {"usage", "usageUsd", "usageTotalUsd", "webhooks"}
    owners = await users.data("GET", f"/v2/actor-runs/{run.id}", token="alices-key")
    assert secret <= owners.keys()
    for token in (None, "bobs-key"):
        others = await users.data("GET", f"/v2/actor-runs/{run.id}", token=token)
        assert others["id"] == run.id
        assert not secret & others.keys()
        assert (await users.call("GET", f"/v2/logs/{run.id}", token=token)).status_code == 200


async def test_each_user_has_a_memory_limit_of_their_own(users: Api) -> None:
    await users.start(memory_mbytes=16_384)
    bob = users.orchestrator.users.by_username("bob")
    actor = await users.create_actor("hello", user=bob)
    answer = await users.call("POST", f"/v2/acts/{actor.id}/runs?memory=16384", token="bobs-key")
    assert answer.status_code == 201


async def test_a_runs_token_is_valid_until_five_seconds_after_its_end(users: Api) -> None:
    run = await users.start()
    assert (await users.data("GET", "/v2/users/me", token=run.token))["username"] == "alice"
    put = await users.call("PUT", f"/v2/actor-runs/{run.id}", token=run.token, json={"statusMessage": "Working"})
    assert put.json()["data"]["statusMessage"] == "Working"
    await users.finish(run)
    await users.clock.advance(5)
    assert (await users.call("GET", f"/v2/actor-runs/{run.id}", token=run.token)).status_code == 200
    await users.clock.advance(0.001)
    assert problem(await users.call("GET", f"/v2/actor-runs/{run.id}", token=run.token)) == (401, "invalid-token")
    assert problem(await users.call("POST", "/v2/acts/~x/runs", token=run.token)) == (401, "token-not-valid")


async def test_a_run_started_with_a_runs_token_has_the_origin_actor(users: Api) -> None:
    run = await users.start()
    child = await users.data("POST", f"/v2/acts/{run.actor_id}/runs", token=run.token)
    assert (child["meta"]["origin"], child["userId"]) == ("ACTOR", run.user_id)


async def test_an_invalid_token_is_rejected_even_if_none_is_needed(users: Api) -> None:
    run = await users.start()
    assert problem(await users.call("GET", f"/v2/actor-runs/{run.id}", token="wrong")) == (401, "invalid-token")


async def test_the_control_token_acts_for_the_first_user(users: Api) -> None:
    assert (await users.data("GET", "/v2/users/me", token=CONTROL_TOKEN))["username"] == "alice"


async def test_no_response_contains_a_token(api: Api) -> None:
    run = await api.start()
    for path in (f"/v2/actor-runs/{run.id}", "/v2/actor-runs", f"/v2/logs/{run.id}", f"/v2/acts/{run.actor_id}"):
        text = (await api.call("GET", path)).text
        assert run.token not in text and run.events_key not in text
