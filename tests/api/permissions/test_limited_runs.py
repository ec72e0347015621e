"""What a run with limited permissions can do, apart from its storages."""

from __future__ import annotations

import base64
import json

from runtime.base.records import PermissionLevel, Run
from tests.fakes.api import Api, problem, started_by

LIMITED, FULL = PermissionLevel.LIMITED, PermissionLevel.FULL


async def test_the_error_explains_how_to_get_full_permissions(api: Api, run: Run) -> None:
    answer = await api.call("GET", "/v2/datasets", token=run.token)
    assert problem(answer) == (403, "insufficient-permissions")
    for word in ("LIMITED_PERMISSIONS", "forcePermissionLevel=FULL_PERMISSIONS", "actorPermissionLevel"):
        assert word in answer.json()["error"]["message"]
    full = await api.create_actor("full")
    await api.data("PUT", f"/v2/actors/{full.id}", json={"actorPermissionLevel": FULL})
    answer = await api.call("POST", f"/v2/actors/{full.id}/runs", token=run.token)
    assert problem(answer) == (403, "insufficient-permissions")
    assert "FULL_PERMISSIONS" in answer.json()["error"]["message"]


async def test_limited_is_the_default_and_the_level_of_a_run_can_be_forced(api: Api) -> None:
    actor = await api.create_actor("hello")
    assert (await api.data("GET", f"/v2/actors/{actor.id}"))["actorPermissionLevel"] == LIMITED
    for query, level in (("", LIMITED), (f"?forcePermissionLevel={FULL}", FULL)):
        shown = await api.data("POST", f"/v2/actors/{actor.id}/runs{query}")
        token = api.orchestrator.runs.get(shown["id"]).token
        assert shown["permissionLevel"] == level
        assert (await api.call("GET", "/v2/actors", token=token)).is_success is (level is FULL)
    await api.data("PUT", f"/v2/actors/{actor.id}", json={"actorPermissionLevel": FULL})
    for query, level in (("", FULL), (f"?forcePermissionLevel={LIMITED}", LIMITED)):
        assert (await api.data("POST", f"/v2/actors/{actor.id}/runs{query}"))["permissionLevel"] == level


async def test_a_limited_run_cannot_start_an_actor_whose_runs_are_forced_to_be_full(api: Api, run: Run) -> None:
    forced = {"defaultRunOptions": {"forcePermissionLevel": FULL}}
    await api.create_actor("forced")
    await api.data("PUT", "/v2/actors/~forced", json=forced)
    answer = await api.call("POST", "/v2/actors/~forced/runs", token=run.token)
    assert problem(answer) == (403, "insufficient-permissions")
    limited = f"/v2/actors/~forced/runs?forcePermissionLevel={LIMITED}"
    assert (await api.call("POST", limited, token=run.token)).status_code == 201


async def test_a_limited_run_gets_only_some_fields_of_its_user(api: Api, run: Run) -> None:
    me = await api.data("GET", "/v2/users/me", token=run.token)
    assert me.keys() == {"id", "username", "profile", "proxy", "isPaying"}
    assert me.items() <= (await api.data("GET", "/v2/users/me")).items()


async def test_a_limited_run_reads_an_actor_without_versions_and_builds(api: Api, run: Run) -> None:
    version = {"versionNumber": "0.0", "envVars": [{"name": "KEY", "value": "hunter2"}]}
    actor = await api.create_actor("secretive")
    await api.call("POST", f"/v2/actors/{actor.id}/versions", json=version)
    whole = await api.data("GET", f"/v2/actors/{actor.id}")
    assert whole["versions"] and whole["taggedBuilds"]
    for reference in (actor.id, "local~secretive", "~secretive"):
        shown = await api.data("GET", f"/v2/actors/{reference}", token=run.token)
        assert shown == {**whole, "versions": [], "taggedBuilds": {}}


async def test_a_limited_run_reads_foreign_runs_like_an_anonymous_caller(api: Api, run: Run) -> None:
    other = await api.start(await api.create_actor("other"))
    path = f"/v2/actor-runs/{other.id}"
    assert await api.data("GET", path, token=run.token) == await api.data("GET", path, token=None)
    path = f"/v2/actor-runs/{run.id}"
    assert await api.data("GET", path, token=run.token) == await api.data("GET", path)


async def test_a_limited_run_can_metamorph_only_into_limited_actors(api: Api, run: Run) -> None:
    for name, level in (("other", LIMITED), ("full", FULL)):
        actor = await api.create_actor(name)
        await api.data("PUT", f"/v2/actors/{actor.id}", json={"actorPermissionLevel": level})
        answer = await api.call("POST", f"/v2/actor-runs/{run.id}/metamorph?targetActorId={name}", token=run.token)
        assert answer.status_code == 404
        path = f"/v2/actor-runs/{run.id}/metamorph?targetActorId=local/{name}"
        answer = await api.call("POST", path, token=run.token)
        assert answer.is_success is (level is LIMITED)
        await api.clock.settle()
    assert problem(answer) == (403, "insufficient-permissions")
    assert len(api.current(run).metamorphs) == 1


async def test_a_limited_run_starts_only_limited_runs(api: Api, run: Run) -> None:
    actor, full = await api.create_actor("other"), await api.create_actor("full")
    await api.orchestrator.actors.update(full, lambda _: {"permission_level": FULL})
    hooks = [{"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://localhost:1/"}]
    query = f"webhooks={base64.urlsafe_b64encode(json.dumps(hooks).encode()).decode()}"
    started = await api.data("POST", f"/v2/actors/{actor.id}/runs?{query}", token=run.token)
    assert (started["permissionLevel"], started["meta"]["origin"]) == (LIMITED, "ACTOR")
    for way in ("runs", "run-sync", "run-sync-get-dataset-items"):
        forced = await api.call("POST", f"/v2/actors/{actor.id}/{way}?forcePermissionLevel={FULL}", token=run.token)
        unforced = await api.call("POST", f"/v2/actors/{full.id}/{way}?forcePermissionLevel={LIMITED}", token=run.token)
        assert problem(forced) == problem(unforced) == (403, "insufficient-permissions")
    assert len(api.orchestrator.runs.unfinished()) == 2


async def test_a_limited_run_has_only_webhooks_on_itself(api: Api, run: Run) -> None:
    other = await api.start(await api.create_actor("other"))
    body = {"eventTypes": ["TEST"], "requestUrl": "http://localhost:1/", "isAdHoc": True}
    own, foreign = {"actorRunId": run.id}, {"actorRunId": other.id}
    theirs = await api.data("POST", "/v2/webhooks", json={**body, "condition": foreign, "idempotencyKey": "once"})
    for condition in (foreign, {"actorId": run.actor_id}, {**own, "actorId": other.actor_id}, {}):
        answer = await api.call("POST", "/v2/webhooks", token=run.token, json={**body, "condition": condition})
        assert problem(answer) == (403, "insufficient-permissions"), condition
    again = {**body, "condition": own, "idempotencyKey": "once"}
    assert (await api.call("POST", "/v2/webhooks", token=run.token, json=again)).status_code == 403
    mine = await api.data("POST", "/v2/webhooks", token=run.token, json={**body, "condition": own})
    for condition in (foreign, {"actorId": run.actor_id}):
        path = f"/v2/webhooks/{mine['id']}"
        assert (await api.call("PUT", path, token=run.token, json={"condition": condition})).status_code == 403
    assert {each["id"] for each in (await api.data("GET", "/v2/webhooks"))["items"]} == {theirs["id"], mine["id"]}


async def test_a_limited_run_cannot_change_its_general_access(api: Api, run: Run) -> None:
    path, shared = f"/v2/actor-runs/{run.id}", {"statusMessage": "Hi", "generalAccess": "ANYONE_WITH_ID_CAN_READ"}
    answer = await api.call("PUT", path, token=run.token, json=shared)
    assert problem(answer) == (403, "insufficient-permissions")
    assert (api.current(run).status_message, api.current(run).general_access) == (None, "FOLLOW_USER_SETTING")


async def test_a_limited_run_aborts_the_runs_that_it_started_directly_or_indirectly(api: Api, run: Run) -> None:
    child = await started_by(api, run, "child")
    grandchild = await started_by(api, child, "grandchild")
    paths = {
        f"/v2/actor-runs/{grandchild.id}/abort": grandchild,
        f"/v2/acts/{child.actor_id}/runs/{child.id}/abort?gracefully=true": child,
    }
    for path, target in paths.items():
        live = await api.data("POST", path, token=run.token)
        assert live["status"] in ("ABORTING", "ABORTED")
        await api.clock.advance(60)
        ended = await api.data("POST", path, token=run.token)
        assert (ended["id"], ended["status"]) == (target.id, "ABORTED")
    assert api.current(run).status == "RUNNING"


async def test_a_limited_run_cannot_abort_runs_that_it_did_not_start(api: Api, run: Run) -> None:
    child = await started_by(api, run, "child")
    sibling = await started_by(api, run, "sibling")
    same_actor = await api.start(api.orchestrator.actors.get(child.actor_id))
    for target in (run, sibling, same_actor):
        answer = await api.call("POST", f"/v2/actor-runs/{target.id}/abort", token=child.token)
        assert problem(answer) == (403, "insufficient-permissions")
        assert api.current(target).status == "RUNNING"
    await api.finish(run)
    answer = await api.call("POST", f"/v2/actor-runs/{child.id}/abort", token=run.token)
    assert problem(answer) == (401, "invalid-token")
