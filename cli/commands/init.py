"""`greenroom init`: writes a configuration file, a test and a CI workflow into the folder of an Actor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.configuration.loading import file_of_project
from cli.failures import Command
from cli.options import AsJson
from cli.project.scaffold import Project, files_of, read_project
from cli.project.writing import write_files
from cli.terminal import print_message, print_result, print_warning

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def init(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            exists=True,
            file_okay=False,
            help="The folder of the Actor, by default the current one.",
            show_default=False,
        ),
    ] = Path("."),
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write greenroom.toml, a test and a GitHub workflow into the folder of an Actor.

    The test runs the Actor in Docker and checks its status and its dataset: with pytest for Python, with node:test for
    JavaScript. GitHub reads workflows only at the root of a git repository, so the workflow is written there.

    Example: greenroom init sample_actors/hello
    """
    project = read_project(folder, file_of_project(folder))
    files = dict(files_of(project))
    write_files(files, project.root, force=force)
    if as_json:
        terminal.print_json({"files": [str(file) for file in files]})
    for line in [] if as_json else [str(file.relative_to(project.root)) for file in files]:
        print_result(f"Wrote {line}")
    _print_next_steps(project)


def _print_next_steps(project: Project) -> None:
    if project.has_configuration:
        print_message("pyproject.toml already configures Greenroom, so no greenroom.toml was written.")
    if project.missing_input:
        print_warning(
            f"The input schema requires {', '.join(project.missing_input)}. Set it in [run.input] of greenroom.toml."
        )
    if project.language is None:
        print_warning("The language of the Actor is not known, so no test was written. The workflow runs the Actor.")
    print_message(f"Run the test in {project.folder} with: {project.test_command}")
    print_message(f"In {project.workflow.relative_to(project.root)}, replace OWNER before you push it.")
