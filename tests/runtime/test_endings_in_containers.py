"""Timeouts, aborts and waiting for an end, with real containers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engine import COUNTER, end, engine, eventually, python_actor
from tests.live import Json, LiveServer

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


@pytest.fixture(scope="module")
def stubborn(server: LiveServer) -> str:
    return python_actor(server, "stubborn", STUBBORN)


@pytest.fixture(scope="module")
def counter(server: LiveServer) -> str:
    return python_actor(server, "counter-for-endings", COUNTER)


def test_a_timeout_first_asks_then_kills(server: LiveServer, stubborn: str) -> None:
    run = server.run(stubborn, timeout=2, **MEMORY)
    server.until(f"actor-runs/{run['id']}", lambda now: now["status"] == "TIMING-OUT")
    ended = server.wait(f"actor-runs/{run['id']}")
    assert (ended["status"], ended["exitCode"]) == ("TIMED-OUT", 137)
    assert "timed out after 2 seconds" in ended["statusMessage"]
    log = server.text(f"logs/{run['id']}")
    assert log.index("reached the timeout of 2 seconds") < log.index("got SIGTERM")


def test_a_timed_out_actor_that_exits_well_has_timed_out_all_the_same(server: LiveServer) -> None:
    ended = server.finished_run(python_actor(server, "obedient", OBEDIENT), timeout=2, **MEMORY)
    assert (ended["status"], ended["exitCode"]) == ("TIMED-OUT", 0)


def test_a_run_that_is_timing_out_can_be_aborted(server: LiveServer, stubborn: str) -> None:
    run = server.run(stubborn, timeout=2, **MEMORY)
    server.until(f"actor-runs/{run['id']}", lambda now: now["status"] == "TIMING-OUT")
    server.data("POST", f"actor-runs/{run['id']}/abort")
    assert server.wait(f"actor-runs/{run['id']}")["status"] == "ABORTED"


def test_abort_of_a_running_actor_does_not_ask_it(server: LiveServer, stubborn: str) -> None:
    run = server.run(stubborn, **MEMORY)
    assert eventually(lambda: "Z began" in server.text(f"logs/{run['id']}"))
    assert server.data("POST", f"actor-runs/{run['id']}/abort")["status"] in ("ABORTING", "ABORTED")
    ended = server.wait(f"actor-runs/{run['id']}")
    assert (ended["status"], ended["exitCode"], ended["statusMessage"]) == ("ABORTED", 137, "Actor was aborted.")
    assert "got SIGTERM" not in server.text(f"logs/{run['id']}")
    assert server.data("POST", f"actor-runs/{run['id']}/abort") == ended


def test_abort_before_the_container_runs(server: LiveServer, stubborn: str) -> None:
    """Wherever between READY and RUNNING the abort meets the run."""
    runs = []
    for _ in range(6):
        run = server.run(stubborn, **MEMORY)
        assert server.data("POST", f"actor-runs/{run['id']}/abort")["status"] in ("ABORTING", "ABORTED")
        runs.append(run)
    for run in runs:
        assert server.wait(f"actor-runs/{run['id']}")["status"] == "ABORTED"


def test_an_abort_that_was_accepted_beats_an_exit(server: LiveServer) -> None:
    """Aborted while it exits by itself, a run ends as the abort was answered."""
    hello = server.sample("hello")
    with ThreadPoolExecutor(6) as at_once:
        pairs = list(at_once.map(lambda delay: abort_at_exit(server, hello, delay), [n / 100 for n in range(6)]))
    for answered, ended in pairs:
        if answered in ("ABORTING", "ABORTED"):
            assert ended["status"] == "ABORTED"
        else:
            assert ended["status"] == answered == "SUCCEEDED"


def test_waiters_are_woken_by_the_end(server: LiveServer, counter: str) -> None:
    """Three wait for one run with the longest wait; another run that goes on wakes nobody."""
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


def test_start_may_wait_for_the_end(server: LiveServer) -> None:
    run = server.run(server.sample("hello"), {"exitCode": 3}, waitForFinish=60, **MEMORY)
    assert (run["status"], run["exitCode"]) == ("FAILED", 3)
    assert "Exiting with code 3" in server.text(f"logs/{run['id']}")  # complete before anybody is woken


def abort_at_exit(server: LiveServer, hello: str, delay: float) -> tuple[str, Json]:
    run = server.run(hello, {"sleepSecs": 0.3 + delay}, **MEMORY)
    assert eventually(lambda: "Z Exiting" in server.text(f"logs/{run['id']}"))
    answered = server.data("POST", f"actor-runs/{run['id']}/abort")["status"]
    return answered, server.wait(f"actor-runs/{run['id']}")
