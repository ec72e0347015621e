"""`greenroom push`: creates or updates an Actor from a folder, and builds it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from cli import streams, terminal
from cli.actor_folder import ActorFolder
from cli.actor_source import read_local_actor, read_repository
from cli.client import Client, connected
from cli.errors import ABORTED, BUILD_FAILED, TIMED_OUT, CommandError
from cli.interrupts import deferred_interrupts
from cli.log_follower import LogFollower
from cli.sizes import image_size
from cli.stand_ins import StandInName
from cli.terminal import print_message, print_result, print_warning, progress
from runtime.base.json_text import JsonDict

EXIT_CODES = {"FAILED": BUILD_FAILED, "TIMED-OUT": TIMED_OUT, "ABORTED": ABORTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushArguments:
    """The arguments of `greenroom push`. `stand_in` is the Actor that the source stands in for."""

    source: str
    data_dir: Path
    stand_in: StandInName | None = None
    as_json: bool


def push_actor(arguments: PushArguments) -> int:
    """Create or update the Actor, build it, and print the build; return the exit code. Raises CommandError."""
    folder = read_local_actor(arguments.source)
    with connected(arguments.data_dir) as client:
        if folder is None:
            folder, _ = read_repository(client, arguments.source)
        else:
            client.checks.read_definition(folder.version_fields)
        actor, build = _build(client, folder, arguments.stand_in)
    if arguments.as_json:
        terminal.print_json({"actor": actor, "build": build})
    else:
        name = f"{actor['username']}/{actor['name']}"
        size = image_size(build["stats"]["imageSizeBytes"])
        print_result(f"SUCCEEDED  build {build['buildNumber']} of {name}, {size}")
    return 0


def _build(client: Client, folder: ActorFolder, stand_in: StandInName | None) -> tuple[JsonDict, JsonDict]:
    """Build the Actor. A stand-in belongs to the user that it names, and becomes public when its build succeeded."""
    if stand_in is None:
        return build_actor(client, folder)
    client.act_for_stand_in(stand_in.username)
    actor, build = build_actor(client, stand_in.applied_to(folder))
    return client.actors.publish(actor["id"]), build


def build_actor(client: Client, folder: ActorFolder, *, shows_log: bool = True) -> tuple[JsonDict, JsonDict]:
    """Create or update the Actor of a folder and build it; return the Actor and the build.

    An interrupt aborts the build. Raises CommandError if the build does not succeed.
    """
    for remark in folder.remarks.values():
        print_warning(remark)
    actor = _put_actor(client, folder)
    build: JsonDict | None = None
    try:
        with deferred_interrupts():
            build = client.builds.start(actor["id"], folder.version)
        if shows_log:
            print_message(f"Building {build['buildNumber']} (its log follows)")
            LogFollower(client, build["id"], streams.stderr).follow()
        with nullcontext() if shows_log else progress(f"Building {build['buildNumber']}"):
            finished = client.builds.wait(build["id"])
    except KeyboardInterrupt:
        if build is not None:
            aborted = client.builds.abort(build["id"])
            print_warning(f"\nBuild {aborted['buildNumber']} finished with status {aborted['status']}.")
        raise
    if finished["status"] != "SUCCEEDED":
        raise _build_error(actor, finished)
    return actor, finished


def _put_actor(client: Client, folder: ActorFolder) -> JsonDict:
    """Create or update the Actor and its version. If the server rejects the version, no Actor is created."""
    actor = client.actors.find(f"{client.username()}~{folder.name}")
    if actor is None:
        fields = {"name": folder.name, **folder.display, "versions": [_version(folder, None)]}
        return client.actors.create(fields)
    existing = client.actors.find_version(actor["id"], folder.version)
    version = _version(folder, existing)
    if existing:
        client.actors.update_version(actor["id"], version)
    else:
        client.actors.create_version(actor["id"], version)
    return actor


def _version(folder: ActorFolder, existing: JsonDict | None) -> JsonDict:
    version = folder.version_fields
    if folder.env_vars is not None:
        version["envVars"] = [*folder.env_vars, *_unchanged_secrets(folder, existing)]
    return version


def _unchanged_secrets(folder: ActorFolder, existing: JsonDict | None) -> list[JsonDict]:
    """Return the secrets that the version already has, without values: the server preserves their values."""
    stored = {variable["name"] for variable in existing["envVars"] if variable.get("isSecret")} if existing else set()
    for name in sorted(set(folder.secrets) - stored):
        print_warning(
            f"Skipped the environment variable {name!r}: only the `apify` command knows the value of this secret."
            " Set it with `apify push` once; later pushes preserve it."
        )
    return [{"name": name, "isSecret": True} for name in folder.secrets if name in stored]


def _build_error(actor: JsonDict, build: JsonDict) -> CommandError:
    reason = build.get("statusMessage") or "see its log"
    end = "" if reason.endswith(".") or "\n" in reason else "."  # the reason can end with a Dockerfile to paste
    return CommandError(
        f"Build {build['buildNumber']} finished with status {build['status']}: {reason}{end}",
        exit_code=EXIT_CODES[build["status"]],
        code=f"build-{build['status'].lower()}",
        details={"actor": actor, "build": build},
    )
