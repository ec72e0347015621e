"""Schemathesis against a real server: edge cases, random requests, and sequences along the links of a document.

`GREENROOM_FUZZ_SECS` is the time for both documents together: half a minute in `make test`, ten minutes in `make fuzz`.
Without it, the tests are skipped. `GREENROOM_OPENAPI` is the path of Apify's document.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.live_server import ROOT, LiveServer
from tests.engine import python_actor
from tests.fuzz.hostile_values import EXCLUDED
from tests.fuzz.test_hostile_requests import FUZZ_SECS

APIFY_DOCUMENT = os.environ.get("GREENROOM_OPENAPI", "")
RECORDS_OF_EACH_KIND = 5
MARGIN_SECS = 300
pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(not FUZZ_SECS, reason="GREENROOM_FUZZ_SECS is not set"),
    pytest.mark.timeout(FUZZ_SECS + MARGIN_SECS),
]


@pytest.fixture(scope="module")
def fuzzed(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose runs and builds are few, and whose webhooks do not reach this machine."""
    limits = {"GREENROOM_MAX_MEMORY_MBYTES": "4608", "GREENROOM_OUTBOUND_ALLOW": "none"}
    server = LiveServer(tmp_path_factory.mktemp("fuzzed"), environment=limits)
    server.start()
    yield server
    server.close()


@pytest.mark.skipif(not APIFY_DOCUMENT, reason="GREENROOM_OPENAPI is not the path of an OpenAPI document")
def test_the_operations_of_apifys_document(fuzzed: LiveServer) -> None:
    check_document(fuzzed, APIFY_DOCUMENT, fuzzed.http.headers["Authorization"], existing_ids(fuzzed))


def test_the_operations_of_greenrooms_own_document(fuzzed: LiveServer) -> None:
    ids = existing_ids(fuzzed)
    own = {"run": ids["runId"], "id": ids["queueId"]}
    check_document(fuzzed, f"{fuzzed.url}/greenroom/openapi.json", fuzzed.own_token["Authorization"], own)


def check_document(server: LiveServer, document: str, authorization: str, ids: dict[str, list[str]]) -> None:
    """Fail if Schemathesis finds anything, or if the server is not well afterwards."""
    excluded = [word for operation in EXCLUDED for word in ("--exclude-path", operation.partition(" ")[2])]
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", document, "--url", server.url),
        *("-H", f"Authorization: {authorization}", "--max-time", str(FUZZ_SECS // 2), "--request-timeout", "30"),
        *("--checks", "not_a_server_error,errors_are_the_platforms_object", "--continue-on-failure", "--no-color"),
        *("--suppress-health-check", "all", "--generation-database", "none", "--workers", "1", "--warnings", "off"),
        *excluded,
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz.schemathesis_hooks", "GREENROOM_FUZZ_IDS": json.dumps(ids)}
    environment = {**os.environ, **hooks, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    print(found.stdout[-5000:])
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2000:]
    assert "Traceback" not in server.log()
    for kind in ("actors", "actor-tasks", "actor-runs", "datasets", "key-value-stores", "request-queues", "webhooks"):
        for record in server.data("GET", kind, params={"limit": 100})["items"]:
            server.data("GET", f"{kind}/{record['id']}")


def existing_ids(server: LiveServer) -> dict[str, list[str]]:
    """Records of each kind, by the names that paths use for their ids. Several, because requests delete some."""
    ids: dict[str, list[str]] = {"recordKey": ["INPUT", "key"], "versionNumber": ["0.0"], "envVarName": ["NAME"]}
    number = len(server.data("GET", "actors")["items"])
    for index in range(number, number + RECORDS_OF_EACH_KIND):
        actor = python_actor(server, f"fuzzed-{index}", "print('done')", NAME="value")
        run = server.finished_run(actor, {"a": 1}, memory=128)
        task = server.data("POST", "actor-tasks", json={"actId": actor, "name": f"fuzzed-{index}"})
        request = {"url": "http://a", "uniqueKey": "a"}
        queued = server.data("POST", f"request-queues/{run['defaultRequestQueueId']}/requests", json=request)
        webhook = {"requestUrl": "http://localhost:1/", "eventTypes": ["ACTOR.RUN.SUCCEEDED"]}
        hook = server.data("POST", "webhooks", json={**webhook, "condition": {"actorId": actor}})
        record = {
            "actorId": actor,
            "runId": run["id"],
            "buildId": run["buildId"],
            "actorTaskId": task["id"],
            "webhookId": hook["id"],
            "datasetId": run["defaultDatasetId"],
            "storeId": run["defaultKeyValueStoreId"],
            "queueId": run["defaultRequestQueueId"],
            "requestId": queued["requestId"],
        }
        for name, id in record.items():
            ids.setdefault(name, []).append(id)
    return ids
