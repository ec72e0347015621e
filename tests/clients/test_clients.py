"""Unmodified clients, given nothing but a base URL and a token, with a recorder between them and the server."""

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
COMPLAINT = re.compile(r"warn|traceback|validation|retry", re.IGNORECASE)


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
"""Each read of a script is one request: what is left out is polled or paged, and has tests of its own."""
REFUSED = {
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
    """`encoding` is what it compresses long bodies with."""

    program: Path | str
    script: str
    encoding: str


CLIENTS = {
    "python-2": Client(ROOT / ".venv-client-2" / "bin" / "python", "python.py", "gzip"),
    "python-3": Client(sys.executable, "python.py", "gzip"),
    "javascript": Client("node", "javascript.mjs", "br"),
}


@dataclass(frozen=True)
class Verdict:
    """What a client's script told, what it and its client printed on the way, and what the recorder saw."""

    client: Client
    told: dict[str, Any]
    printed: str
    seen: Recorder

    def of(self, section: str) -> Any:
        """A section of the script; its trace is the message of a failure."""
        assert not isinstance(self.told[section], str), self.told[section]
        return self.told[section]


@pytest.fixture(scope="module")
def verdicts(server: LiveServer) -> Iterator[dict[str, Verdict]]:
    """All scripts at once, each against an Actor of its own."""
    actors = {name: server.actor(f"hello-{name}", source_files(SAMPLES / "hello")) for name in CLIENTS}
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        recorders = {name: stack.enter_context(recording(server.url)) for name in CLIENTS}
        assert set(actors) == set(recorders)
        yield dict(zip(CLIENTS, pool.map(judge, CLIENTS, recorders.values()), strict=True))


@pytest.fixture(params=CLIENTS)
def verdict(request: pytest.FixtureRequest, verdicts: dict[str, Verdict]) -> Verdict:
    return verdicts[request.param]


def judge(name: str, recorder: Recorder) -> Verdict:
    client = CLIENTS[name]
    command = [client.program, SCRIPTS / client.script, recorder.url, TOKEN, f"local/hello-{name}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECS)
    assert done.returncode == 0, done.stderr
    *printed, told = done.stdout.splitlines()
    return Verdict(client, json.loads(told), "\n".join([*printed, done.stderr]), recorder)


def test_user(verdict: Verdict) -> None:
    assert verdict.of("user")["username"] == "local"


def test_call(verdict: Verdict) -> None:
    """The finished run, its log, its items and its records."""
    told = verdict.of("call")
    run, given = told["run"], {"name": "Ada", "sleepSecs": 2, "long": LONG, "exitCode": 0}
    assert (run["status"], run["exitCode"], run["options"]["memoryMbytes"]) == ("SUCCEEDED", 0, 256)
    assert told["items"] == [{"greeting": "Hello, Ada!", "runId": run["id"]}]
    assert told["output"] == {"greeting": "Hello, Ada!", "input": given}
    assert told["input"] == given
    assert told["keys"] == ["INPUT", "OUTPUT"]
    assert_log(told["log"], "Hello, Ada!", "Tick 1", "Tick 2", "Exiting with code 0")
    assert_log(told["log"], "This line goes to stderr")


def test_call_prints_the_log(verdict: Verdict) -> None:
    for line in ("Hello, Ada!", "This line goes to stderr", "Tick 1", "Tick 2", "Exiting with code 0"):
        assert verdict.printed.count(f"Z {line}") == 1, verdict.printed


def test_call_without_input(verdict: Verdict) -> None:
    told = verdict.of("callWithoutInput")
    assert told["run"]["status"] == "SUCCEEDED"
    assert told["output"]["greeting"] == "Hello, world!"
    assert "Hello, world!" not in verdict.printed


def test_followed_log_ends_with_the_run(verdict: Verdict) -> None:
    told = verdict.of("followed")
    assert_log(told["log"], "Tick 1", "Tick 2", "Exiting with code 0")
    assert told["status"] == "SUCCEEDED"


def test_abort(verdict: Verdict) -> None:
    assert verdict.of("aborted")["status"] == "ABORTED"


def test_lists(verdict: Verdict) -> None:
    told = verdict.of("lists")
    assert (told["total"], told["newest"]) == (4, ["ABORTED", "SUCCEEDED"])
    assert told["succeeded"]
    assert (told["last"], told["lastSucceeded"]) == ("ABORTED", "SUCCEEDED")
    assert [item["greeting"] for item in told["lastSucceededItems"]] == ["Hello, world!"]


@pytest.mark.parametrize("verdict", ["python-2", "python-3", "javascript"], indirect=True)
def test_builds(verdict: Verdict) -> None:
    told = verdict.of("builds")
    assert (told["numbers"], told["status"]) == (["0.0.1"], "SUCCEEDED")
    assert_log(told["log"], "ACTOR: Build finished.")


def test_dataset(verdict: Verdict) -> None:
    assert verdict.of("dataset") == {
        "isSame": True,
        "page": {"items": [{"number": 1194}, {"number": 1193}], "total": 1200, "offset": 5, "count": 2},
        "clean": [{"number": 0, "note": "a note"}],
        "iterated": sum(range(1200)),
        "itemCount": 1200,
        "deleted": None,
    }


def test_iteration_is_paged(verdict: Verdict) -> None:
    """Two pages; a client may look once more for what came meanwhile. The other two requests are for single pages."""
    assert len(verdict.seen.of("GET datasets/{id}/items")) - 2 in (2, 3)


def test_key_value_store(verdict: Verdict) -> None:
    assert verdict.of("keyValueStore") == {
        "json": {"long": LONG},
        "text": "žluť " + LONG,
        "bytes": [number % 256 for number in range(300)],
        "exists": [True, False],
        "keys": ["bytes", "json"],
        "next": "json",
        "end": None,
        "deleted": None,
    }


def test_request_queue(verdict: Verdict) -> None:
    """31 requests; the first is handled, the second released (to the end of the queue), the third stays locked."""
    assert verdict.of("requestQueue") == {
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


def test_missing_is_nothing(verdict: Verdict) -> None:
    found = verdict.of("missing")
    assert found and not any(found.values())


def test_errors(verdict: Verdict) -> None:
    assert verdict.of("errors") == {
        "unknownActor": [404, "actor-not-found"],
        "unknownBuild": [400, "unknown-build-tag"],
        "noItems": [400, "max-items-must-be-greater-than-zero"],
        "unknownDataset": [404, "record-not-found"],
        "badKey": [400, "invalid-record-key"],
        "noToken": [401, "token-not-provided"],
    }


def test_nothing_is_asked_twice(verdict: Verdict) -> None:
    """A retry would show as one request more."""
    counts = verdict.seen.counts()
    writes = {name: count for name, count in counts.items() if not name.startswith(("GET", "HEAD"))}
    assert writes == WRITES
    assert {name: counts[name] for name in READS} == READS


def test_nothing_else_is_refused(verdict: Verdict) -> None:
    refused: dict[str, list[int]] = {}
    for exchange in verdict.seen.exchanges:
        assert exchange.status is not None
        if exchange.status >= 400 and not exchange.path.endswith("/INPUT"):
            refused.setdefault(exchange.operation, []).append(exchange.status)
    assert {name: sorted(statuses) for name, statuses in refused.items()} == REFUSED


def test_one_request_waits_for_a_run(verdict: Verdict) -> None:
    """`waitForFinish` holds the answer back until the end: the client need not ask again."""
    waits = Counter(exchange.path for exchange in verdict.seen.exchanges if "waitForFinish" in exchange.query)
    assert list(waits.values()) == [1, 1, 1]


def test_log_of_call_ends_with_the_run(verdict: Verdict) -> None:
    """The stream ended by itself, with the run: at most one poll later, and before `call` returned."""
    stream = next(each for each in verdict.seen.of("GET actor-runs/{id}/log") if "stream" in each.query)
    wait = next(each for each in verdict.seen.exchanges if "waitForFinish" in each.query)
    after = next(iter(verdict.seen.of("GET users/after-call")))
    assert stream.is_whole
    assert ended(stream) < after.began
    assert sum(ended(wait) < each.began < ended(stream) for each in verdict.seen.exchanges) <= 1


def test_long_bodies_are_compressed(verdict: Verdict) -> None:
    """What the server had to decode."""
    starts = verdict.seen.of("POST actors/{name}/runs")
    batch = verdict.seen.of("POST request-queues/{id}/requests/batch")
    pushes = verdict.seen.of("POST datasets/{id}/items")
    puts = verdict.seen.of("PUT key-value-stores/{id}/records/text")
    assert {each.encoding for each in (starts[0], batch[0], pushes[0], puts[0])} == {verdict.client.encoding}


def test_clients_have_nothing_to_complain_about(verdict: Verdict) -> None:
    assert not COMPLAINT.search(verdict.printed), verdict.printed


def assert_log(log: str, *lines: str) -> None:
    """Every line is stamped, and these are there, once each and in this order (of one stream: two lose theirs)."""
    found = log.splitlines()
    assert all(LOG_LINE.fullmatch(line) for line in found), log
    texts = [line.partition("Z ")[2] for line in found]
    assert [text for text in texts if text in lines] == list(lines)


def ended(exchange: Exchange) -> int:
    assert exchange.ended is not None
    return exchange.ended
