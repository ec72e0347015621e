"""The `greenroom` command: its options and help. Each subcommand is implemented in its own module."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.down import stop_server
from cli.errors import FAILED, CommandError
from cli.prune import PruneArguments, prune
from cli.push import PushArguments, push_actor
from cli.run import RunArguments, read_input, run_actor
from cli.status import show_status
from cli.storage.exporting import ExportArguments, run_export
from cli.storage.importing import ImportArguments, run_import
from cli.terminal import print_error
from cli.up import parse_users, run_server
from runtime.base.settings import DEFAULT_PORT, default_data_dir, from_environment


class _CommandGroup(TyperGroup):
    """Prints a CommandError and ends with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CommandError as error:
            print_error(error)
            raise typer.Exit(error.exit_code) from error


app = typer.Typer(
    cls=_CommandGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Run Apify Actors on this machine, in Docker, under the limits of the Apify platform.",
)


def _show_version(requested: bool) -> None:
    if requested:
        print(f"greenroom {version('greenroom')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        file_okay=False,
        help="Use this data directory. Default: $GREENROOM_DATA_DIR, or `greenroom` in the user's data folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout.")]


@app.command()
def up(
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535, help="Listen on this port.")] = DEFAULT_PORT,
    data_dir: DataDir = None,
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:TOKEN", help="Accept only the tokens given here, each for its user. Can be repeated."
        ),
    ] = None,
    stop_runs: Annotated[bool, typer.Option("--stop-runs", help="Abort live runs when the server stops.")] = False,
) -> None:
    """Serve the API in the foreground. After Ctrl-C, live runs continue and the next start adopts them."""
    try:
        users = parse_users(user or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--user") from error
    try:
        settings = from_environment(port=port, data_dir=_resolve(data_dir), users=users, stop_runs=stop_runs)
    except ValueError as error:
        raise CommandError(f"Invalid environment variable: {error}.") from error
    run_server(settings)


@app.command()
def down(
    data_dir: DataDir = None,
) -> None:
    """Stop the server. Live runs continue, unless the server was started with --stop-runs."""
    stop_server(_resolve(data_dir))


@app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the server's status and the limits that it enforces. The exit code is 1 if no server runs."""
    if not show_status(_resolve(data_dir), as_json=as_json):
        raise typer.Exit(FAILED)


@app.command()
def run(
    folder: Annotated[
        Path, typer.Argument(metavar="PATH", exists=True, file_okay=False, help="The folder of the Actor.")
    ],
    memory: Annotated[
        int | None, typer.Option("--memory", "-m", min=1, metavar="MB", help="Set the memory of the run.")
    ] = None,
    given_input: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="Pass this input: JSON, a file, or - for stdin."),
    ] = None,
    timeout: Annotated[
        int | None, typer.Option(min=0, metavar="SECS", help="Set the timeout of the run; 0 means no timeout.")
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the run, its OUTPUT and its first 10 items as one JSON object to stdout."),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Build the Actor in a folder and run it. Ctrl-C aborts the run.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input; otherwise the Actor's own exit code, or 1.
    """
    arguments = RunArguments(
        folder=folder,
        data_dir=_resolve(data_dir),
        body=read_input(given_input),
        memory_mbytes=memory,
        timeout_secs=timeout,
        as_json=as_json,
    )
    raise typer.Exit(run_actor(arguments))


@app.command()
def push(
    folder: Annotated[
        Path, typer.Argument(metavar="PATH", exists=True, file_okay=False, help="The folder of the Actor.")
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create or update an Actor from a folder, and build it. The server reads the folder itself.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input; otherwise 1.
    """
    arguments = PushArguments(folder=folder, data_dir=_resolve(data_dir), as_json=as_json)
    raise typer.Exit(push_actor(arguments))


@app.command("prune")
def prune_builds(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show the builds that no tag, Actor or live run needs, and delete them with their images after a confirmation."""
    prune(PruneArguments(data_dir=_resolve(data_dir), yes=yes, as_json=as_json))


storage = typer.Typer(
    no_args_is_help=True, help="Copy storages between the server and the local folders of the Apify SDKs."
)
app.add_typer(storage, name="storage")


@storage.command("import")
def import_storages(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            exists=True,
            file_okay=False,
            help="A project, its `storage` folder, or the folder of one storage, such as storage/datasets/mine.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name the imported `default` storages, or the one storage at PATH. Default: the project's name.",
        ),
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Import into the default storages of this run.")
    ] = None,
    append: Annotated[
        bool,
        typer.Option("--append", help="Add to storages that are not empty. Records with the same key are replaced."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Import storages that an Actor stored locally with an Apify SDK, in Python or JavaScript."""
    if name and run_id:
        raise typer.BadParameter("a run's default storages have no name", param_hint="--name")
    arguments = ImportArguments(
        path=path, data_dir=_resolve(data_dir), name=name, run_id=run_id, append=append, as_json=as_json
    )
    raise typer.Exit(run_import(arguments))


@storage.command("export")
def export_storages(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="STORAGE", help="Ids or names of storages of any type.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Export the default storages of this run, as `default`.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Export all storages, including unnamed ones.")] = False,
    to: Annotated[
        Path,
        typer.Option(
            metavar="DIR", file_okay=False, help="Write to this `storage` folder. Other storages in it stay unchanged."
        ),
    ] = Path("storage"),
    force: Annotated[bool, typer.Option("--force", help="Replace existing folders of the same name.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export storages to local folders that the Apify SDKs can open, in Python and JavaScript."""
    if not (references or run_id or everything):
        raise typer.BadParameter("pass ids or names of storages, --run, or --all", param_hint="STORAGE")
    arguments = ExportArguments(
        references=references or [],
        run_id=run_id,
        everything=everything,
        to=to,
        data_dir=_resolve(data_dir),
        force=force,
        as_json=as_json,
    )
    raise typer.Exit(run_export(arguments))


def main() -> None:
    app()


def _resolve(data_dir: Path | None) -> Path:
    return (data_dir or default_data_dir()).resolve()
