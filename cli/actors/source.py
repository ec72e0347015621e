"""Reads the Actor that a command builds: in a folder of this machine, or in a git repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.actors.folder import ActorFolder, in_repository, is_git_url, read_actor_folder
from cli.client import Client
from cli.client.checks import SourceDefinition
from cli.terminal import progress

REPOSITORY_VERSION = "0.0"
"""Stands for the version of a repository until its definition has been read."""
Source = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="The folder of the Actor, by default the current one; or a git repository: URL#BRANCH:FOLDER.",
        show_default=False,
    ),
]


def existing_source(source: str) -> str:
    """Return a source that is a folder or a git URL. Anything else is a usage error."""
    if not is_git_url(source) and not Path(source).is_dir():
        problem = "is not a folder" if Path(source).exists() else "does not exist"
        raise typer.BadParameter(f"'{source}' {problem}", param_hint="PATH")
    return source


def local_folder(source: str) -> Path | None:
    """Return the folder of a source, or None for a git URL."""
    return None if is_git_url(source) else Path(source)


def read_local_actor(source: str) -> ActorFolder | None:
    """Return the Actor in a folder, or None for a git URL, which only the server can read. Raises CommandError."""
    return None if is_git_url(source) else read_actor_folder(Path(source))


def read_repository(client: Client, git_url: str) -> tuple[ActorFolder, SourceDefinition]:
    """Fetch the definition of the Actor in a git repository. Raises ApiError."""
    version = {"versionNumber": REPOSITORY_VERSION, "sourceType": "GIT_REPO", "gitRepoUrl": git_url}
    with progress("Reading the Actor in the git repository"):
        definition = client.checks.read_definition(version)
    return in_repository(git_url, definition.document), definition
