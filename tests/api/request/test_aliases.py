from __future__ import annotations

import pytest

from api.request.aliases import MAX_PARAMETERS, MAX_URI, check_size
from runtime.base.errors import UriTooLong
from runtime.base.records import Meta, Origin
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.api import Api, problem


@pytest.mark.parametrize(
    "path",
    ["", "/{actor}", "/{actor}/runs", "/{actor}/runs/last", "/{actor}/builds", "/{actor}/versions", "/local~hello"],
)
async def test_acts_is_the_old_name_of_actors(api: Api, path: str) -> None:
    actor = await api.create_actor("hello")
    await api.start(actor)
    old, new = [await api.call("GET", f"/v2/{word}" + path.format(actor=actor.id)) for word in ("acts", "actors")]
    assert old.status_code == 200
    assert old.json() == new.json()


async def test_a_slash_at_the_end_changes_nothing(api: Api) -> None:
    assert (await api.call("GET", "/v2/acts/")).status_code == 200
    assert (await api.call("GET", "/v2/users/me/")).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "put", "Put"])
async def test_the_method_of_any_request_can_be_overridden(api: Api, method: str) -> None:
    actor = await api.create_actor("hello")
    shown = await api.data("POST", f"/v2/acts/{actor.id}?method={method}", json={"title": "Hello"})
    assert shown["title"] == "Hello"
    assert (await api.call("GET", f"/v2/acts/{actor.id}?method=DELETE")).status_code == 204
    assert (await api.call("GET", f"/v2/acts/{actor.id}")).status_code == 404


async def test_an_overridden_method_starts_runs_too(api: Api) -> None:
    actor = await api.create_actor("hello")
    assert (await api.call("GET", f"/v2/acts/{actor.id}/runs?method=POST")).status_code == 201


@pytest.mark.parametrize("method", ["HEAD", "head", "OPTIONS"])
async def test_no_method_becomes_head_or_options(api: Api, method: str) -> None:
    """A client that sent another method waits for the body that the headers announce."""
    for path in ("/v2/users/me", "/v2/acts", "/greenroom/docs"):
        plain, overridden = await api.call("GET", path), await api.call("GET", f"{path}?method={method}")
        assert (overridden.status_code, overridden.text) == (plain.status_code, plain.text)
    created = await api.call("POST", f"/v2/datasets?name=a&method={method}")
    assert created.status_code == 201 and created.json()["data"]["name"] == "a"


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD"])
async def test_head_and_options_are_not_overridden(api: Api, method: str) -> None:
    id = (await api.data("POST", "/v2/datasets?name=a"))["id"]
    head = await api.call("HEAD", f"/v2/datasets/{id}/items?method={method}")
    assert (head.status_code, head.content) == (200, b"")
    await api.call("OPTIONS", f"/v2/datasets/{id}?method={method}")
    assert (await api.data("GET", f"/v2/datasets/{id}"))["name"] == "a"


@pytest.mark.parametrize(
    ("path", "query"),
    [("/v2/datasets", "a" * MAX_URI), ("/v2/" + "a" * MAX_URI, ""), ("/v2/datasets", "&" * MAX_PARAMETERS)],
)
async def test_a_giant_url_is_rejected(api: Api, path: str, query: str) -> None:
    with pytest.raises(UriTooLong):
        check_size({"path": path, "query_string": query.encode()})
    if len(path + query) < MAX_URI:
        assert problem(await api.call("GET", f"{path}?{query}")) == (414, "uri-too-long")


async def test_an_actor_is_addressed_by_id_or_name(api: Api) -> None:
    actor = await api.create_actor("hello")
    for reference in (actor.id, "local~hello", "~hello", "me~hello", "local%7Ehello"):
        assert (await api.data("GET", f"/v2/acts/{reference}"))["id"] == actor.id


async def test_the_last_run_is_the_newest_that_matches_the_query(api: Api) -> None:
    actor = await api.create_actor("hello")
    failed = await api.finish(await api.start(actor), 1)
    await api.clock.advance(1)
    cli = await api.orchestrator.starting.start(
        StartRequest(user=api.user, actor=actor, input=None, options=StartOptions(), meta=Meta(origin=Origin.CLI))
    )
    await api.clock.settle()
    await api.finish(cli)
    await api.clock.advance(1)
    live = await api.start(actor)
    for query, expected in (
        ("", live),
        ("?status=RUNNING", live),
        ("?status=FAILED", failed),
        ("?status=SUCCEEDED,FAILED", cli),
        ("?origin=CLI", cli),
        ("?origin=API&status=FAILED", failed),
    ):
        shown = await api.data("GET", f"/v2/acts/{actor.id}/runs/last{query}")
        assert shown["id"] == expected.id, query
    assert problem(await api.call("GET", f"/v2/acts/{actor.id}/runs/last?status=ABORTED")) == (404, "record-not-found")


@pytest.mark.parametrize(
    "prefix", ["/v2/actor-runs/{run}", "/v2/acts/{actor}/runs/{run}", "/v2/acts/{actor}/runs/last"]
)
async def test_a_runs_storages_and_log_have_several_addresses(api: Api, prefix: str) -> None:
    actor = await api.create_actor("hello")
    run = await api.start(actor)
    api.container_of(run).prints("hello")
    await api.clock.settle()
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{"a": 1}])
    base = prefix.format(actor=actor.id, run=run.id)
    assert (await api.data("GET", base))["id"] == run.id
    assert (await api.call("GET", f"{base}/dataset/items")).json() == [{"a": 1}]
    assert (await api.data("GET", f"{base}/dataset"))["id"] == run.default_dataset_id
    assert (await api.data("GET", f"{base}/key-value-store"))["id"] == run.default_key_value_store_id
    assert (await api.data("GET", f"{base}/key-value-store/keys"))["items"] == []
    assert (await api.data("GET", f"{base}/request-queue"))["id"] == run.default_request_queue_id
    assert (await api.call("GET", f"{base}/log")).text.endswith("Z hello\n")
    put = await api.call("PUT", f"{base}/key-value-store/records/KEY", content=b"value")
    assert put.status_code == 201
    assert (await api.call("GET", f"{base}/key-value-store/records/KEY")).content == b"value"
    assert (await api.data("POST", f"{base}/abort"))["id"] == run.id
    assert api.current(run).status in ("ABORTING", "ABORTED")


async def test_a_build_has_several_addresses(api: Api) -> None:
    actor = await api.create_actor("hello")
    build = api.orchestrator.builds.resolve(actor, "latest")
    for path in (
        f"/v2/actor-builds/{build.id}",
        f"/v2/acts/{actor.id}/builds/{build.id}",
        f"/v2/acts/{actor.id}/builds/default",
    ):
        assert (await api.data("GET", path))["id"] == build.id
    for path in (
        f"/v2/actor-builds/{build.id}/log",
        f"/v2/acts/{actor.id}/builds/{build.id}/log",
        f"/v2/logs/{build.id}",
    ):
        assert (await api.call("GET", path)).status_code == 200


async def test_a_run_of_another_actor_is_not_found_under_this_one(api: Api) -> None:
    run, other = await api.start(), await api.create_actor("other")
    for path in ("", "/log", "/dataset/items", "/abort"):
        answer = await api.call("POST" if path == "/abort" else "GET", f"/v2/acts/{other.id}/runs/{run.id}{path}")
        assert problem(answer) == (404, "record-not-found")
