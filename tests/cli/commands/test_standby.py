from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.cli.conftest import Greenroom
from tests.cli.serving import Serving


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(serving: Serving) -> Iterator[None]:
    """While the block runs, the containers of the server have a web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever).start()
        serving.api.engine.on_create = lambda container: setattr(container, "address", server.server_address)
        yield
        server.shutdown()


@contextmanager
def passing_time(serving: Serving) -> Iterator[None]:
    """While the block runs, time passes for the server."""
    ended = Event()

    def advance() -> None:
        while not ended.wait(0.02):
            serving.thread.run(serving.api.clock.advance(0.1))

    thread = Thread(target=advance)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_an_actor_is_warmed_up_listed_and_stopped(greenroom: Greenroom, serving: Serving) -> None:
    assert "No Actor has Standby" in greenroom("standby", "ls").stderr
    actor = serving.thread.run(serving.api.create_actor("hello"))
    serving.data("PUT", f"acts/{actor.id}", json={"actorStandby": {"isEnabled": True}})
    serving.data("POST", "actor-tasks", json={"actId": actor.id, "name": "mine"})
    assert greenroom("standby", "stop", "mine").stderr.strip() == "No run is live."
    with answering(serving), passing_time(serving):
        warm = greenroom("standby", "warm-up", "hello")
    url = f"http://local--hello.localhost:{serving.api.settings.port}"
    assert (warm.exit_code, warm.stdout.strip()) == (0, url)
    header, of_actor, of_task = greenroom("standby", "ls").stdout.splitlines()
    assert header.split()[:3] == ["ACTOR", "TASK", "RUNS"]
    assert (of_actor.split()[:3], of_task.split()[:3]) == (["local/hello", "-", "1"], ["local/hello", "mine", "0"])
    [item, _] = json.loads(greenroom("standby", "ls", "--json").stdout)["items"]
    [run] = item["runs"]
    stopped = greenroom("standby", "stop", "local--hello", "--json")
    assert json.loads(stopped.stdout) == {"runIds": [run["id"]]}


def test_what_has_no_standby_is_reported(greenroom: Greenroom, serving: Serving) -> None:
    serving.thread.run(serving.api.create_actor("plain"))
    stopped = greenroom("standby", "stop", "plain")
    assert (stopped.exit_code, "No Actor or task with Standby" in stopped.stderr) == (5, True)
