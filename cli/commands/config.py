"""`greenroom config`: shows the settings in force, and where each comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import terminal
from cli.configuration.loading import load
from cli.failures import Command
from cli.options import AsJson
from cli.terminal import print_message, print_result, print_warning
from runtime.base.configuration import Configuration, Value, misspelled_variables, with_lines
from runtime.base.json_text import JsonDict
from runtime.base.settings import default_data_dir

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Show the settings in force, and where each comes from."
)

DATA_DIR = "server.data_dir"


@app.callback()
def group() -> None:
    """Typer makes a group of one command only if it has a callback."""


@app.command("show", cls=Command)
def show(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            exists=True,
            file_okay=False,
            help="The folder of an Actor, by default the current one.",
            show_default=False,
        ),
    ] = Path("."),
    origin: Annotated[
        bool, typer.Option("--origin", help="Show the file and line, or the variable, that sets each value.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the settings that commands use for a folder, without passwords and tokens.

    Later places take precedence: defaults, the file of the project, GREENROOM_* variables, options. The file is
    greenroom.toml, or pyproject.toml with a table tool.greenroom, in the folder or above it in its git repository.

    Example: greenroom config show sample_actors/hello --origin
    """
    configuration = with_lines(load(folder))
    for name, known in misspelled_variables(os.environ).items():
        print_warning(f"The variable {name} is not a setting. Did you mean {known}?")
    if as_json:
        terminal.print_json(_json(configuration))
        return
    print_message(f"Configuration file: {configuration.file or 'none'}")
    for line in _lines(configuration, shows_origin=origin):
        print_result(line)


def _json(configuration: Configuration) -> JsonDict:
    settings = {
        key: {"value": _value(each), "origin": each.origin, "variable": each.setting.variable}
        for key, each in configuration.values.items()
    }
    return {"file": str(configuration.file) if configuration.file else None, "settings": settings}


def _lines(configuration: Configuration, *, shows_origin: bool) -> Iterator[str]:
    width = max(map(len, configuration.values))
    for key, each in configuration.values.items():
        origin = f"  # {each.origin}" if shows_origin else ""
        yield f"{key:{width}} = {_text(each)}{origin}"


def _text(value: Value) -> str:
    shown = _value(value)
    if shown is None:
        return f"({value.setting.shown_default.replace('`', '')})"
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


def _value(value: Value) -> Any:
    """Return the masked value. The default of the data directory depends on the machine."""
    return str(default_data_dir()) if value.setting.key == DATA_DIR else value.masked
