"""The sample Actors as a table of inputs and expected results. To test more behaviour, add a row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from testing.api_client import Json
from testing.live_server import LiveServer

MBYTE = 1024 * 1024
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?!\d{4}-\d\d-\d\dT)(.*)")
START = (
    r"ACTOR: Limits: 1024 MB memory, 0\.25 CPU cores \(1 for the first 10 s\), 2048 MB disk",
    r"ACTOR: Pulling Docker image of build \w+ from registry\.",
    r"ACTOR: Creating Docker container\.",
    r"ACTOR: Starting Docker container\.",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """An input and the expected run.

    `log` has patterns of lines, in order. `stats` has bounds. `items` and `output` are parts of the stored values.
    """

    actor: str
    input: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    status: str = "SUCCEEDED"
    exit_code: int = 0
    message: str = ""
    output: Mapping[str, Any] | None = None
    items: tuple[Mapping[str, Any], ...] | None = None
    log: tuple[str, ...] = ()
    stats: Mapping[str, tuple[float, float]] = field(default_factory=dict)


SMALL = {"memory": 128}
FULL_256 = {"memMaxBytes": (0.97 * 256 * MBYTE, 256 * MBYTE)}
FULL_512 = {"memMaxBytes": (0.97 * 512 * MBYTE, 512 * MBYTE)}
OUT_OF_MEMORY = r"killed because it exceeded its memory limit of {} MB.*more memory, for example {} MB"
OUT_OF_DISK = r"disk limit of 256 MB.*more memory, for example 256 MB"
DISK_OF_256 = {"diskMaxBytes": (256 * MBYTE, 4096 * MBYTE)}
LOGIN = {"user": "ada", "password": "correct horse", "headers": {"x-token": ["ž", 1]}}

TABLE = {
    "hello greets": Row(
        actor="hello",
        input={"name": "Ada"},
        output={"greeting": "Hello, Ada!", "input": {"name": "Ada", "sleepSecs": 0, "exitCode": 0}},
        items=({"greeting": "Hello, Ada!"},),
        message="exit code 0",
        stats={
            "inputBodyLen": (41, 41),
            "computeUnits": (1e-9, 1),
            "runTimeSecs": (0.001, 60),
            "memCurrentBytes": (0, 0),
        },
    ),
    "hello without input": Row(actor="hello", output={"greeting": "Hello, world!"}, stats={"inputBodyLen": (43, 43)}),
    "hello's log": Row(actor="hello", log=(*START, "Hello Actor is awake", "Hello, world!", "Exiting with code 0")),
    "hello's stderr": Row(actor="hello", log=("This line goes to stderr",)),
    "hello fails": Row(
        actor="hello",
        input={"exitCode": 7},
        status="FAILED",
        exit_code=7,
        message="exit code 7",
        log=("Exiting with code 7",),
        items=({"greeting": "Hello, world!"},),
    ),
    "hello ticks": Row(
        actor="hello",
        input={"sleepSecs": 3},
        log=("Tick 1", "Tick 2", "Tick 3", "Exiting"),
        stats={"memMaxBytes": (1 * MBYTE, 128 * MBYTE), "memAvgBytes": (1 * MBYTE, 128 * MBYTE)},
    ),
    "hello times out": Row(
        actor="hello",
        input={"sleepSecs": 60},
        options={"timeout": 1},
        status="TIMED-OUT",
        exit_code=143,
        message="timed out after 1 second",
        log=("ACTOR: .*reached the timeout of 1 second",),
    ),
    "hello below the minimum memory": Row(
        actor="hello",
        options={"memory": 100},
        log=(
            r"ACTOR: The requested memory of 100 MB was rounded to 128 MB",
            r"ACTOR: Limits: 128 MB memory, 0\.03125 CPU cores",
            "Exiting",
        ),
    ),
    "memory at 256": Row(
        actor="memory_hog",
        options={"memory": 256},
        status="FAILED",
        exit_code=137,
        message=OUT_OF_MEMORY.format(256, 512),
        log=(f"Given: ACTOR_MEMORY_MBYTES=256, .*={256 * MBYTE}$", "Holding 16 MB"),
        stats=FULL_256,
    ),
    "memory at 300": Row(
        actor="memory_hog",
        options={"memory": 300},
        status="FAILED",
        exit_code=137,
        message=OUT_OF_MEMORY.format(512, 1024),
        log=(
            "ACTOR: The requested memory of 300 MB was rounded to 512 MB",
            f"Given: ACTOR_MEMORY_MBYTES=512, .*={512 * MBYTE}$",
        ),
        stats=FULL_512,
    ),
    "memory in a child": Row(
        actor="memory_hog",
        input={"inChild": True},
        options={"memory": 256},
        message="exit code 0",
        log=(
            "Holding 16 MB",
            "The child was killed by SIGKILL, the Actor continues",
            r"ACTOR: A process in the container was killed because it exceeded the memory limit\.",
        ),
    ),
    "memory that suffices": Row(
        actor="memory_hog",
        input={"untilMbytes": 96, "stepSecs": 0.3},
        options={"memory": 256},
        log=("Holding 96 MB", "Enough"),
        stats={"memMaxBytes": (48 * MBYTE, 160 * MBYTE)},
    ),
    "disk in many files": Row(
        actor="disk_hog",
        input={"files": "many", "stepMbytes": 4},
        options=SMALL,
        status="FAILED",
        exit_code=137,
        message=OUT_OF_DISK,
        log=(r"ACTOR: Limits: .* 256 MB disk \(checked periodically", "Wrote", f"ACTOR: .*{OUT_OF_DISK}"),
        stats=DISK_OF_256,
    ),
    "disk that suffices": Row(
        actor="disk_hog",
        input={"untilMbytes": 64},
        options=SMALL,
        log=("Enough: 67108864 bytes",),
        stats={"diskMaxBytes": (64 * MBYTE, 65 * MBYTE)},
    ),
    "CPU is measured": Row(
        actor="cpu_hog",
        input={"secs": 3, "threads": 1},
        options={"memory": 1024},
        log=("Given: APIFY_DEDICATED_CPUS=0.25, cgroup quota 1.0 cores", "Pushed [34] measurements"),
        stats={"cpuMaxUsage": (20, 110), "cpuAvgUsage": (20, 110)},
    ),
    "standby_js as a normal run": Row(
        actor="standby_js",
        options={"memory": 512},
        status="FAILED",
        exit_code=1,
        message="only serves its Standby address",
    ),
    "mcp_server as a normal run": Row(
        actor="mcp_server", status="FAILED", exit_code=1, log=("This Actor only serves its Standby address",)
    ),
    "login with secrets": Row(
        actor="login",
        input=LOGIN,
        output={
            "session": hashlib.sha256(json.dumps(list(LOGIN.values()), sort_keys=True).encode()).hexdigest()[:16],
            "retries": 3,
            "client": {"language": "en"},
            "stored": {"password": "ENCRYPTED_VALUE", "headers": "ENCRYPTED_JSON"},
        },
        log=(r"Logging in as ada with the password \[REDACTED\]$",),
    ),
    "a web server ends": Row(
        actor="web_server",
        input={"maxSecs": 1},
        log=("Listening on port 4321, seen from outside as http://", "The web server has closed"),
    ),
}


@pytest.mark.docker
@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_sample(server: LiveServer, row: Row) -> None:
    run = server.finished_run(server.sample(row.actor), row.input, **{"memory": 1024, **row.options})
    log = lines(server.text(f"logs/{run['id']}"))
    assert (run["status"], run["exitCode"]) == (row.status, row.exit_code), log
    assert re.search(row.message, run["statusMessage"])
    assert_in_order(row.log, log)
    for name, (least, most) in row.stats.items():
        assert least <= run["stats"][name] <= most, (name, run["stats"])
    if row.output is not None:
        assert row.output.items() <= output(server, run).items()
    if row.items is not None:
        for expected, item in zip(row.items, server.items(run), strict=True):
            assert expected.items() <= item.items()


@pytest.mark.docker
def test_no_file_can_be_larger_than_the_disk(server: LiveServer) -> None:
    """The write fails. If the disk is measured just before, the run is stopped, because the file fills all of it."""
    run = server.finished_run(server.sample("disk_hog"), **SMALL)
    log = lines(server.text(f"logs/{run['id']}"))
    ends = {1: f"Write failed with EFBIG after {256 * MBYTE} bytes", 137: f"ACTOR: .*{OUT_OF_DISK}"}
    assert run["status"] == "FAILED" and run["exitCode"] in ends, log
    assert re.search(OUT_OF_DISK, run["statusMessage"])
    assert_in_order((f"Wrote {240 * MBYTE} bytes", ends[run["exitCode"]]), log)
    assert 256 * MBYTE <= run["stats"]["diskMaxBytes"] < 257 * MBYTE


@pytest.mark.docker
def test_an_invalid_login_creates_no_run(server: LiveServer) -> None:
    actor = server.sample("login")
    before = server.data("GET", f"actors/{actor}/runs")["total"]
    response = server.http.post(f"/v2/actors/{actor}/runs", json={**LOGIN, "user": "Ada!"})
    assert response.status_code == 400
    assert response.json()["error"] == {
        "type": "invalid-input",
        "message": "Input is not valid: A user's name has small letters, digits, dashes and underscores.",
    }
    assert server.data("GET", f"actors/{actor}/runs")["total"] == before


def lines(log: str) -> list[str]:
    """Return the texts of a log's lines. Each line must have exactly one timestamp."""
    found = [LINE.fullmatch(line) for line in log.splitlines()]
    assert all(found), log
    return [match[1] for match in found if match]


def assert_in_order(patterns: tuple[str, ...], lines: list[str]) -> None:
    rest = iter(lines)
    for pattern in patterns:
        assert any(re.search(pattern, line) for line in rest), f"{pattern!r} is missing, or not in order, in {lines}"


def output(server: LiveServer, run: Json) -> Json:
    record: Json = json.loads(server.text(f"key-value-stores/{run['defaultKeyValueStoreId']}/records/OUTPUT"))
    return record
