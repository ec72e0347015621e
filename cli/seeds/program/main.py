"""The program of every stand-in that `greenroom seed` creates. It runs in a container.

It contacts no site. `stand_in.json` beside it describes the items: one template, which is filled in for every source in
the input, such as a start URL or a search term. The same input always gives the same items.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPSConnection
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
MAX_ITEMS = 1000
"""Limits of the real Actors can be in the millions."""


def main() -> None:
    with open("stand_in.json", encoding="utf-8") as file:
        stand_in: Json = json.load(file)
    print(f"This is a stand-in for {stand_in['name']}, created by Greenroom. It contacts no site.", flush=True)
    api = Api()
    run_input = api.read_input()
    for field in stand_in.get("logged", []):
        print(f"{field}: {run_input.get(field)}", flush=True)
    items = list(created_items(stand_in, run_input))
    if items:
        api.push(items)
    if "output" in stand_in:
        source = next(iter(sources(run_input.get(stand_in["sources"]))), "")
        api.write_output(filled(stand_in["output"], source, 1))
    print(f"Finished with {len(items)} made-up items.", flush=True)


def created_items(stand_in: Json, run_input: Json) -> Iterator[Json]:
    """Return the items for an input, at most as many as its limits permit."""
    template = stand_in.get("item")
    if template is None:
        return iter(())
    rule = stand_in.get("perSource", {})
    per_source = limit(run_input.get(rule.get("field", "")), rule.get("default", 1))
    total = limit(run_input.get(stand_in.get("total", "")) or None, MAX_ITEMS)
    filled_in = (
        filled(template, source, number)
        for source in sources(run_input.get(stand_in["sources"]))
        for number in range(1, per_source + 1)
    )
    return islice(filled_in, total)


def limit(given: Any, default: int) -> int:
    return min(given if isinstance(given, int) else default, MAX_ITEMS)


def sources(given: Any) -> list[str]:
    """Return the sources in a field of the input: a text with one of them on each line, or a list of texts or URLs."""
    if isinstance(given, str):
        return [line.strip() for line in given.splitlines() if line.strip()]
    entries = given if isinstance(given, list) else []
    texts = [entry.get("url") if isinstance(entry, dict) else entry for entry in entries]
    return [text for text in texts if isinstance(text, str)]


def filled(template: Any, source: str, number: int) -> Any:
    """Return the template with its placeholders replaced. A text that is only `{number}` becomes a number."""
    if isinstance(template, dict):
        return {key: filled(value, source, number) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, source, number) for value in template]
    if template == "{number}":
        return number
    if not isinstance(template, str):
        return template
    url = urlsplit(source)
    named = url.path.strip("/").replace("/", "-") or url.netloc or source
    values = {
        "source": source,
        "host": url.netloc or source,
        "number": str(number),
        "slug": re.sub(r"[^a-z0-9._]+", "-", named.lower()).strip("-"),
    }
    return re.sub(r"\{(source|host|number|slug)\}", lambda match: values[match[1]], template)


class Api:
    """The calls of the platform's API that a stand-in needs, over one connection."""

    def __init__(self) -> None:
        base = urlsplit(os.environ["APIFY_API_BASE_URL"])
        self._connection = (HTTPSConnection if base.scheme == "https" else HTTPConnection)(base.netloc)
        self._root = base.path.rstrip("/") + "/v2"
        self._store = f"/key-value-stores/{os.environ['ACTOR_DEFAULT_KEY_VALUE_STORE_ID']}/records"

    def read_input(self) -> Json:
        """Return the run's input; it is empty if the record is missing or is not a JSON object."""
        status, body = self._request("GET", f"{self._store}/{os.environ['ACTOR_INPUT_KEY']}")
        try:
            value = json.loads(body) if status == 200 else None
        except ValueError:
            value = None
        return value if isinstance(value, dict) else {}

    def push(self, items: list[Json]) -> None:
        self._request("POST", f"/datasets/{os.environ['ACTOR_DEFAULT_DATASET_ID']}/items", items)

    def write_output(self, value: Any) -> None:
        self._request("PUT", f"{self._store}/OUTPUT", value)

    def _request(self, method: str, path: str, value: Any = None) -> tuple[int, bytes]:
        """Send a request and return its status and body. Every error except a missing record ends the Actor."""
        headers = {"Authorization": f"Bearer {os.environ['APIFY_TOKEN']}", "Content-Type": "application/json"}
        self._connection.request(method, self._root + path, None if value is None else json.dumps(value), headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status >= 300 and not (method == "GET" and response.status == 404):
            sys.exit(f"{method} {path} returned {response.status}: {body.decode(errors='replace')}")
        return response.status, body


if __name__ == "__main__":
    main()
