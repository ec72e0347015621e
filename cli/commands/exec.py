"""`greenroom exec`: runs a command whose Apify clients use a server, which is started if none runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli import server
from cli.client_environment.apify_login import read_login, store_login
from cli.client_environment.process import check_command, run_command
from cli.client_environment.variables import applied, client_variables
from cli.configuration.loading import current_folder, load
from cli.failures import Command
from cli.options import DataDir, resolved
from cli.terminal.interrupts import interrupt_on_termination

app = typer.Typer(add_completion=False)


@app.command(cls=Command, context_settings={"allow_interspersed_args": False})
def exec(
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND ...", help="The command and its arguments, after `--`.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Run a command in which Apify's SDKs and the `apify` command use the server. Start a server if none runs.

    The command needs no login. Your login for the Apify platform is neither read nor changed, and its token is removed
    from the command's environment. Afterwards, a server that was started for it is stopped.

    Exit codes: that of the command; 128 plus the number of the signal that ended it; 126 or 127 if the command cannot
    be started, 69 if no server can be started.

    Example: greenroom exec -- apify push
    """
    raise typer.Exit(execute(command, resolved(data_dir)))


def execute(command: list[str], data_dir: Path) -> int:
    """Run the command and return its exit code. Raises CommandError."""
    check_command(command, os.environ)
    configuration = load(current_folder())
    with interrupt_on_termination(), server.find_or_start(data_dir, configuration, prepares_networks=True) as running:
        login = read_login(running)
        store_login(login, data_dir)
        variables = {**client_variables(running.info, login, data_dir), "GREENROOM_DATA_DIR": str(data_dir)}
        return run_command(command, applied(variables, os.environ))
