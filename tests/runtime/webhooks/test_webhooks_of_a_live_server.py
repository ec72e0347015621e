"""Webhooks of a real server: requests to its own API, and delivery after it was killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.access.users import SERVER_TOKEN_PREFIX
from runtime.webhooks.delivery import MAX_CONCURRENT_REQUESTS
from testing.api_client import Json
from testing.live_server import LiveServer
from tests.engine import COUNTER, container_of, end, engine, eventually, python_actor
from tests.fakes.receiver import Receiver

pytestmark = pytest.mark.docker

GREETER = "import os; print('hello', flush=True)"


def webhook(server: LiveServer, actor: str, url: str, *events: str) -> Json:
    body = {"eventTypes": events or ["ACTOR.RUN.SUCCEEDED"], "requestUrl": url, "condition": {"actorId": actor}}
    created: Json = server.data("POST", "webhooks", json=body)
    return created


def dispatches(server: LiveServer, webhook: Json) -> list[Json]:
    found: list[Json] = server.data("GET", f"webhooks/{webhook['id']}/dispatches")["items"]
    return found


def sent(server: LiveServer, webhook: Json, count: int) -> list[Json]:
    """Wait until `count` dispatches of the webhook have been sent, and return them."""
    finished: list[Json] = []

    def are_finished() -> bool:
        finished[:] = [each for each in dispatches(server, webhook) if each["calls"]]
        return len(finished) >= count

    assert eventually(are_finished), dispatches(server, webhook)
    return finished


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "host.greenroom.internal"])
def test_a_webhook_to_the_api_needs_no_token_of_its_own(server: LiveServer, host: str) -> None:
    name = host.replace(".", "-")
    first, second = (python_actor(server, f"{which}-{name}", GREETER) for which in ("first", "second"))
    hook = webhook(server, first, f"http://{host}:{server.port}/v2/acts/{second}/runs")
    run = server.finished_run(first)
    [dispatch] = sent(server, hook, 1)
    assert (dispatch["status"], [call["responseStatus"] for call in dispatch["calls"]]) == ("SUCCEEDED", [201])
    [started] = server.data("GET", f"acts/{second}/runs")["items"]
    assert started["meta"]["origin"] == "WEBHOOK"
    assert server.wait(f"actor-runs/{started['id']}")["status"] == "SUCCEEDED"
    input = server.http.get(f"/v2/key-value-stores/{started['defaultKeyValueStoreId']}/records/INPUT").json()
    assert input["resource"]["id"] == run["id"]
    assert SERVER_TOKEN_PREFIX not in str((dispatch, server.data("GET", f"webhooks/{hook['id']}")))
    assert not any(SERVER_TOKEN_PREFIX.encode() in file.read_bytes() for file in files(server.data_dir))


def test_other_servers_get_no_token(server: LiveServer, blocking_receiver: Receiver) -> None:
    actor = python_actor(server, "calls-another-server", GREETER)
    hook = webhook(server, actor, blocking_receiver.url(f"/v2/acts/{actor}/runs", host="localhost"))
    server.finished_run(actor)
    sent(server, hook, 1)
    assert "Authorization" not in blocking_receiver.received[0].headers


def test_unfinished_dispatches_are_sent_after_the_server_was_killed(
    own_server: LiveServer, blocking_receiver: Receiver
) -> None:
    """When the server is killed, some dispatches are being sent, others wait, and one event has not happened yet."""
    actor = python_actor(own_server, "observed", COUNTER)
    hooks = [webhook(own_server, actor, blocking_receiver.url()) for _ in range(MAX_CONCURRENT_REQUESTS + 3)]
    first, second = own_server.run(actor), own_server.run(actor)
    with engine() as client:
        for run in (first, second):
            assert container_of(client, run).status == "running"
        blocking_receiver.stop_responding()
        end(client, first, 0)
        assert eventually(lambda: len(blocking_receiver.received) == MAX_CONCURRENT_REQUESTS)
        own_server.kill()
        end(client, second, 0)
    interrupted = set(blocking_receiver.dispatch_ids)
    assert len(interrupted) == MAX_CONCURRENT_REQUESTS
    blocking_receiver.start_responding()
    own_server.start()
    for run in (first, second):
        assert own_server.wait(f"actor-runs/{run['id']}")["status"] == "SUCCEEDED"
    made = [each for hook in hooks for each in sent(own_server, hook, 2)]
    assert sorted((each["webhookId"], each["eventData"]["actorRunId"]) for each in made) == sorted(
        (hook["id"], run["id"]) for hook in hooks for run in (first, second)
    )
    assert all(each["status"] == "SUCCEEDED" for each in made)
    times = times_of(blocking_receiver.dispatch_ids)
    assert times == {each["id"]: 2 if each["id"] in interrupted else 1 for each in made}


def times_of(ids: list[str]) -> dict[str, int]:
    return {id: ids.count(id) for id in ids}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
