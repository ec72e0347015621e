"""`greenroom run`: a folder becomes an Actor, a build and a run, and the run's end is told."""

from __future__ import annotations

import codecs
import json
import os
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from cli import block, server, source, terminal
from cli.block import Result
from cli.client import Client, Record
from cli.interrupts import endings_interrupt, held_interrupts
from cli.problem import ABORTED, FAILED, INVALID_INPUT, TIMED_OUT, Problem
from cli.source import Source
from cli.terminal import say, step

ITEMS_FETCHED = 10
OUTPUT_KEY = "OUTPUT"
EXIT_CODES = {"SUCCEEDED": 0, "TIMED-OUT": TIMED_OUT, "ABORTED": ABORTED}


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
    for entry in given.left_out:
        say(f"Left out {entry}", "yellow")
    try:
        with (
            endings_interrupt(),
            server.borrowed(call.data_dir) as found,
            closing(Client(found)) as client,
        ):
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
    actor = _actor(client, given)
    build = _build(client, actor, given)
    ended = _seen_through(client, actor, build, call)
    return _result(client, ended)


def _actor(client: Client, given: Source) -> Record:
    return client.actor(f"{client.username()}~{given.name}") or client.create_actor(given.name)


def _build(client: Client, actor: Record, given: Source) -> Record:
    """A build of exactly this source: the newest one where nothing changed since, else a new one."""
    version = client.version(actor["id"], given.version)
    if version and _holds(version, given):
        newest = client.newest_build(actor["id"])
        if newest and _is_current(newest, actor, given):
            if client.build(newest["id"])["hasImage"]:
                say(f"Nothing changed since build {newest['buildNumber']}")
                return newest
            say(f"Nothing changed since build {newest['buildNumber']}, but its image is gone")
    return _built(client, _started_build(client, actor, given, version))


def _holds(version: Record, given: Source) -> bool:
    if version["buildTag"] != given.build_tag or not _same_env_vars(version, given):
        return False
    return _comparable(version.get("sourceFiles") or []) == _comparable(given.files)


def _same_env_vars(version: Record, given: Source) -> bool:
    held = [{"name": var["name"], "value": var.get("value")} for var in version.get("envVars") or []]
    return given.env_vars is None or held == given.env_vars


def _comparable(files: list[Record]) -> list[tuple[str, str, str]]:
    return sorted((file["name"], file["format"], file["content"]) for file in files if not file.get("folder"))


def _is_current(newest: Record, actor: Record, given: Source) -> bool:
    """The newest build at all: an older one may stem from another state of the version's source."""
    tagged = (actor.get("taggedBuilds") or {}).get(given.build_tag) or {}
    is_of_version = newest["buildNumber"].startswith(f"{given.version}.")
    is_good = newest["status"] == "SUCCEEDED" and tagged.get("buildId") == newest["id"]
    return bool(is_of_version and is_good)


def _started_build(client: Client, actor: Record, given: Source, version: Record | None) -> Record:
    wanted: Record = {
        "versionNumber": given.version,
        "sourceType": "SOURCE_FILES",
        "buildTag": given.build_tag,
        "sourceFiles": given.files,
        **({} if given.env_vars is None else {"envVars": given.env_vars}),
    }
    # A version that holds new source without a build of it would pass for unchanged the next time.
    with held_interrupts():
        if version:
            client.update_version(actor["id"], wanted)
        else:
            client.create_version(actor["id"], wanted)
        return client.start_build(actor["id"], given.version)


def _built(client: Client, build: Record) -> Record:
    say(f"Building {build['buildNumber']} (its log follows)")
    _Log(client, build["id"], sys.stderr.buffer).follow()
    ended = client.ended_build(build["id"])
    if ended["status"] != "SUCCEEDED":
        why = ended.get("statusMessage") or "its log tells why"
        code = EXIT_CODES.get(ended["status"], FAILED)
        raise Problem(f"Build {ended['buildNumber']} ended {ended['status']}: {why}.", exit_code=code)
    return ended


def _seen_through(client: Client, actor: Record, build: Record, call: Call) -> Record:
    """The run from its start to its end. One Ctrl-C aborts it, a second one leaves it as it then is."""
    run: Record | None = None
    log: _Log | None = None
    try:
        with held_interrupts():
            run = client.start_run(actor["id"], _options(build, call), call.body)
        say(f"Run {run['id']} of {actor['name']} {build['buildNumber']}")
        log = _Log(client, run["id"], sys.stderr.buffer if call.as_json else sys.stdout.buffer)
        log.follow()
        return client.ended_run(run["id"])
    except KeyboardInterrupt:
        if run is None:
            raise
        return _aborted(client, run, log)


def _aborted(client: Client, run: Record, log: _Log | None) -> Record:
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


class _Log:
    """A log being copied to a stream; following again goes on where it was left."""

    def __init__(self, client: Client, job_id: str, to: BinaryIO) -> None:
        self._client = client
        self._job_id = job_id
        self._to = to
        self._copied = 0

    def follow(self) -> None:
        """Copy what comes until the job ends."""
        skip = self._copied
        for chunk in self._client.log(self._job_id, raw=terminal.shows_colors()):
            fresh = chunk[skip:]
            skip -= len(chunk) - len(fresh)
            # Cut off between the two, a line would come twice, or never.
            with held_interrupts():
                self._to.write(fresh)
                self._to.flush()
                self._copied += len(fresh)


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
        block.write(terminal.results, block.rows(result))
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
