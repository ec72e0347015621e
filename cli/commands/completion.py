"""`greenroom completion`: prints the script that makes a shell complete commands, options, ids and names."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]

from cli import terminal
from cli.completion import COMPLETION_VARIABLE, PROGRAM
from cli.failures import Command
from cli.options import AsJson
from cli.terminal import print_message, streams

app = typer.Typer(add_completion=False)


class Shell(StrEnum):
    """The shells that can be completed."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


INSTALLATIONS = {
    Shell.BASH: 'Add this line to ~/.bashrc: eval "$(greenroom completion bash)"',
    Shell.ZSH: 'Add this line to ~/.zshrc, after compinit: eval "$(greenroom completion zsh)"',
    Shell.FISH: "Run: greenroom completion fish > ~/.config/fish/completions/greenroom.fish",
    Shell.POWERSHELL: "Add this line to $PROFILE: greenroom completion powershell | Out-String | Invoke-Expression",
}


@app.command(cls=Command)
def completion(
    shell: Annotated[
        Shell, typer.Argument(metavar="SHELL", help="The shell: bash, zsh, fish or powershell.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Print the script that completes commands, options, ids and names in a shell.

    Example: eval "$(greenroom completion bash)"

    Ids and names come from the running server. Completion never starts one.
    """
    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE, shell=shell.value)
    if as_json:
        terminal.print_json({"shell": shell, "script": script, "installation": INSTALLATIONS[shell]})
        return
    streams.stdout.write(f"{script}\n")
    if streams.stdout.isatty():
        print_message(INSTALLATIONS[shell])
