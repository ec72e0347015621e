"""Many short runs of mixed endings on a real engine, while the server is killed: all end right, and nothing is left."""

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
from tests.soak.leftovers import Held, held, open_files, ownerless
from tests.soak.soak import Soak

RUNS = int(os.environ.get("GREENROOM_SOAK_RUNS", "12"))
AT_ONCE = int(os.environ.get("GREENROOM_SOAK_AT_ONCE", "4"))
KILLS = int(os.environ.get("GREENROOM_SOAK_KILLS", "1"))
SEED = int(os.environ.get("GREENROOM_SOAK_SEED") or random.randrange(1_000_000))
"""`make soak` asks for more. A seed decides the endings, their order and when to kill, but not the machine's timing."""
SLACK = Held(threads=8, descriptors=16)
"""By what pools may have grown since the warm-up; a leak would be one or more for each run."""
LONGEST_PAUSE_SECS = 2.0
RECOVERING_SECS = (0.5, 2.5)

pytestmark = [pytest.mark.docker, pytest.mark.timeout(60 + 30 * RUNS)]


def test_runs_of_mixed_endings(own_server: LiveServer, blocking_receiver: Receiver) -> None:
    print(f"seed {SEED}: {RUNS} runs, {AT_ONCE} at once, {KILLS} kills")
    chance = random.Random(SEED)
    soak = Soak(own_server, blocking_receiver, 2 * KILLS)
    soak.build_actors()
    endings = drawn(chance)
    with ThreadPoolExecutor(AT_ONCE) as drivers:
        warm = [drivers.submit(soak.live_through, -number, ENDINGS[0]) for number in range(1, AT_ONCE + 1)]
        assert problems(warm, [ENDINGS[0]] * AT_ONCE) == []
        before = held(own_server.pid)
        began = time.monotonic()
        lives = [drivers.submit(soak.live_through, *each) for each in enumerate(endings)]
        for number in range(KILLS):
            kill(own_server, lives, round(RUNS * (number + 0.5) / (KILLS + 0.5)), chance)
        found = problems(lives, endings)
    print(f"{time.monotonic() - began:.0f} s: {dict(Counter(ending.status for ending in endings))}")
    assert found == [], "\n".join([f"seed {SEED}", *found, own_server.log()])
    soak.client.close()
    nothing_is_left(own_server, soak, before)


def drawn(chance: random.Random) -> list[Ending]:
    """Every ending as often as the others; a short soak has none of those that take half a minute by themselves."""
    fitting = [ending for ending in ENDINGS if not ending.is_slow or len(ENDINGS) < RUNS]
    endings = [ending for _ in range(RUNS // len(fitting) + 1) for ending in chance.sample(fitting, len(fitting))]
    return endings[:RUNS]


def kill(server: LiveServer, lives: list[Future[None]], when_ended: int, chance: random.Random) -> None:
    """Kill the server when so many runs have ended and a moment has passed, and start it again after another.

    Every other time it is killed once more while it takes up what it left.
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
    """What each run that went wrong was to be, and how it went wrong."""
    found = [(life.exception(), ending) for life, ending in zip(lives, endings, strict=True)]
    return [f"{ending.name}: {type(problem).__name__}: {problem}" for problem, ending in found if problem]


def nothing_is_left(server: LiveServer, soak: Soak, before: Held) -> None:
    network = f"greenroom-{server.instance_id}"
    with engine() as client:
        assert eventually(lambda: left_on(client, server.instance_id) == [network])
    assert eventually(lambda: ownerless(server.data_dir) == {}), ownerless(server.data_dir)
    soak.check_webhooks()
    assert eventually(lambda: open_files(server.pid, server.data_dir) == []), open_files(server.pid, server.data_dir)
    assert eventually(lambda: held(server.pid).is_within(before, SLACK)), (held(server.pid), before)
    print(f"held before: {before}, after: {held(server.pid)}")
    assert " ERROR " not in server.log() and "Traceback" not in server.log(), server.log()
