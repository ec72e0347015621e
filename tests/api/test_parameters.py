"""Every query parameter of Apify's OpenAPI document has an effect: a request with it gives another result.

GREENROOM_OPENAPI is the path of the document, whose parameters have to be listed here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.world import ScriptedWorld
from tests.fakes.api import Api
from tests.openapi import DOCUMENT, NO_DOCUMENT, Contract
from tests.world import HOOK, REQUEST

HOOKS = base64.b64encode(json.dumps([HOOK]).encode()).decode()
ITEMS = [
    {"a": 1, "b": {"c": 2}, "l": [{"x": 1}, {"x": 2}], "#h": 3},
    {"errorInfo": {}, "url": "http://site.test/", "pageFunctionResult": {"a": 1}},
    {},
]
COLLECTION = {"title": "x", "keyPrefix": "A"}
VIEW = {"views": {"flat": {"transformation": {"fields": ["a"]}}}}


@dataclass(frozen=True)
class Row:
    """The result of an operation without and with a parameter, as `shown` extracts it. `base` is in both queries."""

    parameter: str
    operation: str
    base: str
    value: str
    shown: Callable[[httpx.Response], Any]
    before: Any
    after: Any


def text(response: httpx.Response) -> str:
    return response.text


def kind(response: httpx.Response) -> str:
    return response.headers["content-type"].partition(";")[0]


def status(response: httpx.Response) -> int:
    return response.status_code


def data(*path: str | int) -> Callable[[httpx.Response], Any]:
    """A value in the `data` of a response, by its path; None if it is missing."""

    def shown(response: httpx.Response) -> Any:
        value: Any = response.json().get("data", response.json())
        for key in path:
            value = value.get(key) if isinstance(value, dict) else value[int(key)] if len(value) > int(key) else None
            if value is None:
                return None
        return value

    return shown


def each(name: str) -> Callable[[httpx.Response], Any]:
    """A field of all items of a list."""
    return lambda response: [item.get(name) for item in response.json()["data"]["items"]]


def count(response: httpx.Response) -> int:
    found = response.json()
    return len(found if isinstance(found, list) else found["data"]["items"])


def first(response: httpx.Response) -> Any:
    return response.json()[0]


GET_ITEMS, RUN = "GET /v2/datasets/{datasetId}/items", "POST /v2/actors/{actorId}/runs"
KEYS, STORE = "GET /v2/key-value-stores/{storeId}/keys", "GET /v2/store"
REQUESTS = "GET /v2/request-queues/{queueId}/requests"
BUILD, LAST_RUN = "POST /v2/actors/{actorId}/builds", "stats.lastRunStartedAt"
A = {"a": 1}
CREATED = ["theirs", "world-1", "full"]
ROWS = [
    Row("offset", GET_ITEMS, "", "1", count, 3, 2),
    Row("limit", GET_ITEMS, "", "1", count, 3, 1),
    Row("desc", GET_ITEMS, "limit=1", "1", first, ITEMS[0], {}),
    Row("format", GET_ITEMS, "", "csv", kind, "application/json", "text/csv"),
    Row("clean", GET_ITEMS, "", "1", count, 3, 2),
    Row("fields", GET_ITEMS, "limit=1", "a", first, ITEMS[0], A),
    Row("outputFields", GET_ITEMS, "limit=1&fields=a", "z", first, A, {"z": 1}),
    Row("omit", GET_ITEMS, "limit=1&fields=a,b", "b", first, {"a": 1, "b": {"c": 2}}, A),
    Row("unwind", GET_ITEMS, "limit=1", "l", count, 1, 2),
    Row("flatten", GET_ITEMS, "limit=1&fields=b,b.c", "b", first, {"b": {"c": 2}}, {"b.c": 2}),
    Row("attachment", GET_ITEMS, "", "1", lambda r: "content-disposition" in r.headers, False, True),
    Row("delimiter", GET_ITEMS, "format=csv&limit=1&bom=0&fields=a,b", ";", lambda r: r.text.count(";"), 0, 2),
    Row("bom", GET_ITEMS, "format=csv", "0", lambda r: r.content.startswith(b"\xef\xbb\xbf"), True, False),
    Row("xmlRoot", GET_ITEMS, "format=xml", "all", lambda r: "<all>" in r.text, False, True),
    Row("xmlRow", GET_ITEMS, "format=xml", "one", lambda r: "<one>" in r.text, False, True),
    Row("skipHeaderRow", GET_ITEMS, "format=csv&limit=1", "1", lambda r: len(r.text.splitlines()), 2, 1),
    Row("skipHidden", GET_ITEMS, "limit=1", "1", lambda r: "#h" in first(r), True, False),
    Row("skipEmpty", GET_ITEMS, "", "1", count, 3, 2),
    Row("simplified", GET_ITEMS, "offset=1", "1", lambda r: "pageFunctionResult" in r.text, True, False),
    Row("view", GET_ITEMS, "limit=1", "flat", first, ITEMS[0], A),
    Row("skipFailedPages", GET_ITEMS, "simplified=1", "1", count, 3, 2),
    Row("feedTitle", GET_ITEMS, "format=rss", "Mine", lambda r: "<title>Mine</title>" in r.text, False, True),
    Row("feedDescription", GET_ITEMS, "format=rss", "Mine", lambda r: "Mine</description>" in r.text, False, True),
    Row("my", "GET /v2/actors", "", "1", count, 3, 2),
    Row("sortBy", "GET /v2/actors", "", LAST_RUN, each("name"), CREATED, CREATED[::-1]),
    Row("version", BUILD, "", "0.0", status, 400, 201),
    Row("useCache", BUILD, "version=0.0", "0", data("options", "useCache"), True, False),
    Row("betaPackages", BUILD, "version=0.0", "1", data("options", "betaPackages"), False, True),
    Row("waitForFinish", BUILD, "version=0.0", "60", data("status"), "RUNNING", "SUCCEEDED"),
    Row("status", "GET /v2/actor-runs", "", "FAILED", count, 2, 0),
    Row("startedAfter", "GET /v2/actor-runs", "", "2099-01-01", count, 2, 0),
    Row("startedBefore", "GET /v2/actor-runs", "", "2000-01-01", count, 2, 0),
    Row("origin", "GET /v2/actors/{actorId}/runs/last", "", "SCHEDULER", status, 200, 404),
    Row("timeout", RUN, "", "60", data("options", "timeoutSecs"), 3600, 60),
    Row("memory", RUN, "", "512", data("options", "memoryMbytes"), 128, 512),
    Row("maxItems", RUN, "", "5", data("options", "maxItems"), None, 5),
    Row("maxTotalChargeUsd", RUN, "", "5", data("options", "maxTotalChargeUsd"), None, 5),
    Row("restartOnError", RUN, "", "1", data("options", "restartOnError"), False, True),
    Row("build", RUN, "", "extra", lambda r: data("buildNumber")(r) == "0.0.2", False, True),
    Row("webhooks", RUN, "", HOOKS, data("webhooks", 0, "requestUrl"), None, "http://127.0.0.1:9/"),
    Row("outputRecordKey", "POST /v2/actors/{actorId}/run-sync", "", "OTHER", text, '{"output":1}', '{"other":1}'),
    Row("targetActorId", "POST /v2/actor-runs/{runId}/metamorph", "", "world~", status, 400, 404),
    Row("exclusiveStartKey", KEYS, "", "B", each("key"), ["A-1", "B", "INPUT"], ["INPUT"]),
    Row("prefix", KEYS, "", "A", each("key"), ["A-1", "B", "INPUT"], ["A-1"]),
    Row("collection", KEYS, "", "some", each("key"), ["A-1", "B", "INPUT"], ["A-1"]),
    Row("exclusiveStartId", REQUESTS, "limit=1", "{requestId}", each("uniqueKey"), ["other"], ["page"]),
    Row("cursor", REQUESTS, "limit=1", "{cursor}", each("uniqueKey"), ["other"], ["page"]),
    Row("filter", REQUESTS, "", "locked", count, 2, 0),
    Row("lockSecs", "POST /v2/request-queues/{queueId}/head/lock", "", "60", status, 400, 201),
    Row("raw", "GET /v2/logs/{runId}", "", "1", lambda r: "\x1b[31m" in r.text, False, True),
    Row("download", "GET /v2/logs/{runId}", "", "1", lambda r: "content-disposition" in r.headers, False, True),
    Row("unnamed", "GET /v2/datasets", "", "1", lambda r: count(r) > 0, False, True),
    Row("ownership", "GET /v2/datasets", "unnamed=1", "sharedWithMe", lambda r: count(r) > 0, True, False),
    Row("name", "POST /v2/datasets", "", "mine", data("name"), None, "mine"),
    Row("date", "GET /v2/users/me/usage/monthly", "", "2020-01-15", lambda r: "2020-01-01" in r.text, False, True),
    Row("skipHeaders", "GET /v2/browser-info", "", "1", lambda r: "headers" in r.json(), True, False),
    Row("rawHeaders", "GET /v2/browser-info", "", "1", lambda r: "rawHeaders" in r.json(), False, True),
    Row("search", STORE, "", "nothing", count, 2, 0),
    Row("category", STORE, "", "AI", count, 2, 0),
    Row("username", STORE, "", "bob", each("name"), ["theirs", "world-1"], ["theirs"]),
    Row("pricingModel", STORE, "", "FREE", each("name"), ["theirs", "world-1"], ["theirs"]),
    Row("allowsAgenticUsers", STORE, "", "1", each("name"), ["theirs", "world-1"], ["world-1"]),
    Row("responseFormat", STORE, "", "agent", lambda r: "url" in r.json()["data"]["items"][0], True, False),
    Row("includeUnrunnableActors", STORE, "", "1", count, 2, 3),
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ScriptedWorld]:
    """Alice with her objects and an Actor with full permissions, and Bob's public Actor, which Alice has run."""
    api = Api(tmp_path, users={"ann": "alice", "bob": "bob"}, max_memory_mbytes=2**20)
    await api.open()
    bob = api.orchestrator.users.by_username("bob")
    theirs = await api.create_actor("theirs", bob)
    await api.data("PUT", f"/v2/actors/{theirs.id}", json={"isPublic": True}, token="bob")
    world = ScriptedWorld(api)
    await api.clock.advance(1)
    await world.create_actor()
    await world.create_task()
    await world.create_run()
    await api.clock.advance(1)
    await api.data("POST", f"/v2/actors/{theirs.id}/runs")
    api.container_of(world.run).prints("\x1b[31mred\x1b[0m")
    await api.clock.settle()
    full = {"name": "full", "isPublic": True, "actorPermissionLevel": "FULL_PERMISSIONS"}
    await api.data("POST", "/v2/actors", json=full)
    await fill_storages(world)
    yield world
    await api.close(stop_runs=True)


async def fill_storages(world: ScriptedWorld) -> None:
    """Replace the storages of the world by ones with several entries and with schemas."""
    api, schema = world.api, {"actorKeyValueStoreSchemaVersion": 1, "title": "x", "collections": {"some": COLLECTION}}
    dataset = await api.data("POST", "/v2/datasets", json={"schema": {"actorSpecification": 1, "fields": {}, **VIEW}})
    await api.call("POST", f"/v2/datasets/{dataset['id']}/items", json=ITEMS)
    store = await api.data("POST", "/v2/key-value-stores", json={"schema": schema})
    for key in ("A-1", "B", "INPUT"):
        await api.call("PUT", f"/v2/key-value-stores/{store['id']}/records/{key}", json=1)
    queue = f"/v2/request-queues/{world.at['queueId']}"
    await api.data("POST", f"{queue}/requests", json={**REQUEST, "uniqueKey": "other"})
    page = await api.data("GET", f"{queue}/requests?limit=1")
    world.at |= {"datasetId": dataset["id"], "storeId": store["id"], "cursor": page["nextCursor"]}
    world.at["requestId"] = page["items"][0]["id"]


async def call(world: ScriptedWorld, row: Row, query: str) -> httpx.Response:
    method, path = row.operation.split(" ")
    content = {**REQUEST, "uniqueKey": row.value} if path.endswith("/requests") else None
    address = f"{path}?{row.base}&{query}".format(**world.at)
    return await world.call(method, address, content if method == "POST" else None)


async def test_each_parameter_changes_the_result(world: ScriptedWorld) -> None:
    problems = []
    for row in sorted(ROWS, key=lambda row: not row.operation.startswith("GET")):  # the others create records
        results = []
        for query in ("", f"{row.parameter}={row.value}"):
            if row.operation.endswith("/metamorph"):
                await world.create_run()
            results.append(row.shown(await call(world, row, query)))
        if results != [row.before, row.after] or row.before == row.after:
            problems.append(f"{row.operation} {row.parameter}: {results}")
    assert not problems, "\n" + "\n".join(problems)


async def force_permission_level(world: ScriptedWorld, query: str) -> int:
    """The status for a run that lists the tasks of its user."""
    shown = await world.api.data("POST", f"/v2/actors/{world.at['actorId']}/runs?{query}")
    run = world.api.orchestrator.runs.get(shown["id"])
    return (await world.api.call("GET", "/v2/actor-tasks", token=run.token)).status_code


async def tag(world: ScriptedWorld, query: str) -> bool:
    """Whether a build gets the tag."""
    call = await world.api.start_call(
        "POST", f"/v2/actors/{world.at['actorId']}/builds?version=0.0&waitForFinish=60&{query}"
    )
    await world.api.clock.advance(1)
    assert (await call).json()["data"]["status"] == "SUCCEEDED"
    return "beta" in (await world.api.data("GET", f"/v2/actors/{world.at['actorId']}"))["taggedBuilds"]


async def gracefully(world: ScriptedWorld, query: str) -> bool:
    """Whether the container of an aborted run gets time to end."""
    await world.create_run()
    await world.api.data("POST", f"/v2/actor-runs/{world.run.id}/abort?{query}")
    await world.api.clock.settle()
    return world.api.container_of(world.run).is_running


async def stream(world: ScriptedWorld, query: str) -> bool:
    """Whether the log of a live run has no end yet."""
    call = await world.api.start_call("GET", f"/v2/logs/{world.run.id}?{query}")
    is_open = not call.done()
    await world.api.finish(world.run)
    await call
    await world.create_run()
    return is_open


async def signature(world: ScriptedWorld, query: str) -> int:
    """The status for a dataset that only its owner may read, without a token."""
    dataset = await world.api.data("POST", "/v2/datasets")
    path = f"/v2/datasets/{dataset['id']}"
    signed = (await world.api.data("PUT", path, json={"generalAccess": "RESTRICTED"}))["itemsPublicUrl"]
    address = f"{path}/items?{urlsplit(signed).query}" if query else f"{path}/items"
    return (await world.api.call("GET", address, token=None)).status_code


async def forefront(world: ScriptedWorld, query: str) -> str:
    """The unique key of the first request in the queue, after one has been added."""
    queue = f"/v2/request-queues/{world.at['queueId']}"
    await world.api.data("POST", f"{queue}/requests?{query}", json={**REQUEST, "uniqueKey": f"added with {query}"})
    head = await world.api.data("GET", f"{queue}/head?limit=1")
    return str(head["items"][0]["uniqueKey"])


async def client_key(world: ScriptedWorld, query: str) -> int:
    """How many of its own locks a client removes."""
    await world.create_run()
    queue = f"/v2/request-queues/{world.at['queueId']}"
    await world.api.data("POST", f"{queue}/head/lock?lockSecs=60&clientKey=mine")
    return int((await world.api.data("POST", f"{queue}/requests/unlock?{query}"))["unlockedCount"])


@dataclass(frozen=True)
class Scenario:
    """An effect that a later request or the Actor shows, without and with the parameter."""

    parameter: str
    value: str
    result: Callable[[ScriptedWorld, str], Awaitable[Any]]
    before: Any
    after: Any


SCENARIOS = [
    Scenario("forcePermissionLevel", "FULL_PERMISSIONS", force_permission_level, 403, 200),
    Scenario("tag", "beta", tag, False, True),
    Scenario("gracefully", "1", gracefully, False, True),
    Scenario("stream", "1", stream, False, True),
    Scenario("signature", "of the address", signature, 401, 200),
    Scenario("forefront", "1", forefront, "page", "added with forefront=1"),
    Scenario("clientKey", "mine", client_key, 0, 1),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.parameter)
async def test_a_parameter_changes_what_happens_later(world: ScriptedWorld, scenario: Scenario) -> None:
    assert await scenario.result(world, "") == scenario.before
    assert await scenario.result(world, f"{scenario.parameter}={scenario.value}") == scenario.after


@pytest.mark.skipif(not DOCUMENT, reason=NO_DOCUMENT)
def test_each_parameter_of_the_document_has_a_row() -> None:
    documented = Contract(Path(DOCUMENT)).query_parameters()
    assert {row.parameter for row in ROWS} | {scenario.parameter for scenario in SCENARIOS} == documented
