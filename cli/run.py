"""`greenroom run`: a folder becomes an Actor, a build and a run, and the run's end is told."""

from __future__ import annotations

import codecs
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cli import source, summary, terminal
from cli.client import Client, Record, connected
from cli.errors import ABORTED, FAILED, INVALID_INPUT, Problem
from cli.following import Log
from cli.interrupts import held_interrupts
from cli.push import EXIT_CODES, pushed
from cli.source import Source
from cli.summary import Result
from cli.terminal import say, step

ITEMS_FETCHED = 10
OUTPUT_KEY = "OUTPUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked. `body` is the input's JSON; `memory_mbytes` and `timeout_secs` None mean the Actor's own."""

    folder: Path
    data_dir: Path
    body: bytes | None
    memory_mbytes: int | None
    timeout_secs: int | None
    as_json: bool


def run(call: Call) -> int:
    """Everything from the folder to the block; the exit code. Raises Problem."""
    given = source.read(call.folder)
    try:
        with connected(call.data_dir) as client:
            result = _carried_out(client, given, call)
            _show(result, call)
    except KeyboardInterrupt:
        return ABORTED
    return exit_code(result.run)


def read_input(given: str | None) -> bytes | None:
    """The body that `-i` means: JSON itself, `@file`, or `-` for stdin. Raises Problem when it is no JSON."""
    if given is None:
        return None
    body, where = _input_body(given)
    try:
        json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise _bad_input(f"The input ({where}) is not valid JSON: {problem.msg} at {place}.") from problem
    except ValueError as problem:
        raise _bad_input(f"The input ({where}) is not valid JSON: {problem}.") from problem
    return body.removeprefix(codecs.BOM_UTF8)


def exit_code(run: Record) -> int:
    """As the `apify` command's: a run that failed gives the Actor's own exit code, else 1."""
    return EXIT_CODES.get(run["status"], run.get("exitCode") or FAILED)


def _carried_out(client: Client, given: Source, call: Call) -> Result:
    actor, build = pushed(client, given)
    ended = _seen_through(client, actor, build, call)
    return _result(client, ended)


def _seen_through(client: Client, actor: Record, build: Record, call: Call) -> Record:
    """The run from its start to its end. One Ctrl-C aborts it, a second one leaves it as it then is."""
    run: Record | None = None
    log: Log | None = None
    try:
        with held_interrupts():
            run = client.start_run(actor["id"], _options(build, call), call.body)
        say(f"Run {run['id']} of {actor['name']} {build['buildNumber']}")
        log = Log(client, run["id"], sys.stderr.buffer if call.as_json else sys.stdout.buffer)
        log.follow()
        return client.ended_run(run["id"])
    except KeyboardInterrupt:
        if run is None:
            raise
        return _aborted(client, run, log)


def _aborted(client: Client, run: Record, log: Log | None) -> Record:
    try:
        say("\nAborting the run; another Ctrl-C leaves at once.", "yellow")
        client.abort_run(run["id"])
        if log:
            log.follow()
        return client.ended_run(run["id"])
    except KeyboardInterrupt:
        say(f"\nLeft: run {run['id']} may still be ending; its record and log stay with the server.", "yellow")
        raise


def _options(build: Record, call: Call) -> Record:
    options = {"build": build["buildNumber"], "memory": call.memory_mbytes, "timeout": call.timeout_secs}
    return {name: value for name, value in options.items() if value is not None}


def _result(client: Client, ended: Record) -> Result:
    with step("Reading the results"):
        page = client.items(ended["defaultDatasetId"], ITEMS_FETCHED)
        output = client.record(ended["defaultKeyValueStoreId"], OUTPUT_KEY)
    return Result(ended, page.items, page.total, _value(output) if output else None)


def _value(record: httpx.Response) -> Any:
    """A record as JSON can hold it: parsed, as text, or only described."""
    kind = record.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        return record.json()
    return record.text if kind.startswith("text/") else {"contentType": kind, "bytes": len(record.content)}


def _show(result: Result, call: Call) -> None:
    if not call.as_json:
        summary.write(terminal.results, summary.rows(result))
        return
    told = {"run": result.run, "itemCount": result.item_count, "items": result.items, "output": result.output}
    print(json.dumps(told, ensure_ascii=False, indent=2))


def _input_body(given: str) -> tuple[bytes, str]:
    """The bytes and where they came from."""
    if given == "-":
        return sys.stdin.buffer.read(), "from stdin"
    if not given.startswith("@"):
        return os.fsencode(given), "of -i"
    file = Path(given[1:])
    try:
        return file.read_bytes(), str(file)
    except OSError as problem:
        raise _bad_input(f"The input file {file} cannot be read: {problem.strerror}.") from problem


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _bad_input(message: str) -> Problem:
    advice = 'Give JSON such as -i \'{"name": "value"}\', a file as -i @input.json, or -i - to read stdin.'
    return Problem(message, advice, exit_code=INVALID_INPUT)
