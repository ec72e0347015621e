"""Inputs of Actors with an input schema, and of Actors without one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from runtime.base.records import Actor
from runtime.inputs.encryption import InputCipher
from runtime.inputs.keys import InputKeys
from tests.fakes.api import Api, problem

JSON = {"content-type": "application/json"}
PERSON: dict[str, Any] = {
    "nick": {"type": "string", "default": "Ann"},
    "age": {"type": "integer", "minimum": 1},
    "password": {"type": "string", "isSecret": True},
    "cookies": {"type": "array", "isSecret": True},
}


async def stored(api: Api, run: Any, key: str = "INPUT") -> tuple[str, bytes]:
    answer = await api.call("GET", f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/{key}")
    return answer.headers["content-type"], answer.content


async def started(api: Api, actor: Actor, **given: Any) -> Any:
    return await api.data("POST", f"/v2/actors/{actor.id}/runs", **given)


async def test_defaults_are_in_the_stored_input(api: Api) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    run = await started(api, actor, json={"age": 3})
    assert await stored(api, run) == ("application/json", b'{"age":3,"nick":"Ann"}')
    assert run["stats"]["inputBodyLen"] == len(b'{"age":3,"nick":"Ann"}')


@pytest.mark.parametrize("given", [{}, {"content": b"null", "headers": JSON}])
async def test_without_an_input_only_defaults_are_stored(api: Api, given: Any) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    assert await stored(api, await started(api, actor, **given)) == ("application/json", b'{"nick":"Ann"}')


@pytest.mark.parametrize("way", ["runs", "run-sync", "run-sync-get-dataset-items", "validate-input"])
async def test_an_invalid_input_starts_no_run(api: Api, way: str) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    answer = await api.call("POST", f"/v2/actors/{actor.id}/{way}", json={"age": 0})
    assert answer.json()["error"] == {
        "type": "invalid-input",
        "message": "Input is not valid: Field input.age must be >= 1",
    }
    assert problem(answer) == (400, "invalid-input")
    assert api.orchestrator.database.runs.all() == []


async def test_an_actor_without_a_schema_accepts_any_body(api: Api) -> None:
    actor = await api.create_actor()
    for body, content_type in (
        (b'{ "b": 1.0,\n"a":2}', "application/json"),
        (b"{", "application/json"),
        (b"\xff", "x/y"),
    ):
        run = await started(api, actor, content=body, headers={"content-type": content_type})
        assert await stored(api, run) == (content_type, body)
        assert run["stats"]["inputBodyLen"] == len(body)


async def test_a_tasks_input_is_merged_before_it_is_validated(api: Api) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    task = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": "a-task", "input": {"age": 0}})
    path = f"/v2/actor-tasks/{task['id']}/runs"
    assert problem(await api.call("POST", path)) == (400, "invalid-input")
    run = await api.data("POST", path, json={"age": 5})
    assert (await stored(api, run))[1] == b'{"age":5,"nick":"Ann"}'


async def test_a_resurrected_run_has_the_same_input(api: Api) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    run = await started(api, actor, json={"age": 3})
    await api.data("POST", f"/v2/actor-runs/{run['id']}/abort")
    build = api.orchestrator.builds.resolve(actor, "latest")
    schema = {"properties": {"age": {"type": "integer", "minimum": 100}}}
    await api.orchestrator.database.builds.update(build.id, lambda now: replace(now, input_schema=schema))
    await api.clock.settle()
    await api.data("POST", f"/v2/actor-runs/{run['id']}/resurrect")
    assert (await stored(api, run))[1] == b'{"age":3,"nick":"Ann"}'


async def test_a_metamorphs_input_is_validated_by_its_own_schema(api: Api) -> None:
    run = await started(api, await api.create_actor("plain"))
    await api.clock.settle()
    actor = await api.create_actor_with_schema(**PERSON)
    path = f"/v2/actor-runs/{run['id']}/metamorph?targetActorId={actor.id}"
    assert problem(await api.call("POST", path, json={"age": 0})) == (400, "invalid-input")
    await api.data("POST", path, json={"age": 2, "password": "hush!"})
    value = json.loads((await stored(api, run, "INPUT-METAMORPH-1"))[1])
    assert opened(api, actor, value["password"]) == "hush!"
    assert {**value, "password": None} == {"age": 2, "password": None, "nick": "Ann"}


async def test_secrets_are_stored_encrypted(api: Api) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    run = await started(api, actor, json={"password": "hush!", "cookies": [{"value": "crumbs"}]})
    value = json.loads((await stored(api, run))[1])
    assert value["password"].startswith("ENCRYPTED_VALUE:")
    assert value["cookies"].startswith("ENCRYPTED_JSON:")
    assert opened(api, actor, value["password"]) == "hush!"
    assert opened(api, actor, value["cookies"]) == [{"value": "crumbs"}]
    again = await started(api, actor, json=value)
    assert json.loads((await stored(api, again))[1]) == value


async def test_every_actor_has_its_own_key(api: Api) -> None:
    actors = [await api.create_actor_with_schema(name, **PERSON) for name in ("one", "two")]
    for actor in actors:
        await started(api, actor, json={"password": "hush!"})
    keys = api.orchestrator.database.input_keys.all()
    assert {key.actor_id for key in keys} == {actor.id for actor in actors}
    for key in keys:  # the stored key cannot be used without the vault
        with pytest.raises(ValueError):
            InputCipher(key.private_key, key.passphrase)
    for actor in actors:
        for run in [each for each in api.orchestrator.database.runs.all() if each.actor_id == actor.id]:
            await api.data("POST", f"/v2/actor-runs/{run.id}/abort")
        await api.clock.settle()
        assert (await api.call("DELETE", f"/v2/actors/{actor.id}")).status_code == 204
    assert api.orchestrator.database.input_keys.all() == []


async def test_the_container_gets_the_key_and_the_log_hides_the_secrets(api: Api) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    run = await started(api, actor, json={"password": "hush!", "cookies": [{"value": "crumbs"}]})
    await api.clock.settle()
    (container,) = api.engine.containers
    assert "APIFY_INPUT_SECRETS_PRIVATE_KEY_FILE" in container.spec.environment
    assert "APIFY_INPUT_SECRETS_PRIVATE_KEY_PASSPHRASE" in container.spec.environment
    container.prints("I know hush! and crumbs")
    container.exits(0)
    await api.clock.settle()
    log = (await api.call("GET", f"/v2/logs/{run['id']}")).text
    assert "I know [REDACTED] and [REDACTED]" in log


async def test_a_run_without_secrets_gets_no_key(api: Api) -> None:
    actor = await api.create_actor_with_schema(nick=PERSON["nick"])
    await started(api, actor)
    await api.clock.settle()
    (container,) = api.engine.containers
    assert not [name for name in container.spec.environment if "INPUT_SECRETS" in name]


async def test_inputs_can_be_validated_without_a_run(api: Api) -> None:
    actor = await api.create_actor_with_schema(**PERSON)
    path = f"/v2/actors/{actor.id}/validate-input"
    assert (await api.call("POST", path, json={"age": 1})).json() == {"valid": True}
    assert problem(await api.call("POST", path, json=[])) == (400, "input-json-not-object")
    assert problem(await api.call("POST", f"{path}?build=beta", json={})) == (400, "unknown-build-tag")
    await api.create_build(actor, "beta")
    assert (await api.call("POST", f"{path}?build=beta", json=[])).json() == {"valid": True}


async def test_a_build_returns_its_input_schema_as_text(api: Api) -> None:
    actor, plain = await api.create_actor_with_schema(**PERSON), await api.create_actor("plain")
    for each, schema in (actor, {"schemaVersion": 1, "properties": PERSON}), (plain, None):
        build = await api.data("GET", f"/v2/actors/{each.id}/builds/default")
        text = build["inputSchema"]
        assert (None if text is None else json.loads(text)) == schema
        shown = await api.data("GET", f"/v2/actor-builds/{build['id']}")
        assert shown["inputSchema"] == text


async def test_the_openapi_document_of_a_build(api: Api) -> None:
    links = {"type": "array", "editor": "requestListSources", "title": "Links", "description": "d"}
    mixed = {"type": ["string", "integer"], "editor": "json", "prefill": 1, "nullable": True}
    actor = await api.create_actor_with_schema(links=links, mixed=mixed, **PERSON)
    build = api.orchestrator.builds.resolve(actor, "latest")
    answers = [
        await api.call("GET", f"/v2/actor-builds/{build.id}/openapi.json", token=None),
        await api.call("GET", f"/v2/actors/{actor.id}/builds/{build.id}/openapi.json", token=None),
        await api.call("GET", f"/v2/acts/me~{actor.name}/builds/default/openapi.json"),
    ]
    document = answers[0].json()
    assert [answer.json() for answer in answers] == [document] * 3
    assert document["info"] | {"title": None} == {
        "title": None,
        "description": "",
        "version": "0.0",
        "x-build-id": build.id,
    }
    assert f"/acts/local~{actor.name}/run-sync-get-dataset-items" in document["paths"]
    properties = document["components"]["schemas"]["inputSchema"]["properties"]
    assert properties["age"] == {"type": "integer", "minimum": 1}
    assert properties["links"]["items"]["properties"]["url"]["format"] == "uri"
    assert properties["mixed"] == {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True}
    assert problem(await api.call("GET", "/v2/actor-builds/none/openapi.json")) == (404, "record-not-found")


def opened(api: Api, actor: Actor, value: str) -> Any:
    key = InputKeys(api.orchestrator.database.input_keys, api.orchestrator.database.vault).find(actor.user_id, actor.id)
    assert key is not None
    return InputCipher(key.private_key, key.passphrase).decrypt(value)
