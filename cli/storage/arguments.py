"""The arguments that the commands for datasets, key-value stores and request queues share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.completion import Suggestion
from cli.options import not_empty


def storage_argument(metavar: str, kind: str, complete: Callable[[typer.Context, str], list[Suggestion]]) -> Any:
    """Return the argument that names a storage of one kind, such as `A dataset`."""
    return typer.Argument(
        metavar=metavar,
        callback=not_empty,
        autocompletion=complete,
        help=f"{kind}: its id or name; or a run, for its default one.",
        show_default=False,
    )


ToFolder = Annotated[
    Path,
    typer.Option(
        "--to",
        metavar="DIR",
        file_okay=False,
        help="Write to this `storage` folder. Other storages in it stay unchanged.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing folder of the same name.")]
