"""What `greenroom run` starts: a build that it makes after checking the run, or an existing one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from cli.actors.building import build_actor
from cli.actors.folder import ActorFolder
from cli.actors.source import read_repository
from cli.client import Client
from cli.errors import INVALID_INPUT, CommandError
from cli.runs.input import read_stored_input, with_prefill
from cli.runs.start_options import StartArguments
from runtime.base.json_text import JsonDict


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArguments:
    """The arguments of `greenroom run`: the path of a folder or a git URL, and how to start the run.

    With `no_build`, the last build with the Actor's own tag runs, instead of a new one.
    """

    source: str
    start: StartArguments
    no_build: bool = False
    debug: bool = False

    @property
    def uses_existing_build(self) -> bool:
        return self.no_build or self.start.build is not None


@dataclass(frozen=True, slots=True)
class RunTarget:
    """An Actor, its build, the parameters of the start, and the input."""

    actor: JsonDict
    build: JsonDict
    params: JsonDict
    body: bytes | None


def given_input(arguments: RunArguments, folder: ActorFolder | None) -> bytes | None:
    """Return the input before prefilled values are added."""
    if arguments.start.body is not None or arguments.start.prefill or folder is None or folder.path is None:
        return arguments.start.body
    return read_stored_input(folder.path)


def prepare_target(
    client: Client, folder: ActorFolder | None, body: bytes | None, arguments: RunArguments
) -> RunTarget:
    """Return what to start. Unless the build exists, check the definition, the input and the options, then build.

    Raises CommandError.
    """
    definition = None
    if folder is None:
        folder, definition = read_repository(client, arguments.source)
    if arguments.uses_existing_build:
        actor, build = _existing_build(client, folder, arguments)
        body = with_prefill(input_schema(build), body) if arguments.start.prefill else body
    else:
        definition = definition or client.checks.read_definition(folder.version_fields)
        body = with_prefill(definition.input_schema, body) if arguments.start.prefill else body
        client.checks.check_start(definition, arguments.start.options, body)
        actor, build = build_actor(client, folder)
    return RunTarget(actor, build, arguments.start.params(build["buildNumber"]), body)


def existing_build(client: Client, actor: JsonDict, wanted: str, advice: str) -> JsonDict:
    """Return the build of an Actor with a tag or number. Raises CommandError with this advice if it does not exist."""
    tagged = actor.get("taggedBuilds") or {}
    build = (
        client.builds.find(tagged[wanted]["buildId"])
        if wanted in tagged
        else client.builds.find_number(actor["id"], wanted)
    )
    if build is None:
        tags = f"Its tags are: {', '.join(sorted(tagged))}." if tagged else "It has no tagged builds."
        message = f"The Actor {actor['name']} has no build with the tag or number {wanted}. {tags}"
        raise CommandError(message, advice, exit_code=INVALID_INPUT)
    return build


def input_schema(build: JsonDict) -> JsonDict | None:
    """Return the input schema of a build, or None if it has none."""
    return json.loads(build["inputSchema"]) if build.get("inputSchema") else None


def _existing_build(client: Client, folder: ActorFolder, arguments: RunArguments) -> tuple[JsonDict, JsonDict]:
    """Return the Actor of the folder, and its build with the requested tag or number."""
    actor = client.actors.find(f"{client.username()}~{folder.name}")
    advice = f"Build it with `greenroom push {folder.path or 'URL'}`."
    if actor is None:
        raise CommandError(f"The Actor {folder.name} does not exist.", advice, exit_code=INVALID_INPUT)
    return actor, existing_build(client, actor, arguments.start.build or folder.build_tag, advice)
