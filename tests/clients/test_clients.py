"""Unmodified clients that only get a base URL and a token, with a recorder between them and the server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import SAMPLES, TOKEN
from testing.live_server import ROOT, LiveServer
from testing.source_files import source_files
from tests.clients.recorder import Exchange, Recorder, recording

pytestmark = pytest.mark.docker

SCRIPTS = Path(__file__).parent / "scripts"
CLIENT_SECS = 150
LONG = "x" * 5000
LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z .*")
WARNING = re.compile(r"warn|traceback|validation|retry", re.IGNORECASE)


WRITES = {
    "POST actors/{name}/runs": 7,
    "POST actor-runs/{id}/abort": 1,
    "POST datasets": 2,
    "POST datasets/{id}/items": 2,
    "DELETE datasets/{id}": 1,
    "POST key-value-stores": 1,
    "PUT key-value-stores/{id}/records/json": 1,
    "PUT key-value-stores/{id}/records/text": 1,
    "PUT key-value-stores/{id}/records/bytes": 1,
    "DELETE key-value-stores/{id}/records/json": 2,
    "DELETE key-value-stores/{id}": 1,
    "POST request-queues": 1,
    "POST request-queues/{id}/requests": 2,
    "POST request-queues/{id}/requests/batch": 2,
    "POST request-queues/{id}/head/lock": 2,
    "POST request-queues/{id}/requests/unlock": 1,
    "PUT request-queues/{id}/requests/{id}": 1,
    "PUT request-queues/{id}/requests/{id}/lock": 1,
    "DELETE request-queues/{id}/requests/{id}/lock": 1,
    "DELETE request-queues/{id}/requests/batch": 1,
    "DELETE request-queues/{id}": 1,
    "PUT actors/{name}/runs/last/key-value-store/records/no key": 1,
}
READS = {
    "GET users/me": 2,
    "GET users/after-call": 1,
    "GET actors/{name}": 1,
    "GET actors/{name}/runs": 1,
    "GET actors/{name}/runs/last": 2,
    "GET actors/{name}/runs/last/dataset/items": 1,
    "GET actors/{name}/builds": 1,
    "GET actor-builds/{id}": 2,
    "GET actor-builds/{id}/log": 1,
    "GET actor-runs": 1,
    "GET actor-runs/{id}/log": 3,
    "GET actor-runs/{id}/dataset/items": 2,
    "GET actor-runs/{id}/key-value-store/keys": 2,
    "GET actor-runs/{id}/key-value-store/records/INPUT": 2,
    "GET actor-runs/{id}/key-value-store/records/OUTPUT": 2,
    "GET logs/{id}": 3,
    "GET datasets/{id}": 3,
    "GET key-value-stores/{id}": 1,
    "GET key-value-stores/{id}/keys": 2,
    "GET key-value-stores/{id}/records/json": 2,
    "GET key-value-stores/{id}/records/text": 1,
    "GET key-value-stores/{id}/records/bytes": 1,
    "HEAD key-value-stores/{id}/records/text": 1,
    "HEAD key-value-stores/{id}/records/no-such-key": 1,
    "GET request-queues/{id}": 2,
    "GET request-queues/{id}/head": 1,
    "GET request-queues/{id}/requests": 1,
    "GET request-queues/{id}/requests/{id}": 2,
}
"""Each of these reads is one request. Operations that are polled or paged are not listed; they have separate tests."""
REJECTED = {
    "POST actors/{name}/runs": [400, 400, 404],
    "PUT actors/{name}/runs/last/key-value-store/records/no key": [400],
    "POST datasets/{id}/items": [404],
    "HEAD key-value-stores/{id}/records/no-such-key": [404],
    "GET key-value-stores/{id}/records/json": [404],
    "GET users/me": [401],
    "GET users/after-call": [404],
    "GET actors/{name}": [404],
    "GET actor-runs/{id}": [404],
    "GET actor-builds/{id}": [404],
    "GET logs/{id}": [404],
    "GET datasets/{id}": [404, 404],
    "GET key-value-stores/{id}": [404],
    "GET request-queues/{id}": [404],
    "GET request-queues/{id}/requests/{id}": [404],
}


@dataclass(frozen=True)
class Client:
    """A client with its script. `encoding` is the compression of its long request bodies."""

    program: Path | str
    script: str
    encoding: str


CLIENTS = {
    "python-2": Client(ROOT / ".venv-client-2" / "bin" / "python", "python.py", "gzip"),
    "python-3": Client(sys.executable, "python.py", "gzip"),
    "javascript": Client("node", "javascript.mjs", "br"),
}


@dataclass(frozen=True)
class Outcome:
    """The results of a client's script, its other output and the recorded requests."""

    client: Client
    results: dict[str, Any]
    printed: str
    recorder: Recorder

    def of(self, section: str) -> Any:
        """Return the results of a section of the script. If it failed, show its stack trace."""
        assert not isinstance(self.results[section], str), self.results[section]
        return self.results[section]


@pytest.fixture(scope="module")
def outcomes(server: LiveServer) -> Iterator[dict[str, Outcome]]:
    """Run all scripts in parallel, each with its own Actor."""
    actors = {name: server.actor(f"hello-{name}", source_files(SAMPLES / "hello")) for name in CLIENTS}
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        recorders = {name: stack.enter_context(recording(server.url)) for name in CLIENTS}
        assert set(actors) == set(recorders)
        yield dict(zip(CLIENTS, pool.map(run_script, CLIENTS, recorders.values()), strict=True))


@pytest.fixture(params=CLIENTS)
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Outcome]) -> Outcome:
    return outcomes[request.param]


def run_script(name: str, recorder: Recorder) -> Outcome:
    client = CLIENTS[name]
    command = [client.program, SCRIPTS / client.script, recorder.url, TOKEN, f"local/hello-{name}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECS)
    assert done.returncode == 0, done.stderr
    *printed, results = done.stdout.splitlines()
    return Outcome(client, json.loads(results), "\n".join([*printed, done.stderr]), recorder)


def test_user(outcome: Outcome) -> None:
    assert outcome.of("user")["username"] == "local"


def test_call(outcome: Outcome) -> None:
    """The finished run, its log, its items and its records."""
    result = outcome.of("call")
    run, given = result["run"], {"name": "Ada", "sleepSecs": 2, "long": LONG, "exitCode": 0}
    assert (run["status"], run["exitCode"], run["options"]["memoryMbytes"]) == ("SUCCEEDED", 0, 256)
    assert result["items"] == [{"greeting": "Hello, Ada!", "runId": run["id"]}]
    assert result["output"] == {"greeting": "Hello, Ada!", "input": given}
    assert result["input"] == given
    assert result["keys"] == ["INPUT", "OUTPUT"]
    assert_log(result["log"], "Hello, Ada!", "Tick 1", "Tick 2", "Exiting with code 0")
    assert_log(result["log"], "This line goes to stderr")


def test_call_prints_the_log(outcome: Outcome) -> None:
    for line in ("Hello, Ada!", "This line goes to stderr", "Tick 1", "Tick 2", "Exiting with code 0"):
        assert outcome.printed.count(f"Z {line}") == 1, outcome.printed


def test_call_without_input(outcome: Outcome) -> None:
    result = outcome.of("callWithoutInput")
    assert result["run"]["status"] == "SUCCEEDED"
    assert result["output"]["greeting"] == "Hello, world!"
    assert "Hello, world!" not in outcome.printed


def test_a_followed_log_ends_with_the_run(outcome: Outcome) -> None:
    result = outcome.of("followed")
    assert_log(result["log"], "Tick 1", "Tick 2", "Exiting with code 0")
    assert result["status"] == "SUCCEEDED"


def test_abort(outcome: Outcome) -> None:
    assert outcome.of("aborted")["status"] == "ABORTED"


def test_lists(outcome: Outcome) -> None:
    result = outcome.of("lists")
    assert (result["total"], result["newest"]) == (4, ["ABORTED", "SUCCEEDED"])
    assert result["succeeded"]
    assert (result["last"], result["lastSucceeded"]) == ("ABORTED", "SUCCEEDED")
    assert [item["greeting"] for item in result["lastSucceededItems"]] == ["Hello, world!"]


@pytest.mark.parametrize("outcome", ["python-2", "python-3", "javascript"], indirect=True)
def test_builds(outcome: Outcome) -> None:
    result = outcome.of("builds")
    assert (result["numbers"], result["status"]) == (["0.0.1"], "SUCCEEDED")
    assert_log(result["log"], "ACTOR: Build finished.")


def test_dataset(outcome: Outcome) -> None:
    assert outcome.of("dataset") == {
        "isSame": True,
        "page": {"items": [{"number": 1194}, {"number": 1193}], "total": 1200, "offset": 5, "count": 2},
        "clean": [{"number": 0, "note": "a note"}],
        "iterated": sum(range(1200)),
        "itemCount": 1200,
        "deleted": None,
    }


def test_iteration_is_paged(outcome: Outcome) -> None:
    """The iteration requests two pages and perhaps a third one. The other two requests are for single pages."""
    assert len(outcome.recorder.of("GET datasets/{id}/items")) - 2 in (2, 3)


def test_key_value_store(outcome: Outcome) -> None:
    assert outcome.of("keyValueStore") == {
        "json": {"long": LONG},
        "text": "žluť " + LONG,
        "bytes": [number % 256 for number in range(300)],
        "exists": [True, False],
        "keys": ["bytes", "json"],
        "next": "json",
        "end": None,
        "deleted": None,
    }


def test_request_queue(outcome: Outcome) -> None:
    """31 requests; the first is handled, the second released (to the end of the queue), the third stays locked."""
    assert outcome.of("requestQueue") == {
        "first": [False, False, 15],
        "again": [True, False, True],
        "processed": 30,
        "unprocessed": 0,
        "locked": ["page-0", "page-1", "page-2"],
        "hasLocked": True,
        "isProlonged": True,
        "userData": {"n": 0, "long": "y" * 60},
        "handled": [True, False],
        "head": ["page-2", "page-3", "page-4"],
        "nextLocked": ["page-3", "page-4"],
        "unlocked": 3,
        "all": 31,
        "counts": [31, 1, 30],
        "hadMultipleClients": False,
        "batchDeleted": 1,
    }


def test_missing_objects_are_none(outcome: Outcome) -> None:
    found = outcome.of("missing")
    assert found and not any(found.values())


def test_errors(outcome: Outcome) -> None:
    assert outcome.of("errors") == {
        "unknownActor": [404, "actor-not-found"],
        "unknownBuild": [400, "unknown-build-tag"],
        "noItems": [400, "max-items-must-be-greater-than-zero"],
        "unknownDataset": [404, "record-not-found"],
        "badKey": [400, "invalid-record-key"],
        "noToken": [401, "token-not-provided"],
    }


def test_no_request_is_retried(outcome: Outcome) -> None:
    """A retry would be recorded as an additional request."""
    counts = outcome.recorder.counts()
    writes = {name: count for name, count in counts.items() if not name.startswith(("GET", "HEAD"))}
    assert writes == WRITES
    assert {name: counts[name] for name in READS} == READS


def test_no_other_request_is_rejected(outcome: Outcome) -> None:
    rejected: dict[str, list[int]] = {}
    for exchange in outcome.recorder.exchanges:
        assert exchange.status is not None
        if exchange.status >= 400 and not exchange.path.endswith("/INPUT"):
            rejected.setdefault(exchange.operation, []).append(exchange.status)
    assert {name: sorted(statuses) for name, statuses in rejected.items()} == REJECTED


def test_one_request_waits_for_a_run(outcome: Outcome) -> None:
    """With `waitForFinish`, the response comes when the run ends, so the client does not poll."""
    waits = Counter(exchange.path for exchange in outcome.recorder.exchanges if "waitForFinish" in exchange.query)
    assert list(waits.values()) == [1, 1, 1]


def test_the_log_of_a_call_ends_with_the_run(outcome: Outcome) -> None:
    """The stream ends by itself: at most one poll after the run ended, and before `call` returns."""
    stream = next(each for each in outcome.recorder.of("GET actor-runs/{id}/log") if "stream" in each.query)
    wait = next(each for each in outcome.recorder.exchanges if "waitForFinish" in each.query)
    after = next(iter(outcome.recorder.of("GET users/after-call")))
    assert stream.is_whole
    assert ended(stream) < after.began
    assert sum(ended(wait) < each.began < ended(stream) for each in outcome.recorder.exchanges) <= 1


def test_long_bodies_are_compressed(outcome: Outcome) -> None:
    """Long request bodies have the client's encoding, which the server decodes."""
    starts = outcome.recorder.of("POST actors/{name}/runs")
    batch = outcome.recorder.of("POST request-queues/{id}/requests/batch")
    pushes = outcome.recorder.of("POST datasets/{id}/items")
    puts = outcome.recorder.of("PUT key-value-stores/{id}/records/text")
    assert {each.encoding for each in (starts[0], batch[0], pushes[0], puts[0])} == {outcome.client.encoding}


def test_clients_print_no_warnings(outcome: Outcome) -> None:
    assert not WARNING.search(outcome.printed), outcome.printed


def assert_log(log: str, *lines: str) -> None:
    """Assert that every line has a timestamp and that each of `lines` occurs once, in this order.

    All of `lines` must be of one stream, because the order between stdout and stderr is not preserved.
    """
    found = log.splitlines()
    assert all(LOG_LINE.fullmatch(line) for line in found), log
    texts = [line.partition("Z ")[2] for line in found]
    assert [text for text in texts if text in lines] == list(lines)


def ended(exchange: Exchange) -> int:
    assert exchange.ended is not None
    return exchange.ended
