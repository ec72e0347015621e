"""`greenroom prune`: deletes builds that nothing needs, with their images, after it has shown them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import terminal
from cli.client import connected
from cli.options import AsJson, DataDir, resolved
from cli.terminal import print_message, print_result, progress
from runtime.base.json_text import JsonDict
from runtime.base.sizes import image_size

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneArguments:
    """The arguments of `greenroom prune`. With `yes`, it does not ask."""

    data_dir: Path
    yes: bool
    as_json: bool


@app.command("prune")
def prune_builds(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without a confirmation.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show the builds that no tag, Actor or live run needs, and delete them with their images.

    Without --yes, a confirmation is required.

    Example: greenroom prune --yes
    """
    prune(PruneArguments(data_dir=resolved(data_dir), yes=yes, as_json=as_json))


def prune(arguments: PruneArguments) -> None:
    """Show what can be deleted, and delete it if the user agrees. Raises CommandError."""
    with connected(arguments.data_dir) as client:
        found = client.prunable()
        if not arguments.as_json:
            for line in describe(found):
                print_result(line)
        if not found["builds"] or not _agrees(arguments):
            _print_result({"deleted": False, **found}, "Nothing was deleted.", arguments)
            return
        with progress("Deleting"):
            deleted = client.prune()
        _print_result({"deleted": True, **deleted}, f"Deleted {_amount(deleted)}.", arguments)


def describe(found: JsonDict) -> list[str]:
    """Return the lines that show what can be deleted."""
    if not found["builds"]:
        return ["All builds with an image are needed by a tag, by an Actor's default or by a live run."]
    return [
        "These builds are not needed by any tag, Actor's default or live run:",
        *(f"  {_build(build)}" for build in found["builds"]),
        f"Together: {_amount(found)}. Less may become free, because images can share layers.",
        "Ended runs of these builds stay, but can no longer be resurrected.",
    ]


def _build(build: dict[str, Any]) -> str:
    size = image_size(build["imageSizeBytes"])
    return f"{build['actorName']}  {build['buildNumber']}  {build['finishedAt']}  {size}"


def _amount(found: JsonDict) -> str:
    builds, images = len(found["builds"]), found["images"]
    return (
        f"{builds} build{'' if builds == 1 else 's'} and {images} image{'' if images == 1 else 's'}"
        f" with {image_size(found['imageBytes'])}"
    )


def _agrees(arguments: PruneArguments) -> bool:
    """Ask the user on a terminal. Without one, and with --json, only --yes deletes anything."""
    if arguments.yes:
        return True
    if arguments.as_json or not _is_interactive():
        print_message("Use --yes to delete this.")
        return False
    return typer.confirm("Delete this?")


def _is_interactive() -> bool:
    return sys.stdin.isatty()


def _print_result(result: JsonDict, text: str, arguments: PruneArguments) -> None:
    if arguments.as_json:
        terminal.print_json(result)
    else:
        print_result(text)
