"""What a version of an Actor may be: its number and its source."""

from __future__ import annotations

import base64
import re
from pathlib import PurePosixPath

from runtime.errors import Invalid
from runtime.records import SourceFile, Version

VERSION_NUMBER = re.compile(r"([0-9]|[1-9][0-9])\.([0-9]|[1-9][0-9])")
MAX_SOURCE_BYTES = 3 * 1024 * 1024
"""The platform's limit on a version's inline source files."""


def check_version(version: Version) -> None:
    """Raises Invalid for a version that could not be built."""
    if not VERSION_NUMBER.fullmatch(version.number):
        raise Invalid("invalid-value", f"Version number '{version.number}' is not MAJOR.MINOR, each from 0 to 99")
    if version.source_type != "SOURCE_FILES":
        raise Invalid(
            "invalid-value", f"Source type '{version.source_type}' is not supported yet: only SOURCE_FILES is"
        )
    size = sum(len(source_bytes(file)) for file in version.source_files)
    if size > MAX_SOURCE_BYTES:
        raise Invalid("invalid-value", f"The source files have {size} bytes, the limit is {MAX_SOURCE_BYTES}")
    for file in version.source_files:
        check_path(file.name)


def check_path(name: str) -> None:
    """Raises Invalid for a name that would leave the source's folder."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise Invalid("invalid-value", f"Source file name '{name}' must be a path inside the Actor's folder")


def source_bytes(file: SourceFile) -> bytes:
    """A source file's content. Raises Invalid."""
    if file.format == "TEXT":
        return file.content.encode()
    try:
        return base64.b64decode(file.content, validate=True)
    except ValueError as problem:
        raise Invalid("invalid-value", f"Source file '{file.name}' is not valid base64: {problem}") from problem
