"""Suggestions of the shell for ids and names. They come from a running server; completion never starts one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from cli.client import Client
    from runtime.base.json_text import JsonDict

PROGRAM = "greenroom"
COMPLETION_VARIABLE = "_GREENROOM_COMPLETE"
"""Set by the script of `greenroom completion` when the user presses Tab."""
RESPONSE_SECS = 1.0
"""If the server does not respond within this time, the shell suggests nothing."""
MAX_SUGGESTIONS = 100
WORD = re.compile(r"[\w.~/-]+", re.ASCII)
"""A suggested value that means the same to every shell. Ids and names have no other characters."""
UNSAFE = re.compile(r"[^\w .,/:@*+-]+")
"""What is removed from descriptions: zsh evaluates them, and an Actor can give another Actor any title."""
MAX_DESCRIPTION = 100

Suggestion = tuple[str, str]
"""A value and its description, which zsh, fish and PowerShell show."""


def complete_run(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest `last`, the ids of the newest runs, and the names of their Actors."""
    return _suggestions(ctx, incomplete, _runs)


def complete_actor(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest the names of Actors."""
    return _suggestions(ctx, incomplete, _actors)


def complete_dataset(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest the names and ids of datasets."""
    return _suggestions(ctx, incomplete, partial(_storages, "datasets"))


def complete_kvs(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest the names and ids of key-value stores."""
    return _suggestions(ctx, incomplete, partial(_storages, "key-value-stores"))


def complete_queue(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest the names and ids of request queues."""
    return _suggestions(ctx, incomplete, partial(_storages, "request-queues"))


def complete_schedule(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest the names of schedules."""
    return _suggestions(ctx, incomplete, _schedules)


def complete_standby(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Suggest the Actors and tasks with Standby."""
    return _suggestions(ctx, incomplete, _standby)


def _standby(client: Client, incomplete: str) -> Iterator[Suggestion]:
    for item in client.standby.list():
        yield item["taskName"] or str(item["actorName"]).partition("/")[2], item["url"]


def _storages(api_path: str, client: Client, incomplete: str) -> Iterator[Suggestion]:
    yield "last", "That of the newest run"
    for storage in client.storages.newest(api_path, MAX_SUGGESTIONS)[0]:
        yield storage["name"] or storage["id"], f"Modified {storage['modifiedAt']}"


def _schedules(client: Client, incomplete: str) -> Iterator[Suggestion]:
    for schedule in client.schedules.list():
        yield schedule["name"], schedule["cronExpression"]


def _actors(client: Client, incomplete: str) -> Iterator[Suggestion]:
    username = client.username()
    for actor in client.actors.list(MAX_SUGGESTIONS)[0]:
        yield f"{actor['username']}/{actor['name']}".removeprefix(f"{username}/"), actor["title"]


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
    from pathlib import Path

    from cli import server
    from cli.client import Client
    from cli.errors import CommandError
    from cli.options import resolved

    data_dir = ctx.params.get("data_dir")  # still a string
    running = server.find(resolved(Path(data_dir) if data_dir else None), RESPONSE_SECS)
    if running is None:
        return []
    try:
        with closing(Client(running, RESPONSE_SECS)) as client:
            return [
                (value, UNSAFE.sub(" ", description)[:MAX_DESCRIPTION].strip())
                for value, description in find(client, incomplete)
                if value.startswith(incomplete) and WORD.fullmatch(value)
            ]
    except CommandError:  # a shell has no place for an error message in the middle of a line
        return []
