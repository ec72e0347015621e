"""What writers store in a dataset, a key-value store and a request queue until the server is killed.

Afterwards, all acknowledged writes must exist. A write that was in progress must exist completely or not at all.

`work` makes one random call of one writer. Writers are threads, each with at most one call in progress. `check` may be
called again later, because it records what it finds as the expected content.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import threading
import zlib
from collections.abc import Callable, Iterator
from itertools import count, groupby
from typing import Any, Protocol

import brotli
import httpx

Json = dict[str, Any]
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=1),
}
PUSH_COUNTS = (1, 1, 1, 25, 25, 500)
RECORD_SIZES = (0, 1, 1_000, 16_384, 16_385, 100_000, 3_000_000)
"""Sizes around the limit above which a value is stored as a file, and some that take a while to upload."""
CHUNK_BYTES = 65_536
KEYS = 12
BATCH = 25
LOCK_SECS = 3_600


class Contents(Protocol):
    def work(self, http: httpx.Client, chance: random.Random, writer: int) -> None: ...

    def check(self, http: httpx.Client) -> None: ...


def make(http: httpx.Client) -> list[Contents]:
    return [Dataset(http), KeyValueStore(http), RequestQueue(http)]


class Dataset:
    def __init__(self, http: httpx.Client) -> None:
        self._path = created(http, "datasets")
        self._numbers = count()
        self._sent: dict[int, int] = {}
        self._acknowledged: set[int] = set()

    def work(self, http: httpx.Client, chance: random.Random, writer: int) -> None:
        number, items = next(self._numbers), chance.choice(PUSH_COUNTS)
        self._sent[number] = items
        body = [{"push": number, "place": place, "text": "x" * chance.randrange(200)} for place in range(items)]
        http.post(f"{self._path}/items", json=body).raise_for_status()
        self._acknowledged.add(number)

    def check(self, http: httpx.Client) -> None:
        items = http.get(f"{self._path}/items").raise_for_status().json()
        pushes = [(number, [item["place"] for item in group]) for number, group in groupby(items, by_push)]
        found = dict(pushes)
        assert len(found) == len(pushes), "The items of a push must be adjacent and occur once"
        assert found == {number: list(range(self._sent[number])) for number in found}, "A push must be complete"
        assert self._acknowledged <= found.keys()
        dataset = data(http, self._path)
        assert (dataset["itemCount"], dataset["cleanItemCount"]) == (len(items), len(items))
        self._acknowledged = set(found)
        self._sent = {number: self._sent[number] for number in found}


class KeyValueStore:
    """Records are compared by their digests. Each writer has its own keys."""

    def __init__(self, http: httpx.Client) -> None:
        self._path = created(http, "key-value-stores")
        self._possible: dict[str, set[str | None]] = {}

    def work(self, http: httpx.Client, chance: random.Random, writer: int) -> None:
        key = f"{writer}-{chance.randrange(KEYS)}"
        if chance.random() < 0.2:
            self._change(key, None, lambda: http.delete(f"{self._path}/records/{key}"))
            return
        encoding = chance.choice(list(ENCODERS))
        body = ENCODERS[encoding](chance.randbytes(chance.choice(RECORD_SIZES)))
        headers = {"Content-Type": f"application/x-{chance.randrange(9)}", "Content-Encoding": encoding}
        value = fingerprint(headers["Content-Type"], encoding, body)
        self._change(
            key, value, lambda: http.put(f"{self._path}/records/{key}", content=in_chunks(body), headers=headers)
        )

    def _change(self, key: str, value: str | None, call: Callable[[], httpx.Response]) -> None:
        self._possible.setdefault(key, {None}).add(value)
        call().raise_for_status()
        self._possible[key] = {value}

    def check(self, http: httpx.Client) -> None:
        sizes: dict[str, int] = {}
        for key, possible in self._possible.items():
            found = self._record(http, key, sizes)
            assert found in possible, f"{key}: {found}, not one of {possible}"
            self._possible[key] = {found}
        listed = {item["key"]: item["size"] for item in data(http, f"{self._path}/keys")["items"]}
        assert listed == sizes
        assert data(http, self._path)["stats"]["storageBytes"] == sum(sizes.values())

    def _record(self, http: httpx.Client, key: str, sizes: dict[str, int]) -> str | None:
        """Return the fingerprint of a record as it is stored, or None if it does not exist."""
        accepted = {"Accept-Encoding": ", ".join(ENCODERS)}
        with http.stream("GET", f"{self._path}/records/{key}", headers=accepted) as response:
            if response.status_code == 404:
                return None
            body = b"".join(response.raise_for_status().iter_raw())
        sizes[key] = len(body)
        return fingerprint(response.headers["Content-Type"], response.headers.get("Content-Encoding", "identity"), body)


class RequestQueue:
    """A writer adds requests. It handles, deletes or releases those that it locks, or leaves them locked.

    The state of a request is None if it does not exist, otherwise whether it is handled.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._path = created(http, "request-queues")
        self._numbers = count()
        self._possible: dict[str, set[bool | None]] = {}
        self._batches: list[set[str]] = []
        self._adding: set[str] = set()
        self._recording = threading.Lock()
        self._locks: dict[str, str] = {}

    def work(self, http: httpx.Client, chance: random.Random, writer: int) -> None:
        if chance.random() < 0.5:
            self._add(http, chance)
        else:
            self._lock(http, chance, f"writer-{writer}")

    def _add(self, http: httpx.Client, chance: random.Random) -> None:
        keys = [f"key-{next(self._numbers)}" for _ in range(chance.randint(1, BATCH))]
        self._batches.append(set(keys))
        self._adding.update(keys)
        self._possible.update((key, {None, False}) for key in keys)
        forefront = {"forefront": chance.random() < 0.2}
        http.post(f"{self._path}/requests/batch", params=forefront, json=list(map(request, keys))).raise_for_status()
        for key in keys:
            self._record_existence(key)
        self._batches.remove(set(keys))

    def _record_existence(self, key: str) -> None:
        """Record that a request exists. Another writer may lock it before its own writer has the response."""
        with self._recording:
            if key in self._adding:
                self._adding.remove(key)
                self._possible[key] = {False}

    def _lock(self, http: httpx.Client, chance: random.Random, client: str) -> None:
        params: dict[str, str | int] = {"limit": chance.randint(1, BATCH), "lockSecs": LOCK_SECS, "clientKey": client}
        head = http.post(f"{self._path}/head/lock", params=params).raise_for_status().json()["data"]
        for item in head["items"]:
            key = item["uniqueKey"]
            assert key not in self._locks, "Another client has locked the request"
            self._locks[key] = client
            self._record_existence(key)
        for item in head["items"]:
            self._process(http, chance, client, item)

    def _process(self, http: httpx.Client, chance: random.Random, client: str, item: Json) -> None:
        key, path, mine = item["uniqueKey"], f"{self._path}/requests/{item['id']}", {"clientKey": client}
        how = chance.choice(("handle", "handle", "delete", "release", "prolong", "leave"))
        if how == "prolong":
            http.put(f"{path}/lock", params={**mine, "lockSecs": LOCK_SECS}).raise_for_status()
        if how in ("prolong", "leave"):
            return
        del self._locks[key]
        if how == "handle":
            self._possible[key] = {False, True}
            body = {**request(key), "id": item["id"], "handledAt": "2024-01-01T00:00:00.000Z"}
            http.put(path, params=mine, json=body).raise_for_status()
            self._possible[key] = {True}
        elif how == "delete":
            self._possible[key] = {False, None}
            http.delete(path, params=mine).raise_for_status()
            self._possible[key] = {None}
        else:
            http.delete(f"{path}/lock", params=mine).raise_for_status()

    def check(self, http: httpx.Client) -> None:
        listed = data(http, f"{self._path}/requests")["items"]
        found = {request["uniqueKey"]: request.get("handledAt") is not None for request in listed}
        assert len(found) == len(listed) and found.keys() <= self._possible.keys()
        for key, possible in self._possible.items():
            assert found.get(key) in possible, f"{key}: {found.get(key)}, not one of {possible}"
        for batch in self._batches:
            missing = {key for key in batch & self._adding if key not in found}
            assert missing in (set(), batch), "A batch must be complete"
        locks = {request["uniqueKey"]: request.get("lockByClient") for request in listed}
        assert {key: locks[key] for key in self._locks} == self._locks
        assert not [key for key, is_handled in found.items() if is_handled and locks[key]]
        self._check_counts(http, found)
        self._possible = {key: {found.get(key)} for key in self._possible}

    def _check_counts(self, http: httpx.Client, found: dict[str, bool]) -> None:
        handled = sum(found.values())
        queue = data(http, self._path)
        counts = [queue[f"{name}RequestCount"] for name in ("total", "handled", "pending")]
        assert counts == [len(found), handled, len(found) - handled]
        pending = {key for key, is_handled in found.items() if not is_handled}
        head = data(http, f"{self._path}/head?limit=1000")["items"]
        assert len(head) == min(len(pending), 1000) and {item["uniqueKey"] for item in head} <= pending


def created(http: httpx.Client, kind: str) -> str:
    """Create a storage and return its path."""
    return f"/v2/{kind}/{http.post(f'/v2/{kind}').raise_for_status().json()['data']['id']}"


def data(http: httpx.Client, path: str) -> Any:
    return http.get(path).raise_for_status().json()["data"]


def by_push(item: Json) -> int:
    return int(item["push"])


def request(key: str) -> Json:
    return {"uniqueKey": key, "url": f"http://site.test/{key}"}


def fingerprint(content_type: str, encoding: str, body: bytes) -> str:
    return f"{content_type} {encoding} {len(body)} {hashlib.sha256(body).hexdigest()}"


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK_BYTES):
        yield body[start : start + CHUNK_BYTES]
