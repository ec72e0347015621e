"""The lines with which shells set variables, with values that no shell interprets."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cli.client_environment.variables import Variables


class ShellName(StrEnum):
    """The values of `greenroom env --shell`."""

    BASH = "bash"
    ZSH = "zsh"
    SH = "sh"
    FISH = "fish"
    POWERSHELL = "powershell"


@dataclass(frozen=True, slots=True)
class Shell:
    """`assign` sets a variable to a value, `unset` removes it. `evaluate` runs the output of a command."""

    assign: Callable[[str, str], str]
    unset: Callable[[str], str]
    evaluate: Callable[[str], str]


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell_quoted(text: str) -> str:
    """PowerShell also ends a text at typographic quotes."""
    for quote in "'\u2018\u2019\u201a\u201b":
        text = text.replace(quote, quote * 2)
    return f"'{text}'"


_POSIX = Shell(
    lambda name, value: f"export {name}={shlex.quote(value)}",
    lambda name: f"unset {name}",
    lambda command: f'eval "$({command})"',
)
SHELLS: Mapping[ShellName, Shell] = {
    ShellName.BASH: _POSIX,
    ShellName.ZSH: _POSIX,
    ShellName.SH: _POSIX,
    ShellName.FISH: Shell(
        lambda name, value: f"set -gx {name} {_fish_quoted(value)}",
        lambda name: f"set -e {name}",
        lambda command: f"{command} | source",
    ),
    ShellName.POWERSHELL: Shell(
        lambda name, value: f"$Env:{name} = {_powershell_quoted(value)}",
        lambda name: f"Remove-Item -ErrorAction SilentlyContinue Env:{name}",
        lambda command: f"{command} | Out-String | Invoke-Expression",
    ),
}


def lines_of(variables: Variables, shell: Shell, command: str) -> list[str]:
    """Return the lines that set the variables, and a comment with the line that evaluates the output of `command`.

    The comment is left out if it would not fit on one line, because the path of a folder contains a line break.
    """
    lines = [shell.unset(name) if value is None else shell.assign(name, value) for name, value in variables.items()]
    if len(command.splitlines()) > 1:
        return lines
    return [*lines, f"# To set these variables, run: {shell.evaluate(command)}"]


def current_shell(environment: Mapping[str, str]) -> ShellName:
    """Return the user's shell, as far as it is known; otherwise `sh`."""
    name = environment.get("SHELL", "").rpartition("/")[2]
    if name in (ShellName.BASH, ShellName.ZSH, ShellName.FISH):
        return ShellName(name)
    return ShellName.POWERSHELL if name == "pwsh" else ShellName.SH
