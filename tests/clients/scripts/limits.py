"""A user reads and sets limits, waits for memory and reads the usage, with apify-client for Python.

Prints the results as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

from apify_client import ApifyClient
from apify_client.errors import ApifyApiError

GENERATION = int(version("apify_client").split(".")[0])
MEMORY_GBYTES = 4
Client = Any
"""An ApifyClient of either generation. Their arguments and return values have different types."""


def main(url: str, token: str, actor: str) -> dict[str, Any]:
    client: Client = ApifyClient(token, api_url=url)
    me = client.user("me")
    me.update_limits(max_monthly_usage_usd=300, data_retention_days=30)
    client.actor(actor).start(memory_mbytes=MEMORY_GBYTES * 1024, run_input={"sleepSecs": 3})
    run, errors = start_when_possible(client, actor)
    if GENERATION > 2:
        client.run(run["id"]).wait_for_finish()
    else:
        client.run(run["id"]).wait_for_finish(wait_secs=None)
    return {"user": plain(me.get()), "limits": plain(me.limits()), "errors": errors, "usage": plain(me.monthly_usage())}


def start_when_possible(client: Client, actor: str) -> tuple[Any, list[Any]]:
    """Start a run as soon as there is memory for it. Returns the run and the errors of all attempts before."""
    errors: list[Any] = []
    while True:
        try:
            return plain(client.actor(actor).start(memory_mbytes=MEMORY_GBYTES * 1024)), errors
        except ApifyApiError as error:
            errors.append([error.status_code, error.type])
            while free_gbytes(client) < MEMORY_GBYTES:
                time.sleep(0.1)


def free_gbytes(client: Client) -> float:
    limits = plain(client.user("me").limits())
    return float(limits["limits"]["maxActorMemoryGbytes"] - limits["current"]["actorMemoryGbytes"])


def plain(value: Any) -> Any:
    """Return a value as JSON values, as in the API's response: 3.x returns models, 2.x returns dicts."""
    return value.model_dump(mode="json", by_alias=True) if hasattr(value, "model_dump") else value


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:]), default=str))
