"""`greenroom run`: builds the Actor in a folder, runs it, and prints the run's summary."""

from __future__ import annotations

import codecs
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cli import terminal
from cli.actor_folder import ActorFolder, read_actor_folder
from cli.client import Client, connected
from cli.errors import ABORTED, FAILED, INVALID_INPUT, CommandError
from cli.interrupts import deferred_interrupts
from cli.log_follower import LogFollower
from cli.push import EXIT_CODES, build_actor
from cli.summary import RunResult, print_summary
from cli.terminal import print_message, print_warning, progress
from runtime.base.json_text import JsonDict

ITEMS_FETCHED = 10
OUTPUT_KEY = "OUTPUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArguments:
    """The arguments of `greenroom run`.

    `body` is the input's JSON. `memory_mbytes` and `timeout_secs` None mean the Actor's default.
    """

    folder: Path
    data_dir: Path
    body: bytes | None
    memory_mbytes: int | None
    timeout_secs: int | None
    as_json: bool


def run_actor(arguments: RunArguments) -> int:
    """Build the Actor, run it and print its summary; return the exit code. Raises CommandError."""
    folder = read_actor_folder(arguments.folder)
    try:
        with connected(arguments.data_dir) as client:
            result = _build_and_run(client, folder, arguments)
            _print_result(result, as_json=arguments.as_json)
    except KeyboardInterrupt:
        return ABORTED
    return exit_code(result.run)


def read_input(given: str | None) -> bytes | None:
    """Return the input that `-i` specifies: JSON itself, `@file`, or `-` for stdin.

    Raises CommandError if it is not valid JSON.
    """
    if given is None:
        return None
    body, origin = _input_body(given)
    try:
        json.loads(body.decode("utf-8-sig"), parse_constant=_reject_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _input_error(f"The input {origin} is not valid JSON: {error.msg} at {place}.") from error
    except ValueError as error:
        raise _input_error(f"The input {origin} is not valid JSON: {error}.") from error
    return body.removeprefix(codecs.BOM_UTF8)


def exit_code(run: JsonDict) -> int:
    """Return the exit code of the `apify` command for this run. If the run failed, it is the Actor's own, or 1."""
    return EXIT_CODES.get(run["status"], run.get("exitCode") or FAILED)


def _build_and_run(client: Client, folder: ActorFolder, arguments: RunArguments) -> RunResult:
    actor, build = build_actor(client, folder)
    finished = _run_to_end(client, actor, build, arguments)
    return _fetch_result(client, finished)


def _run_to_end(client: Client, actor: JsonDict, build: JsonDict, arguments: RunArguments) -> JsonDict:
    """Start the run and return it when it has finished. The first interrupt aborts it, the second one exits."""
    run: JsonDict | None = None
    log: LogFollower | None = None
    try:
        with deferred_interrupts():
            run = client.runs.start(actor["id"], _run_params(build, arguments), arguments.body)
        print_message(f"Run {run['id']} of {actor['name']}, build {build['buildNumber']}")
        log = LogFollower(client, run["id"], sys.stderr.buffer if arguments.as_json else sys.stdout.buffer)
        log.follow()
        return client.runs.wait(run["id"])
    except KeyboardInterrupt:
        if run is None:
            raise
        return _abort(client, run, log)


def _abort(client: Client, run: JsonDict, log: LogFollower | None) -> JsonDict:
    try:
        print_warning("\nAborting the run. Press Ctrl-C again to exit without waiting.")
        client.runs.abort(run["id"])
        if log:
            log.follow()
        return client.runs.wait(run["id"])
    except KeyboardInterrupt:
        print_warning(f"\nExited without waiting. Run {run['id']} may still be ending; its record and log remain.")
        raise


def _run_params(build: JsonDict, arguments: RunArguments) -> JsonDict:
    params = {"build": build["buildNumber"], "memory": arguments.memory_mbytes, "timeout": arguments.timeout_secs}
    return {name: value for name, value in params.items() if value is not None}


def _fetch_result(client: Client, run: JsonDict) -> RunResult:
    with progress("Fetching the results"):
        page = client.datasets.first_items(run["defaultDatasetId"], ITEMS_FETCHED)
        output = client.key_value_stores.find_record(run["defaultKeyValueStoreId"], OUTPUT_KEY)
    return RunResult(run, page.items, page.total, _record_value(output) if output else None)


def _record_value(response: httpx.Response) -> Any:
    """Return a record as JSON: parsed, as a string, or, if it is binary, its content type and size."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if content_type == "application/json":
        return response.json()
    if content_type.startswith("text/"):
        return response.text
    return {"contentType": content_type, "bytes": len(response.content)}


def _print_result(result: RunResult, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(
            {"run": result.run, "itemCount": result.item_count, "items": result.items, "output": result.output}
        )
    else:
        print_summary(terminal.stdout, result)


def _input_body(given: str) -> tuple[bytes, str]:
    """Return the input's bytes, and its origin for error messages."""
    if given == "-":
        return sys.stdin.buffer.read(), "from stdin"
    if not given.startswith("@"):
        return os.fsencode(given), "given with -i"
    file = Path(given[1:])
    try:
        return file.read_bytes(), f"in {file}"
    except OSError as error:
        raise _input_error(f"Cannot read the input file {file}: {error.strerror}.") from error


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a valid JSON value")


def _input_error(message: str) -> CommandError:
    advice = 'Pass JSON as in -i \'{"name": "value"}\', a file as in -i @input.json, or -i - to read from stdin.'
    return CommandError(message, advice, exit_code=INVALID_INPUT)
