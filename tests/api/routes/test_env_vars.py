"""/v2/actors/{actor}/versions/{number}/env-vars"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.base.records import EnvVar
from tests.fakes.api import BASE, Api, problem

PATH = "/v2/acts/~hello/versions/0.0/env-vars"
OPEN, SECRET = {"name": "OPEN", "value": "sesame"}, {"name": "SECRET", "value": "hunter2", "isSecret": True}


@pytest.fixture
async def actor(api: Api) -> dict[str, Any]:
    version = {"versionNumber": "0.0", "envVars": [OPEN, SECRET]}
    made: dict[str, Any] = await api.data("POST", "/v2/acts", json={"name": "hello", "versions": [version]})
    return made


def stored_env_vars(api: Api) -> dict[str, EnvVar]:
    actors = api.orchestrator.actors
    version = api.orchestrator.versions.get(actors.find(api.user, "~hello"), "0.0")
    return {each.name: each for each in version.env_vars}


async def test_variables_are_listed_and_returned_without_secret_values(api: Api, actor: Any) -> None:
    open, secret = OPEN, {"name": "SECRET", "isSecret": True}
    assert await api.data("GET", PATH) == {"total": 2, "items": [open, secret]}
    assert await api.data("GET", f"{PATH}/OPEN") == open
    assert await api.data("GET", f"{PATH}/SECRET") == secret


@pytest.mark.parametrize("name", ["NEW", "with space", "grün", "a?b#c%2F"])
async def test_a_variable_is_created_at_its_own_address(api: Api, actor: Any, name: str) -> None:
    made = await api.call("POST", PATH, json={"name": name, "value": "x"})
    assert (made.status_code, made.json()["data"]) == (201, {"name": name, "value": "x"})
    location = made.headers["location"]
    assert location.startswith(f"{BASE}/v2/actors/{actor['id']}/versions/0.0/env-vars/")
    assert (await api.data("GET", location.removeprefix(BASE)))["name"] == name


async def test_fields_missing_from_a_change_stay_unchanged(api: Api, actor: Any) -> None:
    for method, body, expected in (
        ("PUT", {"value": "other"}, EnvVar(name="SECRET", value="other", is_secret=True)),
        ("POST", {"name": "SECRET"}, EnvVar(name="SECRET", value="other", is_secret=True)),
        ("PUT", {"value": "shown", "isSecret": False}, EnvVar(name="SECRET", value="shown", is_secret=False)),
        ("PUT", {"isSecret": True}, EnvVar(name="SECRET", value="shown", is_secret=True)),
    ):
        answer = await api.call(method, f"{PATH}/SECRET", json=body)
        assert answer.is_success and ("hunter2" not in answer.text)
        assert stored_env_vars(api)["SECRET"] == expected


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", PATH, OPEN, (409, "env-var-already-exists")),
        ("POST", PATH, {"name": "NEW"}, (400, "invalid-value")),
        ("POST", PATH, {"value": "x"}, (400, "invalid-value")),
        ("POST", PATH, {"name": "NEW", "value": 5}, (400, "invalid-value")),
        ("POST", PATH, {"name": "A=B", "value": "x"}, (400, "invalid-value")),
        ("PUT", f"{PATH}/OPEN", {"name": "OTHER", "value": "x"}, (400, "cannot-rename-env-var")),
        ("PUT", f"{PATH}/OPEN", {"value": "a\0b"}, (400, "invalid-value")),
        ("PUT", f"{PATH}/SECRET", {"isSecret": False}, (400, "invalid-value")),
        ("PUT", f"{PATH}/NOBODY", {"value": "x"}, (404, "record-not-found")),
        ("GET", f"{PATH}/NOBODY", None, (404, "record-not-found")),
        ("DELETE", f"{PATH}/NOBODY", None, (404, "record-not-found")),
        ("GET", "/v2/acts/~hello/versions/9.9/env-vars", None, (404, "record-not-found")),
        ("GET", "/v2/acts/~nobody/versions/0.0/env-vars", None, (404, "record-not-found")),
    ],
)
async def test_a_rejected_change_changes_nothing(
    api: Api, actor: Any, method: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    before = stored_env_vars(api)
    assert problem(await api.call(method, path, json=body)) == expected
    assert stored_env_vars(api) == before


async def test_a_variable_is_deleted(api: Api, actor: Any) -> None:
    assert (await api.call("DELETE", f"{PATH}/OPEN")).status_code == 204
    assert list(stored_env_vars(api)) == ["SECRET"]


async def test_variables_created_concurrently_are_all_stored(api: Api, actor: Any) -> None:
    names = [f"VARIABLE_{number}" for number in range(20)]
    await asyncio.gather(*[api.call("POST", PATH, json={"name": name, "value": "x"}) for name in names])
    assert set(names) <= stored_env_vars(api).keys()


async def test_the_actor_is_changed_with_its_variables(api: Api, actor: Any) -> None:
    await api.clock.advance(5)
    await api.data("PUT", f"{PATH}/OPEN", json={"value": "x"})
    assert (await api.data("GET", "/v2/acts/~hello"))["modifiedAt"] > actor["modifiedAt"]
