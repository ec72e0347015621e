"""The local controls for dev folders and debuggers, and the parameters of a start that belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.actors.dev_folders import set_dev_folder
from runtime.base.records import SourceCopy
from tests.fakes.api import CONTROL_TOKEN, Api, problem

COPIES = (SourceCopy(source=".", target=".", into_folder=True),)


async def test_only_the_operator_registers_a_folder(api: Api, tmp_path: Path) -> None:
    await api.create_actor("hello")
    path, body = "/greenroom/actors/me~hello/dev-folder", {"folder": str(tmp_path)}
    assert (await api.call("PUT", path, json=body)).status_code == 401
    for wrong in ({"folder": "relative"}, {"folder": "/does/not/exist"}, {"folder": 1}, {}, {**body, "more": 1}):
        assert (await api.call("PUT", path, json=wrong, token=CONTROL_TOKEN)).status_code == 400
    assert (await api.call("GET", path, token=CONTROL_TOKEN)).json() == {"folder": None}
    assert (await api.call("PUT", path, json=body, token=CONTROL_TOKEN)).json() == body
    assert (await api.call("GET", path, token=CONTROL_TOKEN)).json() == body
    renamed = await api.call("PUT", "/v2/actors/me~hello", json={"title": "T", "devFolder": "/etc"})
    assert renamed.status_code == 200 and "devFolder" not in renamed.json()["data"]
    assert (await api.call("DELETE", path, token=CONTROL_TOKEN)).json() == {"folder": None}


async def test_any_client_starts_a_run_with_the_folder_or_without_it(api: Api, tmp_path: Path) -> None:
    actor = await api.create_actor("hello")
    path, body = "/greenroom/actors/me~hello/dev-folder", {"folder": str(tmp_path)}
    await api.call("PUT", path, json=body, token=CONTROL_TOKEN)
    for query, folder in (("", str(tmp_path)), ("?devFolder=false", None)):
        run = await api.data("POST", f"/v2/actors/{actor.id}/runs{query}")
        assert api.orchestrator.runs.get(run["id"]).dev_folder == folder


@pytest.mark.parametrize("query", ["devFolder=true", "greenroomDebugPort=5678"])
async def test_only_the_operator_mounts_the_source_of_a_build_or_debugs(api: Api, query: str) -> None:
    await api.create_actor("hello")
    assert problem(await api.call("POST", f"/v2/actors/me~hello/runs?{query}")) == (403, "insufficient-permissions")


@pytest.mark.parametrize(
    "query", ["devFolder=true", "devFolder=maybe", "greenroomDebugPort=80", "greenroomDebugPort=x"]
)
async def test_an_invalid_start_for_development_is_rejected(api: Api, query: str) -> None:
    await api.create_actor("hello")
    response = await api.call("POST", f"/v2/actors/me~hello/runs?{query}", token=CONTROL_TOKEN)
    assert response.status_code == 400 and api.engine.created == []


async def test_the_runs_of_other_users_mount_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    api = Api(tmp_path / "data", users={"ann": "ann", "bob": "bob"})
    await api.open()
    actor = await set_dev_folder(api.orchestrator.actors, await api.create_actor("hello"), str(tmp_path))
    await api.data("PUT", f"/v2/actors/{actor.id}", json={"isPublic": True})
    run = await api.data("POST", f"/v2/actors/{actor.id}/runs", token="bob")
    assert api.orchestrator.runs.get(run["id"]).dev_folder is None
    await api.close()


async def test_what_a_change_needs_and_how_a_build_is_debugged(api: Api, tmp_path: Path) -> None:
    actor = await api.create_actor("hello")
    (tmp_path / "main.py").touch()
    build = await api.create_build(actor, "latest", folder=str(tmp_path), copies=COPIES)
    path = f"/greenroom/builds/{build.id}/source-changes"
    for name, need in (("main.py", "restart"), ("Dockerfile", "rebuild"), ("storage/x", "nothing")):
        response = await api.call("POST", path, json={"paths": [str(tmp_path / name)]}, token=CONTROL_TOKEN)
        assert response.json() == {"need": need}
    debugger = await api.call("GET", f"/greenroom/builds/{build.id}/debugger", token=CONTROL_TOKEN)
    assert debugger.status_code == 400 and "nothing to debug" in debugger.json()["error"]["message"]
    plain = await api.create_build(actor, "plain")
    refused = await api.call(
        "POST", f"/greenroom/builds/{plain.id}/source-changes", json={"paths": []}, token=CONTROL_TOKEN
    )
    assert refused.status_code == 400
