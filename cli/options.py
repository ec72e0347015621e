"""Options that many commands share, and the checks of their values."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from runtime.base.settings import default_data_dir

Given = TypeVar("Given")
Value = TypeVar("Value")


def not_empty(value: str | None) -> str | None:
    """Reject an empty value, which is usually a variable of a script that is not set."""
    if value == "":
        raise typer.BadParameter("the value is empty")
    return value


def resolved(data_dir: Path | None) -> Path:
    """Return the absolute path of a given data directory, or of the default one."""
    return (data_dir or default_data_dir()).resolve()


def data_dir_option(data_dir: Path) -> str:
    """Return the option of a command for the user to copy, with a space before it; nothing for the default."""
    return "" if data_dir == resolved(None) else f" --data-dir {shlex.quote(str(data_dir))}"


def parsed(option: str, parse: Callable[[Given], Value], given: Given | None) -> Value | None:
    """Parse a value that was given for an option. A ValueError of `parse` becomes a usage error."""
    if given is None:
        return None
    try:
        return parse(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def html_file(content: str) -> Any:
    """Return the option --html of a command that can write `content` as a web page."""
    return typer.Option(
        "--html",
        metavar="FILE",
        dir_okay=False,
        help=f"Write {content} to this file, as one web page that loads nothing else.",
    )


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        file_okay=False,
        help="Use this data directory. Default: $GREENROOM_DATA_DIR, or `greenroom` in the user's data folder.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="COUNT", help="List at most this many.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout, even if the command fails.")]
