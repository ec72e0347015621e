"""Greets the name in its input. It calls the platform's API with plain HTTP."""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # type checkers assume True; importing typing would delay the first line
if TYPE_CHECKING:
    from typing import Any


def main() -> int:
    print("Hello Actor is awake", flush=True)  # before anything slow: this line measures the start of a run
    api = Api()
    run_input = api.read_input()
    greeting = f"Hello, {run_input.get('name', 'world')}!"
    print(greeting, flush=True)
    print("This line goes to stderr", file=sys.stderr, flush=True)
    api.write_output({"greeting": greeting, "input": run_input})
    api.push_item({"greeting": greeting, "runId": os.environ["ACTOR_RUN_ID"]})
    wait(run_input.get("sleepSecs", 0))
    exit_code: int = run_input.get("exitCode", 0)
    print(f"Exiting with code {exit_code}", flush=True)
    return exit_code


def wait(secs: float) -> None:
    """Sleep, and print a numbered line every second, so that the log reveals missing or repeated lines."""
    ends = time.monotonic() + secs
    tick = 0
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(1, left))
        tick += 1
        print(f"Tick {tick}", flush=True)


class Api:
    """The three calls that this Actor needs, over one connection that stays open."""

    def __init__(self) -> None:
        from http.client import HTTPConnection, HTTPSConnection  # only now, after the first line
        from urllib.parse import urlsplit

        base = urlsplit(os.environ["APIFY_API_BASE_URL"])
        self.connection = (HTTPSConnection if base.scheme == "https" else HTTPConnection)(base.netloc)
        self.root = base.path.rstrip("/") + "/v2"
        self.store = f"/key-value-stores/{os.environ['ACTOR_DEFAULT_KEY_VALUE_STORE_ID']}"
        self.dataset = f"/datasets/{os.environ['ACTOR_DEFAULT_DATASET_ID']}"

    def read_input(self) -> dict[str, Any]:
        """Return the run's input. It is empty if there is none, or if it is not JSON."""
        import json

        status, content_type, body = self.request("GET", f"{self.store}/records/{os.environ['ACTOR_INPUT_KEY']}")
        if status == 404:
            return {}
        if not content_type.startswith("application/json"):
            print(f"The input is {len(body)} bytes of {content_type}: this Actor cannot read it", flush=True)
            return {}
        fields: dict[str, Any] = json.loads(body)
        return fields

    def write_output(self, value: dict[str, Any]) -> None:
        self.request("PUT", f"{self.store}/records/OUTPUT", value)

    def push_item(self, item: dict[str, Any]) -> None:
        self.request("POST", f"{self.dataset}/items", item)

    def request(self, method: str, path: str, value: dict[str, Any] | None = None) -> tuple[int, str, bytes]:
        """Send a request and return status, content type and body. Every error except 404 ends the Actor."""
        import json

        headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}", "Content-Type": "application/json"}
        self.connection.request(method, self.root + path, None if value is None else json.dumps(value), headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status >= 300 and not (method == "GET" and response.status == 404):
            raise SystemExit(f"{method} {path} answered {response.status}: {body.decode(errors='replace')}")
        return response.status, response.headers.get("Content-Type", ""), body


sys.exit(main())
