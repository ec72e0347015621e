"""Datasets, key-value stores and request queues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx

from cli.client.errors import RecordNotFound
from cli.client.transport import AS_STORED, RESPONSE_SECS, Transport, first_items
from runtime.base.json_text import JsonDict

MAX_PAGE = 1000
"""The most entries that the server returns in one response."""
CLIENT_KEY = "greenroom-cli"
"""Identifies this command to request queues."""
CHUNK_BYTES = 65_536
UPLOAD_SECS = 600.0
"""The timeout of an upload: the server responds only after it has written the record to disk."""
TOTAL_HEADER = "x-apify-pagination-total"
JSON_BODY = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """The first items of a dataset, and the total number of its items."""

    items: list[Any]
    total: int


class StoragesClient:
    """Storages of any type. `api_path` is the type as API paths spell it, such as `key-value-stores`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def find(self, api_path: str, reference: str) -> JsonDict | None:
        """Return the storage with this id or `~name`."""
        return self._transport.find(f"/v2/{api_path}/{reference}")

    def newest(self, api_path: str, limit: int) -> tuple[list[JsonDict], int]:
        """Return the storages of a type that were created last, and the number of all."""

        def fetch(offset: int, limit: int) -> JsonDict:
            params = {"unnamed": 1, "desc": 1, "offset": offset, "limit": limit}
            return self._transport.data("GET", f"/v2/{api_path}", params=params)

        return first_items(limit, MAX_PAGE, fetch)

    def list(self, api_path: str) -> Iterator[JsonDict]:
        """Yield all storages of a type, including unnamed ones."""
        offset = 0
        while True:
            params = {"unnamed": 1, "offset": offset, "limit": MAX_PAGE}
            page = self._transport.data("GET", f"/v2/{api_path}", params=params)
            if not page["items"]:
                return
            yield from page["items"]
            offset += len(page["items"])

    def get_or_create(self, api_path: str, name: str) -> JsonDict:
        return self._transport.data("POST", f"/v2/{api_path}", params={"name": name})


class DatasetsClient:
    """Items of datasets."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def first_items(self, dataset_id: str, limit: int) -> ItemsPage | None:
        """Return the first items, or None if the dataset has been deleted."""
        try:
            response = self._transport.request("GET", _items_path(dataset_id), params={"limit": limit})
        except RecordNotFound:
            return None
        return ItemsPage(response.json(), int(response.headers[TOTAL_HEADER]))

    def lines(self, dataset_id: str) -> Iterator[bytes]:
        """Yield all items, each as its JSON."""
        rest = b""
        params = {"format": "jsonl"}
        with self._transport.stream(_items_path(dataset_id), params=params, headers=AS_STORED) as response:
            for chunk in response.iter_raw(CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line for line in lines if line)
        if rest:
            yield rest

    @contextmanager
    def stream_items(self, dataset_id: str, params: JsonDict) -> Iterator[Iterator[bytes]]:
        """Yield the items in the format of `params`, as they arrive."""
        with self._transport.stream(_items_path(dataset_id), params=params, headers=AS_STORED) as response:
            yield response.iter_raw(CHUNK_BYTES)

    def push(self, dataset_id: str, items: bytes) -> None:
        """Push items, given as the text of a JSON array."""
        self._transport.request("POST", _items_path(dataset_id), content=items, headers=JSON_BODY)


class KeyValueStoresClient:
    """Records of key-value stores."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def find_record(self, store_id: str, key: str) -> httpx.Response | None:
        """Return the response that contains the record, or None if there is no such record."""
        try:
            return self._transport.request("GET", _record_path(store_id, key))
        except RecordNotFound:
            return None

    @contextmanager
    def stream_record(self, store_id: str, key: str) -> Iterator[httpx.Response]:
        """Yield the response with the record, whose body the caller reads as it arrives. Raises RecordNotFound."""
        with self._transport.stream(_record_path(store_id, key), headers=AS_STORED) as response:
            yield response

    def put_record(self, store_id: str, key: str, content_type: str, value: BinaryIO) -> None:
        """Store the content of a file without loading it into memory as a whole."""
        timeout = httpx.Timeout(RESPONSE_SECS, read=UPLOAD_SECS)
        headers = {"Content-Type": content_type}
        self._transport.request("PUT", _record_path(store_id, key), content=value, headers=headers, timeout=timeout)

    def keys(self, store_id: str) -> Iterator[str]:
        """Yield all keys in order."""
        after: str | None = ""
        path = f"/v2/key-value-stores/{store_id}/keys"
        while after is not None:
            page = self._transport.data("GET", path, params={"exclusiveStartKey": after})
            yield from (entry["key"] for entry in page["items"])
            after = page["nextExclusiveStartKey"]


class RequestQueuesClient:
    """Requests of request queues."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add(self, queue_id: str, requests: bytes) -> list[JsonDict]:
        """Add a batch, given as the text of a JSON array. Return the outcome of each request."""
        path = f"/v2/request-queues/{queue_id}/requests/batch"
        params = {"clientKey": CLIENT_KEY}
        response = self._transport.data("POST", path, params=params, content=requests, headers=JSON_BODY)
        processed: list[JsonDict] = response["processedRequests"]
        return processed

    def order(self, queue_id: str) -> list[str]:
        """Return the ids of all pending requests in order."""
        response = self._transport.request("GET", f"/greenroom/request-queues/{queue_id}/order")
        ids: list[str] = response.json()["data"]
        return ids

    def requests(self, queue_id: str) -> Iterator[JsonDict]:
        """Yield all requests in the order of their ids."""
        cursor: str | None = ""
        while cursor is not None:
            params = {"clientKey": CLIENT_KEY, "limit": MAX_PAGE, "cursor": cursor}
            page = self._transport.data("GET", f"/v2/request-queues/{queue_id}/requests", params=params)
            yield from page["items"]
            cursor = page.get("nextCursor")


def _items_path(dataset_id: str) -> str:
    return f"/v2/datasets/{dataset_id}/items"


def _record_path(store_id: str, key: str) -> str:
    """Return a path that ends with the key, escaped even if it has a special meaning in paths, such as `..`."""
    escaped = quote(key, safe="").replace(".", "%2E")
    return f"/v2/key-value-stores/{store_id}/records/{escaped}"
