from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fakes.api import BASE, Api, problem


async def test_an_actor_is_created_read_changed_and_deleted(api: Api) -> None:
    made = await api.call("POST", "/v2/acts", json={"name": "hello", "title": "Hello", "seoTitle": "SEO"})
    assert made.status_code == 201
    actor = made.json()["data"]
    assert made.headers["location"] == f"{BASE}/v2/actors/{actor['id']}"
    assert (actor["name"], actor["username"], actor["seoTitle"]) == ("hello", "local", "SEO")
    assert await api.data("GET", f"/v2/acts/{actor['id']}") == actor
    changed = await api.data("PUT", "/v2/acts/local~hello", json={"description": "Says hello"})
    assert (changed["title"], changed["description"]) == ("Hello", "Says hello")
    gone = await api.call("DELETE", "/v2/acts/local~hello")
    assert (gone.status_code, gone.content) == (204, b"")
    assert problem(await api.call("GET", "/v2/acts/local~hello")) == (404, "record-not-found")


async def test_concurrent_changes_of_different_fields_are_all_stored(api: Api) -> None:
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES"}
    await api.call("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    texts = {name: name.upper() for name in ("seoTitle", "seoDescription", "description", "pictureUrl", "title")}
    bodies = [{name: text, "versions": [version]} for name, text in texts.items()]
    await asyncio.gather(*[api.data("PUT", "/v2/acts/local~hello", json=body) for body in bodies])
    actor = await api.data("GET", "/v2/acts/local~hello")
    assert {name: actor[name] for name in texts} == texts


async def test_extra_fields_are_returned_as_they_were_sent(api: Api) -> None:
    extra = {
        "seoTitle": "SEO",
        "seoDescription": None,
        "categories": ["AI", "OTHER"],
        "exampleRunInput": {"body": '{"a": 1}', "contentType": "application/json; charset=utf-8"},
        "isDeprecated": False,
        "actorStandby": {
            "isEnabled": False,
            "idleTimeoutSecs": 300,
            "build": "latest",
            "disableStandbyFieldsOverride": None,
        },
        "notice": "UNDER_MAINTENANCE",
        "isSourceCodeHidden": True,
    }
    made = await api.data("POST", "/v2/acts", json={"name": "hello", **extra})
    assert made.items() >= extra.items()
    changed = await api.data("PUT", "/v2/acts/~hello", json={"seoTitle": "Other", "title": None})
    assert changed.items() >= {**extra, "seoTitle": "Other", "title": None}.items()


@pytest.mark.parametrize(
    "body",
    [
        {"categories": "AI"},
        {"categories": [1]},
        {"categories": None},
        {"isCritical": None},
        {"notice": "BEWARE"},
        {"exampleRunInput": {"body": {"a": 1}}},
        {"actorStandby": {"idleTimeoutSecs": "long"}},
        {"actorStandby": {"idleTimeoutSecs": 4}},
        {"actorStandby": {"desiredRequestsPerActorRun": 0}},
        {"actorStandby": {"desiredRequestsPerActorRun": 5}},
        {"actorStandby": {"desiredRequestsPerActorRun": 3, "maxRequestsPerActorRun": 2}},
        {"actorStandby": {"memoryMbytes": 0}},
        {"actorStandby": {"memoryMbytes": 2**60}},
        {"actorStandby": {"build": " "}},
        {"actorStandby": {"isEnabled": 1}},
        {"actorStandby": {"minRuns": 1}},
        {"actorStandby": {"tenancy": "MULTI_TENANT"}},
        {"actorStandby": {"isTokenlessEnabled": True}},
        {"actorStandby": []},
        {"isDeprecated": "yes"},
        {"seoTitle": 5},
        {"isPublic": "yes"},
        {"defaultRunOptions": {"maxItems": 0}},
        {"defaultRunOptions": {"forcePermissionLevel": "ALL"}},
    ],
)
async def test_a_field_of_another_type_is_rejected(api: Api, body: dict[str, Any]) -> None:
    await api.create_actor("hello")
    for method, path in (("POST", "/v2/acts"), ("PUT", "/v2/acts/~hello")):
        assert problem(await api.call(method, path, json=body)) == (400, "invalid-value")


async def test_default_run_options_apply_and_change_one_by_one(api: Api) -> None:
    await api.create_actor("hello")
    options = {
        "build": "0.0.1",
        "timeoutSecs": 60,
        "memoryMbytes": 256,
        "restartOnError": True,
        "maxItems": 5,
        "forcePermissionLevel": "FULL_PERMISSIONS",
    }
    changed = await api.data("PUT", "/v2/acts/~hello", json={"defaultRunOptions": options})
    assert changed["defaultRunOptions"] == options
    run = await api.data("POST", "/v2/acts/~hello/runs")
    assert run["options"].items() >= {"build": "0.0.1", "timeoutSecs": 60, "memoryMbytes": 256, "maxItems": 5}.items()
    assert run["permissionLevel"] == "FULL_PERMISSIONS"
    changed = await api.data("PUT", "/v2/acts/~hello", json={"defaultRunOptions": {"maxItems": None}})
    assert changed["defaultRunOptions"] == {**options, "maxItems": None}
    run = await api.data("POST", "/v2/acts/~hello/runs?maxItems=7&forcePermissionLevel=LIMITED_PERMISSIONS")
    assert (run["options"]["maxItems"], run["permissionLevel"]) == (7, "LIMITED_PERMISSIONS")


async def test_an_actor_without_a_body_gets_a_name(api: Api) -> None:
    assert (await api.data("POST", "/v2/acts"))["name"].startswith("my-actor-")


async def test_tags_are_moved_and_removed_by_an_update(api: Api) -> None:
    actor = await api.create_actor("hello")
    build = await api.create_build(actor, "beta")
    shown = await api.data(
        "PUT", "/v2/acts/~hello", json={"taggedBuilds": {"beta": None, "latest": {"buildId": build.id}}}
    )
    assert {tag: each["buildId"] for tag, each in shown["taggedBuilds"].items()} == {"latest": build.id}


@pytest.mark.parametrize("tags", [{"a": {"buildId": "nobody"}}, {"a": {}}, {"a": "b"}, {"a": 5}, ["a"]])
async def test_a_tag_without_a_finished_build_is_rejected(api: Api, tags: Any) -> None:
    await api.create_actor("hello")
    answer = await api.call("PUT", "/v2/acts/~hello", json={"taggedBuilds": tags})
    assert problem(answer)[0] in (400, 404)


async def listed(api: Api, query: str) -> tuple[list[str], dict[str, Any]]:
    page = await api.data("GET", f"/v2/acts{query}")
    return [item["name"] for item in page.pop("items")], page


async def test_a_list_is_paged_by_offset_and_limit_in_both_directions(api: Api) -> None:
    for name in ("one", "two", "three"):
        await api.create_actor(name)
    assert await listed(api, "") == (
        ["one", "two", "three"],
        {"total": 3, "offset": 0, "limit": 1000, "desc": False, "count": 3},
    )
    assert await listed(api, "?desc=1&limit=2") == (
        ["three", "two"],
        {"total": 3, "offset": 0, "limit": 2, "desc": True, "count": 2},
    )
    assert (await listed(api, "?offset=1&limit=1"))[0] == ["two"]


@pytest.mark.parametrize(("sent", "limit"), [("0", 1000), ("", 1000), ("5000", 1000), ("999999999999", 1000), ("7", 7)])
async def test_a_limit_is_reduced_and_the_reduced_limit_is_returned(api: Api, sent: str, limit: int) -> None:
    assert (await listed(api, f"?limit={sent}"))[1]["limit"] == limit


@pytest.mark.parametrize("offset", ["1", "1000", "9007199254740991"])
async def test_a_page_beyond_the_end_is_empty(api: Api, offset: str) -> None:
    await api.create_actor("one")
    names, page = await listed(api, f"?offset={offset}")
    assert (names, page["count"], page["total"], page["offset"]) == ([], 0, 1, int(offset))


async def test_actors_can_be_sorted_by_their_last_run(api: Api) -> None:
    actors = [await api.create_actor(name) for name in ("one", "two", "three")]
    for actor in (actors[1], actors[0]):
        await api.start(actor)
        await api.clock.advance(1)
    assert (await listed(api, "?sortBy=stats.lastRunStartedAt&desc=1"))[0][:2] == ["one", "two"]


async def test_a_build_is_started_waited_for_and_listed(api: Api) -> None:
    version = {"versionNumber": "0.0", "sourceFiles": [{"name": "Dockerfile", "format": "TEXT", "content": "FROM x"}]}
    actor = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    started = await api.call("POST", "/v2/acts/~hello/builds?version=0.0&tag=beta&useCache=0&waitForFinish=60")
    build = started.json()["data"]
    assert started.status_code == 201
    assert started.headers["location"] == f"{BASE}/v2/actors/{actor['id']}/builds/{build['id']}"
    assert (build["status"], build["buildNumber"]) == ("SUCCEEDED", "0.0.1")
    assert api.engine.builds[-1].use_cache is False
    assert list((await api.data("GET", "/v2/acts/~hello"))["taggedBuilds"]) == ["beta"]
    for path in ("/v2/acts/~hello/builds", "/v2/actor-builds"):
        page = await api.data("GET", path)
        assert [each["id"] for each in page["items"]] == [build["id"]]


async def test_actors_and_tasks_are_found_by_their_name_without_regard_to_case(api: Api) -> None:
    actor = await api.create_actor("Mixed-Case-1")
    task = await api.data("POST", "/v2/actor-tasks", json={"actId": "~mixed-case-1", "name": "My-Task"})
    found = await api.data("GET", "/v2/acts/local~mixed-case-1")
    assert (found["id"], found["name"]) == (actor.id, "Mixed-Case-1")
    assert (await api.data("GET", "/v2/actor-tasks/~my-TASK"))["name"] == task["name"] == "My-Task"
    assert problem(await api.call("POST", "/v2/acts", json={"name": "MIXED-case-1"})) == (409, "actor-name-not-unique")
    again = {"actId": actor.id, "name": "my-task"}
    answer = await api.call("POST", "/v2/actor-tasks", json=again)
    assert problem(answer) == (409, "actor-task-name-not-unique")


@pytest.mark.parametrize("kind", ["acts", "actor-tasks"])
async def test_standby_options_of_an_actor_have_defaults_once_standby_is_enabled(api: Api, kind: str) -> None:
    """A task shows its own options only: those of its Actor apply for the rest."""
    defaults = {
        "desiredRequestsPerActorRun": 3,
        "maxRequestsPerActorRun": 4,
        "idleTimeoutSecs": 300,
        "build": "latest",
        "memoryMbytes": 1024,
        "disableStandbyFieldsOverride": False,
        "shouldPassActorInput": False,
    }
    actor = await api.create_actor("hello")
    made = {"actId": actor.id, "name": "task"} if kind == "actor-tasks" else {"name": "other"}
    path = f"/v2/{kind}/{(await api.data('POST', f'/v2/{kind}', json=made))['id']}"
    assert "actorStandby" not in await api.data("GET", path)
    disabled = {"isEnabled": False, "idleTimeoutSecs": 60}
    assert (await api.data("PUT", path, json={"actorStandby": disabled}))["actorStandby"] == disabled
    sent = {"isEnabled": True, "build": None, "tenancy": "SINGLE_TENANT"}
    shown = await api.data("PUT", path, json={"actorStandby": sent})
    own = {"isEnabled": True, "idleTimeoutSecs": 60}
    assert shown["actorStandby"] == ({**defaults, **own} if kind == "acts" else {**own, "build": None})
    assert (await api.data("PUT", path, json={"actorStandby": None}))["actorStandby"] is None


async def test_the_standby_url_exists_while_standby_is_enabled(api: Api) -> None:
    actor = await api.create_actor("Hello")
    other = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": "mine"})
    same = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": "hello"})
    assert [each["standbyUrl"] for each in (other, same)] == [None, None]
    shown = await api.data("PUT", f"/v2/acts/{actor.id}", json={"actorStandby": {"isEnabled": True}})
    assert shown["standbyUrl"] == "http://local--hello.localhost:3333"
    urls = [(await api.data("GET", f"/v2/actor-tasks/{each['id']}"))["standbyUrl"] for each in (other, same)]
    assert urls == ["http://local--mine.localhost:3333", f"http://{same['id'].lower()}.localhost:3333"]
    path, disabled = f"/v2/actor-tasks/{other['id']}", {"actorStandby": {"isEnabled": False}}
    assert (await api.data("PUT", path, json=disabled))["standbyUrl"] is None
