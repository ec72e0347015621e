"""Which storages a run with limited permissions can use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.records import PermissionLevel, Run
from runtime.inputs.inputs import Input
from tests.fakes.api import Api, problem, started_by

LIMITED, FULL = PermissionLevel.LIMITED, PermissionLevel.FULL

STORAGES = ("datasets", "key-value-stores", "request-queues")


def picker(kind: str, *rights: str) -> dict[str, Any]:
    return {"type": "string", "resourceType": kind, "resourcePermissions": list(rights)}


def as_input(**fields: Any) -> Input:
    return Input(body=json.dumps(fields).encode(), content_type="application/json")


async def attempts(api: Api, id: str, token: str) -> list[int]:
    """The statuses of reading a dataset, writing to it and changing it."""
    calls = (
        api.call("GET", f"/v2/datasets/{id}/items", token=token),
        api.call("POST", f"/v2/datasets/{id}/items", token=token, json=[{}]),
        api.call("PUT", f"/v2/datasets/{id}", token=token, json={"title": "Mine"}),
    )
    return [(await call).status_code for call in calls]


@pytest.mark.parametrize("kind", STORAGES)
async def test_later_runs_of_the_actor_can_use_a_storage_that_a_limited_run_created(
    api: Api, run: Run, kind: str
) -> None:
    made = await api.data("POST", f"/v2/{kind}?name=cache", token=run.token)
    await api.finish(run)
    later = await api.start(api.orchestrator.actors.get(run.actor_id))
    assert (await api.data("POST", f"/v2/{kind}?name=cache", token=later.token))["id"] == made["id"]
    for method, reference in (("GET", made["id"]), ("GET", "~cache"), ("PUT", "local~cache"), ("DELETE", made["id"])):
        answer = await api.call(method, f"/v2/{kind}/{reference}", token=later.token, json={})
        assert answer.is_success, (method, reference)


@pytest.mark.parametrize("kind", STORAGES)
async def test_other_storages_are_rejected_by_id_and_by_name(api: Api, run: Run, kind: str) -> None:
    other = await api.start(await api.create_actor("other"))
    full = await api.start(api.orchestrator.actors.get(run.actor_id), permission_level=FULL)
    for name, token in (("users", "ann"), ("others", other.token), ("full", full.token)):
        made = await api.data("POST", f"/v2/{kind}?name={name}", token=token)
        for reference in (made["id"], f"~{name}", f"local~{name}"):
            answer = await api.call("GET", f"/v2/{kind}/{reference}", token=run.token)
            assert problem(answer) == (403, "insufficient-permissions")
        answer = await api.call("POST", f"/v2/{kind}?name={name}", token=run.token)
        assert problem(answer) == (403, "insufficient-permissions")
    assert problem(await api.call("GET", f"/v2/{kind}/nobody", token=run.token)) == (404, "record-not-found")


async def test_a_run_cannot_rename_its_storage_to_the_name_of_another_storage(api: Api, run: Run) -> None:
    await api.data("POST", "/v2/datasets?name=users")
    answer = await api.call("PUT", f"/v2/datasets/{run.default_dataset_id}", token=run.token, json={"name": "users"})
    assert problem(answer) == (409, "name-not-unique")


async def test_aliases_do_not_bypass_the_checks(api: Api, run: Run) -> None:
    other = await api.start(await api.create_actor("other"))
    of_other = [f"/v2/actor-runs/{other.id}", f"/v2/acts/{other.actor_id}/runs/{other.id}", "/v2/acts/~other/runs/last"]
    for prefix in of_other:
        for path in ("dataset", "dataset/items", "key-value-store/records/INPUT", "request-queue/head"):
            answer = await api.call("GET", f"{prefix}/{path}", token=run.token)
            assert problem(answer) == (403, "insufficient-permissions"), (prefix, path)
    for method, path in (
        ("GET", "/v2/acts/~other/runs/last"),
        ("GET", "/v2/acts/~other/runs/last/log"),
        ("GET", "/v2/acts/~other/builds/default"),
        ("POST", f"/v2/acts/~other/runs/{other.id}/abort"),
        ("GET", f"/v2/actor-runs/{other.id}/abort?method=POST"),
        ("GET", f"/v2/datasets/{other.default_dataset_id}?method=DELETE"),
        ("POST", f"/v2/datasets/{other.default_dataset_id}/items?method=GET"),
    ):
        answer = await api.call(method, path, token=run.token)
        assert problem(answer) == (403, "insufficient-permissions"), path
    assert api.current(other).status == "RUNNING"
    for path in (f"/v2/actor-runs/{run.id}/dataset", "/v2/acts/~limited/runs/last/dataset"):
        assert (await api.data("GET", path, token=run.token))["id"] == run.default_dataset_id


async def test_rewriting_the_input_does_not_give_access_to_more_storages(api: Api) -> None:
    users = [(await api.data("POST", f"/v2/datasets?name=data-{n}"))["id"] for n in range(3)]
    actor = await api.create_actor_with_schema(
        source=picker("dataset", "READ"), target=picker("dataset", "READ", "WRITE"), plain={"type": "string"}
    )
    run = await api.start(actor, as_input(source="data-0", target=users[1], plain=users[2]))
    assert [await attempts(api, id, run.token) for id in users] == [[200, 403, 403], [200, 201, 403], [403, 403, 403]]
    record = f"/v2/key-value-stores/{run.default_key_value_store_id}/records/INPUT"
    assert (await api.call("PUT", record, token=run.token, json={"target": users[2]})).status_code == 201
    await api.call("POST", f"/v2/actor-runs/{run.id}/reboot", token=run.token)
    await api.clock.settle()
    assert await attempts(api, users[2], run.token) == [403, 403, 403]
    await api.finish(run)
    await api.data("POST", f"/v2/actor-runs/{run.id}/resurrect")
    await api.clock.settle()
    assert [await attempts(api, id, run.token) for id in users] == [[200, 403, 403], [200, 201, 403], [403, 403, 403]]


async def test_a_limited_run_can_pass_on_only_its_own_access(api: Api) -> None:
    users = [(await api.data("POST", f"/v2/datasets?name=data-{n}"))["id"] for n in range(3)]
    actor = await api.create_actor_with_schema(
        source=picker("dataset", "READ"), target={**picker("dataset", "READ", "WRITE"), "type": "array"}
    )
    parent = await api.start(actor, as_input(source=users[0], target=[users[1]]))
    other = await api.create_actor_with_schema("other", target={**picker("dataset", "READ", "WRITE"), "type": "array"})
    wanted = [*users, parent.default_dataset_id]
    child = await api.data("POST", f"/v2/actors/{other.id}/runs", token=parent.token, json={"target": wanted})
    token = api.orchestrator.runs.get(child["id"]).token
    assert [await attempts(api, id, token) for id in wanted] == [
        [200, 403, 403],
        [200, 201, 403],
        [403, 403, 403],
        [200, 201, 403],
    ]


async def test_a_metamorph_gets_the_storages_of_its_own_input(api: Api, run: Run) -> None:
    users = [(await api.data("POST", f"/v2/datasets?name=data-{n}"))["id"] for n in range(2)]
    first = await api.create_actor_with_schema("first", source=picker("dataset", "READ"))
    second = await api.create_actor_with_schema("second", source={**picker("dataset", "READ"), "type": "array"})
    run = await api.start(first, as_input(source=users[0]))
    for token, given, expected in ((run.token, users, [200, 403]), ("ann", users[1:], [403, 200])):
        path = f"/v2/actor-runs/{run.id}/metamorph?targetActorId={second.id}"
        await api.data("POST", path, token=token, json={"source": given})
        await api.clock.settle()
        assert [(await attempts(api, id, run.token))[0] for id in users] == expected


async def test_a_limited_run_reads_the_results_of_runs_that_it_started_directly_or_indirectly(
    api: Api, run: Run
) -> None:
    child = await started_by(api, run, "child")
    grandchild = await started_by(api, child, "grandchild")
    for each in (child, grandchild):
        named = await api.data("POST", f"/v2/datasets?name=of-{each.id}", token=each.token)
        for path in (
            f"datasets/{each.default_dataset_id}/items",
            f"key-value-stores/{each.default_key_value_store_id}/keys",
            f"request-queues/{each.default_request_queue_id}/head",
            f"datasets/{named['id']}",
            f"logs/{each.id}",
            f"actors/{each.actor_id}/runs/last",
        ):
            assert (await api.call("GET", f"/v2/{path}", token=run.token)).status_code == 200, path
        shown = await api.data("GET", f"/v2/actor-runs/{each.id}", token=run.token)
        assert "usage" in shown and "webhooks" not in shown
        assert await attempts(api, each.default_dataset_id, run.token) == [200, 403, 403]
        assert await attempts(api, run.default_dataset_id, each.token) == [403, 403, 403]
        for word in ("reboot", "resurrect"):
            answer = await api.call("POST", f"/v2/actor-runs/{each.id}/{word}", token=run.token)
            assert problem(answer) == (403, "insufficient-permissions")
