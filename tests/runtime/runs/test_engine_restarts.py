"""Live runs across restarts of a second Docker engine that the tests own, with and without live-restore."""

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
from runtime.base.settings import DEFAULT_PREPARED_NETWORKS
from runtime.containers.network_sandboxes import JOINED_LABEL, SANDBOX_LABEL
from runtime.runs import messages
from runtime.runs.restarts import ABORT_GRACE_MILLIS
from testing.api_client import Json
from testing.live_server import LiveServer
from tests.engine import COUNTER, container_of, end, engine, eventually, left_on, python_actor
from tests.own_engine import HOST, PATIENCE_SECS, OwnEngine, problem, responds

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
    if not responds():
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
    """A run of a counter. Each request for the run records the totals of its statistics in `totals`."""

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
    def output(self) -> list[str]:
        """The lines that the run's containers printed."""
        return [line.partition("Z ")[2] for line in self.log if "Z ACTOR: " not in line]

    @property
    def numbers(self) -> list[int]:
        """The numbers that all containers of the run have printed so far."""
        return [int(line.removeprefix("line ")) for line in self.output if line.startswith("line ")]

    def is_counting(self) -> bool:
        """Wait until the run prints another number. Return False if it does not."""
        before = len(self.numbers)
        return eventually(lambda: len(self.numbers) > before)

    def order(self, order: str, **params: int) -> None:
        runs = "/greenroom/runs" if order == "migrate" else "/v2/actor-runs"
        self.server.http.post(f"{runs}/{self.id}/{order}", params=params).raise_for_status()

    def until(self, **stats: int) -> None:
        """Wait until the statistics have these values and the container prints numbers."""
        assert eventually(lambda: self.now["stats"].items() >= stats.items()), self.now
        assert self.is_counting()

    def finish(self, client: docker.DockerClient, exit_code: int = 0) -> Json:
        """Make the Actor exit. Check and return the run as `wait` does."""
        end(client, {"id": self.id}, exit_code)
        return self.wait()

    def wait(self) -> Json:
        """Wait for the end, and return the run.

        Check that no total decreased, no container printed a number twice, and each event was dispatched once.
        """
        ended = self.server.wait(self.path)
        assert self.now["status"] == ended["status"]
        for earlier, later in pairwise(self.totals):
            # A total is null until it is measured.
            measured = [key for key in TOTALS if earlier[key] is not None]
            assert all(later[key] is not None and earlier[key] <= later[key] for key in measured), (earlier, later)
        assert [pair for pair in pairwise(self.numbers) if 0 < pair[1] <= pair[0]] == []
        expected = Counter([WebhookEvent.RUN_CREATED, WebhookEvent.ended("RUN", ended["status"])])
        assert eventually(lambda: self.events() == expected), self.events()
        return ended

    def events(self) -> Counter[str]:
        """The events of the run for which the Actor's webhook has dispatches."""
        dispatches = self.server.data("GET", "webhook-dispatches", params={"limit": 1000})["items"]
        return Counter(each["eventType"] for each in dispatches if each["eventData"]["actorRunId"] == self.id)


@pytest.fixture
def begin(server: LiveServer, counter: str, obedient: str) -> Any:
    """`begin()` starts a run of a counter whose Actor has a webhook for all run events."""
    hook = {"eventTypes": [event for event in WebhookEvent if "RUN" in event], "requestUrl": server.url}
    for actor in (counter, obedient):
        server.data("POST", f"actors/{actor}/webhooks", json={**hook, "idempotencyKey": actor})

    def begin(actor: str = counter, **params: int) -> Observed:
        return Observed(server, server.run(actor, memory=256, **params)["id"])

    return begin


def assert_counting(*runs: Observed) -> None:
    for run in runs:
        assert run.is_counting(), run.log


def containers_left(server: LiveServer) -> list[str]:
    with _client() as client:
        return [name for name in left_on(client, server.instance_id) if name != f"greenroom-{server.instance_id}"]


def test_runs_continue_in_new_containers_after_a_restart_of_the_engine(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, obedient: str, begin: Any
) -> None:
    """Orders given before and during the restart are carried out, and timeouts continue."""
    own_engine.stop()
    own_engine.start()
    exits_on_sigterm, plain, moving, rebooting, leaving, late, killed = begin(obedient), *[begin() for _ in range(6)]
    assert_counting(exits_on_sigterm, plain, moving, rebooting, leaving, late, killed)
    container_of(client, {"id": killed.id}).kill()
    assert killed.wait()["statusMessage"] == "Actor finished with exit code 137."
    timed = begin(timeout=TIMEOUT_SECS)
    assert_counting(timed)
    moving.order("migrate")
    leaving.order("abort", gracefully=1)
    own_engine.stop()
    rebooting.order("reboot")
    late.order("abort")
    own_engine.start()
    for run in (exits_on_sigterm, plain, moving):
        run.until(migrationCount=1, rebootCount=0)
        assert sum(messages.ENGINE_STOPPED in line for line in run.log) == 1
    rebooting.until(migrationCount=0, rebootCount=1)
    for run in (exits_on_sigterm, plain, moving, rebooting):
        assert (run.finish(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", 2)
    for run in (leaving, late):
        assert (run.wait()["status"], run.numbers.count(0)) == ("ABORTED", 1)
    assert timed.wait()["status"] == "TIMED-OUT"
    assert reached_its_timeout(timed)
    assert eventually(lambda: containers_left(server) == [])


def reached_its_timeout(run: Observed) -> bool:
    """Whether the timeout counted from the start of the run, not from the start of its second container."""
    (_, restarted), [reached] = stamps(run, "Starting Docker container"), stamps(run, "reached the timeout")
    timeout = timedelta(seconds=TIMEOUT_SECS)
    return datetime.fromisoformat(run.now["startedAt"]) + timeout <= reached < restarted + timeout


def stamps(run: Observed, text: str) -> list[datetime]:
    """The times of the log lines that contain the text."""
    return [datetime.fromisoformat(line.partition(" ")[0]) for line in run.log if text in line]


@pytest.mark.parametrize("stop_engine", ["stop", "kill"])
def test_runs_stay_in_their_containers_if_the_engine_has_live_restore(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, begin: Any, stop_engine: str
) -> None:
    """Exits and orders while the engine is down take effect when it is up again."""
    own_engine.stop()
    own_engine.start(live_restore=True)
    staying, failing, rebooting, late = [begin() for _ in range(4)]
    assert_counting(staying, failing, rebooting, late)
    container = container_of(client, {"id": failing.id})
    process = psutil.Process(container.attrs["State"]["Pid"])
    script = "sleep 2; echo 7 > /tmp/ending; mv /tmp/ending /tmp/end"
    container.exec_run(["sh", "-c", script], detach=True)
    getattr(own_engine, stop_engine)()
    rebooting.order("reboot")
    late.order("abort")
    assert psutil.wait_procs([process], PATIENCE_SECS)[1] == []
    own_engine.start(live_restore=True)
    failed = failing.wait()
    assert (failed["exitCode"], failed["statusMessage"]) == (7, "Actor finished with exit code 7.")
    rebooting.until(rebootCount=1, migrationCount=0)
    assert late.wait()["status"] == "ABORTED"
    assert_counting(staying)
    # The engine may have cut a line in two, so its own log is the reference.
    lines = container_of(client, {"id": staying.id}).logs().decode().splitlines()
    assert eventually(lambda: staying.output[: len(lines)] == lines)
    for run, containers in ((staying, 1), (rebooting, 2)):
        assert (run.finish(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", containers)
    assert eventually(lambda: containers_left(server) == [])


def test_the_grace_period_of_an_abort_continues_while_the_engine_is_down(
    own_engine: OwnEngine, server: LiveServer, begin: Any
) -> None:
    own_engine.stop()
    own_engine.start(live_restore=True)
    run = begin()
    assert_counting(run)
    ordered_at = datetime.now(UTC)
    run.order("abort", gracefully=1)
    own_engine.kill()
    own_engine.start(live_restore=True)
    assert_counting(run)
    aborted = run.wait()
    assert (aborted["status"], aborted["exitCode"], run.numbers.count(0)) == ("ABORTED", 137, 1)
    assert datetime.fromisoformat(aborted["finishedAt"]) - ordered_at >= timedelta(milliseconds=ABORT_GRACE_MILLIS)
    assert eventually(lambda: containers_left(server) == [])


def test_prepared_networks_survive_a_restart_of_the_engine_or_are_replaced(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, begin: Any
) -> None:
    own_engine.stop()
    own_engine.start(live_restore=True)
    assert eventually(lambda: len(prepared_networks(client)) == DEFAULT_PREPARED_NETWORKS)
    survivors = prepared_networks(client)
    own_engine.kill()
    own_engine.start(live_restore=True)
    run = begin()
    assert_counting(run)
    assert container_of(client, {"id": run.id}).labels[JOINED_LABEL] in survivors
    assert run.finish(client)["status"] == "SUCCEEDED"
    own_engine.stop()
    own_engine.start()
    assert eventually(lambda: len(prepared_networks(client) - survivors) == DEFAULT_PREPARED_NETWORKS)
    assert eventually(lambda: not prepared_networks(client, is_running=False) & survivors)
    run = begin()
    assert_counting(run)
    assert run.finish(client)["status"] == "SUCCEEDED"


def prepared_networks(client: docker.DockerClient, *, is_running: bool = True) -> set[str]:
    """Return the ids of the sandboxes, which belong to no container while no run is live."""
    found = client.containers.list(all=not is_running, filters={"label": SANDBOX_LABEL}, ignore_removed=True)
    return {str(each.id) for each in found}


def test_runs_survive_a_simultaneous_crash_of_server_and_engine(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, obedient: str, begin: Any
) -> None:
    """Both are killed with SIGKILL. The new engine stops the old containers before it responds to requests."""
    own_engine.stop()
    own_engine.start()
    exits_on_sigterm, plain, moving, rebooting, leaving = begin(obedient), *[begin() for _ in range(4)]
    assert_counting(exits_on_sigterm, plain, moving, rebooting, leaving)
    moving.order("migrate")
    leaving.order("abort", gracefully=1)
    own_engine.kill()
    rebooting.order("reboot")
    server.kill()
    own_engine.start()
    server.start()
    for run in (exits_on_sigterm, plain, moving):
        run.until(migrationCount=1, rebootCount=0)
    rebooting.until(migrationCount=0, rebootCount=1)
    for run in (exits_on_sigterm, plain, moving, rebooting):
        assert (run.finish(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", 2)
    assert leaving.wait()["status"] == "ABORTED"
    assert eventually(lambda: containers_left(server) == [])


def test_runs_continue_after_a_power_cut(
    own_engine: OwnEngine, server: LiveServer, client: docker.DockerClient, begin: Any
) -> None:
    """Containers do not survive a power cut, even with live-restore."""
    own_engine.stop()
    own_engine.start(live_restore=True)
    run, leaving = begin(), begin()
    assert_counting(run, leaving)
    leaving.order("abort", gracefully=1)
    server.kill()
    own_engine.lose_power()
    own_engine.start(live_restore=True)
    server.start()
    run.until(migrationCount=1)
    assert (run.finish(client)["status"], run.numbers.count(0)) == ("SUCCEEDED", 2)
    assert leaving.wait()["status"] == "ABORTED"
    assert eventually(lambda: containers_left(server) == [])
