"""Writes a recommendation to `.actor/actor.json`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.actors.folder import DEFINITION
from cli.errors import INVALID_INPUT, CommandError
from cli.terminal import print_message, print_warning
from runtime.base.definition_editing import (
    DEFAULT,
    MAXIMUM,
    MEMORY_FIELDS,
    MINIMUM,
    EditError,
    check_editable,
    write_memory,
)
from runtime.base.json_text import JsonDict, loads_with_comments

ADVICE = "Set the fields by hand, or run the command without --write."


def writable_definition(folder: Path) -> Path:
    """Return the actor.json of a folder. Raises CommandError if `write_recommendation` could not change it."""
    file = folder / DEFINITION
    with _edit_errors():
        check_editable(file)
    return file


def write_recommendation(file: Path, fit: JsonDict) -> str | None:
    """Set the three fields in the file if the recommendation is proven. Return the file's path, or None if it is not.

    Raises CommandError.
    """
    found = fit["recommendation"]
    if found is None or not found["isProven"]:
        print_warning(f"{file} was not changed, because no size is proven.")
        return None
    fields = {
        DEFAULT: found["memoryMbytes"],
        MINIMUM: found["minMemoryMbytes"],
        MAXIMUM: found["maxMemoryMbytes"],
    }
    with _edit_errors():
        _, text = write_memory(file, fields)
    written = loads_with_comments(text.encode())
    print_message(f"Wrote {', '.join(f'{name} {written[name]}' for name in MEMORY_FIELDS)} to {file}")
    return str(file)


@contextmanager
def _edit_errors() -> Iterator[None]:
    try:
        yield
    except EditError as error:
        raise CommandError(str(error), ADVICE, exit_code=INVALID_INPUT, code="cannot-edit") from error
