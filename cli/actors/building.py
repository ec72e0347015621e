"""Creates or updates an Actor from its source, and builds it."""

from __future__ import annotations

from contextlib import nullcontext

from cli import terminal
from cli.actors.folder import ActorFolder
from cli.client import Client
from cli.errors import ABORTED, BUILD_FAILED, TIMED_OUT, CommandError
from cli.runs.log_follower import LogFollower
from cli.terminal import print_message, print_result, print_warning, progress, streams
from cli.terminal.interrupts import deferred_interrupts
from runtime.base.json_text import Json, JsonDict
from runtime.base.sizes import image_size

EXIT_CODES = {"FAILED": BUILD_FAILED, "TIMED-OUT": TIMED_OUT, "ABORTED": ABORTED}


def build_actor(client: Client, folder: ActorFolder, *, shows_log: bool = True) -> tuple[JsonDict, JsonDict]:
    """Create or update the Actor of a folder and build it; return the Actor and the build.

    An interrupt aborts the build. Raises CommandError if the build does not succeed.
    """
    for remark in folder.remarks.values():
        print_warning(remark)
    actor = _put_actor(client, folder)
    return actor, build_version(client, actor, folder.version, shows_log=shows_log)


def build_version(
    client: Client,
    actor: JsonDict,
    version: str,
    *,
    tag: str | None = None,
    use_cache: bool = True,
    shows_log: bool = True,
) -> JsonDict:
    """Build a version of an Actor, and return the build.

    An interrupt aborts the build. Raises CommandError if the build does not succeed.
    """
    build: JsonDict | None = None
    try:
        with deferred_interrupts():
            build = client.builds.start(actor["id"], version, tag=tag, use_cache=use_cache)
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
    return finished


def print_build(actor: JsonDict, build: JsonDict, *, as_json: bool, **details: Json) -> None:
    """Print a successful build, as JSON with these details."""
    if as_json:
        terminal.print_json({"actor": actor, "build": build, **details})
        return
    name = f"{actor['username']}/{actor['name']}"
    print_result(f"SUCCEEDED  build {build['buildNumber']} of {name}, {image_size(build['stats']['imageSizeBytes'])}")


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
