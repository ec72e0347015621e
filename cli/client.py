"""A thin client of the API: one method per question, errors told as what happened, why and what to type next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx

from cli import server
from cli.errors import FAILED, INVALID_INPUT, Problem
from cli.interrupts import endings_interrupt
from cli.server import Server

Record = dict[str, Any]
"""A record of the API, in Apify's JSON."""
NOT_FOUND = 404
UNAUTHORIZED = 401
MAX_PAGE = 1000
"""The most entries the server puts into one answer."""
CLIENT_KEY = "greenroom-cli"
"""What queues know this command by."""
CHUNK_BYTES = 65_536
TERMINAL = frozenset({"SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"})
MAX_WAIT_SECS = 60
"""The longest the server waits for a job's end in one answer."""
ANSWER_SECS = 30.0
BIG_ANSWER_SECS = 600.0
"""For what a disk may take its time to."""
INVALID = frozenset({400, 413})
"""What was given is wrong or too large: the input, the Actor's name, its version."""
USER_AGENT = f"greenroom/{version('greenroom')}"
TOTAL_HEADER = "x-apify-pagination-total"


@contextmanager
def connected(data_dir: Path) -> Iterator[Client]:
    """A client of the data directory's server, which is started for the call where none runs. Raises Problem."""
    with endings_interrupt(), server.borrowed(data_dir) as found, closing(Client(found)) as client:
        yield client


class Refused(Problem):
    """The server answered with an error of the API."""


@dataclass(frozen=True, slots=True)
class Page:
    """The first items of a dataset, and how many it holds."""

    items: list[Any]
    total: int


class Client:
    """Speaks to one server as the command line's user. To be closed."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = httpx.Client(
            base_url=server.url,
            headers={**server.authorization, "X-Apify-Request-Origin": "CLI", "User-Agent": USER_AGENT},
            timeout=httpx.Timeout(ANSWER_SECS, connect=5),
            trust_env=False,  # a proxy for the internet has no business with the loopback
            verify=False,  # plain HTTP: loading the certificates of all authorities takes longer than most requests
        )

    def close(self) -> None:
        self._http.close()

    def username(self) -> str:
        return str(self._data("GET", "/v2/users/me")["username"])

    def actor(self, actor_id: str) -> Record | None:
        return self._found(f"/v2/actors/{actor_id}")

    def create_actor(self, actor: Record) -> Record:
        return self._data("POST", "/v2/actors", json=actor)

    def version(self, actor_id: str, number: str) -> Record | None:
        return self._found(f"/v2/actors/{actor_id}/versions/{number}")

    def create_version(self, actor_id: str, version: Record) -> None:
        self._data("POST", f"/v2/actors/{actor_id}/versions", json=version)

    def update_version(self, actor_id: str, version: Record) -> None:
        self._data("PUT", f"/v2/actors/{actor_id}/versions/{version['versionNumber']}", json=version)

    def start_build(self, actor_id: str, version: str) -> Record:
        return self._data("POST", f"/v2/actors/{actor_id}/builds", params={"version": version, "useCache": 1})

    def abort_build(self, build_id: str) -> Record:
        """The build as it has ended."""
        return self._data("POST", f"/v2/actor-builds/{build_id}/abort")

    def ended_build(self, build_id: str) -> Record:
        return self._ended(f"/v2/actor-builds/{build_id}")

    def start_run(self, actor_id: str, params: Record, body: bytes | None) -> Record:
        headers = {"Content-Type": "application/json; charset=utf-8"} if body is not None else {}
        return self._data("POST", f"/v2/actors/{actor_id}/runs", params=params, content=body, headers=headers)

    def abort_run(self, run_id: str) -> None:
        self._data("POST", f"/v2/actor-runs/{run_id}/abort")

    def ended_run(self, run_id: str) -> Record:
        return self._ended(f"/v2/actor-runs/{run_id}")

    def items(self, dataset_id: str, limit: int) -> Page:
        response = self._ask("GET", f"/v2/datasets/{dataset_id}/items", params={"limit": limit})
        return Page(response.json(), int(response.headers[TOTAL_HEADER]))

    def record(self, store_id: str, key: str) -> httpx.Response | None:
        """The record as it is answered; None where there is none."""
        try:
            return self._ask("GET", _record_path(store_id, key))
        except Missing:
            return None

    def run(self, run_id: str) -> Record | None:
        return self._found(f"/v2/actor-runs/{run_id}")

    def storage(self, word: str, reference: str) -> Record | None:
        """The storage of an id or `~name`; `word` says the kind, as `key-value-stores` does."""
        return self._found(f"/v2/{word}/{reference}")

    def storages(self, word: str) -> Iterator[Record]:
        """All storages of a kind, unnamed ones too."""
        offset = 0
        while True:
            params = {"unnamed": 1, "offset": offset, "limit": MAX_PAGE}
            page = self._data("GET", f"/v2/{word}", params=params)
            if not page["items"]:
                return
            yield from page["items"]
            offset += len(page["items"])

    def open_storage(self, word: str, name: str) -> Record:
        return self._data("POST", f"/v2/{word}", params={"name": name})

    def push(self, dataset_id: str, items: bytes) -> None:
        """Push the text of a JSON array."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        self._ask("POST", f"/v2/datasets/{dataset_id}/items", content=items, headers=headers)

    def lines(self, dataset_id: str) -> Iterator[bytes]:
        """The items of a dataset, each as its JSON."""
        rest = b""
        with self._streamed(f"/v2/datasets/{dataset_id}/items", params={"format": "jsonl"}) as response:
            for chunk in response.iter_raw(CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line for line in lines if line)
        if rest:
            yield rest

    def keys(self, store_id: str) -> Iterator[str]:
        """The keys of a store, in their order."""
        after: str | None = ""
        while after is not None:
            page = self._data("GET", f"/v2/key-value-stores/{store_id}/keys", params={"exclusiveStartKey": after})
            yield from (entry["key"] for entry in page["items"])
            after = page["nextExclusiveStartKey"]

    def put_record(self, store_id: str, key: str, content_type: str, value: BinaryIO) -> None:
        """Store what a file holds, which is never in memory as a whole."""
        timeout = httpx.Timeout(ANSWER_SECS, read=BIG_ANSWER_SECS)
        headers = {"Content-Type": content_type}
        self._ask("PUT", _record_path(store_id, key), content=value, headers=headers, timeout=timeout)

    @contextmanager
    def opened_record(self, store_id: str, key: str) -> Iterator[httpx.Response]:
        """A record to be streamed. Raises Missing where there is none."""
        with self._streamed(_record_path(store_id, key)) as response:
            yield response

    def add_requests(self, queue_id: str, requests: bytes) -> list[Record]:
        """Add the batch that the text of a JSON array holds; what became of each."""
        params, headers = {"clientKey": CLIENT_KEY}, {"Content-Type": "application/json; charset=utf-8"}
        path = f"/v2/request-queues/{queue_id}/requests/batch"
        answer = self._data("POST", path, params=params, content=requests, headers=headers)
        processed: list[Record] = answer["processedRequests"]
        return processed

    def head(self, queue_id: str) -> list[Record]:
        """The first pending requests of a queue, as many as the API shows, in their order."""
        params = {"clientKey": CLIENT_KEY, "limit": MAX_PAGE}
        head: list[Record] = self._data("GET", f"/v2/request-queues/{queue_id}/head", params=params)["items"]
        return head

    def requests(self, queue_id: str) -> Iterator[Record]:
        """All requests of a queue, in the order of their ids."""
        cursor: str | None = ""
        while cursor is not None:
            params = {"clientKey": CLIENT_KEY, "limit": MAX_PAGE, "cursor": cursor}
            page = self._data("GET", f"/v2/request-queues/{queue_id}/requests", params=params)
            yield from page["items"]
            cursor = page.get("nextCursor")

    def log(self, job_id: str, *, raw: bool) -> Iterator[bytes]:
        """The log of a run or build from its beginning, followed until the job ends."""
        params = {"stream": 1, "raw": int(raw)}
        # Between two lines a log may be silent for as long as the job lives.
        timeout = httpx.Timeout(ANSWER_SECS, read=None)
        try:
            with self._http.stream("GET", f"/v2/logs/{job_id}", params=params, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                self._check(response)
                yield from response.iter_bytes()
        except httpx.HTTPError as problem:
            raise self._lost(problem) from problem

    @contextmanager
    def _streamed(self, path: str, **request: Any) -> Iterator[httpx.Response]:
        """An answer that is read while it comes, as it is stored."""
        try:
            with self._http.stream("GET", path, headers={"Accept-Encoding": "identity"}, **request) as response:
                if response.is_error:
                    response.read()
                self._check(response)
                yield response
        except httpx.HTTPError as problem:
            raise self._lost(problem) from problem

    def _ended(self, path: str) -> Record:
        """The job once it is over, asked for as often as the server's longest wait demands."""
        timeout = httpx.Timeout(ANSWER_SECS, read=MAX_WAIT_SECS + ANSWER_SECS)
        while True:
            job = self._data("GET", path, params={"waitForFinish": MAX_WAIT_SECS}, timeout=timeout)
            if job["status"] in TERMINAL:
                return job

    def _found(self, path: str) -> Record | None:
        try:
            return self._data("GET", path)
        except Missing:
            return None

    def _data(self, method: str, path: str, **request: Any) -> Record:
        data: Record = self._ask(method, path, **request).json()["data"]
        return data

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError as problem:
            raise self._lost(problem) from problem
        self._check(response)
        return response

    def _check(self, response: httpx.Response) -> None:
        if response.is_error:
            raise _refusal(response)

    def _lost(self, problem: httpx.HTTPError) -> Problem:
        return Problem(
            f"The server at {self._server.url} stopped answering: {problem or type(problem).__name__}.",
            "`greenroom status` tells whether it still runs; `greenroom up` starts it and adopts live runs.",
        )


class Missing(Refused):
    """404: there is no such record."""


def _record_path(store_id: str, key: str) -> str:
    """A path whose last part is the key, even one that paths give a meaning of its own."""
    escaped = quote(key, safe="").replace(".", "%2E")
    return f"/v2/key-value-stores/{store_id}/records/{escaped}"


def _refusal(response: httpx.Response) -> Refused:
    message = _message_of(response)
    if response.status_code == NOT_FOUND:
        return Missing(message)
    if response.status_code == UNAUTHORIZED:
        return Refused(f"The server does not accept this command line: {message}")
    return Refused(message, exit_code=INVALID_INPUT if response.status_code in INVALID else FAILED)


def _message_of(response: httpx.Response) -> str:
    """The API's error in words; an answer of another shape is told as it came."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"{response.request.method} {response.url} answered {response.status_code}: {response.text[:500]}"
