"""Responses whose content disappears, or turns out to be damaged, while they are sent."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import sqlite3
import zipfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message

from api.request.parsing.dataset_items import ItemFormat
from api.response import record_response
from runtime.database import datasets_table
from tests.api.storage_app import problem, serving
from tests.runtime.storages.hand_clock import HandClock

TEXT = bytes(range(256)) * 3000
GZIP = gzip.compress(TEXT)
DAMAGED = {
    "no gzip": b"not gzip",
    "empty": b"",
    "a truncated member": GZIP[:-9],
    "a wrong checksum": GZIP[:-8] + b"\0" * 8,
    "bytes after the member": GZIP + b"junk",
    "raw deflate": zlib.compress(TEXT)[2:],
}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path, HandClock()) as client:
        yield client


async def create(client: httpx.AsyncClient, kind: str) -> str:
    return f"/v2/{kind}/{(await client.post(f'/v2/{kind}')).json()['data']['id']}"


async def sent_messages(
    client: httpx.AsyncClient, url: str, after_first: Callable[[], Awaitable[Any]] | None = None
) -> list[Message]:
    """What the application sends for a GET request. `after_first` is awaited while it sends the first piece."""
    path, _, query = url.partition("?")
    sent: list[Message] = []

    received = asyncio.Queue[Message]()
    received.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Message) -> None:
        sent.append(message)
        if after_first is not None and len(sent) == 2:
            await after_first()

    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    app: ASGIApp = transport.app
    headers = [(b"host", b"localhost:3333"), (b"authorization", b"Bearer ann")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }
    await app({**scope, "raw_path": path.encode(), "client": ("127.0.0.1", 1)}, received.get, send)
    return sent


def is_complete(sent: list[Message]) -> bool:
    return not sent[-1].get("more_body", False) and sent[-1]["type"] == "http.response.body"


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each interruption, without a traceback."""
    records = [record for record in caplog.records if record.name.startswith("greenroom")]
    assert len(records) == 1 and records[0].levelno == logging.WARNING and records[0].exc_info is None


@pytest.mark.parametrize("form", [form for form in ItemFormat if form is not ItemFormat.XLSX])
async def test_an_export_of_a_dataset_that_is_deleted_concurrently_is_incomplete(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, form: ItemFormat
) -> None:
    monkeypatch.setattr(datasets_table, "CHUNK_BYTES", 20)
    url = await create(client, "datasets")
    for n in range(30):
        await client.post(f"{url}/items", json={"n": n})
    sent = await sent_messages(client, f"{url}/items?format={form}&clean=1", lambda: client.delete(url))
    assert sent[0]["status"] == 200 and not is_complete(sent)
    check_log(caplog)


@pytest.mark.parametrize("what", ["items?format=xlsx", "items?format=csv", "statistics", ""])
async def test_a_dataset_that_is_deleted_before_its_response_is_not_found(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(datasets_table, "CHUNK_BYTES", 20)
    schema: dict[str, Any] = {"schema": {"fields": {"properties": {"n": {}}}}}
    url = f"/v2/datasets/{(await client.post('/v2/datasets', json=schema)).json()['data']['id']}"
    for n in range(5):
        await client.post(f"{url}/items", json={"n": n})

    async def nothing(*_: Any, **__: Any) -> list[bytes]:
        return []

    monkeypatch.setattr(datasets_table.DatasetsTable, "items_in_thread", nothing)
    assert problem(await client.get(f"{url}/{what}" if what else url)) == (404, "record-not-found")


async def stored(client: httpx.AsyncClient, folder: Path, body: bytes) -> str:
    """A record with a body that earlier versions did not check."""
    url = await create(client, "key-value-stores")
    await client.put(f"{url}/records/r", content=GZIP, headers={"Content-Encoding": "gzip"})
    with sqlite3.connect(folder / "greenroom.db") as database:
        database.execute("UPDATE records SET body = ?, file = NULL, size = ?", (body, len(body)))
    return url


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
async def test_a_damaged_record_is_an_error_for_readers_of_its_content(
    client: httpx.AsyncClient, tmp_path: Path, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    url = await stored(client, tmp_path, body)
    answer = await client.get(f"{url}/records/r", headers={"Accept-Encoding": "identity"})
    assert problem(answer) == (500, "storage-damaged")
    assert not caplog.records
    sent = await sent_messages(client, f"{url}/records")
    assert sent[0]["status"] == 200 and is_complete(sent)  # an archive has the other records


async def test_a_big_record_that_is_damaged_at_its_end_is_incomplete(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(record_response, "CHECKED_BYTES", 100_000)
    sent = await sent_messages(client, f"{await stored(client, tmp_path, GZIP[:-9])}/records/r")
    assert sent[0]["status"] == 200 and not is_complete(sent)
    check_log(caplog)


async def test_an_archive_has_the_records_whose_files_are_there(client: httpx.AsyncClient, tmp_path: Path) -> None:
    url = await create(client, "key-value-stores")
    for key in "abc":
        await client.put(f"{url}/records/{key}", content=TEXT)
        for file in (tmp_path / "values").iterdir() if key == "a" else ():
            file.unlink()
    assert problem(await client.get(f"{url}/records/a")) == (500, "storage-damaged")
    archive = zipfile.ZipFile(io.BytesIO((await client.get(f"{url}/records")).content))
    assert {name: archive.read(name) for name in archive.namelist()} == {"b": TEXT, "c": TEXT}
