"""`greenroom env`: prints the variables that direct Apify's clients to the server."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from cli import server, terminal
from cli.client_environment.apify_login import read_login, store_login
from cli.client_environment.shells import SHELLS, ShellName, current_shell, lines_of
from cli.client_environment.variables import Variables, client_variables
from cli.failures import Command
from cli.options import DataDir, resolved
from cli.terminal import streams

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def env(
    shell: Annotated[
        ShellName | None,
        typer.Option(metavar="|".join(ShellName), help="Print lines for this shell. Default: the shell in $SHELL."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the values as one JSON object, with null for a variable to remove.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the variables that direct Apify's SDKs and the `apify` command to the server.

    The server must be running. The `apify` command gets a login of its own. Your login for the Apify platform is
    neither read nor changed.

    Example: eval "$(greenroom env)"
    """
    folder = resolved(data_dir)
    variables = _variables(folder)
    if as_json:
        terminal.print_json(variables)
        return
    name = shell or current_shell(os.environ)
    for line in lines_of(variables, SHELLS[name], _command(shell, data_dir and folder)):
        streams.stdout.write(f"{line}\n")
    streams.stdout.flush()


def _variables(data_dir: Path) -> Variables:
    running = server.get(data_dir, ", or run one command with `greenroom exec -- COMMAND`")
    login = read_login(running)
    store_login(login, data_dir)
    return client_variables(running.info, login, data_dir)


def _command(shell: ShellName | None, data_dir: Path | None) -> str:
    """Return the command that prints the same lines."""
    words = ["greenroom", "env"]
    words += ["--shell", shell] if shell else []
    words += ["--data-dir", shlex.quote(str(data_dir))] if data_dir else []
    return " ".join(words)
