"""What `greenroom run` starts: a build that it makes after checking the run, or an existing one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.actors.building import build_actor
from cli.actors.folder import ActorFolder
from cli.actors.source import read_repository
from cli.client import Client
from cli.errors import INVALID_INPUT, CommandError
from cli.runs.input import read_stored_input, with_prefill
from cli.runs.options import encode_env_vars
from runtime.base.json_text import JsonDict


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArguments:
    """The arguments of `greenroom run`.

    `source` is the path of a folder or a git URL. `body` is the input's JSON. `build` is the tag or number of an
    existing build; with `no_build`, it is the Actor's own tag. `memory_mbytes`, `timeout_secs` and `permission_level`
    None mean the Actor's default.
    """

    source: str
    data_dir: Path
    body: bytes | None = None
    prefill: bool = False
    memory_mbytes: int | None = None
    timeout_secs: int | None = None
    permission_level: str | None = None
    env_vars: Mapping[str, str] = field(default_factory=dict)
    build: str | None = None
    no_build: bool = False
    debug: bool = False
    as_json: bool = False

    @property
    def uses_existing_build(self) -> bool:
        return self.no_build or self.build is not None

    @property
    def options(self) -> JsonDict:
        """The parameters of the Run Actor endpoint that do not depend on the build."""
        params = {
            "memory": self.memory_mbytes,
            "timeout": self.timeout_secs,
            "forcePermissionLevel": self.permission_level,
        }
        return {name: value for name, value in params.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RunTarget:
    """An Actor, the id and number of the build to run, the parameters of the start, and the input."""

    actor: JsonDict
    build_id: str
    build_number: str
    params: JsonDict
    body: bytes | None


def given_input(arguments: RunArguments, folder: ActorFolder | None) -> bytes | None:
    """Return the input before prefilled values are added."""
    if arguments.body is not None or arguments.prefill or folder is None or folder.path is None:
        return arguments.body
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
        schema = json.loads(build["inputSchema"]) if build.get("inputSchema") else None
        body = with_prefill(schema, body) if arguments.prefill else body
    else:
        definition = definition or client.checks.read_definition(folder.version_fields)
        body = with_prefill(definition.input_schema, body) if arguments.prefill else body
        client.checks.check_start(definition, arguments.options, body)
        actor, build = build_actor(client, folder)
    number = build["buildNumber"]
    # A new build has the current files, and an Actor with a dev folder would mount the same ones.
    source = {} if arguments.uses_existing_build else {"devFolder": 0}
    params = {"build": number, **source, **arguments.options, **_env_vars(arguments.env_vars)}
    return RunTarget(actor, build["id"], number, params, body)


def _existing_build(client: Client, folder: ActorFolder, arguments: RunArguments) -> tuple[JsonDict, JsonDict]:
    """Return the Actor and the build with the requested tag or number."""
    actor = client.actors.find(f"{client.username()}~{folder.name}")
    advice = f"Build it with `greenroom push {folder.path or 'URL'}`."
    if actor is None:
        raise CommandError(f"The Actor {folder.name} does not exist.", advice, exit_code=INVALID_INPUT)
    wanted, tagged = arguments.build or folder.build_tag, actor.get("taggedBuilds") or {}
    build = (
        client.builds.find(tagged[wanted]["buildId"])
        if wanted in tagged
        else client.builds.find_number(actor["id"], wanted)
    )
    if build is None:
        tags = f"Its tags are: {', '.join(sorted(tagged))}." if tagged else "It has no tagged builds."
        message = f"The Actor {folder.name} has no build with the tag or number {wanted}. {tags}"
        raise CommandError(message, advice, exit_code=INVALID_INPUT)
    return actor, build


def _env_vars(variables: Mapping[str, str]) -> JsonDict:
    return {"greenroomEnvVars": encode_env_vars(variables)} if variables else {}
