"""Subcommands whose modules are imported when they are called, so that every command starts quickly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

import typer.main
from typer.core import TyperCommand

from cli.failures import CommandGroup

PACKAGE = "cli.commands"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the help: the panel in which a command is listed, and the first sentence of its help."""

    panel: str
    summary: str


class CommandTable(CommandGroup):
    """A group of commands: `entries` describes each by its name, and `cli.commands.NAME.app` implements it."""

    entries: ClassVar[Mapping[str, Entry]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # Descriptions suffice for the list in the help and for suggestions after a typing error.
        for name, entry in self.entries.items():
            self.add_command(TyperCommand(name, help=entry.summary, rich_help_panel=entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command to call, with its module imported."""
        name, described, rest = super().resolve_command(ctx, args)
        return name, described and load(str(name)), rest


@cache
def load(name: str) -> Any:
    """Import the module of a command, and return the command or group that its `app` describes."""
    command = typer.main.get_command(import_module(f"{PACKAGE}.{name}").app)
    command.name = name
    return command
