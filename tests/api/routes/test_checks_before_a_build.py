"""The local controls with which `greenroom run` checks a source and a run before it builds."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.api import CONTROL_TOKEN, Api, problem

SCHEMA = {
    "title": "Input",
    "type": "object",
    "schemaVersion": 1,
    "properties": {"n": {"title": "N", "type": "integer", "description": "d", "minimum": 1}},
    "required": ["n"],
}


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Api]:
    """A server whose users have 8192 MB."""
    api = Api(tmp_path, max_memory_mbytes=8192)
    await api.open()
    yield api
    await api.close()


def write_actor(folder: Path, definition: Any, schema: Any = SCHEMA) -> Path:
    (folder / ".actor").mkdir(parents=True)
    (folder / ".actor/actor.json").write_text(json.dumps(definition))
    (folder / ".actor/input_schema.json").write_text(json.dumps(schema))
    return folder


def commit(repository: Path, *, branch: str) -> None:
    for arguments in (["init", "-q", "-b", branch], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, "-C", str(repository), *arguments], check=True)


DEFINITION = {"actorSpecification": 1, "name": "shop", "version": "0.1", "input": "./input_schema.json"}


async def read(api: Api, **source: Any) -> Any:
    body = {"versionNumber": "0.1", **source}
    return await api.call("POST", "/greenroom/read-definition", token=CONTROL_TOKEN, json=body)


async def check(api: Api, query: str = "", **body: Any) -> Any:
    return await api.call("POST", f"/greenroom/check-start{query}", token=CONTROL_TOKEN, json=body or {"document": {}})


async def test_the_definition_of_a_folder_is_read_with_its_schema(api: Api, tmp_path: Path) -> None:
    folder = write_actor(tmp_path / "shop", DEFINITION)
    answer = await read(api, localFolder=str(folder))
    assert (answer.status_code, answer.json()) == (200, {"document": DEFINITION, "inputSchema": SCHEMA})


async def test_the_definition_in_a_repository_is_read_from_its_folder(api: Api, tmp_path: Path) -> None:
    write_actor(tmp_path / "repo/actors/shop", DEFINITION)
    commit(tmp_path / "repo", branch="dev")
    answer = await read(api, sourceType="GIT_REPO", gitRepoUrl=f"file://{tmp_path}/repo#dev:actors/shop")
    assert answer.json() == {"document": DEFINITION, "inputSchema": SCHEMA}
    absent = await read(api, sourceType="GIT_REPO", gitRepoUrl=f"file://{tmp_path}/repo#dev:absent")
    assert (absent.status_code, "no folder 'absent'" in absent.text) == (400, True)
    assert list((api.orchestrator.settings.data_dir / "sources").iterdir()) == []


@pytest.mark.parametrize(
    ("definition", "schema", "reason"),
    [
        ({**DEFINITION, "version": 1}, SCHEMA, "version"),
        (DEFINITION, {**SCHEMA, "properties": {"n": {"type": "wrong"}}}, "input_schema.json"),
        (DEFINITION, [], "input_schema.json"),
    ],
)
async def test_an_invalid_definition_is_rejected(
    api: Api, tmp_path: Path, definition: Any, schema: Any, reason: str
) -> None:
    answer = await read(api, localFolder=str(write_actor(tmp_path / "shop", definition, schema)))
    assert (answer.status_code, reason in answer.text) == (400, True)


async def test_nothing_is_stored_by_a_check(api: Api, tmp_path: Path) -> None:
    await read(api, localFolder=str(write_actor(tmp_path / "shop", DEFINITION)))
    await check(api, document=DEFINITION, inputSchema=SCHEMA, input={"n": 1})
    assert (await api.data("GET", "/v2/acts"))["total"] == 0


async def test_an_input_is_validated_by_the_schema(api: Api) -> None:
    assert (await check(api, inputSchema=SCHEMA, input={"n": 1})).json() == {"valid": True}
    bodies: list[dict[str, Any]] = [{"input": {"n": 0}}, {"input": [1]}, {"input": None}, {}]
    for body in bodies:
        answer = await check(api, inputSchema=SCHEMA, **body)
        assert answer.status_code == 400, body
    assert problem(await check(api, inputSchema=SCHEMA))[1] == "invalid-input"


async def test_without_a_schema_every_input_is_valid(api: Api) -> None:
    bodies: list[dict[str, Any]] = [{"input": "text"}, {"input": [1]}, {"document": {}}]
    for body in bodies:
        assert (await check(api, **body)).status_code == 200


@pytest.mark.parametrize("query", ["?memory=0", "?memory=x", "?timeout=-1", "?forcePermissionLevel=ROOT"])
async def test_invalid_options_are_rejected(api: Api, query: str) -> None:
    assert (await check(api, query)).status_code == 400


async def test_memory_that_the_user_can_never_get_is_rejected(small: Api) -> None:
    assert (await check(small, "?memory=8192")).status_code == 200
    answer = await check(small, "?memory=16384")
    assert problem(answer) == (402, "actor-memory-limit-exceeded")
    assert "requested: 16384MB" in answer.text and "limit of 8192MB" in answer.text
    assert problem(await check(small, document={"defaultMemoryMbytes": 16384}))[0] == 402


async def test_strict_memory_is_checked(tmp_path: Path) -> None:
    api = Api(tmp_path, strict_memory=True)
    await api.open()
    assert [(await check(api, f"?memory={memory}")).status_code for memory in (512, 1000)] == [200, 400]
    await api.close()


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


async def test_only_the_operator_sets_variables_of_a_single_run(api: Api) -> None:
    await api.create_actor()
    query = f"?greenroomEnvVars={encoded([{'name': 'A', 'value': 'ü=1'}])}"
    path = "/v2/acts/me~hello/runs"
    assert problem(await api.call("POST", path + query)) == (403, "insufficient-permissions")
    started = await api.data("POST", path + query, token=CONTROL_TOKEN)
    run = api.orchestrator.runs.get(started["id"])
    assert [(each.name, each.value) for each in run.env_vars] == [("A", "ü=1")]
    await api.clock.settle()
    assert api.container_of(run).spec.environment["A"] == "ü=1"


@pytest.mark.parametrize("given", ["!", encoded({"A": "1"}), encoded([{"name": "A=B", "value": ""}]), encoded([{}])])
async def test_invalid_variables_are_rejected(api: Api, given: str) -> None:
    await api.create_actor()
    answer = await api.call("POST", f"/v2/acts/me~hello/runs?greenroomEnvVars={given}", token=CONTROL_TOKEN)
    assert answer.status_code == 400
