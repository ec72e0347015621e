"""The Apify SDKs inside real containers, as users run them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.run_crawler import PAGES, site
from testing.api_client import SAMPLES
from testing.live_server import LiveServer
from testing.source_files import source_files

pytestmark = pytest.mark.docker

SDK_ACTOR = Path(__file__).parent / "sdk_actor"
SECRET_ACTOR = Path(__file__).parent / "secret_actor_js"
FIRST_LINE_SECS = 30
"""Without the CPU burst at the start of a run, the Actor would take two minutes to print its first line."""
SYSTEM_INFO_FIELDS = {
    "memAvgBytes",
    "memCurrentBytes",
    "memMaxBytes",
    "cpuAvgUsage",
    "cpuMaxUsage",
    "cpuCurrentUsage",
    "isCpuOverloaded",
    "createdAt",
}

Json = dict[str, Any]


@pytest.fixture
def site_url(server: LiveServer) -> Iterator[str]:
    with site(server.control("GET", "info")["engine"]["gateway"]) as url:
        yield url


@pytest.mark.parametrize("crawler", ["crawler", "crawler_js"])
def test_crawler(crawler: str, server: LiveServer, site_url: str) -> None:
    """The crawler reports its progress, serves its web page while it runs, and its last status message remains."""
    input = {"startUrls": [{"url": site_url}], "maxPages": PAGES, "minDurationSecs": 6}
    started = server.run(server.sample(crawler), input, memory=512)
    path = f"actor-runs/{started['id']}"
    running = server.until(path, lambda run: run["isContainerServerReady"] or run["finishedAt"])
    assert running["status"] == "RUNNING", server.text(f"logs/{started['id']}")
    progress = httpx.get(running["containerUrl"].rstrip("/") + "/progress", trust_env=False).raise_for_status().json()
    assert {"state", "crawled", "recent"} <= set(progress)
    server.until(path, lambda run: run["statusMessage"] == f"Crawled {PAGES} pages" or run["finishedAt"])
    run = server.wait(path)
    assert (run["status"], run["exitCode"]) == ("SUCCEEDED", 0), server.text(f"logs/{run['id']}")
    assert (run["statusMessage"], run["isStatusMessageTerminal"]) == (f"Crawled {PAGES} pages, 0 failed", True)
    assert len({item["url"] for item in server.items(run)}) == len(server.items(run)) == PAGES


@pytest.fixture(scope="module")
def ended(server: LiveServer) -> dict[str, Json]:
    """Runs of the Python SDK Actor with 256 MB, by the `end` in their input."""
    actor = server.actor("sdk", source_files(SDK_ACTOR))
    runs = {end: server.run(actor, {"end": end}, memory=256) for end in ("exit", "fail", "raise")}
    return {end: server.wait(f"actor-runs/{run['id']}") for end, run in runs.items()}


@pytest.fixture(scope="module")
def output(server: LiveServer, ended: dict[str, Json]) -> Json:
    store = ended["exit"]["defaultKeyValueStoreId"]
    record: Json = server.http.get(f"/v2/key-value-stores/{store}/records/OUTPUT").raise_for_status().json()
    return record


@pytest.mark.parametrize(
    ("end", "status", "exit_code"), [("exit", "SUCCEEDED", 0), ("fail", "FAILED", 1), ("raise", "FAILED", 91)]
)
def test_end(end: str, status: str, exit_code: int, ended: dict[str, Json], server: LiveServer) -> None:
    run = ended[end]
    assert (run["status"], run["exitCode"]) == (status, exit_code), server.text(f"logs/{run['id']}")


def test_exception_is_logged(server: LiveServer, ended: dict[str, Json]) -> None:
    assert "ValueError: Nobody catches this" in server.text(f"logs/{ended['raise']['id']}")


@pytest.mark.parametrize(("end", "message"), [("exit", "All done"), ("fail", "Gave up")])
def test_terminal_message_survives(end: str, message: str, ended: dict[str, Json]) -> None:
    assert (ended[end]["statusMessage"], ended[end]["isStatusMessageTerminal"]) == (message, True)


def test_input(output: Json) -> None:
    assert output["input"] == {"end": "exit"}


def test_records(output: Json) -> None:
    assert (output["value"], output["missing"]) == ({"letters": "ž" * 2000}, None)


def test_items(server: LiveServer, ended: dict[str, Json]) -> None:
    """The items are larger than 1 KiB, so the SDK compresses them."""
    assert [item["number"] for item in server.items(ended["exit"])] == list(range(300))


def test_request_queue(server: LiveServer, ended: dict[str, Json], output: Json) -> None:
    assert output["queue"] == {"fetched": "http://site.test/0", "again": True, "handled": True, "isFinished": False}
    queue = server.data("GET", f"request-queues/{ended['exit']['defaultRequestQueueId']}")
    assert (queue["totalRequestCount"], queue["handledRequestCount"], queue["pendingRequestCount"]) == (30, 1, 29)
    assert not queue["hadMultipleClients"]


def test_events(output: Json) -> None:
    assert output["event"] == "EventSystemInfoData"
    for frame in output["frames"]:
        assert frame["name"] == "systemInfo"
        assert set(frame["data"]) == SYSTEM_INFO_FIELDS
        assert None not in frame["data"].values()


def test_the_first_line_is_printed_within_seconds(server: LiveServer, ended: dict[str, Json]) -> None:
    lines = server.text(f"logs/{ended['exit']['id']}").splitlines()
    started, first = (stamp(lines, text) for text in ("ACTOR: Starting Docker container.", "First line of user code"))
    assert 0 < (first - started).total_seconds() < FIRST_LINE_SECS


def stamp(lines: list[str], text: str) -> datetime:
    return next(datetime.fromisoformat(line.split(" ", 1)[0]) for line in lines if line.endswith(" " + text))


def test_the_javascript_sdk_decrypts_secrets_of_an_input(server: LiveServer) -> None:
    """The sample Actor `login`, which has the same input schema, tests this for the Python SDK."""
    schema = [file for file in source_files(SAMPLES / "login") if file["name"].startswith(".actor/")]
    actor = server.actor("secrets-js", [*source_files(SECRET_ACTOR), *schema])
    given = {"user": "ada", "password": "correct horse", "headers": {"x-token": ["ž", 1]}}
    run = server.finished_run(actor, given, memory=512)
    log = server.text(f"logs/{run['id']}")
    assert run["status"] == "SUCCEEDED", log
    assert "The password is [REDACTED]" in log and "correct horse" not in log
    store = f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records"
    output = server.http.get(f"{store}/OUTPUT").raise_for_status().json()
    assert output == {"password": "esroh tcerroc", "headers": given["headers"], "retries": 3}
    assert "correct horse" not in server.http.get(f"{store}/INPUT").raise_for_status().text
