"""Live runs across restarts of the Docker engine, with and without live-restore: on an engine of the tests' own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import docker
import psutil
import pytest

from runtime.base.records import WebhookEvent
from runtime.runs import messages
from runtime.runs.restarts import ABORT_GRACE_MILLIS
from tests.engine import COUNTER, container_of, end, engine, eventually, left_on, python_actor
from tests.live import Json, LiveServer
from tests.own_engine import HOST, PATIENCE_SECS, OwnEngine, answers, problem

pytestmark = pytest.mark.docker

TIMEOUT_SECS = 15
OBEDIENT_COUNTER = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n" + COUNTER
TOTALS = ("memMaxBytes", "cpuMaxUsage", "netRxBytes", "netTxBytes", "migrationCount", "rebootCount")


@pytest.fixture(scope="module")
def own_engine(engine: None) -> Iterator[OwnEngine]:
    reason = problem()
    if reason is not None:
        pytest.skip(reason)
    own = OwnEngine()
    own.open()
    yield own
    own.close()


@pytest.fixture(scope="module")
def server(own_engine: OwnEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(tmp_path_factory.mktemp("server"), environment={"DOCKER_HOST": HOST})
    live.start()
    yield live
    if not answers():
        own_engine.start()
    live.close()


@pytest.fixture(scope="module")
def counter(server: LiveServer) -> str:
    return python_actor(server, "counter", COUNTER)


@pytest.fixture(scope="module")
def obedient(server: LiveServer) -> str:
    return python_actor(server, "obedient", OBEDIENT_COUNTER)


@pytest.fixture
def client(own_engine: OwnEngine) -> Iterator[docker.DockerClient]:
    with _client() as client:
        yield client


def _client() -> Any:
    return engine(HOST)


@dataclass
class Observed:
    """A run of a counter, and its totals each time that somebody looked."""

    server: LiveServer
    id: str
    totals: list[Json] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"actor-runs/{self.id}"

    @property
    def now(self) -> Json:
        now: Json = self.server.data("GET", self.path)
        self.totals.append({key: now["stats"][key] for key in TOTALS})
        return now

    @property
    def log(self) -> list[str]:
        return self.server.text(f"logs/{self.id}").splitlines()

    @property
    def said(self) -> list[str]:
        """What its containers printed."""
        return [line.partition("Z ")[2] for line in self.log if "Z ACTOR: " not in line]

    @property
    def numbers(self) -> list[int]:
        """What it has counted, in all its containers."""
        return [int(line.removeprefix("line ")) for line in self.said if line.startswith("line ")]

    def counts(self) -> bool:
        """Whether it prints more than it did."""
        already = len(self.numbers)
        return eventually(lambda: len(self.numbers) > already)

    def order(self, what: str, **params: int) -> None:
        local = "/greenroom/runs" if what == "migrate" else "/v2/actor-runs"
        self.server.http.post(f"{local}/{self.id}/{what}", params=params).raise_for_status()

    def until(self, **stats: int) -> None:
        """Wait until its statistics say so, in a container that counts."""
        assert eventually(lambda: self.now["stats"].items() >= stats.items()), self.now
        assert self.counts()

    def ended(self, client: docker.DockerClient, exit_code: int = 0) -> Json:
        """The run after it was made to end; with it is checked what must hold of any."""
        end(client, {"id": self.id}, exit_code)
        return self.wait()

    def wait(self) -> Json:
        ended = self.server.wait(self.path)
        assert self.now["status"] == ended["status"]
        for earlier, later in pairwise(self.totals):
            assert all(earlier[key] <= later[key] for key in TOTALS), (earlier, later)
        assert [pair for pair in pairwise(self.numbers) if 0 < pair[1] <= pair[0]] == []
        told = Counter([WebhookEvent.RUN_CREATED, WebhookEvent.ended("RUN", ended["status"])])
        assert eventually(lambda: self.events() == told), self.events()
        return ended

    def events(self) -> Counter[str]:
        """What the Actor's webhook was told of the run."""
        dispatches = self.server.data("GET", "webhook-dispatches", params={"limit": 1000})["items"]
        return Counter(each["eventType"] for each in dispatches if each["eventData"]["actorRunId"] == self.id)


@pytest.fixture
def begin(server: LiveServer, counter: str, obedient: str) -> Any:
    """`begin()` starts a counter that tells a webhook of all; it counts on return."""
    hook = {"eventTypes": [event for event in WebhookEvent if "RUN" in event], "requestUrl": server.url}
    for actor in (counter, obedient):
        server.data("POST", f"actors/{actor}/webhooks", json={**hook, "idempotencyKey": actor})

    def begin(actor: str = counter, **params: int) -> Observed:
        return Observed(server, server.run(actor, memory=256, **params)["id"])

    return begin


def counting(*runs: Observed) -> None:
    for run in runs:
        assert run.counts(), run.log


def containers_left(server: LiveServer) -> list[str]:
    with _client() as client:
        return [name for name in left_on(client, server.instance_id) if name != f"greenroom-{server.instance_id}"]


def test_a_stopping_engine_moves_runs_to_new_containers(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, obedient: str, begin: Any
) -> None:
    """But what was ordered before or meanwhile is carried out, and time goes on."""
    own_engine.stop()
    own_engine.start()
    asked, plain, moving, rebooting, leaving, late, killed = begin(obedient), *[begin() for _ in range(6)]
    counting(asked, plain, moving, rebooting, leaving, late, killed)
    container_of(client, {"id": killed.id}).kill()
    assert killed.wait()["statusMessage"] == "Actor finished with exit code 137."
    timed = begin(timeout=TIMEOUT_SECS)
    counting(timed)
    moving.order("migrate")
    leaving.order("abort", gracefully=1)
    own_engine.stop()
    rebooting.order("reboot")
    late.order("abort")
    own_engine.start()
    for run in (asked, plain, moving):
        run.until(migrationCount=1, rebootCount=0)
        assert sum(messages.ENGINE_STOPPED in line for line in run.log) == 1
    rebooting.until(migrationCount=0, rebootCount=1)
    for run in (asked, plain, moving, rebooting):
        assert (run.ended(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", 2)
    for run in (leaving, late):
        assert (run.wait()["status"], run.numbers.count(0)) == ("ABORTED", 1)
    assert timed.wait()["status"] == "TIMED-OUT"
    assert reached_its_timeout(timed)
    assert eventually(lambda: containers_left(server) == [])


def reached_its_timeout(run: Observed) -> bool:
    """Whether it did so that long after its start, and not that long after it began again."""
    (_, again), [reached] = stamps(run, "Starting Docker container"), stamps(run, "reached the timeout")
    lasted = timedelta(seconds=TIMEOUT_SECS)
    return datetime.fromisoformat(run.now["startedAt"]) + lasted <= reached < again + lasted


def stamps(run: Observed, words: str) -> list[datetime]:
    return [datetime.fromisoformat(line.partition(" ")[0]) for line in run.log if words in line]


@pytest.mark.parametrize("goes", ["stop", "kill"])
def test_an_engine_with_live_restore_leaves_runs_alone(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, begin: Any, goes: str
) -> None:
    """And what they, or their users, do while it is away counts when it is back."""
    own_engine.stop()
    own_engine.start(live_restore=True)
    staying, failing, rebooting, late = [begin() for _ in range(4)]
    counting(staying, failing, rebooting, late)
    left = container_of(client, {"id": failing.id})
    process = psutil.Process(left.attrs["State"]["Pid"])
    script = "sleep 2; echo 7 > /tmp/ending; mv /tmp/ending /tmp/end"
    left.exec_run(["sh", "-c", script], detach=True)
    getattr(own_engine, goes)()
    rebooting.order("reboot")
    late.order("abort")
    assert psutil.wait_procs([process], PATIENCE_SECS)[1] == []
    own_engine.start(live_restore=True)
    failed = failing.wait()
    assert (failed["exitCode"], failed["statusMessage"]) == (7, "Actor finished with exit code 7.")
    rebooting.until(rebootCount=1, migrationCount=0)
    assert late.wait()["status"] == "ABORTED"
    counting(staying)
    kept = container_of(client, {"id": staying.id}).logs().decode().splitlines()  # it may have torn a line itself
    assert eventually(lambda: staying.said[: len(kept)] == kept)
    for run, containers in ((staying, 1), (rebooting, 2)):
        assert (run.ended(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", containers)
    assert eventually(lambda: containers_left(server) == [])


def test_a_graceful_abort_keeps_its_time_while_the_engine_is_away(
    own_engine: OwnEngine, server: LiveServer, begin: Any
) -> None:
    own_engine.stop()
    own_engine.start(live_restore=True)
    run = begin()
    counting(run)
    ordered_at = datetime.now(UTC)
    run.order("abort", gracefully=1)
    own_engine.kill()
    own_engine.start(live_restore=True)
    counting(run)
    aborted = run.wait()
    assert (aborted["status"], aborted["exitCode"], run.numbers.count(0)) == ("ABORTED", 137, 1)
    assert datetime.fromisoformat(aborted["finishedAt"]) - ordered_at >= timedelta(milliseconds=ABORT_GRACE_MILLIS)
    assert eventually(lambda: containers_left(server) == [])


def test_runs_survive_the_death_of_server_and_engine_at_once(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, obedient: str, begin: Any
) -> None:
    """kill -9 of both. The engine then stops what ran on without it, and only afterwards answers."""
    own_engine.stop()
    own_engine.start()
    asked, plain, moving, rebooting, leaving = begin(obedient), *[begin() for _ in range(4)]
    counting(asked, plain, moving, rebooting, leaving)
    moving.order("migrate")
    leaving.order("abort", gracefully=1)
    own_engine.kill()
    rebooting.order("reboot")
    server.kill()
    own_engine.start()
    server.start()
    for run in (asked, plain, moving):
        run.until(migrationCount=1, rebootCount=0)
    rebooting.until(migrationCount=0, rebootCount=1)
    for run in (asked, plain, moving, rebooting):
        assert (run.ended(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", 2)
    assert leaving.wait()["status"] == "ABORTED"
    assert eventually(lambda: containers_left(server) == [])


def test_runs_go_on_after_a_power_cut(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, begin: Any
) -> None:
    """Which not even an engine with live-restore spares."""
    own_engine.stop()
    own_engine.start(live_restore=True)
    run, leaving = begin(), begin()
    counting(run, leaving)
    leaving.order("abort", gracefully=1)
    server.kill()
    own_engine.lose_power()
    own_engine.start(live_restore=True)
    server.start()
    run.until(migrationCount=1)
    assert (run.ended(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", 2)
    assert leaving.wait()["status"] == "ABORTED"
    assert eventually(lambda: containers_left(server) == [])
