"""The Actor that `greenroom fit` measures: in a folder or repository, which it builds, or one that exists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.actors.building import build_actor
from cli.actors.folder import ActorFolder, is_git_url
from cli.actors.source import read_repository
from cli.client import Client
from cli.client.checks import SourceDefinition
from cli.errors import INVALID_INPUT, USAGE, CommandError
from cli.runs.input import read_input, read_stored_input, with_prefill
from cli.runs.references import find_actor
from cli.runs.start_options import StartArguments
from cli.runs.target import existing_build, input_schema
from runtime.base.json_text import Json, JsonDict

STDIN = "-"
MAX_LABEL = 60


@dataclass(frozen=True, slots=True)
class Input:
    """An input, with a short name for tables. `body` is its JSON, or None without an input."""

    label: str
    body: bytes | None

    @property
    def value(self) -> Json:
        return None if self.body is None else json.loads(self.body)


@dataclass(frozen=True, slots=True)
class FitTarget:
    """What runs: an Actor, the parameters of the start, and the inputs. The memory is that to begin with."""

    actor: JsonDict
    params: JsonDict
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class _Runnable:
    """An Actor and its build, with the checked inputs."""

    actor: JsonDict
    build: JsonDict
    inputs: tuple[Input, ...]


def given_inputs(given: Sequence[str], start: StartArguments) -> tuple[Input, ...]:
    """Return the inputs that -i specifies, or without any, that of the configuration.

    Raises CommandError if one is not valid JSON.
    """
    if not given and start.body is not None:
        return (Input("configured input", start.body),)
    if given.count(STDIN) > 1:
        raise CommandError("Only one input can come from stdin.", exit_code=USAGE)
    return tuple(_given_input(text) for text in given)


def is_source(reference: str) -> bool:
    """Return whether an argument is a folder or a git URL. Otherwise it is the name or id of an Actor."""
    return is_git_url(reference) or Path(reference).is_dir()


def prepare_target(
    client: Client, source: ActorFolder | str, inputs: Sequence[Input], start: StartArguments
) -> FitTarget:
    """Check all inputs, then build the Actor in a folder or at a git URL, or find the one with a name or id.

    Raises CommandError.
    """
    if isinstance(source, str) and not is_git_url(source):
        found = _existing(client, source, inputs, start)
    else:
        found = _from_source(client, source, inputs, start)
    return FitTarget(found.actor, start.params(found.build["buildNumber"]), found.inputs)


def _given_input(given: str) -> Input:
    body = read_input(given)
    if given == STDIN:
        return Input("stdin", body)
    label = given.removeprefix("@") if given.startswith("@") else _fields(body)
    return Input(label if len(label) <= MAX_LABEL else f"{label[:MAX_LABEL]}...", body)


def _fields(body: bytes | None) -> str:
    """Name the fields of an input without their values: tables and reports show labels, and values may be secret."""
    content = json.loads(body or b"null")
    return ", ".join(content) if isinstance(content, dict) and content else "JSON"


def _from_source(
    client: Client, source: ActorFolder | str, inputs: Sequence[Input], start: StartArguments
) -> _Runnable:
    if isinstance(source, str):
        folder, definition = read_repository(client, source)
    else:
        folder, definition = source, client.checks.read_definition(source.version_fields)
    checked = _checked(client, definition, _given_or_stored(inputs, folder, start), start)
    actor, build = build_actor(client, folder)
    return _Runnable(actor, build, checked)


def _existing(client: Client, reference: str, inputs: Sequence[Input], start: StartArguments) -> _Runnable:
    actor = find_actor(client, reference)
    if actor is None:
        raise CommandError(
            f"'{reference}' is neither a folder nor an Actor on the server.",
            "Pass the folder of an Actor, or the name of one that `greenroom push` has created.",
            exit_code=INVALID_INPUT,
        )
    wanted = start.build or (actor.get("defaultRunOptions") or {}).get("build") or "latest"
    advice = "Build it with `greenroom push PATH`, or select another build with --build."
    build = existing_build(client, actor, wanted, advice)
    definition = SourceDefinition(build.get("actorDefinition") or {}, input_schema(build))
    return _Runnable(actor, build, _checked(client, definition, inputs, start))


def _given_or_stored(inputs: Sequence[Input], folder: ActorFolder, start: StartArguments) -> Sequence[Input]:
    """Return the inputs, or without any, what the SDKs would read in the folder."""
    if inputs or start.prefill or folder.path is None:
        return inputs
    return [Input("stored input", read_stored_input(folder.path))]


def _checked(
    client: Client, definition: SourceDefinition, inputs: Sequence[Input], start: StartArguments
) -> tuple[Input, ...]:
    """Return the inputs with prefilled values, after the server has checked each. Raises ApiError."""
    given = inputs or [Input("no input", None)]
    schema = definition.input_schema
    complete = [Input(each.label, with_prefill(schema, each.body) if start.prefill else each.body) for each in given]
    for each in complete:
        client.checks.check_start(definition, start.options, each.body)
    return tuple(complete)
