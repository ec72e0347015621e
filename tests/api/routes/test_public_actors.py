"""Public Actors of other users can be read and run. The runs and their storages belong to the caller."""

from __future__ import annotations

import pytest

from runtime.base.records import Actor, EnvVar, User
from tests.fakes.api import Api, problem

ALICE, BOB = "alices-key", "bobs-key"


def user(api: Api, name: str) -> User:
    user = api.orchestrator.users.by_username(name)
    assert user is not None
    return user


@pytest.fixture
async def hello(users: Api) -> Actor:
    """Alice's public Actor, whose version and build have secret variables."""
    actor = await users.create_actor("hello", user(users, "alice"))
    secret = EnvVar(name="KEY", value="hunter2", is_secret=True)
    await users.create_build(actor, "latest", secret, definition={"name": "hello", "environmentVariables": {"A": "b"}})
    files = [{"name": "main.py", "format": "TEXT", "content": "print('the source')"}]
    version = {"versionNumber": "0.0", "sourceFiles": files, "envVars": [{"name": "PLAIN", "value": "the value"}]}
    await users.data("POST", f"/v2/acts/{actor.id}/versions", json=version, token=ALICE)
    await users.data("PUT", f"/v2/acts/{actor.id}", json={"isPublic": True}, token=ALICE)
    return users.orchestrator.actors.get(actor.id)


async def test_other_users_read_a_public_actor_without_its_sources(users: Api, hello: Actor) -> None:
    whole = await users.data("GET", "/v2/acts/~hello", token=ALICE)
    assert whole["versions"]
    for reference in (hello.id, "alice~hello"):
        shown = await users.data("GET", f"/v2/acts/{reference}", token=BOB)
        version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "buildTag": "latest"}
        assert shown == {**whole, "versions": [version]}
    for reference in ("~hello", "me~hello", "bob~hello"):
        assert problem(await users.call("GET", f"/v2/acts/{reference}", token=BOB)) == (404, "record-not-found")


async def test_other_users_do_not_find_a_private_actor(users: Api, hello: Actor) -> None:
    task = await users.data("POST", "/v2/actor-tasks", json={"actId": "alice/hello"}, token=BOB)
    run = await users.data("POST", f"/v2/acts/{hello.id}/runs", token=BOB)
    await users.finish(users.orchestrator.runs.get(run["id"]))
    await users.data("PUT", f"/v2/acts/{hello.id}", json={"isPublic": False}, token=ALICE)
    for method, path in (
        ("GET", f"/v2/acts/{hello.id}"),
        ("GET", "/v2/acts/alice~hello"),
        ("GET", f"/v2/acts/{hello.id}/runs"),
        ("GET", f"/v2/acts/{hello.id}/builds/default"),
        ("PUT", f"/v2/acts/{hello.id}"),
        ("DELETE", f"/v2/acts/{hello.id}"),
        ("POST", f"/v2/actor-tasks/{task['id']}/runs"),
        ("POST", f"/v2/actor-runs/{run['id']}/resurrect"),
    ):
        assert problem(await users.call(method, path, token=BOB, json={})) in (
            (404, "record-not-found"),
            (404, "actor-not-found"),
        ), path
    assert problem(await users.call("POST", f"/v2/acts/{hello.id}/runs", token=BOB)) == (404, "actor-not-found")
    assert [each["id"] for each in (await users.data("GET", "/v2/acts", token=BOB))["items"]] == []
    assert (await users.data("GET", f"/v2/actor-runs/{run['id']}", token=BOB))["usageTotalUsd"] >= 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", ""),
        ("DELETE", ""),
        ("GET", "/versions"),
        ("POST", "/versions"),
        ("GET", "/versions/0.0"),
        ("PUT", "/versions/0.0"),
        ("DELETE", "/versions/0.0"),
        ("GET", "/versions/0.0/env-vars"),
        ("POST", "/versions/0.0/env-vars"),
        ("GET", "/versions/0.0/env-vars/PLAIN"),
        ("PUT", "/versions/0.0/env-vars/PLAIN"),
        ("DELETE", "/versions/0.0/env-vars/PLAIN"),
        ("POST", "/builds?version=0.0"),
    ],
)
async def test_only_the_owner_can_change_and_build_a_public_actor(
    users: Api, hello: Actor, method: str, path: str
) -> None:
    before = await users.data("GET", "/v2/acts/~hello", token=ALICE)
    answer = await users.call(method, f"/v2/acts/alice~hello{path}", token=BOB, json={"name": "X", "value": "y"})
    assert problem(answer) == (403, "insufficient-permissions")
    assert await users.data("GET", "/v2/acts/~hello", token=ALICE) == before


async def test_a_build_of_a_public_actor_is_returned_without_variables_and_costs(users: Api, hello: Actor) -> None:
    own = await users.data("GET", f"/v2/acts/{hello.id}/builds/default", token=ALICE)
    assert own["actorDefinition"]["environmentVariables"] == {"A": "b"}
    assert "usageTotalUsd" in own
    for path, token in (
        ("/v2/acts/alice~hello/builds/default", BOB),
        ("/v2/acts/alice~hello/builds/default", None),
        (f"/v2/acts/alice~hello/builds/{own['id']}", BOB),
        (f"/v2/acts/{hello.id}/builds/default", None),
        (f"/v2/actor-builds/{own['id']}", None),
    ):
        answer = await users.call("GET", path, token=token)
        shown = answer.json()["data"]
        assert shown["actorDefinition"] == {"name": "hello", "input": None, "readme": None}
        assert not [name for name in shown if name.startswith("usage")]
        assert "hunter2" not in answer.text
    for method, path in (("DELETE", ""), ("POST", "/abort")):
        answer = await users.call(method, f"/v2/actor-builds/{own['id']}{path}", token=BOB)
        assert problem(answer) == (404, "record-not-found")


async def test_every_user_reads_the_builds_of_a_public_actor_with_their_logs(users: Api, hello: Actor) -> None:
    (own, *_) = (await users.data("GET", f"/v2/acts/{hello.id}/builds", token=ALICE))["items"]
    page = await users.data("GET", "/v2/acts/alice~hello/builds", token=BOB)
    assert page["total"] == 2
    assert page["items"][0] == own and "usageTotalUsd" in own, "the Python client requires the costs of listed builds"
    users.orchestrator.logs.open(own["id"]).system("Built.")
    users.orchestrator.logs.close(own["id"])
    for path in (
        f"/v2/actor-builds/{own['id']}",
        f"/v2/logs/{own['id']}",
        f"/v2/actor-builds/{own['id']}/log",
        f"/v2/acts/alice~hello/builds/{own['id']}/log",
        f"/v2/acts/alice~hello/builds/{own['id']}/openapi.json",
        "/v2/acts/alice~hello/builds/default/openapi.json",
        "/v2/acts/alice~hello/builds/default/log",
    ):
        assert (await users.call("GET", path, token=BOB)).status_code == 200, path


async def test_builds_of_a_private_actor_are_not_listed_for_other_users(users: Api) -> None:
    actor = await users.create_actor("hidden", user(users, "alice"))
    answer = await users.call("GET", f"/v2/acts/{actor.id}/builds", token=BOB)
    assert problem(answer) == (404, "record-not-found")


@pytest.mark.parametrize("name", ["~hello", "me~hello", "alice~nobody", "nobody~hello", "alice~private"])
async def test_without_a_token_only_the_whole_name_of_a_public_actor_is_resolved(
    users: Api, hello: Actor, name: str
) -> None:
    await users.create_actor("private", user(users, "alice"))
    answer = await users.call("GET", f"/v2/acts/{name}/builds/default", token=None)
    assert problem(answer) == (401, "token-not-provided")


async def test_a_run_of_a_public_actor_and_its_storages_belong_to_the_caller(users: Api, hello: Actor) -> None:
    bob, alice = user(users, "bob"), user(users, "alice")
    shown = await users.data("POST", "/v2/acts/alice~hello/runs", token=BOB)
    await users.clock.settle()
    run = users.orchestrator.runs.get(shown["id"])
    assert (run.user_id, run.actor_id) == (bob.id, hello.id)
    environment = users.container_of(run).spec.environment
    assert environment["KEY"] == "hunter2"
    assert (environment["APIFY_USER_ID"], environment["ACTOR_FULL_NAME"]) == (bob.id, "alice/hello")
    for kind, id in (("datasets", run.default_dataset_id), ("request-queues", run.default_request_queue_id)):
        assert (await users.data("GET", f"/v2/{kind}/{id}", token=BOB))["userId"] == bob.id
        assert (await users.data("GET", f"/v2/{kind}/{id}", token=run.token))["userId"] == bob.id
        assert problem(await users.call("DELETE", f"/v2/{kind}/{id}", token=ALICE))[0] == 404
    me = await users.data("GET", "/v2/users/me", token=run.token)
    assert me["username"] == "bob" != alice.username
    users.container_of(run).prints("the key is hunter2")
    await users.finish(run)
    log = "".join(await users.log_of(run.id))
    assert "the key is " in log and "hunter2" not in log


async def test_each_user_lists_only_their_own_runs_of_a_public_actor(users: Api, hello: Actor) -> None:
    ids: dict[str, str] = {}
    for token in (ALICE, BOB):
        run = await users.data("POST", f"/v2/acts/{hello.id}/runs", token=token)
        ids[token] = run["id"]
    for token in (ALICE, BOB):
        page = await users.data("GET", f"/v2/acts/{hello.id}/runs", token=token)
        assert [each["id"] for each in page["items"]] == [ids[token]]
        assert (await users.data("GET", f"/v2/acts/{hello.id}/runs/last", token=token))["id"] == ids[token]


async def test_a_public_actor_is_listed_for_users_who_have_run_it(users: Api, hello: Actor) -> None:
    own = await users.create_actor("own", user(users, "bob"))

    async def listed(query: str) -> list[tuple[str, str]]:
        page = await users.data("GET", f"/v2/acts{query}", token=BOB)
        assert page["total"] == len(page["items"])
        return [(each["id"], each["username"]) for each in page["items"]]

    assert await listed("") == [(own.id, "bob")]
    await users.data("POST", f"/v2/acts/{hello.id}/runs", token=BOB)
    assert await listed("") == [(hello.id, "alice"), (own.id, "bob")]
    assert await listed("?my=1") == [(own.id, "bob")]
    assert await listed("?sortBy=stats.lastRunStartedAt&desc=1") == [(hello.id, "alice"), (own.id, "bob")]


async def test_tasks_and_webhooks_on_a_public_actor_belong_to_the_caller(users: Api, hello: Actor) -> None:
    task = await users.data("POST", "/v2/actor-tasks", json={"actId": "alice/hello", "name": "mine"}, token=BOB)
    assert (await users.data("GET", "/v2/actor-tasks", token=BOB))["items"][0]["actUsername"] == "alice"
    run = await users.data("POST", "/v2/actor-tasks/~mine/runs", token=BOB)
    assert (run["actId"], run["actorTaskId"]) == (hello.id, task["id"])
    hook = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://localhost:1/", "doNotRetry": True}
    made = await users.data("POST", f"/v2/acts/{hello.id}/webhooks", json=hook, token=BOB)
    of_alice = await users.data("GET", f"/v2/acts/{hello.id}/webhooks", token=ALICE)
    assert of_alice["items"] == []
    await users.finish(await users.start(hello))  # a run of Alice
    assert (await users.data("GET", f"/v2/webhooks/{made['id']}/dispatches", token=BOB))["items"] == []
    await users.finish(users.orchestrator.runs.get(run["id"]))
    assert len((await users.data("GET", f"/v2/webhooks/{made['id']}/dispatches", token=BOB))["items"]) == 1


async def test_a_run_that_metamorphs_into_a_public_actor_still_belongs_to_the_caller(users: Api, hello: Actor) -> None:
    own = await users.start(await users.create_actor("own", user(users, "bob")))
    await users.data("POST", f"/v2/actor-runs/{own.id}/metamorph?targetActorId=alice/hello", token=BOB)
    await users.clock.advance(1)
    now = users.current(own)
    assert (now.current_actor_id, now.user_id) == (hello.id, user(users, "bob").id)


async def test_a_limited_run_of_a_public_actor_cannot_use_the_records_of_its_owner(users: Api, hello: Actor) -> None:
    of_alice, of_bob = await users.start(hello), await users.data("POST", f"/v2/acts/{hello.id}/runs", token=BOB)
    token = users.orchestrator.runs.get(of_bob["id"]).token
    for path in (f"datasets/{of_alice.default_dataset_id}/items", f"actor-runs/{of_alice.id}/abort"):
        answer = await users.call("POST", f"/v2/{path}", token=token, json=[])
        assert problem(answer) == (404, "record-not-found")
    assert users.current(of_alice).status == "RUNNING"
    assert "usageTotalUsd" not in await users.data("GET", f"/v2/actor-runs/{of_alice.id}", token=token)
