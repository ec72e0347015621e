"""`greenroom storage`: copies storages between the server and local folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.completion import complete_run
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.storage.exporting import ExportArguments, run_export
from cli.storage.importing import ImportArguments, run_import

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Copy storages between the server and the local folders of the Apify SDKs.",
)


@app.command("import", cls=Command)
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
            callback=not_empty,
            help="Name the imported `default` storages, or the one storage at PATH. Default: the project's name.",
        ),
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            callback=not_empty,
            autocompletion=complete_run,
            help="Import into the default storages of this run.",
        ),
    ] = None,
    append: Annotated[
        bool,
        typer.Option("--append", help="Add to storages that are not empty. Records with the same key are replaced."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Import storages that an Actor stored locally with an Apify SDK, in Python or JavaScript.

    Example: greenroom storage import . --name my-crawler
    """
    if name and run_id:
        raise typer.BadParameter("a run's default storages have no name", param_hint="--name")
    arguments = ImportArguments(
        path=path, data_dir=resolved(data_dir), name=name, run_id=run_id, append=append, as_json=as_json
    )
    raise typer.Exit(run_import(arguments))


@app.command("export", cls=Command)
def export_storages(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="STORAGE", help="Ids or names of storages of any type.")
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            callback=not_empty,
            autocompletion=complete_run,
            help="Export the default storages of this run, as `default`.",
        ),
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
    """Export storages to local folders that the Apify SDKs can open, in Python and JavaScript.

    Example: greenroom storage export --run last
    """
    if not (references or run_id or everything):
        raise typer.BadParameter("pass ids or names of storages, --run, or --all", param_hint="STORAGE")
    arguments = ExportArguments(
        references=references or [],
        run_id=run_id,
        everything=everything,
        to=to,
        data_dir=resolved(data_dir),
        force=force,
        as_json=as_json,
    )
    raise typer.Exit(run_export(arguments))
