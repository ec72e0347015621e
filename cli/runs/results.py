"""The results of a finished run: what is fetched and printed, and the exit code of the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from cli import terminal
from cli.client import Client
from cli.errors import ABORTED, FAILED, RESERVED, TIMED_OUT, error_object
from cli.options import data_dir_option
from cli.report.text import CURVE_POINTS
from cli.runs.summary import ITEMS_SHOWN, RunSummary
from cli.terminal import progress
from runtime.base.json_text import JsonDict, loads

ITEMS_FETCHED = 10
OUTPUT_KEY = "OUTPUT"
FETCHING = "Fetching the results"
EXIT_CODES = {"SUCCEEDED": 0, "TIMED-OUT": TIMED_OUT, "ABORTED": ABORTED}


def print_results_json(client: Client, run: JsonDict) -> None:
    """Print a run, its first items and its OUTPUT record as one JSON object. Raises CommandError."""
    terminal.print_json({**_fetch_json(client, run), **_error(run)})


def fetch_summary(client: Client, run: JsonDict, data_dir: Path) -> RunSummary:
    """Fetch what the summary of a run shows. Raises CommandError."""
    with progress(FETCHING):
        return RunSummary(
            run=run,
            page=client.datasets.first_items(run["defaultDatasetId"], ITEMS_SHOWN),
            places=_places(client, run, data_dir),
            report=client.runs.report(run["id"]),
            metrics=client.runs.metrics(run["id"], CURVE_POINTS),
        )


def _fetch_json(client: Client, run: JsonDict) -> JsonDict:
    with progress(FETCHING):
        page = client.datasets.first_items(run["defaultDatasetId"], ITEMS_FETCHED)
        output = client.key_value_stores.find_record(run["defaultKeyValueStoreId"], OUTPUT_KEY)
    return {
        "run": run,
        "itemCount": page.total if page else None,
        "items": page.items if page else [],
        "output": _record_value(output) if output else None,
    }


def _places(client: Client, run: JsonDict, data_dir: Path) -> dict[str, str]:
    """Return where the results are: URLs that need no token, or a command if the server stops with this command."""
    option = data_dir_option(data_dir)
    report = f"greenroom report {run['id']}{option}"
    if not client.urls_stay_valid:
        return {"Results": f"greenroom storage export --run {run['id']}{option}", "Report": report}
    dataset = client.storages.find("datasets", run["defaultDatasetId"])
    store = client.storages.find("key-value-stores", run["defaultKeyValueStoreId"])
    places = {
        "Dataset": dataset and dataset.get("itemsPublicUrl"),
        "Store": store and store.get("keysPublicUrl"),
        "Log": client.log_url(run["id"]),
        "Report": report,
    }
    return {label: url for label, url in places.items() if url}


def _record_value(response: httpx.Response) -> Any:
    """Return a record as JSON: parsed, as a string, or, if it is binary, its content type and size."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if content_type == "application/json":
        try:
            return loads(response.content)
        except ValueError:  # an Actor can store any bytes under this type
            return response.text
    if content_type.startswith("text/"):
        return response.text
    return {"contentType": content_type, "bytes": len(response.content)}


def _error(run: JsonDict) -> JsonDict:
    """Return the error of a run that did not succeed."""
    if run["status"] == "SUCCEEDED":
        return {}
    message = run.get("statusMessage") or f"Run {run['id']} finished with status {run['status']}."
    return {"error": error_object(f"run-{run['status'].lower()}", message, "", exit_code(run))}


def exit_code(run: JsonDict) -> int:
    """Return the exit code of the `apify` command for this run. If the run failed, it is the Actor's own.

    An Actor's code that Greenroom uses itself is reported as FAILED, so that it cannot be mistaken.
    """
    own = run.get("exitCode") or FAILED
    return EXIT_CODES.get(run["status"], FAILED if own in RESERVED else own)
