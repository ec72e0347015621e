"""Writes a recommendation to `.actor/actor.json`."""

from __future__ import annotations

from pathlib import Path

from cli.actors.definition_editing import check_editable, write_numbers
from cli.actors.folder import DEFINITION
from cli.errors import INVALID_INPUT, CommandError
from cli.fit.result import FitResult
from cli.terminal import print_message, print_warning
from runtime.base.json_text import loads_with_comments

DEFAULT, MINIMUM, MAXIMUM = "defaultMemoryMbytes", "minMemoryMbytes", "maxMemoryMbytes"


def writable_definition(folder: Path) -> Path:
    """Return the actor.json of a folder. Raises CommandError if `write_recommendation` could not change it."""
    file = folder / DEFINITION
    check_editable(file, dict.fromkeys((DEFAULT, MINIMUM, MAXIMUM), 1))
    if isinstance(_field(file, DEFAULT), str):
        raise CommandError(
            f"{file} computes {DEFAULT} with an expression, which a number would replace.",
            "Remove the expression first, or run the command without --write.",
            exit_code=INVALID_INPUT,
        )
    return file


def write_recommendation(file: Path, result: FitResult) -> str | None:
    """Set the three fields in the file if the recommendation is proven. Return the file's path, or None if it is not.

    A larger maximum stays, because it may serve inputs that were not measured. Raises CommandError.
    """
    found = result.recommendation
    if found is None or not found.is_proven:
        print_warning(f"{file} was not changed, because no size is proven.")
        return None
    maximum = _field(file, MAXIMUM)
    fields = {
        DEFAULT: found.memory_mbytes,
        MINIMUM: found.min_memory_mbytes,
        MAXIMUM: max(maximum if isinstance(maximum, int) else 0, found.max_memory_mbytes),
    }
    write_numbers(file, fields)
    print_message(f"Wrote {', '.join(f'{name} {value}' for name, value in fields.items())} to {file}")
    return str(file)


def _field(file: Path, name: str) -> object:
    return loads_with_comments(file.read_bytes()).get(name)
