"""A client that follows a real run on a real server: over a lost connection, and until the server stops."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from testing.live_server import LiveServer

pytestmark = pytest.mark.docker


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    name: str
    data: Any


@contextmanager
def events(server: LiveServer, topics: str, last_id: str = "") -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with server.http.stream("GET", "/greenroom/events", params={"topics": topics}, headers=headers) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield _parsed(response.raise_for_status())


def _parsed(response: httpx.Response) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in _lines(response):
        name, colon, value = line.partition(": ")
        if colon:
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


def _lines(response: httpx.Response) -> Iterator[str]:
    """Split at line feeds only. HTTPX also splits at characters such as U+2028, which JSON strings may contain."""
    rest = ""
    for text in response.iter_text():
        *lines, rest = (rest + text).split("\n")
        yield from lines


def test_a_run_is_followed_over_a_lost_connection(server: LiveServer) -> None:
    actor = server.sample("hello")
    with events(server, "runs") as stream:
        connection = next(stream).data["connection"]
        run = server.run(actor, {"sleepSecs": 4}, memory=128)
        topics = {"topics": ["runs", f"run:{run['id']}"]}
        server.http.put(f"/greenroom/events/{connection}/topics", json=topics).raise_for_status()
        sample = next(event for event in stream if event.name == "sample")
    assert sample.data["curves"]["memoryBytes"] > 0
    server.wait(f"actor-runs/{run['id']}")
    received: list[Event] = []
    with events(server, "runs", sample.id) as stream:
        for event in stream:
            received.append(event)
            if event.name == "run" and event.data["id"] == run["id"] and event.data["status"] == "SUCCEEDED":
                break
    assert (received[0].data["connection"], received[0].data["topics"]) == (connection, topics["topics"])
    assert not [event for event in received if event.name == "reset"]
    lines = server.http.get(f"/greenroom/logs/{run['id']}/lines").json()
    with events(server, "runs", received[-1].id) as stream:
        last_log = [event.data for event in received if event.name == "log"]
        while not last_log or last_log[-1]["lines"] < lines["totalLines"]:
            last_log += [event.data for event in [next(stream)] if event.name == "log"]
    assert last_log[-1] == {"id": run["id"], "bytes": lines["totalBytes"], "lines": lines["totalLines"]}


def test_open_streams_end_with_the_server(own_server: LiveServer) -> None:
    with events(own_server, "runs,builds,records,server") as stream:
        next(stream)
        reader = threading.Thread(target=list, args=(stream,))
        reader.start()
        assert own_server.interrupt() == 0
        reader.join()
    assert "running task(s)" not in own_server.log()  # the server did not have to cancel the response
