"""Suggestions of the shell for ids and names. They come from a running server; completion never starts one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from cli.client import Client
    from runtime.base.json_text import JsonDict

RESPONSE_SECS = 1.0
"""The server answers within this time, or there are no suggestions."""
MAX_SUGGESTIONS = 100

Suggestion = tuple[str, str]
"""A value and its description, which zsh, fish and PowerShell show."""


def complete_run(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest `last`, the ids of the newest runs, and the names of their Actors."""
    return _suggestions(ctx, incomplete, _runs)


def _runs(client: Client, incomplete: str) -> Iterator[Suggestion]:
    yield "last", "The newest run"
    newest = client.runs.summaries(MAX_SUGGESTIONS)["items"]
    username = client.username()
    for name in dict.fromkeys(short_name(run, username) for run in newest if run["actorName"]):
        yield name, f"The last run of {name}"
    with_prefix = client.runs.summaries(MAX_SUGGESTIONS, idPrefix=incomplete)["items"] if incomplete else newest
    for run in with_prefix:
        yield run["id"], f"{run['status']} {run['actorName'] or ''}"


def short_name(run: JsonDict, username: str) -> str:
    """Return the Actor's name as a reference that is as short as possible: one's own Actors need no user name."""
    return str(run["actorName"]).removeprefix(f"{username}/")


def _suggestions(
    ctx: typer.Context, incomplete: str, find: Callable[[Client, str], Iterator[Suggestion]]
) -> list[Suggestion]:
    # Imported here, because the module is part of every command that has a RUN argument.
    from contextlib import closing

    from cli import server
    from cli.client import Client
    from cli.errors import CommandError
    from cli.options import resolved

    running = server.find(resolved(ctx.params.get("data_dir")), RESPONSE_SECS)
    if running is None:
        return []
    try:
        with closing(Client(running, RESPONSE_SECS)) as client:
            return [each for each in find(client, incomplete) if each[0].startswith(incomplete)]
    except CommandError:  # a shell has no place for an error message in the middle of a line
        return []
