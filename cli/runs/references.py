"""Finds the run that a RUN argument names: by its id, the beginning of its id, `last`, or the name of its Actor."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.client import Client
from cli.completion import complete_actor, complete_run
from cli.errors import INVALID_INPUT, CommandError
from cli.options import not_empty
from runtime.base.json_text import JsonDict

LAST = "last"
ID_LENGTH = 17
ID_OR_PREFIX = re.compile(rf"[A-Za-z0-9]{{1,{ID_LENGTH}}}")
MAX_CANDIDATES = 10

RunReference = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        callback=not_empty,
        autocompletion=complete_run,
        help="A run: its id or the beginning of it, `last`, or the name of an Actor for the Actor's last run.",
        show_default=False,
    ),
]

JobReference = Annotated[
    str,
    typer.Argument(
        metavar="RUN|BUILD",
        callback=not_empty,
        autocompletion=complete_run,
        help="A run: its id or the beginning of it, `last`, or the name of an Actor for the Actor's last run."
        " Or the id of a build.",
        show_default=False,
    ),
]
ActorReference = Annotated[
    str,
    typer.Argument(
        metavar="ACTOR",
        callback=not_empty,
        autocompletion=complete_actor,
        help="An Actor: its name, USERNAME/NAME, or its id.",
        show_default=False,
    ),
]


def find_run(client: Client, reference: str) -> JsonDict:
    """Return the run that an id, the unique beginning of an id, `last`, NAME or USERNAME/NAME refers to.

    The name of an Actor refers to its last run, and takes precedence over the beginning of an id. Raises CommandError
    if there is no such run, or more than one.
    """
    if reference == LAST:
        return _get(client, _last(client) or _no_runs())
    if len(reference) == ID_LENGTH and ID_OR_PREFIX.fullmatch(reference):
        run = client.runs.find(reference)
        if run:
            return run
    actor = find_actor(client, reference)
    of_actor = actor and _last(client, actor=actor["id"])
    return _get(client, of_actor or _with_prefix(client, reference, actor))


def find_job(client: Client, reference: str) -> JsonDict:
    """Return the run that `find_run` finds, or the build with this id. Raises CommandError."""
    is_id = len(reference) == ID_LENGTH and ID_OR_PREFIX.fullmatch(reference)
    return (client.builds.find(reference) if is_id else None) or find_run(client, reference)


def get_actor(client: Client, reference: str) -> JsonDict:
    """Return the Actor with an id, NAME or USERNAME/NAME. Raises CommandError if it does not exist."""
    actor = find_actor(client, reference)
    if actor is None:
        raise CommandError(
            f"The Actor {reference!r} does not exist.",
            "List all Actors with `greenroom actors`. Create one with `greenroom push PATH`.",
            exit_code=INVALID_INPUT,
            code="actor-not-found",
        )
    return actor


def actor_name(client: Client, run: JsonDict) -> str:
    """Return the name of a run's Actor, or its id if it has been deleted."""
    actor = client.actors.find(run["actId"])
    return f"{actor['username']}/{actor['name']}" if actor else str(run["actId"])


def find_actor(client: Client, reference: str) -> JsonDict | None:
    """Return the Actor with an id, NAME or USERNAME/NAME. A name without a user name is that of one's own Actor."""
    escaped = quote(reference, safe="", errors="surrogateescape")
    if "/" in reference:
        return client.actors.find(escaped.replace("%2F", "~", 1))
    return client.actors.find(f"me~{escaped}") or client.actors.find(escaped)


def _last(client: Client, **params: str) -> Any:
    return next(iter(client.runs.summaries(1, **params)["items"]), None)


def _get(client: Client, summary: JsonDict) -> JsonDict:
    run = client.runs.find(summary["id"])
    if run is None:
        raise _not_found(f"Run {summary['id']} was deleted in the meantime.")
    return run


def _with_prefix(client: Client, reference: str, actor: JsonDict | None) -> JsonDict:
    """Return the summary of the only run whose id begins with `reference`. `actor` has this name, but no runs."""
    found = client.runs.summaries(MAX_CANDIDATES, idPrefix=reference) if ID_OR_PREFIX.fullmatch(reference) else None
    if found and found["total"] == 1:
        first: JsonDict = found["items"][0]
        return first
    if found and found["total"] > 1:
        raise _ambiguous(reference, found)
    if actor:
        raise _not_found(f"The Actor {actor['name']} has no runs.", f"Start one with `greenroom call {reference}`.")
    raise _not_found(
        f"There is no run with the id {reference!r}, no run whose id begins with it, and no Actor with this name.",
        "List all runs with `greenroom ps -a`.",
    )


def _no_runs() -> JsonDict:
    raise _not_found("There are no runs yet.", "Start one with `greenroom run PATH`.")


def _not_found(message: str, advice: str = "") -> CommandError:
    return CommandError(message, advice, exit_code=INVALID_INPUT, code="run-not-found")


def _ambiguous(reference: str, found: JsonDict) -> CommandError:
    candidates = found["items"]
    lines = [f"  {each['id']}  {each['actorName']}  {each['status']}  {each['startedAt']}" for each in candidates]
    hidden = found["total"] - len(candidates)
    more = [f"  and {hidden} more"] if hidden else []
    return CommandError(
        "\n".join([f"{found['total']} runs have ids that begin with {reference!r}:", *lines, *more]),
        "Pass more characters of the id.",
        exit_code=INVALID_INPUT,
        code="run-ambiguous",
        details={"candidates": [each["id"] for each in candidates]},
    )
