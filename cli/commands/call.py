"""`greenroom call`: runs an existing Actor, and prints the run's summary."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import Client, connected
from cli.failures import Command
from cli.options import DataDir, not_empty
from cli.runs.following import follow_to_end
from cli.runs.input import with_prefill
from cli.runs.references import ActorReference, get_actor
from cli.runs.start_options import (
    EnvVars,
    GivenInput,
    Memory,
    PermissionOption,
    Prefill,
    ResultAsJson,
    StartArguments,
    Timeout,
    start_arguments,
)
from cli.runs.target import existing_build, input_schema
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def call(
    actor: ActorReference,
    memory: Memory = None,
    given_input: GivenInput = None,
    prefill: Prefill = False,
    timeout: Timeout = None,
    env: EnvVars = None,
    permission: PermissionOption = None,
    build: Annotated[
        str | None,
        typer.Option(
            metavar="TAG", callback=not_empty, help="Run the build with this tag or number. Default: the Actor's own."
        ),
    ] = None,
    as_json: ResultAsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run an Actor that is on the server, without building it. Ctrl-C aborts the run.

    Example: greenroom call my-actor -m 512 -i @input.json

    The exit codes are those of `greenroom run`.
    """
    start = start_arguments(
        data_dir=data_dir,
        given_input=given_input,
        prefill=prefill,
        memory=memory,
        timeout=timeout,
        env=env,
        permission=permission,
        build=build,
        as_json=as_json,
    )
    raise typer.Exit(call_actor(actor, start))


def call_actor(reference: str, start: StartArguments) -> int:
    """Run the Actor and print its summary; return the exit code. Raises CommandError."""
    with connected(start.data_dir, start.configuration) as client:
        actor = get_actor(client, reference)
        body = _with_prefill(client, actor, start) if start.prefill else start.body
        return follow_to_end(
            client,
            lambda: client.runs.start(actor["id"], start.params(start.build), body),
            actor["name"],
            data_dir=start.data_dir,
            as_json=start.as_json,
        )


def _with_prefill(client: Client, actor: JsonDict, start: StartArguments) -> bytes:
    wanted = start.build or actor["defaultRunOptions"]["build"]
    build = existing_build(client, actor, wanted, f"Build it with `greenroom build {actor['name']}`.")
    return with_prefill(input_schema(build), start.body)
