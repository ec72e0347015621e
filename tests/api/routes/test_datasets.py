from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from runtime.database import datasets_table
from tests.api.storage_app import BASE, problem, serving
from tests.runtime.storages.hand_clock import HandClock

USERS = {"ann": "ann", "bob": "bob"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, HandClock(), USERS) as client:
        yield client


@pytest.fixture
async def url(client: httpx.AsyncClient) -> str:
    created = await client.post("/v2/datasets?name=data")
    return f"/v2/datasets/{created.json()['data']['id']}"


async def push(client: httpx.AsyncClient, url: str, value: Any) -> None:
    answer = await client.post(f"{url}/items", json=value)
    assert (answer.status_code, answer.json()) == (201, {})


async def test_a_name_creates_a_dataset_once(client: httpx.AsyncClient) -> None:
    created = await client.post("/v2/datasets?name=data", headers={"Content-Type": "application/x-www-form-urlencoded"})
    again = await client.post("/v2/datasets", params={"name": "data"})
    assert (created.status_code, again.status_code) == (201, 200)
    data = created.json()["data"]
    assert again.json()["data"]["id"] == data["id"]
    assert created.headers["location"] == f"{BASE}/v2/datasets/{data['id']}"
    assert data == {
        "id": data["id"],
        "name": "data",
        "title": None,
        "userId": data["userId"],
        "username": "ann",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "modifiedAt": "2023-11-14T22:13:20.000Z",
        "accessedAt": "2023-11-14T22:13:20.000Z",
        "actId": None,
        "actRunId": None,
        "generalAccess": "FOLLOW_USER_SETTING",
        "urlSigningSecretKey": data["urlSigningSecretKey"],
        "itemCount": 0,
        "cleanItemCount": 0,
        "schema": None,
        "consoleUrl": f"{BASE}/storage/datasets/{data['id']}",
        "itemsPublicUrl": f"{BASE}/v2/datasets/{data['id']}/items",
        "stats": {"readCount": 0, "writeCount": 0, "storageBytes": 0, "s3StorageBytes": 0, "inflatedBytes": 0},
    }


async def test_a_schema_is_stored(client: httpx.AsyncClient) -> None:
    created = await client.post("/v2/datasets", json={"schema": {"fields": {}}})
    assert created.json()["data"]["schema"] == {"fields": {}}
    for schema in (5, {"fields": {"type": "txt"}}, {"fields": {"$ref": "http://example.com/schema.json"}}):
        assert problem(await client.post("/v2/datasets", json={"schema": schema})) == (400, "invalid-value")


async def test_items_are_validated_by_the_schema(client: httpx.AsyncClient) -> None:
    schema = {"fields": {"properties": {"a": {"type": "string"}}}}
    id = (await client.post("/v2/datasets", json={"schema": schema})).json()["data"]["id"]
    answer = await client.post(f"/v2/datasets/{id}/items", json=[{"a": "x"}, {"a": 1}])
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": {
                "type": "schema-validation-error",
                "message": "Schema validation failed",
                "data": {
                    "invalidItems": [
                        {
                            "itemPosition": 1,
                            "validationErrors": [
                                {
                                    "instancePath": "/1/a",
                                    "schemaPath": "/items/properties/a/type",
                                    "keyword": "type",
                                    "params": {"type": "string"},
                                    "message": "must be string",
                                }
                            ],
                        }
                    ]
                },
            }
        },
    )
    await client.post(f"/v2/datasets/{id}/items", json=[{"a": "x"}, {}])
    statistics = (await client.get(f"/v2/datasets/{id}/statistics")).json()["data"]
    assert statistics == {"fieldStatistics": {"a": {"min": 1, "max": 1, "nullCount": 0, "emptyCount": 1}}}


async def test_lists_of_datasets(client: httpx.AsyncClient) -> None:
    for name in ("?name=a", "", "?name=b"):
        await client.post(f"/v2/datasets{name}")
    page = (await client.get("/v2/datasets")).json()["data"]
    assert [item["name"] for item in page.pop("items")] == ["a", "b"]
    assert page == {"total": 2, "offset": 0, "limit": 1000, "desc": False, "count": 2, "unnamed": False}
    page = (await client.get("/v2/datasets?unnamed=1&desc=true&limit=2&offset=1")).json()["data"]
    assert [item["name"] for item in page["items"]] == ["", "a"]
    assert (page["total"], page["count"], page["desc"]) == (3, 2, True)
    page = (await client.get("/v2/datasets?offset=9")).json()["data"]
    assert (page["items"], page["count"]) == ([], 0)


async def test_a_dataset_is_addressed_by_id_or_name_and_only_by_its_user(client: httpx.AsyncClient, url: str) -> None:
    for address in (url, "/v2/datasets/~data", "/v2/datasets/ann~data", "/v2/datasets/ann%7Edata"):
        assert (await client.get(address)).status_code == 200
    bob = {"Authorization": "Bearer bob"}
    for answer in (
        await client.put(url, json={}, headers=bob),
        await client.get("/v2/datasets/ann~data", headers=bob),
        await client.post(f"{url}/items", json={}, headers=bob),
        await client.get("/v2/datasets/nothing"),
        await client.get("/v2/datasets/nothing/items"),
        await client.post("/v2/datasets/nothing/items", json={}),
        await client.delete("/v2/datasets/nothing"),
    ):
        assert problem(answer) == (404, "record-not-found")
    assert problem(await client.put(url, json={}, headers={"Authorization": ""})) == (401, "token-not-provided")


async def test_update_and_delete(client: httpx.AsyncClient, url: str) -> None:
    await client.post("/v2/datasets?name=taken")
    changed = await client.put(url, json={"name": "new", "title": "T", "generalAccess": "RESTRICTED", "else": 1})
    assert changed.status_code == 200
    data = changed.json()["data"]
    assert (data["name"], data["title"], data["generalAccess"]) == ("new", "T", "RESTRICTED")
    assert (await client.put(url, json={"name": None})).json()["data"]["name"] is None
    assert problem(await client.put(url, json={"name": "taken"})) == (409, "name-not-unique")
    assert problem(await client.put(url, json={"name": "a b"})) == (400, "invalid-value")
    assert problem(await client.put(url, json=[])) == (400, "invalid-request")
    assert problem(await client.post("/v2/datasets?name=a_b")) == (400, "invalid-value")
    deleted = await client.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert problem(await client.get(url)) == (404, "record-not-found")


async def test_items_are_returned_with_five_headers(client: httpx.AsyncClient, url: str) -> None:
    await push(client, url, [{"n": n} for n in range(5)])
    await push(client, url, {"n": 5})
    answer = await client.get(f"{url}/items")
    assert answer.json() == [{"n": n} for n in range(6)]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"

    def headers(answer: httpx.Response) -> list[str]:
        return [answer.headers[f"x-apify-pagination-{name}"] for name in ("total", "offset", "limit", "count", "desc")]

    assert headers(answer) == ["6", "0", "999999999999", "6", "false"]
    answer = await client.get(f"{url}/items?offset=1&limit=2&desc=1")
    assert answer.json() == [{"n": 4}, {"n": 3}]
    assert headers(answer) == ["6", "1", "2", "2", "true"]
    assert len((await client.get(f"{url}/items?limit=0")).json()) == 6
    answer = await client.get(f"{url}/items?offset=9")
    assert (answer.json(), headers(answer)[3]) == ([], "0")
    answer = await client.head(f"{url}/items?limit=2")
    assert (answer.status_code, answer.content, headers(answer)) == (200, b"", ["6", "0", "2", "2", "false"])


async def test_views_and_formats(client: httpx.AsyncClient, url: str) -> None:
    await push(client, url, [{"a": 1, "b": 2, "#c": 3}, {"#c": 4}])
    for query, expected in (
        ("clean=1", [{"a": 1, "b": 2}]),
        ("skipHidden=true", [{"a": 1, "b": 2}, {}]),
        ("fields=b,a", [{"b": 2, "a": 1}, {}]),
        ("fields=b&fields=a&skipEmpty=1", [{"b": 2, "a": 1}]),
        ("omit=a,%23c", [{"b": 2}, {}]),
        ("clean=", [{"a": 1, "b": 2, "#c": 3}, {"#c": 4}]),
    ):
        assert (await client.get(f"{url}/items?{query}")).json() == expected
    answer = await client.get(f"{url}/items?clean=1")
    assert answer.headers["x-apify-pagination-count"] == "2"
    answer = await client.get(f"{url}/items?format=jsonl&attachment=1")
    assert answer.text == '{"a":1,"b":2,"#c":3}\n{"#c":4}'
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["content-disposition"] == 'attachment; filename="items.jsonl"'
    for query in (
        "format=x",
        "view=v",
        "fields=a,b&outputFields=c",
        "outputFields=c",
        "limit=-1",
        "offset=x",
        "desc=maybe",
        "bom=maybe",
        "format=csv&delimiter=ab",
        "format=csv&delimiter=%22",
        "format=xml&xmlRoot=a%20b",
        "format=xml&xmlRow=1",
    ):
        assert problem(await client.get(f"{url}/items?{query}")) == (400, "invalid-parameter")
    data = (await client.get(url)).json()["data"]
    assert (data["itemCount"], data["cleanItemCount"], data["stats"]["writeCount"]) == (2, 1, 2)


@pytest.mark.parametrize("form", ["csv", "html", "xlsx", "xml", "rss"])
async def test_formats_that_browsers_display_are_sandboxed(client: httpx.AsyncClient, url: str, form: str) -> None:
    await push(client, url, {"script": {"@": {"xmlns": "http://www.w3.org/1999/xhtml"}, "#": "alert(1)"}})
    answer = await client.get(f"{url}/items?format={form}")
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (200, "nosniff")
    assert "allow-same-origin" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("query", ["", "clean=1", "desc=1"])
async def test_a_large_page_is_streamed_completely(
    client: httpx.AsyncClient, url: str, monkeypatch: pytest.MonkeyPatch, form: str, query: str
) -> None:
    monkeypatch.setattr(datasets_table, "CHUNK_BYTES", 20)
    for first in range(0, 60, 3):
        await push(client, url, [{"#hidden": n} if n < 12 else {"n": n} for n in range(first, first + 3)])
    answer = await client.get(f"{url}/items?{query}&format={form}")
    shown = answer.json() if form == "json" else [json.loads(line) for line in answer.text.splitlines()]
    expected: list[dict[str, int]] = [{"#hidden": n} if n < 12 else {"n": n} for n in range(60)]
    if query == "clean=1":
        expected = expected[12:]
    assert shown == (expected[::-1] if query == "desc=1" else expected)


async def test_invalid_pushes_are_rejected(client: httpx.AsyncClient, url: str) -> None:
    for body in (b"", b"{", b"[1]", b"null", b'[{"a":1},5]'):
        assert problem(await client.post(f"{url}/items", content=body)) == (400, "invalid-input")
    answer = await client.post(f"{url}/items", content=b"{}", headers={"Content-Encoding": "bla"})
    assert problem(answer) == (415, "unsupported-content-encoding")
    answer = await client.post(f"{url}/items", content=b'{"a":"' + b"x" * 9_437_184 + b'"}')
    assert problem(answer) == (413, "request-too-large")
    assert (await client.get(f"{url}/items")).json() == []


async def test_compressed_pushes(client: httpx.AsyncClient, url: str) -> None:
    body = json.dumps([{"n": n} for n in range(300)]).encode()
    for encoding, encoded in (("br", brotli.compress(body)), ("gzip", gzip.compress(body))):
        answer = await client.post(f"{url}/items", content=encoded, headers={"Content-Encoding": encoding})
        assert answer.status_code == 201
    assert (await client.get(f"{url}/items?fields=n")).json() == [{"n": n} for n in range(300)] * 2


async def test_unknown_methods_and_paths(client: httpx.AsyncClient, url: str) -> None:
    assert problem(await client.patch(url)) == (405, "method-not-allowed")
    assert problem(await client.get(f"{url}/nothing")) == (404, "page-not-found")
