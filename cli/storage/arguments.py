"""The arguments that the commands for datasets, key-value stores and request queues share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
