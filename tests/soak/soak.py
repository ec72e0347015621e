"""The soak test itself: starts runs, sends each the orders of its ending, and checks the results."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from itertools import product
from pathlib import Path

from testing.api_client import Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.engine import engine
from tests.fakes.receiver import Receiver
from tests.soak.client import Client
from tests.soak.endings import Ending

ACTOR = Path(__file__).parent / "actor"
ODD_ACTORS = {
    "without-image": "LABEL image=removed\n",
    "without-user": "USER no-such-user\n",
    "without-program": 'CMD ["no-such-program"]\n',
}
"""Names of Actors that cannot start, and the line that is added to the Dockerfile of each."""
WORK = {"lines": 20, "pushes": 2, "items": 3, "records": 1, "recordBytes": 40_000}
"""The default work of an Actor before it ends. The records are large enough to be stored as files."""
COUNTERS = ("rebootCount", "migrationCount", "restartCount", "resurrectCount", "metamorph")
EVENTS = [f"ACTOR.RUN.{end}" for end in ("CREATED", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT", "RESURRECTED")]


class Soak:
    """Completes runs and checks them.

    `kills` is the maximum number of server kills. Each kill may interrupt one response to each run, so each run may
    repeat one push per kill.
    """

    def __init__(self, server: LiveServer, receiver: Receiver, kills: int) -> None:
        self._server = server
        self._receiver = receiver
        self._kills = kills
        self._actors: dict[str, str] = {}
        self._expected: dict[str, Counter[str]] = {}
        self.client = Client(server.url)

    def build_actors(self) -> None:
        files = source_files(ACTOR)
        for name in ("soak", "target"):
            self._actors[name] = self._server.actor(name, files)
        for name, more in ODD_ACTORS.items():
            changed = [_with(each, more) if each["name"] == "Dockerfile" else each for each in files]
            self._actors[name] = self._server.actor(name, changed)
        self._remove_image(self._actors["without-image"])

    def complete(self, number: int, ending: Ending) -> None:
        """Take one run from its start to its end, or beyond if its ending includes a resurrection."""
        run, unsure = self._start(number, ending), 0
        for order in ending.orders:
            unsure += order(self.client, run)
        ended = self.client.ended(run)
        self._check_record(ended, ending, unsure)
        self._check_work(ended, ending)
        self._expected[f"/{number}"] = _events_of(ended)
        if ending.is_deleted:
            self._delete(ended)

    def check_webhooks(self) -> None:
        """Assert that each event of each run had one dispatch, with at most one repetition per kill."""
        sent: dict[str, set[tuple[str, str]]] = {path: set() for path in self._expected}
        for received, id in zip(self._receiver.received, self._receiver.dispatch_ids, strict=True):
            sent[received.path].add((id, received.body["eventType"]))
        assert {path: Counter(event for _, event in dispatches) for path, dispatches in sent.items()} == self._expected
        assert max(Counter(self._receiver.dispatch_ids).values()) <= 1 + self._kills

    def _start(self, number: int, ending: Ending) -> Json:
        hook = {"eventTypes": EVENTS, "requestUrl": self._receiver.url(f"/{number}")}
        webhooks = base64.b64encode(json.dumps([hook]).encode()).decode()
        input = {**WORK, "target": self._actors["target"], **ending.input, "number": number}
        return self.client.start(self._actors[ending.actor], input, memory=128, webhooks=webhooks, **ending.options)

    def _check_record(self, run: Json, ending: Ending, unsure: int) -> None:
        how = (run["id"], run["status"], run["exitCode"], run["statusMessage"])
        assert run["status"] == ending.status, how
        assert run["exitCode"] in ending.exit_codes, how
        assert re.fullmatch(ending.message.format(code=run["exitCode"]), run["statusMessage"]), how
        for name in COUNTERS:
            least = ending.counters.get(name, 0)
            assert least <= run["stats"][name] <= least + (unsure if least else 0), (run["id"], name, run["stats"])
        assert run["isContainerServerReady"] is False

    def _check_work(self, run: Json, ending: Ending) -> None:
        """Assert that the log has each printed line once and in order, and that everything stored exists."""
        given = {**WORK, **ending.input}
        log, lives = self.client.log(run), 1 + sum(run["stats"][name] for name in COUNTERS)
        printed = [(int(life), int(line)) for life, line in re.findall(r"(?m)Z life (\d+) line (\d+)$", log)]
        expected = list(product(range(1, lives + 1), range(given["lines"])))
        items = [(each["life"], each["push"], each["item"]) for each in self.client.items(run)]
        assert printed == expected[: len(printed)], log
        assert len(items) - len(set(items)) <= self._kills * given["items"]
        if not ending.is_whole:
            return
        assert ending.log_line is None or ending.log_line in log, log
        assert printed == expected, log
        assert set(items) == set(product(range(1, lives + 1), range(given["pushes"]), range(given["items"])))
        assert self.client.record(run, "LIFE") == lives
        records = [self.client.record(run, f"BIG-{number}") for number in range(given["records"])]
        assert records == ["x" * given["recordBytes"]] * given["records"]

    def _delete(self, run: Json) -> None:
        self.client.request("DELETE", f"/v2/actor-runs/{run['id']}")
        deleted = ("actor-runs/{id}", "datasets/{defaultDatasetId}", "key-value-stores/{defaultKeyValueStoreId}")
        statuses = [self.client.request("GET", f"/v2/{path.format(**run)}").response.status_code for path in deleted]
        assert statuses == [404] * len(deleted)

    def _remove_image(self, actor: str) -> None:
        [build] = self._server.data("GET", f"acts/{actor}/builds")["items"]
        with engine() as client:
            image = client.images.get(f"greenroom-{self._server.instance_id}:{build['id']}")
            client.images.remove(str(image.id), force=True)


def _with(file: Json, more: str) -> Json:
    return {**file, "content": file["content"] + more}


def _events_of(run: Json) -> Counter[str]:
    """Return all events of a run. Before each resurrection, the run had succeeded."""
    resurrections = run["stats"]["resurrectCount"]
    ends = ["ACTOR.RUN.SUCCEEDED"] * resurrections + [f"ACTOR.RUN.{run['status'].replace('-', '_')}"]
    return Counter(["ACTOR.RUN.CREATED", *["ACTOR.RUN.RESURRECTED"] * resurrections, *ends])
