from __future__ import annotations

import asyncio
import gzip
from typing import Any

import brotli
import pytest

from runtime.base.records import PermissionLevel, Run
from tests.fakes.api import BASE, CONTROL_TOKEN, Api, Json, problem

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


# Actors and versions


async def test_an_actor_is_made_shown_changed_and_deleted(api: Api) -> None:
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


async def test_changes_of_different_fields_at_once_are_all_kept(api: Api) -> None:
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES"}
    await api.call("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    texts = {name: name.upper() for name in ("seoTitle", "seoDescription", "notice", "pictureUrl", "title")}
    bodies = [{name: text, "versions": [version]} for name, text in texts.items()]
    await asyncio.gather(*[api.data("PUT", "/v2/acts/local~hello", json=body) for body in bodies])
    actor = await api.data("GET", "/v2/acts/local~hello")
    assert {name: actor[name] for name in texts} == texts


async def test_what_is_kept_for_others_to_show_comes_back_as_it_was_sent(api: Api) -> None:
    kept = {
        "seoTitle": "SEO",
        "seoDescription": None,
        "categories": ["AI", "OTHER"],
        "exampleRunInput": {"body": '{"a": 1}', "contentType": "application/json; charset=utf-8"},
        "isDeprecated": False,
        "actorStandby": {
            "isEnabled": True,
            "idleTimeoutSecs": 300,
            "build": "latest",
            "disableStandbyFieldsOverride": None,
        },
        "notice": "UNDER_MAINTENANCE",
        "isSourceCodeHidden": True,
    }
    made = await api.data("POST", "/v2/acts", json={"name": "hello", **kept})
    assert made.items() >= kept.items()
    changed = await api.data("PUT", "/v2/acts/~hello", json={"seoTitle": "Other", "title": None})
    assert changed.items() >= {**kept, "seoTitle": "Other", "title": None}.items()


@pytest.mark.parametrize(
    "body",
    [
        {"categories": "AI"},
        {"categories": [1]},
        {"exampleRunInput": {"body": {"a": 1}}},
        {"actorStandby": {"idleTimeoutSecs": "long"}},
        {"isDeprecated": "yes"},
        {"seoTitle": 5},
        {"isPublic": "yes"},
        {"defaultRunOptions": {"maxItems": 0}},
        {"defaultRunOptions": {"forcePermissionLevel": "ALL"}},
    ],
)
async def test_a_field_of_another_type_is_refused(api: Api, body: dict[str, Any]) -> None:
    await api.an_actor("hello")
    for method, path in (("POST", "/v2/acts"), ("PUT", "/v2/acts/~hello")):
        assert problem(await api.call(method, path, json=body)) == (400, "invalid-value")


async def test_default_run_options_hold_where_a_caller_says_nothing_and_change_one_by_one(api: Api) -> None:
    await api.an_actor("hello")
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


async def test_versions_are_made_changed_in_part_and_deleted(api: Api) -> None:
    version = {"versionNumber": "0.1", "sourceType": "SOURCE_FILES", "buildTag": "beta", "sourceFiles": []}
    actor = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    assert actor["versions"][0]["versionNumber"] == "0.1"
    made = await api.call("POST", "/v2/acts/~hello/versions", json={**version, "versionNumber": "0.2"})
    assert (made.status_code, made.headers["location"]) == (201, f"{BASE}/v2/actors/{actor['id']}/versions/0.2")
    files = [{"name": "Dockerfile", "format": "TEXT", "content": "FROM x"}]
    for method in ("PUT", "POST"):
        changed = await api.data(method, "/v2/acts/~hello/versions/0.2", json={"sourceFiles": files})
        assert (changed["sourceFiles"], changed["buildTag"]) == (files, "beta")
    listed = await api.data("GET", "/v2/acts/~hello/versions")
    assert (listed["total"], [each["versionNumber"] for each in listed["items"]]) == (2, ["0.1", "0.2"])
    assert (await api.call("DELETE", "/v2/acts/~hello/versions/0.1")).status_code == 204
    assert problem(await api.call("GET", "/v2/acts/~hello/versions/0.1")) == (404, "record-not-found")


async def test_a_secret_is_never_shown_again_and_outlives_updates_without_it(api: Api) -> None:
    secret = {"name": "PASSWORD", "value": "hunter2", "isSecret": True}
    version = {"versionNumber": "0.0", "envVars": [secret]}
    answers = [await api.call("POST", "/v2/acts", json={"name": "hello", "versions": [version]})]
    answers.append(await api.call("GET", "/v2/acts/~hello"))
    answers.append(await api.call("GET", "/v2/acts/~hello/versions"))
    shown = (await api.data("GET", "/v2/acts/~hello/versions/0.0"))["envVars"]
    assert shown == [{"name": "PASSWORD", "isSecret": True}]
    answers.append(await api.call("PUT", "/v2/acts/~hello/versions/0.0", json={"envVars": shown, "buildTag": "b"}))
    answers.append(await api.call("PUT", "/v2/acts/~hello/versions/0.0", json={"buildTag": "c"}))
    assert all(answer.is_success and "hunter2" not in answer.text for answer in answers)
    actor = api.orchestrator.actors.find(api.user, "~hello")
    assert api.orchestrator.versions.get(actor, "0.0").env_vars[0].value == "hunter2"


async def test_a_secret_outlives_an_update_of_the_whole_actor(api: Api) -> None:
    version = {"versionNumber": "0.0", "envVars": [{"name": "PASSWORD", "value": "hunter2", "isSecret": True}]}
    shown = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    await api.data("PUT", "/v2/acts/~hello", json={"versions": shown["versions"], "title": "Same"})
    actor = api.orchestrator.actors.find(api.user, "~hello")
    assert api.orchestrator.versions.get(actor, "0.0").env_vars[0].value == "hunter2"


async def test_tags_are_moved_and_removed_by_an_update(api: Api) -> None:
    actor = await api.an_actor("hello")
    build = await api.a_build(actor, "beta")
    shown = await api.data(
        "PUT", "/v2/acts/~hello", json={"taggedBuilds": {"beta": None, "latest": {"buildId": build.id}}}
    )
    assert {tag: each["buildId"] for tag, each in shown["taggedBuilds"].items()} == {"latest": build.id}


@pytest.mark.parametrize("tags", [{"a": {"buildId": "nobody"}}, {"a": {}}, {"a": "b"}, {"a": 5}, ["a"]])
async def test_a_tag_that_points_nowhere_is_refused(api: Api, tags: Any) -> None:
    await api.an_actor("hello")
    answer = await api.call("PUT", "/v2/acts/~hello", json={"taggedBuilds": tags})
    assert problem(answer)[0] in (400, 404)


# Lists


async def listed(api: Api, query: str) -> tuple[list[str], dict[str, Any]]:
    page = await api.data("GET", f"/v2/acts{query}")
    return [item["name"] for item in page.pop("items")], page


async def test_a_list_is_paged_by_offset_and_limit_in_both_directions(api: Api) -> None:
    for name in ("one", "two", "three"):
        await api.an_actor(name)
    assert await listed(api, "") == (
        ["one", "two", "three"],
        {"total": 3, "offset": 0, "limit": 1000, "desc": False, "count": 3},
    )
    assert await listed(api, "?desc=1&limit=2") == (
        ["three", "two"],
        {"total": 3, "offset": 0, "limit": 2, "desc": True, "count": 2},
    )
    assert (await listed(api, "?offset=1&limit=1"))[0] == ["two"]


@pytest.mark.parametrize(
    ("asked", "limit"), [("0", 1000), ("", 1000), ("5000", 1000), ("999999999999", 1000), ("7", 7)]
)
async def test_a_limit_is_clamped_and_the_clamped_one_is_told(api: Api, asked: str, limit: int) -> None:
    assert (await listed(api, f"?limit={asked}"))[1]["limit"] == limit


@pytest.mark.parametrize("offset", ["1", "1000", "9007199254740991"])
async def test_a_page_beyond_the_end_is_empty(api: Api, offset: str) -> None:
    await api.an_actor("one")
    names, page = await listed(api, f"?offset={offset}")
    assert (names, page["count"], page["total"], page["offset"]) == ([], 0, 1, int(offset))


async def test_actors_are_sorted_by_their_last_run_where_asked(api: Api) -> None:
    actors = [await api.an_actor(name) for name in ("one", "two", "three")]
    for actor in (actors[1], actors[0]):
        await api.start(actor)
        await api.clock.advance(1)
    assert (await listed(api, "?sortBy=stats.lastRunStartedAt&desc=1"))[0][:2] == ["one", "two"]


# Builds


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


# Starting runs


async def test_a_started_run_is_201_with_its_address_and_what_it_was_granted(api: Api) -> None:
    actor = await api.an_actor("hello")
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


async def test_without_wait_a_start_answers_at_once(api: Api) -> None:
    await api.an_actor("hello")
    assert (await api.data("POST", "/v2/acts/~hello/runs"))["status"] == "READY"


@pytest.mark.parametrize("asked", ["60", "999999"])
async def test_a_start_waits_as_long_as_asked_and_never_longer_than_a_minute(api: Api, asked: str) -> None:
    await api.an_actor("hello")
    call = await api.calling("POST", f"/v2/acts/~hello/runs?waitForFinish={asked}")
    await api.clock.advance(59.9)
    assert not call.done()
    await api.clock.advance(0.1)
    assert (await call).json()["data"]["status"] == "RUNNING"


async def test_a_waiting_start_is_answered_by_the_end_of_its_run(api: Api) -> None:
    await api.an_actor("hello")
    call = await api.calling("POST", "/v2/acts/~hello/runs?waitForFinish=60")
    await api.ended(live_run(api), 3)
    run = (await call).json()["data"]
    assert (run["status"], run["exitCode"]) == ("FAILED", 3)


@pytest.mark.parametrize("asked", ["-1", "-0.25", "0", ""])
async def test_a_wait_of_less_than_nothing_is_none(api: Api, asked: str) -> None:
    await api.an_actor("hello")
    assert (await api.data("POST", f"/v2/acts/~hello/runs?waitForFinish={asked}"))["status"] == "READY"


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
async def test_an_input_of_any_type_is_stored_as_it_came(api: Api, body: bytes, content_type: str) -> None:
    await api.an_actor("hello")
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
async def test_nothing_and_the_json_null_are_no_input(api: Api, body: bytes, content_type: str | None) -> None:
    await api.an_actor("hello")
    headers = {"Content-Type": content_type} if content_type else {}
    run = await api.data("POST", "/v2/acts/~hello/runs", content=body, headers=headers)
    assert await input_of(api, run["id"]) is None


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
async def test_an_encoded_input_is_stored_decoded(api: Api, encoding: str, pack: Any) -> None:
    await api.an_actor("hello")
    body = b'{"long": "' + b"x" * 300_000 + b'"}'
    headers = {"Content-Type": JSON, "Content-Encoding": encoding}
    run = await api.data("POST", "/v2/acts/~hello/runs", content=pack(body), headers=headers)
    assert await input_of(api, run["id"]) == (body, JSON)


async def test_strict_memory_refuses_what_the_platform_refuses(tmp_path: Any) -> None:
    api = Api(tmp_path, strict_memory=True)
    await api.open()
    await api.an_actor("hello")
    assert problem(await api.call("POST", "/v2/acts/~hello/runs?memory=300")) == (400, "invalid-input")
    assert (await api.call("POST", "/v2/acts/~hello/runs?memory=256")).status_code == 201
    await api.close()


# Starting and waiting for the result


SYNC = "/v2/acts/~hello/run-sync"
SYNC_ITEMS = "/v2/acts/~hello/run-sync-get-dataset-items"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_run_sync_answers_with_the_output_record(api: Api, method: str) -> None:
    await api.an_actor("hello")
    call = await api.calling(method, SYNC)
    await output(api, live_run(api))
    await api.ended(live_run(api))
    answer = await call
    assert (answer.status_code, answer.content) == (201, b'{"ok": true}')
    assert answer.headers["content-type"] == "application/json"


async def test_run_sync_answers_with_another_record_where_asked_and_with_nothing_where_it_is_missing(api: Api) -> None:
    await api.an_actor("hello")
    calls = [await api.calling("POST", f"{SYNC}?memory=256&outputRecordKey=RESULT")]
    run = live_run(api)
    await output(api, run, b"other", key="RESULT")
    await api.ended(run)
    calls.append(await api.calling("POST", SYNC))
    await api.ended(live_run(api))
    answers = await asyncio.gather(*calls)
    assert [(answer.status_code, answer.content) for answer in answers] == [(201, b"other"), (201, b"")]


async def test_the_items_of_a_run_come_as_the_query_asks(api: Api) -> None:
    await api.an_actor("hello")
    call = await api.calling("POST", f"{SYNC_ITEMS}?limit=1&offset=1&fields=a")
    run = live_run(api)
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{"a": 1}, {"a": 2, "b": 3}, {"a": 4}])
    await api.ended(run)
    answer = await call
    assert (answer.status_code, answer.json()) == (201, [{"a": 2}])
    assert answer.headers["x-apify-pagination-total"] == "3"


@pytest.mark.parametrize("path", [SYNC, SYNC_ITEMS])
@pytest.mark.parametrize("code", [1, 137])
async def test_a_run_that_fails_is_400_and_named(api: Api, path: str, code: int) -> None:
    await api.an_actor("hello")
    call = await api.calling("POST", path)
    run = await api.ended(live_run(api), code)
    answer = await call
    assert problem(answer) == (400, "run-failed")
    assert answer.json()["error"]["message"] == f"Actor run did not succeed (run ID: {run.id}, status: FAILED)."


async def test_a_run_that_was_aborted_or_timed_out_did_not_succeed_either(api: Api) -> None:
    await api.an_actor("hello")
    aborted = await api.calling("POST", SYNC)
    await api.abort(live_run(api))
    assert "status: ABORTED" in (await aborted).json()["error"]["message"]
    timed_out = await api.calling("POST", f"{SYNC}?timeout=30")
    await api.clock.advance(30)
    assert "status: TIMED-OUT" in (await timed_out).json()["error"]["message"]


@pytest.mark.parametrize("path", [SYNC, SYNC_ITEMS])
async def test_after_five_minutes_the_call_ends_and_the_run_goes_on(api: Api, path: str) -> None:
    await api.an_actor("hello")
    call = await api.calling("POST", path)
    await api.clock.advance(299.9)
    assert not call.done()
    await api.clock.advance(0.1)
    assert problem(await call) == (408, "run-timeout-exceeded")
    assert live_run(api).status == "RUNNING"


async def test_a_synchronous_run_gets_its_input(api: Api) -> None:
    await api.an_actor("hello")
    call = await api.calling("POST", SYNC, content=b'{"a": 1}', headers={"Content-Type": JSON})
    run = live_run(api)
    assert await input_of(api, run.id) == (b'{"a": 1}', JSON)
    await api.ended(run)
    await call


# Sources.

URLS = {
    "tarballUrl": "https://example.com/a.zip",
    "gitRepoUrl": "https://me:pass@example.com/a.git#main:x",
    "gitHubGistUrl": "https://gist.example.com/1.git",
}


@pytest.mark.parametrize(
    ("kind", "field"), [("TARBALL", "tarballUrl"), ("GIT_REPO", "gitRepoUrl"), ("GITHUB_GIST", "gitHubGistUrl")]
)
async def test_a_source_elsewhere_is_kept_as_it_was_sent(api: Api, kind: str, field: str) -> None:
    version = {"versionNumber": "0.0", "sourceType": kind, field: URLS[field]}
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    shown = await api.data("GET", "/v2/acts/~hello/versions/0.0")
    assert {name: shown[name] for name in ("sourceType", *URLS)} == {
        "sourceType": kind,
        **dict.fromkeys(URLS, None),
        field: URLS[field],
    }
    assert "localFolder" not in shown


@pytest.mark.parametrize(
    "version",
    [
        {"sourceType": "TARBALL"},
        {"sourceType": "TARBALL", "tarballUrl": "file:///etc/passwd"},
        {"sourceType": "GIT_REPO", "gitRepoUrl": "ext::sh"},
        {"sourceType": "GITHUB_GIST"},
        {"sourceType": "SOURCE_CODE"},
        {"sourceFiles": [{"name": "../x", "content": ""}]},
        {"sourceFiles": [{"name": "a", "content": ""}, {"name": "a/b", "content": ""}]},
    ],
)
async def test_a_source_that_could_not_be_built_is_refused_when_it_is_sent(api: Api, version: Json) -> None:
    body = {"name": "hello", "versions": [{"versionNumber": "0.0", **version}]}
    assert problem(await api.call("POST", "/v2/acts", json=body)) == (400, "invalid-value")


HOST_SOURCES = [
    {"localFolder": "/etc"},
    {"sourceType": "GIT_REPO", "gitRepoUrl": "/etc"},
    {"sourceType": "GIT_REPO", "gitRepoUrl": "file:///etc#main"},
    {"sourceType": "GITHUB_GIST", "gitHubGistUrl": "/etc"},
]


@pytest.mark.parametrize("source", HOST_SOURCES)
async def test_only_who_runs_the_server_may_name_its_own_files(api: Api, source: Json) -> None:
    """Any token means the local user, also in a container: it must not read the host's files by a build."""
    version = {"versionNumber": "0.0", **source}
    actor = {"name": "hello", "versions": [version]}
    refused = [await api.call("POST", "/v2/acts", json=actor)]
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [{"versionNumber": "0.0"}]})
    refused.append(await api.call("POST", "/v2/acts/~hello/versions", json={**version, "versionNumber": "0.1"}))
    refused.append(await api.call("PUT", "/v2/acts/~hello/versions/0.0", json=source))
    refused.append(await api.call("PUT", "/v2/acts/~hello", json=actor))
    run = await api.start(permission_level=PermissionLevel.FULL)
    refused.append(await api.call("PUT", "/v2/acts/~hello/versions/0.0", json=source, token=run.token))
    assert {problem(each) for each in refused} == {(403, "insufficient-permissions")}
    kept = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json=source, token=CONTROL_TOKEN)
    assert {name: kept[name] for name in source} == source
    # What was registered stays when others change the rest, and is no way to another folder.
    changed = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json={"buildTag": "beta"})
    assert {name: changed[name] for name in source} == source
    await api.data("PUT", "/v2/acts/~hello", json={"versions": [changed]})
    other = {name: value.replace("/etc", "/root") for name, value in source.items()}
    assert (await api.call("PUT", "/v2/acts/~hello/versions/0.0", json=other)).status_code == 403


async def test_a_new_source_takes_the_place_of_a_local_folder(api: Api) -> None:
    version = {"versionNumber": "0.0", "localFolder": "/etc"}
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]}, token=CONTROL_TOKEN)
    files = [{"name": "Dockerfile", "format": "TEXT", "content": "FROM x"}]
    shown = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json={"sourceFiles": files})
    assert shown["sourceFiles"] == files
    assert "localFolder" not in shown


async def test_this_machines_keys_are_for_repositories_that_who_runs_the_server_named(api: Api) -> None:
    version = {"versionNumber": "0.0", "sourceType": "GIT_REPO", "gitRepoUrl": "git@example.com:a.git"}
    actor = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})

    async def by_host(token: str, **change: str) -> bool:
        await api.data("PUT", "/v2/acts/~hello/versions/0.0", json=change, token=token)
        return api.orchestrator.versions.get(api.orchestrator.actors.get(actor["id"]), "0.0").by_host

    assert not await by_host("ann", buildTag="one")
    assert await by_host(CONTROL_TOKEN, buildTag="two")
    assert await by_host("ann", buildTag="three")
    assert not await by_host("ann", gitRepoUrl="git@example.com:b.git")
