"""`greenroom build`: builds an Actor that is on the server."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.actors.building import build_version, print_build
from cli.client import connected
from cli.errors import INVALID_INPUT, CommandError
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.runs.references import ActorReference, get_actor
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def build(
    actor: ActorReference,
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", callback=not_empty, help="Build this version. Needed if there are several."),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", callback=not_empty, help="Tag the build. Default: the version's tag.")
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Execute all steps of the Dockerfile again.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Build an Actor that is on the server, from the source of its version. Ctrl-C aborts the build.

    Example: greenroom build my-actor --no-cache

    To build a folder, use `greenroom push`. The exit codes are those of `greenroom push`.
    """
    with connected(resolved(data_dir)) as client:
        found = get_actor(client, actor)
        number = _version(found, version)
        result = build_version(client, found, number, tag=tag, use_cache=not no_cache)
    print_build(found, result, as_json=as_json)


def _version(actor: JsonDict, given: str | None) -> str:
    """Return the number of the version to build. Raises CommandError."""
    numbers = [version["versionNumber"] for version in actor["versions"]]
    if given is None and len(numbers) == 1:
        return str(numbers[0])
    if given in numbers:
        return str(given)
    problem = "has several versions" if given is None else f"has no version {given}"
    listed = f"Its versions are: {', '.join(numbers)}." if numbers else "It has no versions."
    raise CommandError(
        f"The Actor {actor['name']} {problem}. {listed}", "Pass one of them with --version.", exit_code=INVALID_INPUT
    )
