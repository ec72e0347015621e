from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import PermissionLevel
from tests.fakes.api import BASE, CONTROL_TOKEN, Api, Json, problem


async def test_versions_are_created_changed_in_part_and_deleted(api: Api) -> None:
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


async def test_a_secret_is_never_returned_and_survives_updates_without_it(api: Api) -> None:
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


async def test_a_secret_survives_an_update_of_the_whole_actor(api: Api) -> None:
    version = {"versionNumber": "0.0", "envVars": [{"name": "PASSWORD", "value": "hunter2", "isSecret": True}]}
    shown = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    await api.data("PUT", "/v2/acts/~hello", json={"versions": shown["versions"], "title": "Same"})
    actor = api.orchestrator.actors.find(api.user, "~hello")
    assert api.orchestrator.versions.get(actor, "0.0").env_vars[0].value == "hunter2"


URLS = {
    "tarballUrl": "https://example.com/a.zip",
    "gitRepoUrl": "https://me:pass@example.com/a.git#main:x",
    "gitHubGistUrl": "https://gist.example.com/1.git",
}


@pytest.mark.parametrize(
    ("kind", "field"), [("TARBALL", "tarballUrl"), ("GIT_REPO", "gitRepoUrl"), ("GITHUB_GIST", "gitHubGistUrl")]
)
async def test_a_remote_source_is_stored_as_it_was_sent(api: Api, kind: str, field: str) -> None:
    version = {"versionNumber": "0.0", "sourceType": kind, field: URLS[field]}
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    shown = await api.data("GET", "/v2/acts/~hello/versions/0.0")
    assert shown == {**version, "buildTag": "latest", "envVars": []}


@pytest.mark.parametrize(
    "sent",
    [
        {"sourceFiles": [], "envVars": [{"name": "A", "value": "b"}]},
        {"sourceFiles": [{"name": "a", "format": "TEXT", "content": ""}], "applyEnvVarsToBuild": False, "envVars": []},
        {"sourceFiles": [], "applyEnvVarsToBuild": True, "envVars": [{"name": "A", "value": "b", "isSecret": False}]},
    ],
)
async def test_a_version_has_the_fields_that_were_sent(api: Api, sent: dict[str, Any]) -> None:
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "buildTag": "beta", **sent}
    made = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    assert made["versions"] == [version]
    assert await api.data("PUT", "/v2/acts/~hello/versions/0.0", json={"buildTag": "beta"}) == version
    assert await api.data("GET", "/v2/acts/~hello/versions/0.0") == version
    tarball = {"sourceType": "TARBALL", "tarballUrl": URLS["tarballUrl"]}
    shown = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json=tarball)
    assert shown == {name: value for name, value in version.items() if name != "sourceFiles"} | tarball


async def test_an_actor_without_pricing_has_no_pricing_infos(api: Api) -> None:
    assert "pricingInfos" not in await api.data("POST", "/v2/acts", json={"name": "hello"})
    assert "pricingInfos" not in await api.data("PUT", "/v2/acts/~hello", json={"title": "Hello"})


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
async def test_an_invalid_source_is_rejected(api: Api, version: Json) -> None:
    body = {"name": "hello", "versions": [{"versionNumber": "0.0", **version}]}
    assert problem(await api.call("POST", "/v2/acts", json=body)) == (400, "invalid-value")


HOST_SOURCES = [
    {"localFolder": "/etc"},
    {"sourceType": "GIT_REPO", "gitRepoUrl": "/etc"},
    {"sourceType": "GIT_REPO", "gitRepoUrl": "file:///etc#main"},
    {"sourceType": "GITHUB_GIST", "gitHubGistUrl": "/etc"},
]


@pytest.mark.parametrize("source", HOST_SOURCES)
async def test_only_the_operator_can_name_local_files(api: Api, source: Json) -> None:
    """An Actor may have any token of a user, and it must not read local files through a build."""
    version = {"versionNumber": "0.0", **source}
    actor = {"name": "hello", "versions": [version]}
    rejected = [await api.call("POST", "/v2/acts", json=actor)]
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [{"versionNumber": "0.0"}]})
    rejected.append(await api.call("POST", "/v2/acts/~hello/versions", json={**version, "versionNumber": "0.1"}))
    rejected.append(await api.call("PUT", "/v2/acts/~hello/versions/0.0", json=source))
    rejected.append(await api.call("PUT", "/v2/acts/~hello", json=actor))
    run = await api.start(permission_level=PermissionLevel.FULL)
    rejected.append(await api.call("PUT", "/v2/acts/~hello/versions/0.0", json=source, token=run.token))
    assert {problem(each) for each in rejected} == {(403, "insufficient-permissions")}
    changed = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json=source, token=CONTROL_TOKEN)
    assert {name: changed[name] for name in source} == source
    # Any token can change other fields of such a version, but cannot replace its source by another local one.
    changed = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json={"buildTag": "beta"})
    assert {name: changed[name] for name in source} == source
    await api.data("PUT", "/v2/acts/~hello", json={"versions": [changed]})
    other = {name: value.replace("/etc", "/root") for name, value in source.items()}
    assert (await api.call("PUT", "/v2/acts/~hello/versions/0.0", json=other)).status_code == 403


async def test_a_new_source_replaces_a_local_folder(api: Api) -> None:
    version = {"versionNumber": "0.0", "localFolder": "/etc"}
    await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]}, token=CONTROL_TOKEN)
    files = [{"name": "Dockerfile", "format": "TEXT", "content": "FROM x"}]
    shown = await api.data("PUT", "/v2/acts/~hello/versions/0.0", json={"sourceFiles": files})
    assert shown["sourceFiles"] == files
    assert "localFolder" not in shown


async def test_ssh_keys_are_used_only_for_repositories_that_the_operator_named(api: Api) -> None:
    version = {"versionNumber": "0.0", "sourceType": "GIT_REPO", "gitRepoUrl": "git@example.com:a.git"}
    actor = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})

    async def by_host(token: str, **change: str) -> bool:
        await api.data("PUT", "/v2/acts/~hello/versions/0.0", json=change, token=token)
        return api.orchestrator.versions.get(api.orchestrator.actors.get(actor["id"]), "0.0").by_host

    assert not await by_host("ann", buildTag="one")
    assert await by_host(CONTROL_TOKEN, buildTag="two")
    assert await by_host("ann", buildTag="three")
    assert not await by_host("ann", gitRepoUrl="git@example.com:b.git")
