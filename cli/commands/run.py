"""`greenroom run`: builds the Actor in a folder or a git repository, runs it, and prints the run's summary."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.actors.folder import is_git_url
from cli.actors.source import Source, existing_source, local_folder, read_local_actor
from cli.client import connected
from cli.failures import Command
from cli.options import DataDir
from cli.runs.debugger import Debugger
from cli.runs.following import follow_to_end
from cli.runs.start_options import (
    BuildOption,
    EnvVars,
    Memory,
    PermissionOption,
    Prefill,
    ResultAsJson,
    Timeout,
    start_arguments,
)
from cli.runs.target import RunArguments, given_input, prepare_target

app = typer.Typer(add_completion=False)

GivenInput = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="JSON|@FILE|-",
        help="Pass this input: JSON, a file, or - for stdin. Default: the folder's INPUT.json for the SDKs"
        " (in storage/key_value_stores/default), if it exists.",
    ),
]
NoBuild = Annotated[bool, typer.Option("--no-build", help="Run the last build instead of a new one.")]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Run the Actor again whenever its files change, without a new build if possible. Ctrl-C ends the loop."
        " Cannot be combined with --json. With --debug, each run waits for the debugger again.",
    ),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Make the Actor wait for a debugger on 127.0.0.1, and show how to attach one."),
]


@app.command(cls=Command)
def run(
    source: Source = ".",
    memory: Memory = None,
    given_input: GivenInput = None,
    prefill: Prefill = False,
    timeout: Timeout = None,
    env: EnvVars = None,
    permission: PermissionOption = None,
    build: BuildOption = None,
    no_build: NoBuild = False,
    watch: Watch = False,
    debug: Debug = False,
    as_json: ResultAsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Build the Actor in a folder or a git repository and run it. Ctrl-C aborts the run.

    The defaults of the options can be set in greenroom.toml and by variables; see `greenroom config show`.

    Example: greenroom run ./my-actor --watch -i '{"url": "https://example.com"}'

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, 64 wrong usage, 65 build failed, 69 command
    failed. Otherwise the Actor's own exit code; 1 if it has none, or if it is one of these codes.
    """
    if build and no_build:
        raise typer.BadParameter("--build and --no-build cannot be combined", param_hint="--build")
    if watch:
        _check_watch(source, has_build=bool(build) or no_build, as_json=as_json)
    existing_source(source)
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
        folder=local_folder(source),
        no_build=no_build,
    )
    arguments = RunArguments(source=source, no_build=no_build, debug=debug, start=start)
    raise typer.Exit(_watch_actor(arguments) if watch else run_actor(arguments))


def _check_watch(source: str, *, has_build: bool, as_json: bool) -> None:
    """Reject what does not fit to --watch, which runs the current files of a folder until an interrupt."""
    if is_git_url(source):
        raise typer.BadParameter("only a folder can be watched, not a git repository", param_hint="--watch")
    if has_build:
        raise typer.BadParameter("--watch builds the Actor: leave out --build and --no-build", param_hint="--watch")
    if as_json:
        raise typer.BadParameter(
            "--watch and --json cannot be combined: --json prints one object at the end, but the loop ends with Ctrl-C",
            param_hint="--watch",
        )


def _watch_actor(arguments: RunArguments) -> int:
    from cli.watch.loop import watch_actor  # imported here, because only --watch needs the library that watches files

    return watch_actor(arguments)


def run_actor(arguments: RunArguments) -> int:
    """Build the Actor, run it and print its summary; return the exit code. Raises CommandError."""
    folder = read_local_actor(arguments.source)
    body = given_input(arguments, folder)
    start = arguments.start
    with connected(start.data_dir, start.configuration) as client:
        target = prepare_target(client, folder, body, arguments)
        if arguments.debug:
            target = Debugger(client, folder.path if folder is not None else None).waits_in(target)
        return follow_to_end(
            client,
            lambda: client.runs.start(target.actor["id"], target.params, target.body),
            target.actor["name"],
            data_dir=start.data_dir,
            as_json=start.as_json,
        )
