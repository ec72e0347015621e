"""Many short runs with different endings, while the server is killed. All end as expected, without leftovers."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from testing.live_server import LiveServer
from tests.engine import engine, eventually, left_on
from tests.fakes.receiver import Receiver
from tests.soak.endings import ENDINGS, Ending
from tests.soak.leftovers import ProcessResources, open_files, orphans, process_resources
from tests.soak.soak import Soak

RUNS = int(os.environ.get("GREENROOM_SOAK_RUNS", "12"))
CONCURRENCY = int(os.environ.get("GREENROOM_SOAK_CONCURRENCY", "4"))
KILLS = int(os.environ.get("GREENROOM_SOAK_KILLS", "1"))
SEED = int(os.environ.get("GREENROOM_SOAK_SEED") or random.randrange(1_000_000))
"""`make soak` sets higher numbers. The seed determines the endings, their order and the kills, but not the timing."""
WARM_UP_RUNS = 3 * CONCURRENCY
"""More than run concurrently later, so that the pools of threads and connections grow before they are counted."""
SLACK = ProcessResources(threads=8, descriptors=16)
"""How much pools may grow after the warm-up. A leak would be at least one per run."""
LONGEST_PAUSE_SECS = 2.0
RECOVERING_SECS = (0.5, 2.5)

pytestmark = [pytest.mark.docker, pytest.mark.timeout(60 + 30 * RUNS)]


def test_runs_with_different_endings(own_server: LiveServer, blocking_receiver: Receiver) -> None:
    print(f"seed {SEED}: {RUNS} runs, {CONCURRENCY} concurrently, {KILLS} kills")
    chance = random.Random(SEED)
    soak = Soak(own_server, blocking_receiver, 2 * KILLS)
    soak.build_actors()
    endings = random_endings(chance)
    with ThreadPoolExecutor(WARM_UP_RUNS) as drivers:
        warm_up = [drivers.submit(soak.complete, -number, ENDINGS[0]) for number in range(1, WARM_UP_RUNS + 1)]
        assert problems(warm_up, [ENDINGS[0]] * WARM_UP_RUNS) == []
    with ThreadPoolExecutor(CONCURRENCY) as drivers:
        before = process_resources(own_server.pid)
        began = time.monotonic()
        lives = [drivers.submit(soak.complete, *each) for each in enumerate(endings)]
        for number in range(KILLS):
            kill(own_server, lives, round(RUNS * (number + 0.5) / (KILLS + 0.5)), chance)
        found = problems(lives, endings)
    print(f"{time.monotonic() - began:.0f} s: {dict(Counter(ending.status for ending in endings))}")
    assert found == [], "\n".join([f"seed {SEED}", *found, own_server.log()])
    soak.client.close()
    assert_no_leftovers(own_server, soak, before)


def random_endings(chance: random.Random) -> list[Ending]:
    """Return random endings, all equally often. A short soak excludes those that take half a minute."""
    fitting = [ending for ending in ENDINGS if not ending.is_slow or len(ENDINGS) < RUNS]
    endings = [ending for _ in range(RUNS // len(fitting) + 1) for ending in chance.sample(fitting, len(fitting))]
    return endings[:RUNS]


def kill(server: LiveServer, lives: list[Future[None]], when_ended: int, chance: random.Random) -> None:
    """Kill the server shortly after `when_ended` runs have ended, and start it again after a pause.

    In half of the cases, it is killed a second time while it recovers its runs.
    """
    while sum(life.done() for life in lives) < when_ended:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, LONGEST_PAUSE_SECS))
    server.kill()
    time.sleep(chance.uniform(0, LONGEST_PAUSE_SECS))
    if chance.random() < 0.5:
        server.begin_to_start()
        time.sleep(chance.uniform(*RECOVERING_SECS))
        server.kill()
    server.start()


def problems(lives: list[Future[None]], endings: list[Ending]) -> list[str]:
    """Return the ending and the error of each run that failed its checks."""
    found = [(life.exception(), ending) for life, ending in zip(lives, endings, strict=True)]
    return [f"{ending.name}: {type(problem).__name__}: {problem}" for problem, ending in found if problem]


def assert_no_leftovers(server: LiveServer, soak: Soak, before: ProcessResources) -> None:
    network = f"greenroom-{server.instance_id}"
    with engine() as client:
        assert eventually(lambda: left_on(client, server.instance_id) == [network])
    assert eventually(lambda: orphans(server.data_dir) == {}), orphans(server.data_dir)
    soak.check_webhooks()
    assert eventually(lambda: open_files(server.pid, server.data_dir) == []), open_files(server.pid, server.data_dir)
    assert eventually(lambda: process_resources(server.pid).is_within(before, SLACK)), (
        process_resources(server.pid),
        before,
    )
    print(f"resources before: {before}, after: {process_resources(server.pid)}")
    assert " ERROR " not in server.log() and "Traceback" not in server.log(), server.log()
