"""Requests whose work would never end: other requests are answered meanwhile, and the work ends with its client."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
from starlette.types import ASGIApp, Message, Scope

from api.request.parsing.dataset_items import ItemFormat
from runtime.base.background import THREADS, in_background
from runtime.database import request_outcomes
from runtime.database.sqlite_connection import READERS
from runtime.storages import item_view
from runtime.storages.field_paths import Item
from runtime.storages.field_paths import Path as FieldPath
from tests.api.storage_app import problem, serving
from tests.examples import some
from tests.fakes.ticks import ticks_during
from tests.runtime.storages.hand_clock import HandClock

ENOUGH_TICKS = 20
"""The event loop turns a thousand times a second, and a machine under load less often. A blocked loop turns once."""
PATIENCE_SECS = 60
PRODUCT = {"a": list(range(100_000)), "b": list(range(1000)), "c": list(range(1000))}
PARTS = b"[" + b",".join([b"[]"] * 600_000) + b"]"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, HandClock()) as client:
        yield client


async def create(client: httpx.AsyncClient, kind: str, body: Any = None) -> str:
    created = await client.post(f"/v2/{kind}", json=body or {})
    assert created.status_code == 201, created.text
    return f"/v2/{kind}/{created.json()['data']['id']}"


class Visit:
    """A GET request of a client that disconnects when the test wants it to."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        path, _, query = url.partition("?")
        self._leave = asyncio.Event()
        self._arrived = False
        self.received = 0
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost:3333"), (b"authorization", b"Bearer ann")],
            "client": ("127.0.0.1", 1),
        }
        transport = client._transport
        assert isinstance(transport, httpx.ASGITransport)
        app: ASGIApp = transport.app
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def leave(self) -> None:
        self._leave.set()
        await asyncio.wait_for(self.task, PATIENCE_SECS)

    async def _receive(self) -> Message:
        if not self._arrived:
            self._arrived = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._leave.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.received += len(message.get("body", b""))
        await asyncio.sleep(0)


async def end_of_slices() -> None:
    """Wait until the slices in progress have ended: every thread of the background has to arrive."""
    barrier = threading.Barrier(THREADS)
    await asyncio.gather(*[in_background(barrier.wait) for _ in range(THREADS)])


@pytest.mark.parametrize("form", some(ItemFormat))
@pytest.mark.parametrize("query", ["unwind=a,b,c", "unwind=a,b,c&limit=1&omit=a,b,c&clean=1"])
async def test_a_product_of_arrays_is_exported_until_the_client_leaves(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, form: ItemFormat, query: str
) -> None:
    merged, merge_one = 0, item_view._merge

    def merge(item: Item, path: FieldPath, element: Any) -> Item:
        nonlocal merged
        merged += 1
        return merge_one(item, path, element)

    monkeypatch.setattr("runtime.storages.item_view._merge", merge)
    monkeypatch.setattr("api.response.exports.xlsx.Xlsx.max_rows", math.inf)
    url = await create(client, "datasets")
    await client.post(f"{url}/items", json=PRODUCT)
    visit = Visit(client, f"{url}/items?format={form}&{query}")
    while merged < 1000:  # noqa: ASYNC110 (threads count)
        await asyncio.sleep(0.001)
    assert (await client.get("/v2/datasets")).status_code == 200
    assert not visit.task.done()
    await visit.leave()
    await end_of_slices()
    until_then = merged
    await end_of_slices()
    assert merged == until_then


async def test_a_product_of_arrays_is_rejected_where_it_cannot_be_a_workbook(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.response.exports.xlsx.Xlsx.max_rows", 1000)
    url = await create(client, "datasets")
    await client.post(f"{url}/items", json=PRODUCT)
    answer = await client.get(f"{url}/items?format=xlsx&unwind=a,b,c")
    assert problem(answer) == (400, "invalid-parameter")


@pytest.mark.parametrize("encoding", some(["gzip", "br"]))
async def test_a_bomb_is_decoded_for_a_reader_outside_of_the_event_loop(
    client: httpx.AsyncClient, encoding: str
) -> None:
    zeros = b"\0" * 200_000_000
    packed = gzip.compress(zeros, 1) if encoding == "gzip" else brotli.compress(zeros, quality=1)
    url = f"{await create(client, 'key-value-stores')}/records/bomb"
    stored, answer = await ticks_during(client.put(url, content=packed, headers={"Content-Encoding": encoding}))
    assert isinstance(answer, httpx.Response) and answer.status_code == 201
    visit = Visit(client, url)
    read, _ = await ticks_during(visit.task)
    assert visit.received == len(zeros)
    assert min(stored, read) > ENOUGH_TICKS


async def test_a_body_of_empty_members_is_decoded_outside_of_the_event_loop(client: httpx.AsyncClient) -> None:
    url = await create(client, "datasets")
    body = gzip.compress(b"") * 300_000 + gzip.compress(b'{"a":1}')
    ticks, answer = await ticks_during(client.post(f"{url}/items", content=body, headers={"Content-Encoding": "gzip"}))
    assert isinstance(answer, httpx.Response) and answer.status_code == 201
    assert ticks > ENOUGH_TICKS


@pytest.mark.parametrize(
    ("method", "path", "start", "end"),
    some(
        [
            ("POST", "/v2/webhooks", b'{"condition":', b"}"),
            ("POST", "{queue}/requests", b'{"url":"http://a","uniqueKey":"a","userData":', b"}"),
            ("POST", "{queue}/requests/batch", b'[{"url":"http://a","uniqueKey":"a","userData":', b"}]"),
            ("DELETE", "{queue}/requests/batch", b'[{"id":', b"}]"),
            ("POST", "/v2/datasets", b'{"schema":{"fields":{"enum":', b"}}}"),
        ]
    ),
)
async def test_a_body_of_millions_of_parts_is_rejected_outside_of_the_event_loop(
    client: httpx.AsyncClient, method: str, path: str, start: bytes, end: bytes
) -> None:
    url = path.format(queue=await create(client, "request-queues"))
    ticks, answer = await ticks_during(client.request(method, url, content=start + PARTS + end))
    assert isinstance(answer, httpx.Response) and problem(answer) == (400, "invalid-request")
    assert "objects and arrays" in answer.text
    assert ticks > ENOUGH_TICKS


@pytest.mark.processes
@pytest.mark.usefixtures("impatient_helpers")
async def test_a_schema_of_a_collection_that_takes_forever_rejects_the_record(client: httpx.AsyncClient) -> None:
    step = {f"d{n}": {"anyOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(60)}
    schema = {"definitions": {**step, "d60": {"type": "string"}}, "$ref": "#/definitions/d0"}
    collections = {"all": {"keyPrefix": "a", "contentTypes": ["application/json"], "jsonSchema": schema}}
    url = await create(client, "key-value-stores", {"schema": {"collections": collections}})
    ticks, answer = await ticks_during(client.put(f"{url}/records/a", json={"a": 1}))
    assert isinstance(answer, httpx.Response) and answer.status_code == 400
    assert answer.json()["error"]["type"] == "schema-validation-error"
    assert ticks > ENOUGH_TICKS
    assert (await client.get(f"{url}/records/a")).status_code == 404


async def test_statistics_of_many_fields_end_with_their_client(client: httpx.AsyncClient) -> None:
    properties: Any = {f"p{n}": {} for n in range(20_000)}
    url = await create(client, "datasets", {"schema": {"fields": {"properties": properties}}})
    await client.post(f"{url}/items", content=json.dumps([{}] * 20_000))
    visit = Visit(client, f"{url}/statistics")
    for _ in range(ENOUGH_TICKS):
        await asyncio.sleep(0.001)
    assert not visit.task.done()
    await visit.leave()


async def test_counts_of_a_big_queue_end_with_their_clients(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the abandoned ones would occupy all readers of the database."""
    url = await create(client, "request-queues")
    await client.post(f"{url}/requests", json={"url": "http://a/", "uniqueKey": "a"})
    path = f"{url.replace('/v2', '/greenroom')}/requests"
    numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)"
    with monkeypatch.context() as endless:
        endless.setattr(request_outcomes, "OUTCOME", f"({numbers} SELECT count(*) FROM numbers)")
        visits = [Visit(client, path) for _ in range(2 * READERS)]
        for _ in range(ENOUGH_TICKS):
            await asyncio.sleep(0.001)
        assert not any(visit.task.done() for visit in visits)
        for visit in visits:
            await visit.leave()
    assert (await client.get(path)).json()["counts"]["pending"] == 1
