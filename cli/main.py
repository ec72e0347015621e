"""The `greenroom` command: options and help; what the commands do stands in modules of their own."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import down as stopping
from cli import push as pushing
from cli import run as running
from cli import status as telling
from cli import up as serving
from cli.errors import FAILED, Problem
from cli.storage import exporting, importing
from cli.terminal import tell
from runtime.base.settings import DEFAULT_PORT, default_data_dir, from_environment


class _Commands(TyperGroup):
    """Tells a Problem in words and ends with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            tell(problem)
            raise typer.Exit(problem.exit_code) from problem


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Runs Apify Actors on this machine, in Docker, under the limits the platform would give them.",
)


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"greenroom {version('greenroom')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Say the version and exit.")
    ] = False,
) -> None:
    pass


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        file_okay=False,
        help="Where everything is kept; by default $GREENROOM_DATA_DIR, else a folder among the user's data.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The API's port.")] = DEFAULT_PORT,
    data_dir: DataDir = None,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:TOKEN", help="A user and the token that means them; may be repeated."),
    ] = None,
    stop_runs: Annotated[bool, typer.Option("--stop-runs", help="End live runs when the server ends.")] = False,
) -> None:
    """Serve the API in the foreground. Ctrl-C leaves live runs for the next start to adopt."""
    try:
        users = serving.users_of(user or [])
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--user") from problem
    try:
        settings = from_environment(port=port, data_dir=_place(data_dir), users=users, stop_runs=stop_runs)
    except ValueError as problem:
        raise Problem(f"The environment is not right: {problem}.") from problem
    serving.up(settings)


@app.command()
def down(
    data_dir: DataDir = None,
) -> None:
    """Stop the server. Live runs go on and the next start adopts them."""
    stopping.down(_place(data_dir))


@app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Tell whether a server runs and what it enforces; exit code 1 where none does."""
    if not telling.status(_place(data_dir), as_json=as_json):
        raise typer.Exit(FAILED)


@app.command()
def run(
    folder: Annotated[Path, typer.Argument(metavar="PATH", exists=True, file_okay=False, help="The Actor's folder.")],
    memory: Annotated[
        int | None, typer.Option("--memory", "-m", min=1, metavar="MB", help="Memory of the run.")
    ] = None,
    given_input: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="The input; - reads it from stdin."),
    ] = None,
    timeout: Annotated[int | None, typer.Option(min=0, metavar="SECS", help="Time limit; 0 means none.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The run, its OUTPUT and its first 10 items as one JSON object on stdout.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Build the Actor in a folder and run it. Ctrl-C aborts the run.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, else the Actor's own or 1.
    """
    call = running.Call(
        folder=folder,
        data_dir=_place(data_dir),
        body=running.read_input(given_input),
        memory_mbytes=memory,
        timeout_secs=timeout,
        as_json=as_json,
    )
    raise typer.Exit(running.run(call))


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(metavar="PATH", exists=True, file_okay=False, help="The Actor's folder.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make an Actor of a folder, or renew it, and build it. The server builds from the folder itself.

    Exit codes: 0 succeeded, 2 timed out, 3 aborted, 5 invalid input, else 1.
    """
    raise typer.Exit(pushing.push(pushing.Call(folder=folder, data_dir=_place(data_dir), as_json=as_json)))


storage = typer.Typer(
    no_args_is_help=True, help="Move storages between the server and the folders in which the SDKs keep them locally."
)
app.add_typer(storage, name="storage")


@storage.command("import")
def import_storages(
    path: Annotated[
        Path,
        typer.Argument(
            exists=True, file_okay=False, help="A project, its `storage` folder, or one such as storage/datasets/mine."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(help="The name of what is in `default`, else the project's; or that of the one storage given."),
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Import it into the default storages of a run instead.")
    ] = None,
    append: Annotated[
        bool,
        typer.Option("--append", help="Add to storages that hold something; the same key is replaced."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Import what Actors stored locally with the SDK of either language."""
    if name and run_id:
        raise typer.BadParameter("a run's default storages have no name", param_hint="--name")
    call = importing.Call(
        path=path, data_dir=_place(data_dir), name=name, run_id=run_id, append=append, as_json=as_json
    )
    raise typer.Exit(importing.run(call))


@storage.command("export")
def export_storages(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[STORAGE]...", help="Ids or names, of any kind of storage.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The default storages of a run, as `default`.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All storages, unnamed ones too.")] = False,
    to: Annotated[
        Path, typer.Option(file_okay=False, help="The `storage` folder they go to; others in it stay as they are.")
    ] = Path("storage"),
    force: Annotated[bool, typer.Option("--force", help="Replace folders of the same name.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Export storages to folders that the SDK of either language opens."""
    if not (wanted or run_id or everything):
        raise typer.BadParameter("name storages, or give --run or --all", param_hint="STORAGE")
    call = exporting.Call(
        wanted=wanted or [],
        run_id=run_id,
        everything=everything,
        to=to,
        data_dir=_place(data_dir),
        force=force,
        as_json=as_json,
    )
    raise typer.Exit(exporting.run(call))


def main() -> None:
    app()


def _place(data_dir: Path | None) -> Path:
    return (data_dir or default_data_dir()).resolve()
