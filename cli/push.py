"""`greenroom push`: a folder becomes an Actor with a build of it, which the server makes from where the folder is."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from cli import source
from cli.client import Client, Record, connected
from cli.errors import ABORTED, FAILED, TIMED_OUT, Problem
from cli.following import Log
from cli.interrupts import held_interrupts
from cli.source import Source
from cli.terminal import results, say

EXIT_CODES = {"SUCCEEDED": 0, "TIMED-OUT": TIMED_OUT, "ABORTED": ABORTED}
MBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked."""

    folder: Path
    data_dir: Path
    as_json: bool


def push(call: Call) -> int:
    """Everything from the folder to the build; the exit code. Raises Problem."""
    given = source.read(call.folder)
    try:
        with connected(call.data_dir) as client:
            actor, build = pushed(client, given)
    except KeyboardInterrupt:
        return ABORTED
    if call.as_json:
        print(json.dumps({"actor": actor, "build": build}, ensure_ascii=False, indent=2))
    else:
        results.print(f"SUCCEEDED  build {build['buildNumber']} of {actor['username']}/{actor['name']}, {_size(build)}")
    return 0


def pushed(client: Client, given: Source) -> tuple[Record, Record]:
    """The Actor of the folder, and a build of what the folder holds now. Raises Problem where that fails."""
    new = {"name": given.name, **given.about}
    actor = client.actor(f"{client.username()}~{given.name}") or client.create_actor(new)
    build: Record | None = None
    try:
        with held_interrupts():
            build = _started_build(client, actor, given)
        say(f"Building {build['buildNumber']} (its log follows)")
        Log(client, build["id"], sys.stderr.buffer).follow()
        ended = client.ended_build(build["id"])
    except KeyboardInterrupt:
        if build is not None:
            ended = client.abort_build(build["id"])
            say(f"\nBuild {ended['buildNumber']} ended {ended['status']}.", "yellow")
        raise
    if ended["status"] != "SUCCEEDED":
        why = ended.get("statusMessage") or "its log tells why"
        code = EXIT_CODES.get(ended["status"], FAILED)
        raise Problem(f"Build {ended['buildNumber']} ended {ended['status']}: {why}.", exit_code=code)
    return actor, ended


def _started_build(client: Client, actor: Record, given: Source) -> Record:
    known = client.version(actor["id"], given.version)
    wanted: Record = {
        "versionNumber": given.version,
        "sourceType": "SOURCE_FILES",
        "localFolder": str(given.folder),
        "sourceFiles": [],
        "buildTag": given.build_tag,
        **({} if given.env_vars is None else {"envVars": [*given.env_vars, *_kept_secrets(given, known)]}),
    }
    if known:
        client.update_version(actor["id"], wanted)
    else:
        client.create_version(actor["id"], wanted)
    return client.start_build(actor["id"], given.version)


def _kept_secrets(given: Source, known: Record | None) -> list[Record]:
    """The variables whose values the `apify` command alone knows and has sent before; without a value they stay."""
    sent = {each["name"] for each in known["envVars"] if each["isSecret"]} if known else set()
    for name in sorted(set(given.secrets) - sent):
        say(
            f"Left out the environment variable {name!r}: its value is a secret of the `apify` command."
            " After an `apify push` it is kept.",
            "yellow",
        )
    return [{"name": name, "isSecret": True} for name in given.secrets if name in sent]


def _size(build: Record) -> str:
    return f"{build['stats']['imageSizeBytes'] / MBYTE:.0f} MB"
