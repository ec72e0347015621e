from __future__ import annotations

import gzip
import io
import random
import sqlite3
import zipfile
import zlib
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from runtime.database.key_value_stores_table import MAX_BYTES_IN_DATABASE
from tests.api.storage_app import BASE, problem, serving
from tests.runtime.storages.hand_clock import HandClock

BIG = bytes(range(256)) * (2 * MAX_BYTES_IN_DATABASE // 256)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, HandClock()) as client:
        yield client


@pytest.fixture
async def url(client: httpx.AsyncClient) -> str:
    created = await client.post("/v2/key-value-stores?name=data")
    return f"/v2/key-value-stores/{created.json()['data']['id']}"


async def put(client: httpx.AsyncClient, url: str, key: str, body: Any, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(f"{url}/records/{key}", content=body, headers=sent)


async def raw(client: httpx.AsyncClient, url: str, accepted: str) -> tuple[httpx.Headers, bytes]:
    """The bytes as they are sent. httpx would decode them."""
    async with client.stream("GET", url, headers={"Accept-Encoding": accepted}) as answer:
        return answer.headers, b"".join([chunk async for chunk in answer.aiter_raw()])


async def test_a_store(client: httpx.AsyncClient, url: str) -> None:
    data = (await client.get(url)).json()["data"]
    assert data["consoleUrl"] == f"{BASE}/storage/key-value-stores/{data['id']}"
    assert data["keysPublicUrl"] == f"{BASE}/v2/key-value-stores/{data['id']}/keys"
    assert data["stats"] == {
        "readCount": 0,
        "writeCount": 0,
        "deleteCount": 0,
        "listCount": 0,
        "storageBytes": 0,
        "s3StorageBytes": 0,
    }
    assert (await client.put(url, json={"name": "new"})).json()["data"]["name"] == "new"
    assert [item["name"] for item in (await client.get("/v2/key-value-stores")).json()["data"]["items"]] == ["new"]
    assert (await client.delete(url)).status_code == 204
    assert problem(await client.get(url)) == (404, "record-not-found")


@pytest.mark.parametrize("body", [b"", b'{"a":1}', BIG])
async def test_the_exact_bytes_and_content_type_are_returned(client: httpx.AsyncClient, url: str, body: bytes) -> None:
    answer = await put(client, url, "key", body, content_type="image/png; own=1")
    assert (answer.status_code, answer.json()) == (201, {})
    assert answer.headers["location"] == f"{BASE}{url}/records/key"
    for query in ("", "?attachment=true", "?disableRedirect=true"):
        answer = await client.get(f"{url}/records/key{query}")
        assert (answer.status_code, answer.content) == (200, body)
        assert answer.headers["content-type"] == "image/png; own=1"
        assert answer.headers["content-length"] == str(len(body))
    head = await client.head(f"{url}/records/key")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(body))


async def test_attachments_and_pages(client: httpx.AsyncClient, url: str) -> None:
    await put(client, url, "key", b"<script>", content_type="text/html")
    answer = await client.get(f"{url}/records/key?attachment=true")
    assert answer.headers["content-disposition"] == 'attachment; filename="key"'
    answer = await client.get(f"{url}/records/key")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-type"] == "text/html"


async def test_a_content_type_is_always_returned(client: httpx.AsyncClient, url: str) -> None:
    await client.post(f"{url}/records/key", content=b"x")
    assert (await client.get(f"{url}/records/key")).headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("body", [b"text " * 9, BIG], ids=["small", "big"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
async def test_a_record_is_returned_encoded_if_the_client_accepts_the_encoding(
    client: httpx.AsyncClient, url: str, encoding: str, body: bytes
) -> None:
    encoded = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[encoding](body)
    await put(client, url, "key", encoded, content_encoding=encoding, content_type="text/plain")
    record = f"{url}/records/key"
    for accepted in (encoding, f"zstd, {encoding};q=0.5", "*"):
        headers, content = await raw(client, record, accepted)
        assert (headers["content-encoding"], content) == (encoding, encoded)
        assert headers["content-length"] == str(len(encoded))
    for accepted in ("identity", "zstd", f"{encoding};q=0", f"*, {encoding};q=0"):
        headers, content = await raw(client, record, accepted)
        assert ("content-encoding" in headers, content) == (False, body)
    assert (await client.get(record, headers={"Accept-Encoding": encoding})).content == body


async def test_records_can_be_larger_than_9_mb(client: httpx.AsyncClient, url: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    answer = await client.put(f"{url}/records/key", content=chunks())
    assert answer.status_code == 201
    assert len((await client.get(f"{url}/records/key")).content) == 160 * 65_536


async def test_missing_stores_and_records(client: httpx.AsyncClient, url: str) -> None:
    assert problem(await client.get(f"{url}/records/none")) == (404, "record-not-found")
    assert (await client.head(f"{url}/records/none")).status_code == 404
    deleted = await client.delete(f"{url}/records/none")
    assert (deleted.status_code, deleted.content) == (204, b"")
    store = "/v2/key-value-stores/nothing"
    for answer in (
        await client.get(f"{store}/records/key"),
        await client.put(f"{store}/records/key", content=b"x"),
        await client.delete(f"{store}/records/key"),
        await client.get(f"{store}/keys"),
    ):
        assert problem(answer) == (404, "record-not-found")


async def test_invalid_keys_and_encodings_are_rejected(client: httpx.AsyncClient, url: str) -> None:
    for key in ("a%20b", "a/b", "%C3%A4", "x" * 257):
        assert problem(await put(client, url, key, b"")) == (400, "invalid-record-key")
        assert problem(await client.get(f"{url}/records/{key}")) == (400, "invalid-record-key")
    answer = await put(client, url, "key", b"", content_encoding="bla")
    assert problem(answer) == (415, "unsupported-content-encoding")


async def test_deleting(client: httpx.AsyncClient, url: str) -> None:
    await put(client, url, "a!'()._-", b"1")
    assert (await client.get(f"{url}/records/a!'()._-")).content == b"1"
    assert (await client.delete(f"{url}/records/a!'()._-")).status_code == 204
    assert (await client.get(f"{url}/records/a!'()._-")).status_code == 404


async def test_keys(client: httpx.AsyncClient, url: str) -> None:
    for key in ("b", "a", "B", "ab"):
        await put(client, url, key, b"x" * len(key))
    data = (await client.get(f"{url}/keys")).json()["data"]
    assert data == {
        "items": [
            {"key": key, "size": len(key), "recordPublicUrl": f"{BASE}{url}/records/{key}"}
            for key in ("B", "a", "ab", "b")
        ],
        "count": 4,
        "limit": 1000,
        "exclusiveStartKey": None,
        "isTruncated": False,
        "nextExclusiveStartKey": None,
    }
    data = (await client.get(f"{url}/keys?limit=2&exclusiveStartKey=B")).json()["data"]
    assert [item["key"] for item in data["items"]] == ["a", "ab"]
    assert (data["isTruncated"], data["nextExclusiveStartKey"], data["exclusiveStartKey"]) == (True, "ab", "B")
    data = (await client.get(f"{url}/keys?limit=5000&prefix=a")).json()["data"]
    assert ([item["key"] for item in data["items"]], data["limit"]) == (["a", "ab"], 1000)


async def archived(client: httpx.AsyncClient, url: str, query: str = "") -> dict[str, bytes]:
    answer = await client.get(f"{url}/records{query}")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_all_records_as_an_archive(client: httpx.AsyncClient, url: str) -> None:
    assert await archived(client, url) == {}
    await put(client, url, "a.txt", b"small", content_type="text/plain")
    await put(client, url, "big", BIG * 50)
    await put(client, url, "zipped", gzip.compress(BIG), content_encoding="gzip")
    assert await archived(client, url) == {"a.txt": b"small", "big": BIG * 50, "zipped": BIG}
    assert await archived(client, url, "?prefix=a") == {"a.txt": b"small"}
    answer = await client.get(f"{url}/records")
    assert answer.headers["content-disposition"] == 'attachment; filename="data.zip"'


async def test_an_archive_of_several_pages_of_records(
    client: httpx.AsyncClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.response.record_archive.PAGE", 2)
    for number in range(7):
        await put(client, url, f"k{number}", b"x")
    assert len(await archived(client, url)) == 7


async def test_collections_select_keys_and_validate_records(client: httpx.AsyncClient) -> None:
    schema = {
        "collections": {
            "images": {"keyPrefix": "image-", "contentTypes": ["image/png"]},
            "summary": {"key": "SUMMARY", "jsonSchema": {"required": ["n"]}},
        }
    }
    created = await client.post("/v2/key-value-stores", json={"schema": schema})
    data = created.json()["data"]
    url = f"/v2/key-value-stores/{data['id']}"
    assert data["schema"] == schema
    assert data["recordsPublicUrl"] == f"{BASE}{url}/records"
    for key, body, kind, status in (
        ("image-1", b"x", "image/png", 201),
        ("image-2", b"x", "text/plain", 400),
        ("SUMMARY", b'{"n":1}', "application/json", 201),
        ("SUMMARY", b"{}", "application/json", 400),
        ("other", b"x", "text/plain", 201),
    ):
        assert (await put(client, url, key, body, content_type=kind)).status_code == status, key
    encoded = gzip.compress(b'{"n":2}')
    answer = await put(client, url, "SUMMARY", encoded, content_type="application/json", content_encoding="gzip")
    assert answer.status_code == 201
    assert (await client.get(f"{url}/records/SUMMARY")).json() == {"n": 2}

    async def keys(query: str) -> list[str]:
        return [item["key"] for item in (await client.get(f"{url}/keys?{query}")).json()["data"]["items"]]

    assert await keys("collection=images") == ["image-1"]
    assert await keys("collection=summary") == ["SUMMARY"]
    assert await keys("collection=images&prefix=image-2") == []
    assert await archived(client, url, "?collection=images") == {"image-1": b"x"}
    for path in ("keys", "records"):
        assert problem(await client.get(f"{url}/{path}?collection=none")) == (400, "invalid-parameter")
    bad: dict[str, Any] = {"schema": {"collections": {"a": {}}}}
    assert problem(await client.post("/v2/key-value-stores", json=bad)) == (400, "invalid-value")


NOT_ENCODED: dict[str, tuple[str, bytes]] = {
    "plain text as gzip": ("gzip", b"not gzip"),
    "plain text as brotli": ("br", b"not brotli"),
    "plain text as deflate": ("deflate", b"not deflate"),
    "truncated gzip": ("gzip", gzip.compress(b"x" * 1000)[:-5]),
    "truncated brotli": ("br", brotli.compress(b"x" * 1000)[:-1]),
    "truncated deflate": ("deflate", zlib.compress(b"x" * 1000)[:-1]),
    "raw deflate": ("deflate", zlib.compress(b"x" * 1000)[2:-4]),
    "deflate as gzip": ("gzip", zlib.compress(b"x")),
    "gzip as deflate": ("deflate", gzip.compress(b"x")),
    "no body as gzip": ("gzip", b""),
    "no body as brotli": ("br", b""),
    "no body as x-gzip": ("X-GZIP", b""),
    "more after gzip": ("gzip", gzip.compress(b"x") + b"more"),
    "more after brotli": ("br", brotli.compress(b"x") + b"more"),
    "more after deflate": ("deflate", zlib.compress(b"x") + b"more"),
    "a wrong checksum": ("gzip", gzip.compress(b"x" * 1000)[:-8] + b"12345678"),
    "a big value that is truncated": ("gzip", gzip.compress(random.Random(1).randbytes(3_000_000))[:-1]),
}


@pytest.mark.parametrize("name", NOT_ENCODED)
async def test_a_body_that_is_not_in_its_encoding_is_rejected_and_nothing_is_stored(
    client: httpx.AsyncClient, url: str, name: str, tmp_path: Path
) -> None:
    encoding, body = NOT_ENCODED[name]
    await put(client, url, "key", b"before")
    await put(client, url, "neighbour", b"intact")
    for key in ("key", "new"):
        assert problem(await put(client, url, key, body, content_encoding=encoding)) == (400, "invalid-request")
    assert (await client.get(f"{url}/records/key")).content == b"before"
    assert (await client.get(f"{url}/records/new")).status_code == 404
    archive = zipfile.ZipFile(io.BytesIO((await client.get(f"{url}/records")).content))
    assert {entry: archive.read(entry) for entry in archive.namelist()} == {"key": b"before", "neighbour": b"intact"}
    assert list((tmp_path / "values").iterdir()) == []


async def test_any_pieces_of_an_encoded_body_are_verified(client: httpx.AsyncClient, url: str) -> None:
    value = random.Random(1).randbytes(300_000)
    for encoding, packed in (
        ("gzip", gzip.compress(value)),
        ("br", brotli.compress(value)),
        ("deflate", zlib.compress(value)),
    ):
        for step in (1000, 70_000, 10**6):

            async def pieces(packed: bytes = packed, step: int = step) -> AsyncIterator[bytes]:
                for start in range(0, len(packed), step):
                    yield packed[start : start + step]

            await put(client, url, "key", pieces(), content_encoding=encoding)
            answer = await client.get(f"{url}/records/key", headers={"Accept-Encoding": "identity"})
            assert answer.content == value


async def test_an_empty_encoding_header_means_no_encoding(client: httpx.AsyncClient, url: str) -> None:
    await put(client, url, "key", b"plain", content_encoding="")
    answer = await client.get(f"{url}/records/key", headers={"Accept-Encoding": "gzip"})
    assert answer.content == b"plain" and "content-encoding" not in answer.headers


async def test_a_record_that_cannot_be_decoded_does_not_cost_its_neighbours_in_the_archive(
    client: httpx.AsyncClient, url: str, tmp_path: Path
) -> None:
    """Earlier versions stored such records."""
    for key in ("a", "b", "c"):
        await put(client, url, key, gzip.compress(key.encode()), content_encoding="gzip")
    with closing(sqlite3.connect(tmp_path / "greenroom.db", isolation_level=None)) as database:
        database.execute("UPDATE records SET body = ?, size = 8 WHERE key = 'b'", (b"not gzip",))
    archive = zipfile.ZipFile(io.BytesIO((await client.get(f"{url}/records")).content))
    assert {entry: archive.read(entry) for entry in archive.namelist()} == {"a": b"a", "b": b"", "c": b"c"}
