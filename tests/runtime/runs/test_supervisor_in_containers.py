"""Timeouts, aborts, memory limits and waiting for the end of a run, with real containers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from testing.api_client import Json
from testing.live_server import LiveServer
from tests.engine import COUNTER, end, engine, eventually, python_actor

pytestmark = pytest.mark.docker

MEMORY = {"memory": 1024}
STUBBORN = """
import signal, time

signal.signal(signal.SIGTERM, lambda *_: print("got SIGTERM", flush=True))
print("began", flush=True)
while True:
    time.sleep(60)
"""
OBEDIENT = """
import signal, sys, time

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("began", flush=True)
while True:
    time.sleep(60)
"""
NODE_DOCKERFILE = """
FROM apify/actor-node:22
COPY . ./
CMD {command}
"""
STARTS = {"node": '["node", "main.js"]', "npm": '["npm", "start"]'}
HEAP_HOG = """
const held = [];
for (;;) held.push(Array.from({ length: 10000 }, (_, index) => ({ index })));
"""
HEAP_ERROR = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"


@pytest.fixture(scope="module")
def stubborn(server: LiveServer) -> str:
    return python_actor(server, "stubborn", STUBBORN)


@pytest.fixture(scope="module")
def counter(server: LiveServer) -> str:
    return python_actor(server, "counter-for-the-supervisor", COUNTER)


def test_a_timeout_first_sends_sigterm_and_then_kills(server: LiveServer, stubborn: str) -> None:
    run = server.run(stubborn, timeout=2, **MEMORY)
    server.until(f"actor-runs/{run['id']}", lambda now: now["status"] == "TIMING-OUT")
    ended = server.wait(f"actor-runs/{run['id']}")
    assert (ended["status"], ended["exitCode"]) == ("TIMED-OUT", 137)
    assert "timed out after 2 seconds" in ended["statusMessage"]
    log = server.text(f"logs/{run['id']}")
    assert log.index("reached the timeout of 2 seconds") < log.index("got SIGTERM")


def test_a_run_that_exits_with_0_while_it_is_timing_out_is_timed_out(server: LiveServer) -> None:
    ended = server.finished_run(python_actor(server, "obedient", OBEDIENT), timeout=2, **MEMORY)
    assert (ended["status"], ended["exitCode"]) == ("TIMED-OUT", 0)


def test_a_run_that_is_timing_out_can_be_aborted(server: LiveServer, stubborn: str) -> None:
    run = server.run(stubborn, timeout=2, **MEMORY)
    server.until(f"actor-runs/{run['id']}", lambda now: now["status"] == "TIMING-OUT")
    server.data("POST", f"actor-runs/{run['id']}/abort")
    assert server.wait(f"actor-runs/{run['id']}")["status"] == "ABORTED"


def test_an_abort_kills_a_running_actor_without_sigterm(server: LiveServer, stubborn: str) -> None:
    run = server.run(stubborn, **MEMORY)
    assert eventually(lambda: "Z began" in server.text(f"logs/{run['id']}"))
    assert server.data("POST", f"actor-runs/{run['id']}/abort")["status"] in ("ABORTING", "ABORTED")
    ended = server.wait(f"actor-runs/{run['id']}")
    assert (ended["status"], ended["exitCode"], ended["statusMessage"]) == ("ABORTED", 137, "Actor was aborted.")
    assert "got SIGTERM" not in server.text(f"logs/{run['id']}")
    assert server.data("POST", f"actor-runs/{run['id']}/abort") == ended


def test_a_run_can_be_aborted_before_its_container_runs(server: LiveServer, stubborn: str) -> None:
    """Six runs, so that the aborts arrive at different moments before the start of the container."""
    runs = []
    for _ in range(6):
        run = server.run(stubborn, **MEMORY)
        assert server.data("POST", f"actor-runs/{run['id']}/abort")["status"] in ("ABORTING", "ABORTED")
        runs.append(run)
    for run in runs:
        assert server.wait(f"actor-runs/{run['id']}")["status"] == "ABORTED"


def test_a_run_that_exits_during_an_accepted_abort_is_aborted(server: LiveServer) -> None:
    """The run's final status matches the status in the response to the abort."""
    hello = server.sample("hello")
    with ThreadPoolExecutor(6) as threads:
        pairs = list(threads.map(lambda delay: abort_at_exit(server, hello, delay), [n / 100 for n in range(6)]))
    for status, ended in pairs:
        if status in ("ABORTING", "ABORTED"):
            assert ended["status"] == "ABORTED"
        else:
            assert ended["status"] == status == "SUCCEEDED"


def test_the_end_of_a_run_wakes_its_waiters(server: LiveServer, counter: str) -> None:
    """Three clients wait for one run. Another run stays live, and a short wait for it times out."""
    long, short = server.run(counter, **MEMORY), server.run(counter, **MEMORY)
    assert eventually(lambda: all("Z line" in server.text(f"logs/{run['id']}") for run in (long, short)))
    path = f"actor-runs/{short['id']}"
    with ThreadPoolExecutor(3) as waiting, engine() as client:
        waiters = [waiting.submit(server.data, "GET", path, params={"waitForFinish": 60}) for _ in range(3)]
        still = server.data("GET", f"actor-runs/{long['id']}", params={"waitForFinish": 1})
        assert (still["status"], still["finishedAt"]) == ("RUNNING", None)
        assert not any(waiter.done() for waiter in waiters)
        end(client, short, 5)
        for waiter in waiters:
            woken = waiter.result(timeout=30)
            assert (woken["status"], woken["exitCode"]) == ("FAILED", 5)
        assert server.data("GET", f"actor-runs/{long['id']}")["status"] == "RUNNING"
        end(client, long, 0)
    assert server.wait(f"actor-runs/{long['id']}")["status"] == "SUCCEEDED"


@pytest.mark.parametrize("started_by", ["node", "npm"])
def test_the_message_distinguishes_the_heap_limit_of_v8_from_the_memory_limit(
    server: LiveServer, started_by: str
) -> None:
    hog = node_actor(server, f"v8-hog-by-{started_by}", HEAP_HOG, started_by, NODE_OPTIONS="--max-old-space-size=64")
    ended = server.finished_run(hog, **MEMORY)
    assert (ended["status"], ended["exitCode"]) == ("FAILED", 134)
    assert "V8's own limit, not the run's memory limit of 1024 MB" in ended["statusMessage"]
    assert HEAP_ERROR in server.text(f"logs/{ended['id']}")


def test_a_heap_that_outgrows_the_container_is_stopped_by_the_memory_limit(server: LiveServer) -> None:
    hog = node_actor(server, "node-hog", HEAP_HOG, NODE_OPTIONS="--max-old-space-size=30000")
    ended = server.finished_run(hog, memory=256)
    assert (ended["status"], ended["exitCode"]) == ("FAILED", 137)
    assert "exceeded its memory limit of 256 MB" in ended["statusMessage"]


def test_the_error_text_of_v8_in_the_log_alone_does_not_mean_its_heap_limit(server: LiveServer) -> None:
    actor = node_actor(server, "v8-quoter", f"console.error('{HEAP_ERROR}'); process.exitCode = 1;")
    assert server.finished_run(actor, **MEMORY)["statusMessage"] == "Actor finished with exit code 1."


def test_a_start_can_wait_for_the_end(server: LiveServer) -> None:
    run = server.run(server.sample("hello"), {"exitCode": 3}, waitForFinish=60, **MEMORY)
    assert (run["status"], run["exitCode"]) == ("FAILED", 3)
    assert "Exiting with code 3" in server.text(f"logs/{run['id']}")  # the log is complete before waiters wake


def abort_at_exit(server: LiveServer, hello: str, delay: float) -> tuple[str, Json]:
    run = server.run(hello, {"sleepSecs": 0.3 + delay}, **MEMORY)
    assert eventually(lambda: "Z Exiting" in server.text(f"logs/{run['id']}"))
    status = server.data("POST", f"actor-runs/{run['id']}/abort")["status"]
    return status, server.wait(f"actor-runs/{run['id']}")


def node_actor(server: LiveServer, name: str, program: str, started_by: str = "node", **env_vars: str) -> str:
    dockerfile = NODE_DOCKERFILE.format(command=STARTS[started_by])
    files = {"Dockerfile": dockerfile, "main.js": program}
    files["package.json"] = '{"scripts": {"start": "node main.js"}}'
    sources = [{"name": path, "format": "TEXT", "content": content} for path, content in files.items()]
    return server.actor(name, sources, [{"name": key, "value": value} for key, value in env_vars.items()])
