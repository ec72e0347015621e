from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.storages.request_queues import request_id
from tests.api.storage_app import BASE, problem, serving
from tests.runtime.storages.hand_clock import HandClock

HANDLED = "2024-01-01T00:00:00.000Z"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def client(tmp_path: Path, clock: HandClock) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, clock) as client:
        yield client


@pytest.fixture
async def url(client: httpx.AsyncClient) -> str:
    created = await client.post("/v2/request-queues")
    return f"/v2/request-queues/{created.json()['data']['id']}"


def draft(key: str, **fields: Any) -> dict[str, Any]:
    return {"uniqueKey": key, "url": f"http://localhost/{key}", **fields}


async def add(client: httpx.AsyncClient, url: str, *keys: str, query: str = "clientKey=a") -> dict[str, Any]:
    answer = await client.post(f"{url}/requests/batch?{query}", json=[draft(key) for key in keys])
    assert answer.status_code == 201
    data: dict[str, Any] = answer.json()["data"]
    return data


async def lock(client: httpx.AsyncClient, url: str, key: str = "a", query: str = "") -> dict[str, Any]:
    answer = await client.post(f"{url}/head/lock?clientKey={key}&lockSecs=60&{query}")
    assert answer.status_code == 201
    data: dict[str, Any] = answer.json()["data"]
    return data


async def order(client: httpx.AsyncClient, url: str) -> list[str]:
    return [item["uniqueKey"] for item in (await client.get(f"{url}/head?clientKey=a")).json()["data"]["items"]]


async def test_a_queue(client: httpx.AsyncClient, url: str) -> None:
    data = (await client.get(url)).json()["data"]
    counts = ("totalRequestCount", "handledRequestCount", "pendingRequestCount", "hadMultipleClients")
    assert [data[name] for name in counts] == [0, 0, 0, False]
    assert data["consoleUrl"] == f"{BASE}/storage/request-queues/{data['id']}"
    page = (await client.get("/v2/request-queues?unnamed=true")).json()["data"]
    assert [(item["name"], item["username"]) for item in page["items"]] == [("", "local")]
    assert (await client.put(url, json={"name": "q"})).json()["data"]["name"] == "q"
    assert (await client.delete(url)).status_code == 204
    assert problem(await client.get(f"{url}/head")) == (404, "record-not-found")


async def test_adding_does_not_change_a_known_request(client: httpx.AsyncClient, url: str) -> None:
    first = await client.post(f"{url}/requests?clientKey=a", json=draft("x", userData={"n": 1}))
    again = await client.post(f"{url}/requests?clientKey=a&forefront=1", json=draft("x", userData={"n": 2}))
    id = request_id("x")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["data"] == {"requestId": id, "wasAlreadyPresent": False, "wasAlreadyHandled": False}
    assert again.json()["data"] == {"requestId": id, "wasAlreadyPresent": True, "wasAlreadyHandled": False}
    stored = (await client.get(f"{url}/requests/{id}")).json()["data"]
    assert stored == {**draft("x", userData={"n": 1}), "id": id, "method": "GET", "retryCount": 0}


async def test_a_batch(client: httpx.AsyncClient, url: str) -> None:
    await add(client, url, "x")
    data = await add(client, url, "x", "y", "y")
    assert data["unprocessedRequests"] == []
    assert [(found["uniqueKey"], found["wasAlreadyPresent"]) for found in data["processedRequests"]] == [
        ("x", True),
        ("y", False),
        ("y", True),
    ]
    queue = (await client.get(url)).json()["data"]
    assert (queue["totalRequestCount"], queue["pendingRequestCount"]) == (2, 2)


async def test_a_request_is_handled_and_reclaimed(client: httpx.AsyncClient, url: str) -> None:
    await add(client, url, "x", "y")
    request = f"{url}/requests/{request_id('x')}"

    async def counts() -> tuple[int, int, int]:
        data = (await client.get(url)).json()["data"]
        return data["totalRequestCount"], data["handledRequestCount"], data["pendingRequestCount"]

    answer = await client.put(f"{request}?clientKey=a", json=draft("x", id=request_id("x"), handledAt=HANDLED))
    expected = {"requestId": request_id("x"), "wasAlreadyPresent": True, "wasAlreadyHandled": False}
    assert (answer.status_code, answer.json()["data"]) == (200, expected)
    assert (await order(client, url), await counts()) == (["y"], (2, 1, 1))
    answer = await client.put(f"{request}?clientKey=a&forefront=true", json=draft("x", handledAt=None))
    assert answer.json()["data"]["wasAlreadyHandled"] is True
    assert (await order(client, url), await counts()) == (["x", "y"], (2, 0, 2))
    answer = await client.put(f"{url}/requests/{request_id('z')}?clientKey=a", json=draft("z", handledAt=HANDLED))
    assert answer.json()["data"]["wasAlreadyPresent"] is False
    assert await counts() == (3, 1, 2)


async def test_the_head(client: httpx.AsyncClient, url: str, clock: HandClock) -> None:
    await add(client, url, "x", "y")
    await add(client, url, "z", query="clientKey=a&forefront=true")
    head = (await client.get(f"{url}/head?clientKey=a&limit=2")).json()["data"]
    assert head == {
        "limit": 2,
        "queueModifiedAt": "2023-11-14T22:13:20.000Z",
        "hadMultipleClients": False,
        "items": [{**draft(key), "id": request_id(key), "method": "GET", "retryCount": 0} for key in ("z", "x")],
    }
    assert (await client.get(f"{url}/head?limit=1&clientKey=b")).json()["data"]["hadMultipleClients"] is True


async def test_locks_hold_and_expire(client: httpx.AsyncClient, url: str, clock: HandClock) -> None:
    await add(client, url, "x", "y", "z")
    mine = await lock(client, url, "a", "limit=2")
    ends = "2023-11-14T22:14:20.000Z"
    assert [(item["uniqueKey"], item["lockExpiresAt"]) for item in mine["items"]] == [("x", ends), ("y", ends)]
    assert (mine["lockSecs"], mine["clientKey"], mine["limit"]) == (60, "a", 2)
    assert (mine["queueHasLockedRequests"], mine["hadMultipleClients"]) == (True, False)
    other = await lock(client, url, "b")
    assert ([item["uniqueKey"] for item in other["items"]], other["hadMultipleClients"]) == (["z"], True)
    assert await order(client, url) == ["x", "y", "z"]
    shown = (await client.get(f"{url}/requests/{request_id('z')}")).json()["data"]
    assert (shown["lockExpiresAt"], shown["lockByClient"]) == (ends, "b")
    assert (await lock(client, url, "c"))["items"] == []
    clock.move(60)
    shown = (await client.get(f"{url}/requests/{request_id('z')}")).json()["data"]
    assert "lockExpiresAt" not in shown
    assert len((await lock(client, url, "c"))["items"]) == 3


async def test_a_finished_queue_has_no_locks(client: httpx.AsyncClient, url: str) -> None:
    await add(client, url, "x")
    await lock(client, url)
    assert (await lock(client, url))["queueHasLockedRequests"] is True
    await client.put(f"{url}/requests/{request_id('x')}?clientKey=a", json=draft("x", handledAt=HANDLED))
    assert (await lock(client, url))["queueHasLockedRequests"] is False


async def test_locks_are_prolonged_and_released(client: httpx.AsyncClient, url: str, clock: HandClock) -> None:
    await add(client, url, "x", "y")
    await lock(client, url)
    held = f"{url}/requests/{request_id('x')}/lock"
    clock.move(30)
    answer = await client.put(f"{held}?clientKey=a&lockSecs=90")
    assert (answer.status_code, answer.json()["data"]) == (200, {"lockExpiresAt": "2023-11-14T22:15:20.000Z"})
    foreign = await client.put(f"{held}?clientKey=b&lockSecs=90")
    assert problem(foreign) == (400, "request-handled-or-locked")
    assert problem(await client.delete(f"{held}?clientKey=b")) == (400, "request-handled-or-locked")
    assert (await client.delete(f"{held}?clientKey=a&forefront=true")).status_code == 204
    assert await order(client, url) == ["x", "y"]
    assert problem(await client.delete(f"{held}?clientKey=a")) == (400, "request-handled-or-locked")
    assert (await client.post(f"{url}/requests/unlock?clientKey=a")).json()["data"] == {"unlockedCount": 1}
    unknown = await client.put(f"{url}/requests/none/lock?clientKey=a&lockSecs=1")
    assert problem(unknown) == (404, "record-not-found")
    assert problem(await client.put(f"{held}?clientKey=a")) == (400, "parameter-required")


async def test_a_reclaimed_request_is_available_immediately(client: httpx.AsyncClient, url: str) -> None:
    """The shared queue client of the Python SDK reclaims a request only by an update."""
    await add(client, url, "x", "y")
    await lock(client, url)
    await client.put(f"{url}/requests/{request_id('x')}?clientKey=a", json=draft("x", retryCount=1))
    assert await order(client, url) == ["y", "x"]
    assert [(item["uniqueKey"], item["retryCount"]) for item in (await lock(client, url))["items"]] == [("x", 1)]


async def test_lists_of_requests(client: httpx.AsyncClient, url: str) -> None:
    keys = [f"k{n}" for n in range(7)]
    await add(client, url, *keys)
    await client.put(f"{url}/requests/{request_id('k0')}?clientKey=a", json=draft("k0", handledAt=HANDLED))
    await lock(client, url, "a", "limit=2")
    every = sorted(request_id(key) for key in keys)

    async def pages(query: str, word: str) -> list[str]:
        ids: list[str] = []
        start = ""
        while True:
            answer = await client.get(f"{url}/requests?clientKey=a&limit=3&{query}{start}")
            data = answer.json()["data"]
            ids += [item["id"] for item in data["items"]]
            if "nextCursor" not in data:
                return ids
            start = f"&{word}={data['nextCursor'] if word == 'cursor' else data['items'][-1]['id']}"

    assert await pages("", "cursor") == every
    assert await pages("", "exclusiveStartId") == every
    assert sorted(await pages("filter=locked", "cursor")) == sorted(request_id(key) for key in ("k1", "k2"))
    assert len(await pages("filter=pending", "cursor")) == 4
    assert len(await pages("filter=pending,locked", "cursor")) == 6
    for query in ("filter=x", "exclusiveStartId=a&cursor=b", "exclusiveStartId=a&filter=locked"):
        assert problem(await client.get(f"{url}/requests?{query}")) == (400, "invalid-parameter")


async def test_deleting(client: httpx.AsyncClient, url: str) -> None:
    await add(client, url, "x", "y", "z")
    answer = await client.delete(f"{url}/requests/{request_id('x')}?clientKey=a")
    assert (answer.status_code, answer.content) == (204, b"")
    again = await client.delete(f"{url}/requests/{request_id('x')}?clientKey=a")
    assert problem(again) == (404, "record-not-found")
    assert problem(await client.get(f"{url}/requests/{request_id('x')}")) == (404, "record-not-found")
    entries = [{"id": request_id("y")}, {"uniqueKey": "z"}, {"uniqueKey": "never"}]
    answer = await client.request("DELETE", f"{url}/requests/batch?clientKey=a", json=entries)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert [found["id"] for found in data["processedRequests"]] == [request_id(key) for key in ("y", "z", "never")]
    assert data["unprocessedRequests"] == []
    queue = (await client.get(url)).json()["data"]
    assert (queue["totalRequestCount"], queue["pendingRequestCount"]) == (0, 0)


async def test_invalid_requests_are_rejected(client: httpx.AsyncClient, url: str) -> None:
    batch = f"{url}/requests/batch?clientKey=a"
    bodies: tuple[Any, ...] = ({}, [{}], [draft("a")] * 26, [draft("a"), 5])
    for body in bodies:
        assert problem(await client.post(batch, json=body)) == (400, "invalid-value")
    assert problem(await client.request("DELETE", batch, json=[{}])) == (400, "invalid-value")
    assert problem(await client.post(f"{url}/requests", content=b"{")) == (400, "invalid-request")
    assert problem(await client.post(f"{url}/head/lock?clientKey=a")) == (400, "parameter-required")
    assert problem(await client.get(f"{url}/head?clientKey={'x' * 33}")) == (400, "invalid-client-key")
    answer = await client.put(f"{url}/requests/other?clientKey=a", json=draft("a"))
    assert problem(answer) == (400, "request-id-invalid")
    assert await order(client, url) == []
