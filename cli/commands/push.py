"""`greenroom push`: creates or updates an Actor from a folder, and builds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.actors.building import build_actor, print_build
from cli.actors.folder import ActorFolder, is_git_url
from cli.actors.source import Source, existing_source, local_folder, read_local_actor, read_repository
from cli.actors.stand_ins import StandInName, parse_stand_in_name
from cli.client import Client, connected
from cli.configuration.loading import load
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, parsed, resolved
from cli.terminal import print_message
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushArguments:
    """The arguments of `greenroom push`. `stand_in` is the Actor that the source stands in for."""

    source: str
    data_dir: Path
    stand_in: StandInName | None = None
    dev: bool = False
    as_json: bool


@app.command(cls=Command)
def push(
    source: Source = ".",
    stand_in: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="USERNAME/NAME",
            callback=not_empty,
            help="Make the public stand-in for this Actor of Apify Store, for all users. Its build has the tag latest.",
        ),
    ] = None,
    dev: Annotated[
        bool,
        typer.Option(
            "--dev", help="Mount the current files of the folder in every run, until the next push without --dev."
        ),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create or update an Actor from a folder or a git repository, and build it. The server reads the source itself.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, 64 wrong usage, 65 build failed, 69 command
    failed.

    Example: greenroom push --dev ./my-actor && apify call my-actor
    """
    if dev and (stand_in or is_git_url(source)):
        raise typer.BadParameter("only your own Actor in a local folder can have a dev folder", param_hint="--dev")
    arguments = PushArguments(
        source=existing_source(source),
        data_dir=resolved(data_dir),
        stand_in=parsed("--as", parse_stand_in_name, stand_in),
        dev=dev,
        as_json=as_json,
    )
    raise typer.Exit(push_actor(arguments))


def push_actor(arguments: PushArguments) -> int:
    """Create or update the Actor, build it, and print the build; return the exit code. Raises CommandError."""
    folder = read_local_actor(arguments.source)
    with connected(arguments.data_dir, load(local_folder(arguments.source))) as client:
        if folder is None:
            folder, _ = read_repository(client, arguments.source)
        else:
            client.checks.read_definition(folder.version_fields)
        actor, build = _build(client, folder, arguments.stand_in)
        dev_folder = _set_dev_folder(client, actor, folder, dev=arguments.dev)
    print_build(actor, build, as_json=arguments.as_json, devFolder=dev_folder)
    return 0


def _set_dev_folder(client: Client, actor: JsonDict, folder: ActorFolder, *, dev: bool) -> str | None:
    """Set or clear the folder that the Actor's runs mount, and return it."""
    if dev and folder.path is not None:
        path = str(folder.path)
        client.development.set_folder(actor["id"], path)
        print_message(f"Runs of {actor['name']} mount {path} from now on, until a push without --dev.")
        return path
    earlier = client.development.folder(actor["id"])
    if earlier is not None:
        client.development.clear_folder(actor["id"])
        print_message(f"Runs of {actor['name']} no longer mount {earlier}.")
    return None


def _build(client: Client, folder: ActorFolder, stand_in: StandInName | None) -> tuple[JsonDict, JsonDict]:
    """Build the Actor. A stand-in belongs to the user that it names, and becomes public when its build succeeded."""
    if stand_in is None:
        return build_actor(client, folder)
    client.act_for_stand_in(stand_in.username)
    actor, build = build_actor(client, stand_in.applied_to(folder))
    return client.actors.publish(actor["id"]), build
