"""Every transition of a run, driven by the Apify SDKs of both languages inside real containers."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from runtime.base.records import new_id
from testing.api_client import SAMPLES, Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.engine import container_of, engine, eventually
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.docker

PYTHON, JAVASCRIPT = LANGUAGES = ("transitions", "transitions_js")
OTHER = {PYTHON: JAVASCRIPT, JAVASCRIPT: PYTHON}
MEMORY = 1024
PRICES = {"apify-actor-start": 0.5, "page": 0.1, "apify-default-dataset-item": 0.01}
PER_EVENT = {
    "pricingModel": "PAY_PER_EVENT",
    "pricingPerEvent": {
        "actorChargeEvents": {
            name: {"eventTitle": name, "eventDescription": "", "eventPriceUsd": price} for name, price in PRICES.items()
        }
    },
}
SDK_SLEEP_SECS = 300
"""How long an SDK waits to be stopped after it orders a reboot or metamorph. Then, it continues."""
CONTAINER_LINES = ["Pulling Docker image", "Creating Docker container.", "Starting Docker container."]
BEGINS = "begins after"
STORAGES = ("defaultKeyValueStoreId", "defaultDatasetId", "defaultRequestQueueId")
COUNTERS = ("rebootCount", "migrationCount", "restartCount", "resurrectCount", "metamorph")


class Journey:
    """A run of a sample, with its transitions and resurrections."""

    def __init__(
        self, server: LiveServer, sample: str, input: Json, pricing: Json | None = None, **options: Any
    ) -> None:
        self.server = server
        actor = server.sample(sample) if pricing is None else paid(server, sample, pricing)
        self.started = server.run(actor, input, memory=MEMORY, **options)
        self.path = f"actor-runs/{self.started['id']}"
        self.statuses: list[str] = []

    def ended(self) -> Json:
        """Wait until the run has ended, and return it. `statuses` records the statuses until then."""
        while (run := self.now())["finishedAt"] is None:
            time.sleep(0.05)
        return run

    def now(self) -> Json:
        run: Json = self.server.data("GET", self.path)
        if run["status"] not in self.statuses[-1:]:
            self.statuses.append(run["status"])
        return run

    def waiting(self, ticks: int = 1) -> Json:
        """Wait until the Actor has waited for this many ticks, and return the run."""
        return self.server.until(self.path, lambda run: ticks_of(run) >= ticks)

    def order(self, word: str, **params: int) -> Json:
        run: Json = self.server.data("POST", f"{self.path}/{word}", params=params)
        return run

    def migrate(self) -> None:
        self.server.http.post(f"/greenroom/runs/{self.started['id']}/migrate").raise_for_status()

    def let_end(self) -> None:
        """Create the record for which the Actor waits before it ends."""
        store = self.started["defaultKeyValueStoreId"]
        self.server.http.put(f"/v2/key-value-stores/{store}/records/GO", json=True).raise_for_status()

    def record(self, key: str) -> Any:
        """Return a record, or None if it does not exist."""
        response = self.server.http.get(f"/v2/key-value-stores/{self.started['defaultKeyValueStoreId']}/records/{key}")
        return json.loads(response.text) if response.is_success else None

    @property
    def log(self) -> str:
        return self.server.text(f"logs/{self.started['id']}")

    def received_events(self) -> list[str]:
        """Return the events that the SDK received from the platform."""
        return re.findall(r"Received: (.*)", self.log)

    def ticks_at_start(self) -> list[int]:
        """Return the ticks at the start of each life. The numbers of the lives must be consecutive."""
        lives = re.findall(r"Life (\d+) begins after (\d+) ticks", self.log)
        assert [int(number) for number, _ in lives] == list(range(1, len(lives) + 1)), self.log
        return [int(ticks) for _, ticks in lives]

    def assert_same_run(self, containers: int, **counts: int) -> None:
        """Assert that the run has one log and its original storages, and was always RUNNING before its end."""
        run = self.now()
        counters = {name: run["stats"][name] for name in COUNTERS if run["stats"].get(name)}
        assert counters == counts
        assert [status for status in self.statuses if status != "READY"] == ["RUNNING", run["status"]]
        assert [run[name] for name in STORAGES] == [self.started[name] for name in STORAGES]
        printed = re.findall(f"ACTOR: ({'|'.join(map(re.escape, CONTAINER_LINES))})", self.log)
        assert printed == CONTAINER_LINES * containers, self.log
        assert run["stats"]["runTimeSecs"] < SDK_SLEEP_SECS


def paid(server: LiveServer, sample: str, pricing: Json) -> str:
    """Create a copy of the sample with this pricing, and return its id."""
    actor = server.actor(f"paid-{sample.replace('_', '-')}-{new_id()}", source_files(SAMPLES / sample))
    server.data("PUT", f"actors/{actor}", json={"pricingInfos": [pricing]})
    return actor


def ticks_of(run: Json) -> int:
    waited = re.fullmatch(r"Waited (\d+) ticks", run["statusMessage"] or "")
    return int(waited[1]) if waited else 0


def end(run: Json) -> tuple[str, int, str]:
    return run["status"], run["exitCode"], run["statusMessage"]


@pytest.fixture(scope="module", autouse=True)
def patient(server: LiveServer) -> Journey:
    """A migrating run whose Actor waits until its container is replaced. This takes half a minute.

    The fixture is started before all tests of the module, so that the time passes during the other tests.
    """
    journey = Journey(server, PYTHON, {"do": "wait"})
    journey.waiting()
    journey.migrate()
    return journey


@pytest.mark.parametrize("sample", LANGUAGES)
@pytest.mark.parametrize(("do", "status", "exit_code"), [("exit", "SUCCEEDED", 0), ("fail", "FAILED", 1)])
def test_terminal_status_message(server: LiveServer, sample: str, do: str, status: str, exit_code: int) -> None:
    run = Journey(server, sample, {"do": do, "message": "Last words"}).ended()
    assert (end(run), run["isStatusMessageTerminal"]) == ((status, exit_code, "Last words"), True)


@pytest.mark.parametrize("sample", LANGUAGES)
def test_reboot(server: LiveServer, sample: str) -> None:
    """A terminal status message that the Actor sets before it reboots remains until the end."""
    journey = Journey(server, sample, {"do": "reboot", "lives": 3})
    assert end(journey.ended()) == ("SUCCEEDED", 0, "Rebooting")
    journey.assert_same_run(3, rebootCount=2)
    assert journey.ticks_at_start() == [0, 0, 0]


@pytest.mark.parametrize("sample", LANGUAGES)
def test_metamorph(server: LiveServer, sample: str) -> None:
    """Metamorph into the sample in the other language, and back again."""
    there, back = server.sample(OTHER[sample]), server.sample(sample)
    last = {"do": "exit", "message": "Butterfly"}
    second: Json = {"do": "metamorph", "target": back, "targetInput": last}
    journey = Journey(server, sample, {"do": "metamorph", "target": there, "targetInput": second})
    run = journey.ended()
    assert end(run) == ("SUCCEEDED", 0, "Butterfly")
    journey.assert_same_run(3, metamorph=2)
    keys = ["INPUT-METAMORPH-1", "INPUT-METAMORPH-2"]
    assert [(each["actorId"], each["inputKey"]) for each in run["metamorphs"]] == list(
        zip((there, back), keys, strict=True)
    )
    for key, given in zip(keys, (second, last), strict=True):
        assert given.items() <= journey.record(key).items()  # the input schema adds defaults
    assert last.items() <= journey.record("OUTPUT")["input"].items()


@pytest.mark.parametrize("sample", LANGUAGES)
def test_restart_on_error(server: LiveServer, sample: str) -> None:
    journey = Journey(server, sample, {"do": "crash", "lives": 2}, restartOnError=1)
    assert end(journey.ended()) == ("SUCCEEDED", 0, "Actor finished with exit code 0.")
    journey.assert_same_run(2, restartCount=1)


@pytest.mark.parametrize("sample", LANGUAGES)
def test_crash_loop(server: LiveServer, sample: str) -> None:
    journey = Journey(server, sample, {"do": "crash", "lives": 99}, restartOnError=1)
    assert end(journey.ended()) == ("FAILED", 1, "Actor finished with exit code 1.")
    journey.assert_same_run(4, restartCount=3)


@pytest.mark.parametrize("sample", LANGUAGES)
def test_graceful_abort_and_resurrection(server: LiveServer, sample: str) -> None:
    """A JavaScript Actor exits on `aborting`, and a Python Actor runs until it is killed. Both save their state."""
    journey = Journey(server, sample, {"do": "wait"})
    journey.waiting(ticks=2)
    assert journey.order("abort", gracefully=1)["status"] == "ABORTING"
    if sample == PYTHON:
        server.until(journey.path, lambda _: journey.record("STATE"))
        assert journey.order("abort")["status"] in {"ABORTING", "ABORTED"}
    run = journey.ended()
    assert end(run)[:2] == ("ABORTED", 137 if sample == PYTHON else 0)
    assert ticks_of(run) >= 2  # the Actor's own status message stays
    events = journey.received_events()
    assert events[events.index("aborting") + 1] == "persistState, isMigrating false"
    saved = journey.record("STATE")
    assert (saved["lives"], saved["ticks"] >= 2) == (1, True)

    assert journey.order("resurrect")["status"] == "RUNNING"
    journey.statuses.clear()
    journey.waiting(ticks=saved["ticks"] + 1)
    journey.let_end()
    run = journey.ended()
    assert end(run)[:2] == ("SUCCEEDED", 0)
    assert ticks_of(run) > saved["ticks"]
    journey.assert_same_run(2, resurrectCount=1)
    assert journey.ticks_at_start() == [0, saved["ticks"]]


def test_a_python_actor_that_leaves_early(server: LiveServer) -> None:
    journey = Journey(server, PYTHON, {"do": "wait", "leavesEarly": True})
    journey.waiting()
    journey.order("abort", gracefully=1)
    run = journey.ended()
    assert end(run)[:2] == ("ABORTED", 0)
    assert ticks_of(run) >= 1


@pytest.mark.parametrize("sample", LANGUAGES)
def test_leaving_early_when_migrating(server: LiveServer, sample: str) -> None:
    """If the Actor reboots, it is not migrated. In JavaScript, the SDK orders the reboot."""
    journey = Journey(server, sample, {"do": "wait", **({"leavesEarly": True} if sample == PYTHON else {})})
    journey.waiting(ticks=2)
    journey.migrate()
    assert_migrated(journey, rebootCount=1)


@pytest.mark.parametrize("sample", LANGUAGES)
def test_call(server: LiveServer, sample: str) -> None:
    """One Actor calls another and reads its results."""
    target = {"target": server.sample(OTHER[sample]), "targetInput": {"do": "exit"}}
    journey = Journey(server, sample, {"do": "call", **target})
    assert end(journey.ended())[:2] == ("SUCCEEDED", 0), journey.log
    result = journey.record("OUTPUT")["result"]
    assert (result["status"], result["items"]) == ("SUCCEEDED", [{"did": "exit", "lives": 1}])
    assert server.data("GET", f"actor-runs/{result['runId']}")["meta"]["origin"] == "ACTOR"


@pytest.mark.parametrize("sample", LANGUAGES)
def test_start_and_abort(server: LiveServer, sample: str) -> None:
    """One Actor starts another without waiting for it. A third aborts the second."""
    target = {"target": server.sample(OTHER[sample]), "targetInput": {"do": "wait"}}
    starting = Journey(server, sample, {"do": "start", **target})
    assert starting.ended()["status"] == "SUCCEEDED", starting.log
    waiting = starting.record("OUTPUT")["result"]["runId"]
    assert server.data("GET", f"actor-runs/{waiting}")["meta"]["origin"] == "ACTOR"
    aborting = Journey(server, sample, {"do": "abort", "runId": waiting}, forcePermissionLevel="FULL_PERMISSIONS")
    assert aborting.ended()["status"] == "SUCCEEDED", aborting.log
    assert aborting.record("OUTPUT")["result"]["status"] in {"ABORTING", "ABORTED"}
    assert server.wait(f"actor-runs/{waiting}")["status"] == "ABORTED"


@pytest.mark.parametrize("sample", LANGUAGES)
def test_charging(server: LiveServer, sample: str) -> None:
    journey = Journey(server, sample, {"do": "charge", "pages": 3}, pricing=PER_EVENT)
    run = journey.ended()
    assert end(run)[:2] == ("SUCCEEDED", 0), journey.log
    assert journey.record("OUTPUT")["result"] == {"charged": 3, "limitReached": False}
    items = len(server.items(run))
    assert run["chargedEventCounts"] == {"apify-actor-start": 1, "page": 3, "apify-default-dataset-item": items}
    assert run["usageTotalUsd"] == pytest.approx(0.5 + 3 * 0.1 + items * 0.01)


@pytest.mark.parametrize("sample", LANGUAGES)
def test_the_end_at_the_maximum_cost(server: LiveServer, sample: str) -> None:
    """The SDK charges only up to the maximum cost. Then, the platform sends the Actor `aborting`, and it ends."""
    given = {"do": "charge", "pages": 10, **({"leavesEarly": True} if sample == PYTHON else {})}
    journey = Journey(server, sample, given, pricing=PER_EVENT, maxTotalChargeUsd=1)
    run = journey.ended()
    assert (run["status"], run["exitCode"]) == ("SUCCEEDED", 0), journey.log
    assert "maximum cost of $1" in journey.log
    charged = 4 if sample == PYTHON else 5  # the JavaScript SDK does not count the items that it pushed
    assert journey.record("CHARGED") == {"charged": charged, "limitReached": True}
    assert "aborting" in journey.received_events()
    assert run["chargedEventCounts"]["page"] == charged

    journey.order("resurrect", maxTotalChargeUsd=100)
    journey.let_end()
    run = journey.ended()
    assert (run["status"], run["chargedEventCounts"]["page"]) == ("SUCCEEDED", charged + 10), journey.log


@pytest.mark.parametrize("sample", LANGUAGES)
def test_webhook(server: LiveServer, blocking_receiver: Receiver, sample: str) -> None:
    """A webhook that is added twice with the same idempotency key is called once."""
    url = blocking_receiver.url("/succeeded")
    journey = Journey(server, sample, {"do": "webhook", "url": url})
    run = journey.ended()
    assert end(run)[:2] == ("SUCCEEDED", 0), journey.log
    [webhook] = run["webhooks"]
    assert (webhook["requestUrl"], webhook["eventTypes"]) == (url, ["ACTOR.RUN.SUCCEEDED"])
    assert eventually(lambda: bool(blocking_receiver.received))
    dispatches = server.data("GET", "webhook-dispatches")["items"]
    [dispatch] = [each for each in dispatches if each["eventData"]["actorRunId"] == run["id"]]
    path = f"webhook-dispatches/{dispatch['id']}"
    assert server.until(path, lambda dispatch: dispatch["calls"])["status"] == "SUCCEEDED"
    [received] = blocking_receiver.received
    body = received.body
    assert (received.path, blocking_receiver.dispatch_ids) == ("/succeeded", [dispatch["id"]])
    assert body["eventType"] == "ACTOR.RUN.SUCCEEDED"
    assert body["eventData"] == {"actorId": run["actId"], "actorRunId": run["id"]}
    assert end(body["resource"]) == end(run)
    assert (body["resource"]["id"], body["userId"]) == (run["id"], run["userId"])


@pytest.mark.parametrize(("sample", "ordered"), [(PYTHON, "reboot"), (JAVASCRIPT, "migrate")])
def test_a_server_killed_right_after_an_order(own_server: LiveServer, sample: str, ordered: str) -> None:
    journey = Journey(own_server, sample, {"do": "wait"})
    journey.waiting()
    if ordered == "reboot":
        journey.order("reboot")
    else:
        journey.migrate()
    own_server.kill()
    own_server.start()
    own_server.until(journey.path, lambda _: journey.log.count(BEGINS) == 2)
    with engine() as client:
        assert container_of(client, journey.started).status == "running"
    journey.let_end()
    stats = journey.ended()["stats"]
    assert (journey.now()["status"], stats["rebootCount"] + stats["migrationCount"]) == ("SUCCEEDED", 1)
    assert journey.log.count(BEGINS) == 2


def test_staying_when_migrating(patient: Journey) -> None:
    assert_migrated(patient, migrationCount=1)


def assert_migrated(journey: Journey, **counts: int) -> None:
    """Assert that the Actor received the remaining time, saved its state and continued from it in a new container."""
    journey.server.until(journey.path, lambda _: "Life 2 begins" in journey.log)
    journey.now()
    journey.let_end()
    assert end(journey.ended())[:2] == ("SUCCEEDED", 0), journey.log
    journey.assert_same_run(2, **counts)
    assert 0 < journey.record("MIGRATING")["timeRemainingSecs"] <= 30
    assert "persistState, isMigrating true" in journey.received_events()
    assert journey.ticks_at_start()[1] >= 1
