"""The `greenroom` command: the table of its subcommands. A subcommand's module is imported when it is called."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.command_table import CommandTable, Entry
from cli.completion import COMPLETION_VARIABLE, PROGRAM

SERVER = "Server"
ACTORS = "Actors"
RUNS = "Runs"
STORAGES = "Storages"

COMMANDS = {
    "run": Entry(ACTORS, "Build the Actor in a folder or a git repository and run it."),
    "call": Entry(ACTORS, "Run an Actor that is on the server, without building it."),
    "push": Entry(ACTORS, "Create or update an Actor from a folder or a git repository, and build it."),
    "build": Entry(ACTORS, "Build an Actor that is on the server, from the source of its version."),
    "fit": Entry(ACTORS, "Find out how much memory an Actor needs, and prove it."),
    "actors": Entry(ACTORS, "List your Actors and the public Actors that you have run, most recently run first."),
    "schedule": Entry(ACTORS, "List schedules, and start their runs now."),
    "standby": Entry(ACTORS, "List Actors with Standby, and start and stop the runs that serve their requests."),
    "init": Entry(ACTORS, "Write greenroom.toml, a test and a GitHub workflow into the folder of an Actor."),
    "seed": Entry(ACTORS, "Create public stand-ins for well-known Actors of Apify Store."),
    "ps": Entry(RUNS, "List the live runs, or all runs, newest first."),
    "logs": Entry(RUNS, "Print the log of a run or build."),
    "stats": Entry(RUNS, "Show what live runs use: CPU, memory and network."),
    "explain": Entry(RUNS, "Show why a run or build ended, with the evidence and the next command to type."),
    "report": Entry(RUNS, "Show what a run used and would cost, with its curves."),
    "inspect": Entry(RUNS, "Show a run: its status, options, use of resources, storages and results."),
    "open": Entry(RUNS, "Print the URL of the web console, or of a run, and open it in the browser."),
    "shell": Entry(
        RUNS, "Open a shell in the container of a live run, or run a command there, with the Actor's environment."
    ),
    "abort": Entry(RUNS, "Abort a run, and wait until it has ended."),
    "resurrect": Entry(RUNS, "Let a finished run continue with its storages, and follow it like `greenroom run`."),
    "reboot": Entry(RUNS, "Restart a live run in a new container, with the same storages."),
    "migrate": Entry(RUNS, "Migrate a live run: the Actor is notified, and continues in a new container."),
    "metamorph": Entry(
        RUNS, "Turn a live run into a run of another Actor, which gets the same storages and a new container."
    ),
    "dataset": Entry(STORAGES, "List, read, fill and export datasets."),
    "kvs": Entry(STORAGES, "List, read, fill and export key-value stores."),
    "queue": Entry(STORAGES, "List, read, fill and export request queues."),
    "storage": Entry(STORAGES, "Copy storages between the server and the local folders of the Apify SDKs."),
    "up": Entry(SERVER, "Serve the API in the foreground."),
    "down": Entry(SERVER, "Stop the server."),
    "status": Entry(SERVER, "Show the server's status and the limits that it enforces."),
    "doctor": Entry(SERVER, "Check whether this machine can run Actors under the platform's limits."),
    "config": Entry(SERVER, "Show the settings in force, and where each comes from."),
    "env": Entry(SERVER, "Print the variables that direct Apify's SDKs and the `apify` command to the server."),
    "exec": Entry(SERVER, "Run a command in which Apify's SDKs and the `apify` command use the server."),
    "clock": Entry(SERVER, "Control the clock of schedules, retention and webhook retries."),
    "prune": Entry(SERVER, "Show the builds that no tag, Actor or live run needs, and delete them with their images."),
    "completion": Entry(SERVER, "Print the script that completes commands, options, ids and names in a shell."),
    "skill": Entry(SERVER, "Print a page for coding agents: what Greenroom is, and which commands to use."),
}
"""All subcommands, in the order of the help. `cli/commands/` has a module of the same name for each."""


class Commands(CommandTable):
    entries = COMMANDS


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Run Apify Actors on this machine, in Docker, under the limits of the Apify platform.",
)


def _show_version(requested: bool) -> None:
    if requested:
        # Imported here, because the import takes longer than the rest of the output.
        from importlib.metadata import version

        print(f"greenroom {version('greenroom')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    if COMPLETION_VARIABLE not in os.environ:
        app()
    # A shell requests suggestions. Imported here, because other calls do not need the classes for the shells.
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
    app(prog_name=PROGRAM)
